//! Room for the last words on a full disk.
//!
//! ```text
//! state.db-reserve    so many bytes of nothing, made when something is brought in
//! ```
//! To forget an image, or a container, the database writes to its log. At zero bytes free that fails, and nothing could be removed
//! any more to get room. Then the reserve goes first.

use super::{Db, StateError};
use rusqlite::ErrorCode;
use rustix::fs::{FallocateFlags, Mode, OFlags};
use std::path::PathBuf;

/// The log grows by some pages of 4 KiB for each removal, its index by one of 32 KiB now and then; events are told too.
const BYTES: u64 = 256 << 10;

impl Db {
    /// Makes the reserve where it is missing. A disk that has no room for it is no reason to fail: what follows will say so.
    pub fn keep_reserve(&self) {
        let Some(path) = self.reserve().filter(|path| !path.exists()) else { return };
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let made = rustix::fs::open(&path, flags, Mode::RUSR | Mode::WUSR)
            .and_then(|file| rustix::fs::fallocate(file, FallocateFlags::empty(), 0, BYTES));
        if made.is_err() {
            // A file system that cannot give room to a file beforehand has no use for an empty one.
            let _ = std::fs::remove_file(path);
        }
    }

    /// Does something that gives room; where the disk has none for that, once more without the reserve.
    pub(super) fn giving_room<T>(&mut self, mut work: impl FnMut(&mut Self) -> Result<T, StateError>) -> Result<T, StateError> {
        match work(self) {
            Err(error) if is_full(&error) && self.reserve().is_some_and(|path| std::fs::remove_file(path).is_ok()) => work(self),
            done => done,
        }
    }

    fn reserve(&self) -> Option<PathBuf> {
        self.connection.path().filter(|path| !path.is_empty()).map(|path| format!("{path}-reserve").into())
    }
}

fn is_full(error: &StateError) -> bool {
    let StateError::Query { source: rusqlite::Error::SqliteFailure(failure, _), .. } = error else { return false };
    // The index of the log is a mapped file, and its growth a failure of its own.
    failure.code == ErrorCode::DiskFull || failure.code == ErrorCode::SystemIoFailure
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reserve_is_given_up_for_a_second_try_and_made_again() {
        let temp = tempfile::tempdir().unwrap();
        let mut db = Db::open(&temp.path().join("state.db")).unwrap();
        db.keep_reserve();
        let reserve = temp.path().join("state.db-reserve");
        assert_eq!(std::fs::metadata(&reserve).unwrap().len(), BYTES);
        let full = || {
            let failure = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL);
            StateError::Query { action: "remove", source: rusqlite::Error::SqliteFailure(failure, None) }
        };
        let mut tries = 0;
        let done = db.giving_room(|_| {
            tries += 1;
            if reserve.exists() { Err(full()) } else { Ok(7) }
        });
        assert_eq!((done.unwrap(), tries), (7, 2));
        assert!(db.giving_room(|_| Err::<(), _>(full())).is_err(), "there is no more to give");
        db.keep_reserve();
        assert!(reserve.exists());
    }
}
