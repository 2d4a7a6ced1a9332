//! Layers and archives: what makes files of foreign bytes.

use crate::tarball;
use coracle::config::Paths;
use coracle::image::Platform;
use coracle::image::transport::{Archive, Input, Wanted, find_images};
use coracle::model::DiffId;
use coracle::storage::intake::{self, Expected};
use coracle::storage::tar::TarReader;
use coracle::storage::unpack::Limits;
use coracle::storage::{digest, layer as layers, split as record};
use std::io::{Read as _, Write as _};
use std::path::Path;

const LIMITS: Limits = Limits { entries: 2000, bytes: 1 << 20, file_size: 1 << 30, remembered: 1 << 20 };
/// A folder of the machine that links of the plans lead to. It is not there, and must not come to be.
const CANARY: &str = "/tmp/fuzz-canary";

/// A store in a folder of its own, with something beside it that nothing may touch.
fn with_store(work: impl FnOnce(&Paths, &Path)) {
    let temp = tempfile::tempdir().expect("a folder");
    let paths = Paths::at(temp.path().join("data"), temp.path().join("run"));
    paths.prepare().expect("a store");
    std::fs::write(temp.path().join("canary"), "untouched").expect("a file");
    work(&paths, temp.path());
    assert_eq!(std::fs::read(temp.path().join("canary")).expect("the file"), b"untouched");
    let mut names: Vec<_> =
        std::fs::read_dir(temp.path()).expect("the folder").flatten().map(|entry| entry.file_name()).collect();
    names.sort();
    assert_eq!(names.len(), 3, "{names:?}");
    assert!(std::fs::symlink_metadata(CANARY).is_err(), "something was made outside");
    coracle::storage::remove_tree(&temp.path().join("data")).expect("remove the store");
}

/// A layer comes in, or is refused and leaves nothing; what came in is given back byte for byte.
pub fn layer(plan: &[u8]) {
    let tar = tarball::build(plan);
    with_store(|paths, _| {
        let Ok(received) = intake::receive(paths, &tar[..], &Expected::default(), &LIMITS) else {
            let left = std::fs::read_dir(paths.tmp()).expect("tmp").count();
            assert_eq!(left, 0, "what was refused left something");
            return;
        };
        let compressed = received.compression != coracle::storage::Compression::None;
        let diff_id = received.diff_id.clone();
        assert!(compressed || diff_id == DiffId::new(digest::of(&tar)));
        layers::commit(paths, vec![received.layer]).expect("make the layer visible");
        let mut out = Vec::new();
        record::replay(paths, &diff_id, &mut out).expect("give the layer back");
        assert!(compressed || out == tar, "another tar came back");
    });
}

/// Entries are read to the end or to an error, and say what is possible.
pub fn tar(plan: &[u8]) {
    let tar = tarball::build(plan);
    let mut reader = TarReader::new(&tar[..]);
    while let Ok(Some(entry)) = reader.next_entry() {
        assert!(!entry.path.is_empty() && entry.size <= i64::MAX as u64 && entry.mode <= 0o7777);
        if let Some(segments) = &entry.segments {
            assert_eq!(segments.iter().map(|segment| segment.len).sum::<u64>(), entry.stored);
            assert!(segments.last().is_none_or(|last| last.offset + last.len <= entry.size));
        }
        let mut seen = 0;
        while let Ok(data) = reader.data() {
            let len = data.len();
            if len == 0 {
                break;
            }
            seen += len as u64;
            reader.consume(len);
        }
        assert!(seen <= entry.stored && reader.position() <= tar.len() as u64);
    }
}

/// The record of a layer was damaged, or made by somebody: what it names stays inside, and what comes out is refused.
pub fn split(data: &[u8]) {
    with_store(|paths, root| {
        let diff_id = DiffId::new(digest::of(b"nobody's"));
        let folder = paths.layers().join(diff_id.hex());
        std::fs::create_dir_all(folder.join("diff/d")).expect("a layer");
        std::fs::write(folder.join("diff/d/f"), "inside").expect("a file");
        std::os::unix::fs::symlink(root.join("canary"), folder.join("diff/l")).expect("a link");
        let bytes = if let [0xff, raw @ ..] = data { raw.to_vec() } else { zstd::encode_all(data, 1).expect("compress") };
        std::fs::write(folder.join("tar-split.zst"), bytes).expect("a record");
        let mut out = Bounded(Vec::new());
        assert!(record::replay(paths, &diff_id, &mut out).is_err(), "it has another digest");
        assert!(!out.0.windows(9).any(|part| part == b"untouched"), "a link was followed");
    });
}

/// Takes so much and no more.
struct Bounded(Vec<u8>);

impl std::io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0.len() > 1 << 20 {
            return Err(std::io::ErrorKind::StorageFull.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// An archive is opened, its images are found and their layers read. An input is a plan, or members: a NUL byte after each.
pub fn archive(data: &[u8]) {
    with_store(|paths, root| {
        let path = root.join("run/i.tar");
        let tar = if let [0xfe, members @ ..] = data { of_members(members) } else { tarball::build(data) };
        std::fs::File::create(&path).and_then(|mut file| file.write_all(&tar)).expect("write the archive");
        let Ok(archive) = Archive::open(paths, &Input::Path(path)) else { return };
        let platform = Platform::parse("linux/amd64").expect("a platform");
        let Ok((_, images)) = find_images(&archive, &Wanted { platform: &platform, form: None, select: None }) else { return };
        for image in images {
            for layer in image.layers {
                let Ok(member) = archive.member(&layer.member) else { continue };
                member.take(1 << 16).read_to_end(&mut Vec::new()).expect("read a member");
            }
        }
    });
}

/// `name NUL contents NUL name NUL …`
fn of_members(mut data: &[u8]) -> Vec<u8> {
    let mut tar = Vec::new();
    while !data.is_empty() {
        let (name, rest) = crate::halves(data);
        let (contents, rest) = crate::halves(rest);
        tarball::member(&String::from_utf8_lossy(&name[..name.len().min(99)]), contents, &mut tar);
        data = rest;
    }
    tar
}
