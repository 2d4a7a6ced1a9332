use super::*;
use crate::storage::tar::testing::{Builder, pax_record, sparse_records};
use rustix::fd::AsFd as _;
use rustix::fs::{Mode, OFlags};
use std::fs;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

/// A layer's root with a folder beside it that nothing may touch.
struct Place {
    temp: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        fs::create_dir(temp.path().join("root")).unwrap();
        fs::create_dir(temp.path().join("canary")).unwrap();
        fs::write(temp.path().join("canary/file"), "untouched").unwrap();
        Self { temp }
    }

    fn root(&self) -> PathBuf {
        self.temp.path().join("root")
    }

    fn at(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }

    fn unpack(&self, archive: &[u8]) -> Result<Unpacked, UnpackError> {
        self.unpack_within(archive, &Limits::default())
    }

    fn unpack_within(&self, archive: &[u8], limits: &Limits) -> Result<Unpacked, UnpackError> {
        let root = rustix::fs::open(self.root(), OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty()).unwrap();
        unpack(archive, root.as_fd(), limits, None).map(|outcome| outcome.unpacked)
    }

    fn canary_is_whole(&self) -> bool {
        let names: Vec<_> = fs::read_dir(self.temp.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.len() == 2
            && fs::read_dir(self.temp.path().join("canary")).unwrap().count() == 1
            && fs::read(self.temp.path().join("canary/file")).unwrap() == b"untouched"
    }
}

fn is_whiteout(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|meta| meta.file_type().is_char_device() && meta.rdev() == 0)
}

fn is_opaque(path: &Path) -> bool {
    let mut value = [0; 4];
    rustix::fs::lgetxattr(path, "user.overlay.opaque", &mut value[..]).is_ok_and(|len| value[..len] == *b"y")
}

#[test]
fn files_folders_and_links_keep_what_they_are() {
    let place = Place::new();
    let archive = Builder::new()
        .dir("d/")
        .file("d/f", b"content")
        .link(b'2', "d/absolute", "/etc/passwd")
        .link(b'1', "d/hard", "d/f")
        .link(b'1', "d/hard-absolute", "/d/f")
        .header(b'6', "d/fifo", 0, |header| header.set_mode(0o622))
        .header(b'0', "d/setuid", 0, |header| header.set_mode(0o104_755))
        .header(b'5', "tmp", 0, |header| header.set_mode(0o1777))
        .file("no/entry/for/these/f", b"x")
        .finish();
    let done = place.unpack(&archive).unwrap();
    assert_eq!(done.entries, 13, "with the folders that names imply");
    let meta = |path| fs::symlink_metadata(place.at(path)).unwrap();
    assert_eq!(fs::read(place.at("d/hard")).unwrap(), b"content");
    assert_eq!(meta("d/f").nlink(), 3);
    assert_eq!(fs::read_link(place.at("d/absolute")).unwrap(), Path::new("/etc/passwd"));
    assert!(meta("d/fifo").file_type().is_fifo());
    assert_eq!(meta("d/fifo").mode() & 0o7777, 0o622);
    assert_eq!(meta("d/setuid").mode() & 0o7777, 0o4755);
    assert_eq!(meta("tmp").mode() & 0o7777, 0o1777);
    assert_eq!(meta("no/entry").mode() & 0o7777, 0o755);
    for path in ["d", "d/f", "d/absolute", "d/fifo", "tmp"] {
        assert_eq!(meta(path).mtime(), 1_600_000_000, "{path}");
    }
}

#[test]
fn no_trick_with_links_reaches_outside() {
    let canary = |place: &Place| place.temp.path().join("canary").to_string_lossy().into_owned();
    let tricks: [fn(Builder, &str) -> Builder; 9] = [
        |tar, _| tar.link(b'2', "l", "../canary").link(b'1', "h", "l/file").file("h", b"evil"),
        |tar, outside| tar.link(b'2', "l", outside).file("l/file", b"evil"),
        |tar, _| tar.link(b'2', "l", "../canary").file("l/file", b"evil"),
        |tar, outside| tar.link(b'2', "l", &format!("{outside}/file")).file("l", b"evil"),
        |tar, _| tar.link(b'2', "a", "..").link(b'2', "b", "a/..").file("b/canary/file", b"evil"),
        |tar, outside| tar.link(b'2', "l", outside).dir("l").file("l/file", b"evil"),
        |tar, outside| tar.link(b'2', "l", outside).file("l/.wh.file", b""),
        |tar, outside| tar.link(b'2', "l", outside).file("l/.wh..wh..opq", b""),
        |tar, outside| tar.link(b'2', "l", &format!("{outside}/file")).link(b'1', "h", "l").file("h", b"evil"),
    ];
    for (number, trick) in tricks.iter().enumerate() {
        let place = Place::new();
        let archive = trick(Builder::new(), &canary(&place)).finish();
        place.unpack(&archive).unwrap_or_else(|error| panic!("trick {number}: {error}"));
        assert!(place.canary_is_whole(), "trick {number}");
    }
    for bad in [
        Builder::new().file("../canary/file", b"evil"),
        Builder::new().file("a/../../canary/file", b"evil"),
        Builder::new().file("../canary/.wh.file", b""),
        Builder::new().link(b'1', "h", "../canary/file"),
        Builder::new().link(b'2', "./", "/etc"),
        Builder::new().file("/", b"x"),
    ] {
        let place = Place::new();
        assert!(place.unpack(&bad.finish()).is_err());
        assert!(place.canary_is_whole());
    }
}

#[test]
fn links_inside_the_layer_lead_where_they_would_in_the_container() {
    let place = Place::new();
    let archive = Builder::new().dir("usr").dir("usr/lib").link(b'2', "lib", "/usr/lib").file("lib/f", b"x").finish();
    place.unpack(&archive).unwrap();
    assert!(fs::symlink_metadata(place.at("lib")).unwrap().is_symlink());
    assert_eq!(fs::read(place.at("usr/lib/f")).unwrap(), b"x");
}

#[test]
fn the_last_entry_of_a_name_wins() {
    let place = Place::new();
    let archive = Builder::new()
        .file("a", b"1")
        .file("a", b"2")
        .dir("d")
        .file("d/inside", b"x")
        .file("d", b"now a file")
        .file("e", b"was a file")
        .file("e/inside", b"x")
        .link(b'2', "s", "nowhere")
        .dir("s")
        .file("k", b"x")
        .link(b'1', "k", "k")
        .dir("keep")
        .file("keep/f", b"x")
        .dir("keep")
        .finish();
    place.unpack(&archive).unwrap();
    assert_eq!(fs::read(place.at("a")).unwrap(), b"2");
    assert_eq!(fs::read(place.at("d")).unwrap(), b"now a file");
    assert_eq!(fs::read(place.at("e/inside")).unwrap(), b"x");
    assert!(fs::symlink_metadata(place.at("s")).unwrap().is_dir());
    assert_eq!(fs::read(place.at("k")).unwrap(), b"x");
    assert!(place.at("keep/f").exists());
}

#[test]
fn whiteouts_hide_lower_layers_and_never_this_one() {
    let place = Place::new();
    let archive = Builder::new()
        .file("d/.wh.gone", b"")
        .file("d/early", b"x")
        .file("d/.wh.early", b"")
        .file("d/.wh.late", b"")
        .file("d/late", b"x")
        .file("d/.wh.folder-late", b"")
        .dir("d/folder-late")
        .dir("d/folder-early")
        .file("d/.wh.folder-early", b"")
        .dir("o")
        .file("o/f", b"x")
        .file("o/.wh..wh..opq", b"")
        .file("implied/.wh..wh..opq", b"")
        .file(".wh..wh.aufs", b"")
        .finish();
    place.unpack(&archive).unwrap();
    assert!(is_whiteout(&place.at("d/gone")));
    assert_eq!(fs::read(place.at("d/early")).unwrap(), b"x");
    assert_eq!(fs::read(place.at("d/late")).unwrap(), b"x");
    for path in ["d/folder-late", "d/folder-early", "o", "implied"] {
        assert!(is_opaque(&place.at(path)), "{path}");
    }
    assert!(!is_opaque(&place.at("d")));
    assert!(place.at("o/f").exists());
    assert!(fs::read_dir(place.root()).unwrap().all(|entry| !entry.unwrap().file_name().as_encoded_bytes().starts_with(b".wh")));
}

#[test]
fn devices_and_dangerous_attributes_are_left_out() {
    let place = Place::new();
    let xattrs = [
        pax_record("SCHILY.xattr.user.kept", b"value"),
        pax_record("SCHILY.xattr.user.overlay.opaque", b"y"),
        pax_record("SCHILY.xattr.trusted.overlay.opaque", b"y"),
        pax_record("SCHILY.xattr.security.selinux", b"x"),
    ]
    .concat();
    let archive = Builder::new()
        .header(b'3', "null", 0, |header| {
            header.set_device_major(1).unwrap();
            header.set_device_minor(3).unwrap();
        })
        .header(b'3', "zero-zero", 0, |_| {})
        .header(b'4', "disk", 0, |_| {})
        .meta(b'x', &xattrs)
        .dir("d")
        .finish();
    let done = place.unpack(&archive).unwrap();
    assert_eq!((done.devices_skipped, done.xattrs_skipped), (3, 3));
    assert_eq!(fs::read_dir(place.root()).unwrap().count(), 1);
    assert!(!is_opaque(&place.at("d")));
    let mut value = [0; 16];
    let len = rustix::fs::lgetxattr(place.at("d"), "user.kept", &mut value[..]).unwrap();
    assert_eq!(&value[..len], b"value");
}

#[test]
fn sparse_files_stay_sparse() {
    let place = Place::new();
    let records = sparse_records(b"0,512,1073741000,2", b"1073741824");
    let archive = Builder::new().meta(b'x', &records).file("hole", &[&[b'a'; 512][..], b"de"].concat()).finish();
    assert_eq!(place.unpack(&archive).unwrap().bytes, 514);
    let meta = fs::metadata(place.at("hole")).unwrap();
    assert_eq!(meta.len(), 1 << 30);
    assert!(meta.blocks() < 1000);
}

#[test]
fn bombs_are_stopped() {
    let place = Place::new();
    let limits = Limits { entries: 2, bytes: 10, file_size: 1000, remembered: 1000 };
    let three = Builder::new().file("a", b"").file("b", b"").file("c", b"").finish();
    assert!(matches!(place.unpack_within(&three, &limits), Err(UnpackError::TooManyEntries { limit: 2 })));
    let implied = Builder::new().file("a/b/c", b"").finish();
    assert!(matches!(place.unpack_within(&implied, &limits), Err(UnpackError::TooManyEntries { limit: 2 })));
    let attribute = pax_record("SCHILY.xattr.user.long", &[b'x'; 1000]);
    let folder = Builder::new().meta(b'x', &attribute).dir("d").finish();
    assert!(matches!(place.unpack_within(&folder, &limits), Err(UnpackError::TooManyNames { limit: 1000 })));
    let long = pax_record("linkpath", "l/".repeat(500).as_bytes());
    let link = Builder::new().meta(b'x', &long).link(b'1', "h", "").finish();
    assert!(matches!(place.unpack_within(&link, &limits), Err(UnpackError::TooManyNames { limit: 1000 })));
    let big = Builder::new().file("d", b"123456").file("e", b"123456").finish();
    assert!(matches!(place.unpack_within(&big, &limits), Err(UnpackError::TooManyBytes { limit: 10 })));
    let records = sparse_records(b"0,1", b"1001");
    let hole = Builder::new().meta(b'x', &records).file("f", b"1").finish();
    assert!(matches!(place.unpack_within(&hole, &limits), Err(UnpackError::FileTooLong { .. })));
}

#[test]
fn an_odd_name_and_a_path_of_750_bytes_are_fine() {
    let place = Place::new();
    let long = format!("{}leaf", "0123456789abcdef/".repeat(44));
    let archive = Builder::new()
        .meta(b'x', &pax_record("path", long.as_bytes()))
        .file("x", b"deep")
        .meta(b'x', &pax_record("path", b"new\nline \xff\xfe"))
        .file("x", b"odd")
        .finish();
    place.unpack(&archive).unwrap();
    assert_eq!(fs::read(place.at(&long)).unwrap(), b"deep");
    assert_eq!(fs::read_dir(place.root()).unwrap().count(), 2);
}
