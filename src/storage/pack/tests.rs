use super::*;
use crate::storage::unpack::{Limits, unpack};
use rustix::fd::{AsFd as _, OwnedFd};
use rustix::fs::{FileType, Mode, OFlags, XattrFlags};
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

fn open(path: &Path) -> OwnedFd {
    rustix::fs::open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).unwrap()
}

fn packed(path: &Path, form: Form, top: &[u8]) -> Vec<u8> {
    let mut writer = TarWriter::new(Vec::new());
    folder(&mut writer, open(path).as_fd(), &Options { form, top, skip: &|_| false }).unwrap();
    writer.finish().unwrap()
}

fn names(archive: &[u8]) -> Vec<String> {
    let mut reader = crate::storage::tar::TarReader::new(archive);
    let mut names = Vec::new();
    while let Some(entry) = reader.next_entry().unwrap() {
        names.push(String::from_utf8_lossy(&entry.path).into_owned());
    }
    names
}

fn whiteout(path: &Path) {
    rustix::fs::mknodat(rustix::fs::CWD, path, FileType::CharacterDevice, Mode::empty(), 0).unwrap();
}

fn tree(top: &Path) {
    for folder in ["b/deep", "opaque", "a"] {
        fs::create_dir_all(top.join(folder)).unwrap();
    }
    fs::write(top.join("b/file"), "content").unwrap();
    fs::hard_link(top.join("b/file"), top.join("a/link")).unwrap();
    fs::write(top.join(format!("b/{}", "long".repeat(60))), vec![1; 5000]).unwrap();
    symlink("../anywhere", top.join("b/symlink")).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, top.join("b/fifo"), FileType::Fifo, Mode::RUSR, 0).unwrap();
    whiteout(&top.join("b/gone"));
    rustix::fs::setxattr(top.join("opaque"), "user.overlay.opaque", b"y", XattrFlags::empty()).unwrap();
    rustix::fs::setxattr(top.join("b/file"), "user.kept", b"value", XattrFlags::empty()).unwrap();
    rustix::fs::setxattr(top.join("b"), "user.overlay.origin", b"own", XattrFlags::empty()).unwrap();
    fs::set_permissions(top.join("b/file"), fs::Permissions::from_mode(0o4711)).unwrap();
}

#[test]
fn a_layer_gives_the_same_bytes_again_after_it_was_unpacked() {
    let temp = tempfile::tempdir().unwrap();
    let (first, second) = (temp.path().join("first"), temp.path().join("second"));
    fs::create_dir(&first).unwrap();
    fs::create_dir(&second).unwrap();
    tree(&first);
    let archive = packed(&first, Form::Layer, b"");
    unpack(&archive[..], open(&second).as_fd(), &Limits::default(), None).unwrap();
    assert!(
        packed(&second, Form::Layer, b"") == archive,
        "{:?}\n{:?}",
        names(&archive),
        names(&packed(&second, Form::Layer, b""))
    );
    let names = names(&archive);
    for name in ["./", "b/.wh.gone", "opaque/.wh..wh..opq", "b/symlink", "b/fifo"] {
        assert!(names.iter().any(|known| known == name), "{name}: {names:?}");
    }
}

#[test]
fn a_copy_has_its_top_in_front_and_no_marks() {
    let temp = tempfile::tempdir().unwrap();
    tree(temp.path());
    let archive = packed(temp.path(), Form::Copy, b"top");
    let names = names(&archive);
    assert_eq!(names[..4], ["top/", "top/a/", "top/a/link", "top/b/"]);
    assert!(!names.iter().any(|name| name.contains(".wh.") || name.contains("gone")), "{names:?}");
    assert_eq!(names_of_contents(temp.path())[..2], ["./", "./a/"]);
}

fn names_of_contents(path: &Path) -> Vec<String> {
    names(&packed(path, Form::Copy, b""))
}

#[test]
fn depth_and_holes_are_no_obstacle() {
    let temp = tempfile::tempdir().unwrap();
    let deep = temp.path().join("d/".repeat(200));
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("leaf"), "x").unwrap();
    fs::write(temp.path().join("d/z"), "after the deep ones").unwrap();
    let hole = fs::File::create(temp.path().join("hole")).unwrap();
    hole.set_len(1 << 33).unwrap();
    let archive = packed(temp.path(), Form::Root, b"");
    assert!(archive.len() < 1 << 20, "{}", archive.len());
    let names = names(&archive);
    assert!(names.iter().any(|name| name.ends_with("/leaf")) && names.contains(&"d/z".to_owned()));
}

#[test]
fn what_is_skipped_is_skipped_with_all_below() {
    let temp = tempfile::tempdir().unwrap();
    tree(temp.path());
    let mut writer = TarWriter::new(Vec::new());
    let options = Options { form: Form::Root, top: b"", skip: &|path| path == b"b" };
    folder(&mut writer, open(temp.path()).as_fd(), &options).unwrap();
    assert_eq!(names(&writer.finish().unwrap()), ["a/", "a/link", "opaque/"]);
}
