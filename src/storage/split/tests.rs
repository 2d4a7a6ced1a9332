use super::*;
use crate::model::DiffId;
use crate::storage::StorageError;
use crate::storage::digest;
use crate::storage::tar::testing::{Builder, pax_record, sparse_records};
use crate::storage::unpack::{Limits, unpack};
use rustix::fd::AsFd as _;
use rustix::fs::{Mode, OFlags};
use std::path::Path;

/// Unpacks an archive below `folder` and takes it down.
fn take_down(folder: &Path, archive: &[u8]) {
    std::fs::create_dir(folder.join("diff")).unwrap();
    let root = rustix::fs::open(folder.join("diff"), OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty()).unwrap();
    let recorder = Recorder::new(folder, root.as_fd()).unwrap();
    let outcome = unpack(archive, root.as_fd(), &Limits::default(), Some(recorder)).unwrap();
    let mut recorder = outcome.recorder.unwrap();
    recorder.literal(outcome.rest).unwrap();
    recorder.finish().unwrap();
}

fn give_back(folder: &Path, archive: &[u8]) -> Result<Vec<u8>, StorageError> {
    let mut out = Vec::new();
    replay::replay_folder(folder, &DiffId::new(digest::of(archive)), &mut out).map(|()| out)
}

#[track_caller]
fn comes_back(archive: &[u8]) {
    let temp = tempfile::tempdir().unwrap();
    take_down(temp.path(), archive);
    assert!(give_back(temp.path(), archive).unwrap() == archive, "another archive came back");
}

#[test]
fn an_archive_comes_back_byte_for_byte() {
    let long = "d/".repeat(150) + "file";
    comes_back(
        &Builder::new()
            .dir("a/")
            .file("a/f", &[7; 1000])
            .file("a/empty", b"")
            .link(b'2', "l", "a/f")
            .link(b'1', "h", "a/f")
            .finish(),
    );
    comes_back(&Builder::new().meta(b'x', &pax_record("path", long.as_bytes())).file("short", &[1; 513]).finish());
    comes_back(
        &Builder::new()
            .meta(b'L', format!("{long}\0").as_bytes())
            .file("short", b"abc")
            .raw(&[0; 512])
            .raw(&[0; 512])
            .raw(b"what trails the archive")
            .finish(),
    );
    comes_back(
        &Builder::new()
            .file(".wh.gone", b"")
            .file("d/.wh..wh..opq", b"")
            .file(".wh..wh.plnk/1.2", b"contents of a mark")
            .finish(),
    );
    comes_back(&Builder::new().file("no-end", b"1").raw(&[]).finish()[..1024]);
    comes_back(&[]);
    let map = sparse_records(b"0,512,1000,2", b"5000");
    comes_back(&Builder::new().meta(b'x', &map).file("sparse", &[&[b'a'; 512][..], b"de"].concat()).file("after", b"1").finish());
}

#[test]
fn what_later_entries_replace_comes_back_too() {
    comes_back(&Builder::new().file("f", b"first").file("g", b"other").file("f", b"second").file("f", b"third").finish());
    comes_back(&Builder::new().file("d/a", b"1").file("d/e/b", b"2").file("d", b"now a file").finish());
    comes_back(&Builder::new().file("d/a", b"1").link(b'2', "d", "elsewhere").dir("d/").file("d/a", b"2").finish());
    comes_back(&Builder::new().file("f", b"linked").link(b'1', "h", "f").file("f", b"new").file("h", b"newer").finish());
    // One file under two names, by way of a link to its folder.
    comes_back(
        &Builder::new()
            .dir("usr/")
            .dir("usr/lib/")
            .link(b'2', "lib", "usr/lib")
            .file("lib/x", b"one")
            .file("usr/lib/x", b"two")
            .finish(),
    );
}

#[test]
fn a_changed_layer_does_not_come_back() {
    let archive = Builder::new().file("f", b"contents").finish();
    let change = |edit: &dyn Fn(&Path)| {
        let temp = tempfile::tempdir().unwrap();
        take_down(temp.path(), &archive);
        edit(temp.path());
        give_back(temp.path(), &archive)
    };
    let written = change(&|folder| std::fs::write(folder.join("diff/f"), "Contents").unwrap());
    assert!(matches!(written, Err(StorageError::LayerChanged { .. })));
    assert!(change(&|folder| std::fs::write(folder.join("diff/f"), "short").unwrap()).is_err());
    assert!(change(&|folder| std::fs::remove_file(folder.join("diff/f")).unwrap()).is_err());
    let linked = change(&|folder| {
        std::fs::rename(folder.join("diff/f"), folder.join("outside")).unwrap();
        std::os::unix::fs::symlink("../outside", folder.join("diff/f")).unwrap();
    });
    assert!(linked.is_err(), "no link is followed");
    assert!(matches!(change(&|folder| std::fs::remove_file(folder.join(FILE)).unwrap()), Err(StorageError::NoTarSplit { .. })));
    assert!(change(&|folder| std::fs::write(folder.join(FILE), "x").unwrap()).is_err());
}
