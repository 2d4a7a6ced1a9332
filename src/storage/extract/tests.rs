use super::*;
use crate::storage::tar::testing::Builder;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::{Path, PathBuf};

struct Place {
    temp: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        fs::create_dir_all(temp.path().join("root/to")).unwrap();
        fs::create_dir(temp.path().join("canary")).unwrap();
        fs::write(temp.path().join("canary/file"), "untouched").unwrap();
        Self { temp }
    }

    fn at(&self, path: &str) -> PathBuf {
        self.temp.path().join("root").join(path)
    }

    fn extract(&self, archive: &[u8], names: Names, reach: Reach, overwrite: bool) -> Result<Extracted, ExtractError> {
        let (root, folder) = match reach {
            Reach::Root => (self.at(""), b"to".to_vec()),
            Reach::Below => (self.at("to"), Vec::new()),
        };
        let root = rustix::fs::open(root, OFlags::PATH | OFlags::DIRECTORY, Mode::empty()).unwrap();
        let mut tar = TarReader::new(archive);
        let first = tar.next_entry()?;
        let target = Target { root: root.as_fd(), reach, folder, names };
        extract(&mut tar, first, &target, Rules { owner: Owner::Maker, overwrite, set_id: false })
    }

    fn keep(&self, archive: &[u8]) -> Result<Extracted, ExtractError> {
        self.extract(archive, Names::Keep, Reach::Root, false)
    }

    fn assert_canary(&self) {
        let canary = self.temp.path().join("canary");
        assert_eq!(fs::read_dir(&canary).unwrap().count(), 1);
        assert_eq!(fs::read(canary.join("file")).unwrap(), b"untouched");
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn the_top_is_kept_replaced_or_left_out() {
    let archive = Builder::new().dir("top/").file("top/f", b"1").link(b'1', "top/l", "top/f").file("top/.wh.x", b"2").finish();
    for (names, folder) in [(Names::Keep, "to/top"), (Names::Top(b"new".to_vec()), "to/new"), (Names::Top(Vec::new()), "to")] {
        let place = Place::new();
        place.extract(&archive, names, Reach::Root, false).unwrap();
        let folder = place.at(folder);
        assert_eq!(read(&folder.join("f")), "1");
        assert_eq!(fs::metadata(folder.join("l")).unwrap().nlink(), 2);
        assert_eq!(read(&folder.join(".wh.x")), "2", "a name like any other");
    }
}

#[test]
fn links_lead_inside_the_root_or_nowhere() {
    let place = Place::new();
    let canary = place.temp.path().join("canary").to_string_lossy().into_owned();
    symlink(&canary, place.at("to/abs")).unwrap();
    symlink("../../../../../../../../canary", place.at("to/up")).unwrap();
    fs::create_dir(place.at("run")).unwrap();
    symlink("/run", place.at("to/run")).unwrap();
    let through = |name: &str| Builder::new().dir(&format!("{name}/")).file(&format!("{name}/new"), b"x").finish();
    for name in ["abs", "up"] {
        for reach in [Reach::Root, Reach::Below] {
            let _ = place.extract(&through(name), Names::Keep, reach, false);
            let _ = place.extract(&Builder::new().file(&format!("{name}/file"), b"x").finish(), Names::Keep, reach, false);
            place.assert_canary();
        }
    }
    place.keep(&through("run")).unwrap();
    assert_eq!(read(&place.at("run/new")), "x", "a link that stays inside is followed");
    let own = Builder::new().link(b'2', "made", &canary).file("made/file", b"x").finish();
    let _ = place.extract(&own, Names::Keep, Reach::Below, false);
    let hard = Builder::new().link(b'1', "h", "../../canary/file").finish();
    assert!(place.keep(&hard).is_err());
    for bad in ["../out", "a/../../out"] {
        assert!(place.keep(&Builder::new().file(bad, b"x").finish()).is_err(), "{bad}");
    }
    place.assert_canary();
}

#[test]
fn files_and_folders_take_each_others_place_only_where_allowed() {
    let place = Place::new();
    fs::create_dir_all(place.at("to/folder/below")).unwrap();
    fs::write(place.at("to/file"), "old").unwrap();
    symlink("nowhere", place.at("to/link")).unwrap();
    let file_over = Builder::new().file("folder", b"new").finish();
    let folder_over = Builder::new().dir("file/").finish();
    assert!(matches!(place.keep(&file_over), Err(ExtractError::OverFolder { .. })));
    assert!(matches!(place.keep(&folder_over), Err(ExtractError::OverFile { .. })));
    place.keep(&Builder::new().file("file", b"new").file("link", b"new").finish()).unwrap();
    assert_eq!((read(&place.at("to/file")), read(&place.at("to/link"))), ("new".to_owned(), "new".to_owned()));
    assert!(fs::symlink_metadata(place.at("to/link")).unwrap().is_file());
    for archive in [file_over, folder_over] {
        place.extract(&archive, Names::Keep, Reach::Root, true).unwrap();
    }
    assert_eq!(read(&place.at("to/folder")), "new");
    assert!(place.at("to/file").is_dir());
}

#[test]
fn bits_that_lend_rights_and_devices_stay_behind() {
    let place = Place::new();
    let archive = Builder::new()
        .header(b'0', "s", 0, |header| header.set_mode(0o6755))
        .header(b'3', "null", 0, |_| {})
        .header(b'6', "p", 0, |_| {})
        .finish();
    let done = place.keep(&archive).unwrap();
    assert_eq!((done.entries, done.devices_skipped), (3, 1));
    assert_eq!(fs::metadata(place.at("to/s")).unwrap().mode() & 0o7777, 0o755);
    assert!(!place.at("to/null").exists() && place.at("to/p").exists());
}
