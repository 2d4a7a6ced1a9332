//! A little of the disk that is kept back, so that a removal works on a full one: the database has to write before anything goes.

use crate::config::Paths;
use rustix::fs::{FallocateFlags, Mode, OFlags};
use std::path::PathBuf;

/// More than the database writes for the removal of an image.
const BYTES: u64 = 1 << 20;

/// Sets the reserve aside, where there is none. On a disk that has no room for it there is none.
pub fn keep(paths: &Paths) {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let Ok(file) = rustix::fs::open(place(paths), flags, Mode::RUSR | Mode::WUSR) else { return };
    if rustix::fs::fallocate(&file, FallocateFlags::empty(), 0, BYTES).is_err() {
        let _ = std::fs::remove_file(place(paths));
    }
}

/// Gives the reserve up where the disk has less than that: before something is removed.
pub fn give_up_if_full(paths: &Paths) {
    let is_full = |found: rustix::fs::StatVfs| found.f_bavail.saturating_mul(found.f_frsize) < BYTES;
    if rustix::fs::statvfs(paths.data()).is_ok_and(is_full) {
        let _ = std::fs::remove_file(place(paths));
    }
}

fn place(paths: &Paths) -> PathBuf {
    paths.data().join("reserve")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reserve_takes_its_blocks_and_stays_while_there_is_room() {
        use std::os::unix::fs::MetadataExt as _;
        let temp = tempfile::tempdir().unwrap();
        let paths = Paths::at(temp.path().join("data"), temp.path().join("run"));
        paths.prepare().unwrap();
        keep(&paths);
        keep(&paths);
        assert!(std::fs::metadata(place(&paths)).unwrap().blocks() * 512 >= BYTES);
        give_up_if_full(&paths);
        assert!(place(&paths).exists());
    }
}
