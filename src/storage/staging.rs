//! Half-done things: a folder in `tmp/` that belongs to whoever holds its lock.

use super::StorageError;
use super::error::io_error;
use super::remove_tree;
use crate::config::Paths;
use rustix::fs::{FlockOperation, Mode, OFlags};
use rustix::io::Errno;
use std::fs::File;
use std::path::{Path, PathBuf};

/// A folder in `tmp/` and its lock. Dropped, it deletes the folder: nothing half made stays behind an error.
#[derive(Debug)]
pub struct Staging {
    path: PathBuf,
    lock_path: PathBuf,
    _lock: std::os::fd::OwnedFd,
}

impl Staging {
    /// Makes a folder that no other command uses.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn new(paths: &Paths) -> Result<Self, StorageError> {
        let (path, lock_path, lock) = loop {
            let path = paths.tmp().join(unique_name());
            let lock_path = path.with_extension("lock");
            if let Some(lock) = claim(&lock_path)? {
                break (path, lock_path, lock);
            }
        };
        let staging = Self { path, lock_path, _lock: lock };
        rustix::fs::mkdir(&staging.path, Mode::RWXU).map_err(io_error("make folder", &staging.path))?;
        Ok(staging)
    }

    /// Where the folder is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // The folder before its lock: a folder without a lock looks abandoned to others. What fails is left to the sweep.
        if remove_tree(&self.path).is_ok() {
            let _ = std::fs::remove_file(&self.lock_path);
        }
    }
}

/// Makes an unlinked file in `tmp/`, for data that comes through a pipe.
///
/// # Errors
/// It cannot be made.
pub fn spool_file(paths: &Paths) -> Result<File, StorageError> {
    let tmp = paths.tmp();
    let flags = OFlags::RDWR | OFlags::TMPFILE | OFlags::CLOEXEC;
    match rustix::fs::open(&tmp, flags, Mode::RUSR | Mode::WUSR) {
        Ok(fd) => return Ok(File::from(fd)),
        Err(Errno::OPNOTSUPP | Errno::ISDIR) => {}
        Err(errno) => return Err(io_error("make a file in", &tmp)(errno)),
    }
    let path = tmp.join(unique_name());
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let fd = rustix::fs::open(&path, flags, Mode::RUSR | Mode::WUSR).map_err(io_error("make file", &path))?;
    std::fs::remove_file(&path).map_err(io_error("delete", &path))?;
    Ok(File::from(fd))
}

/// Makes the lock file and takes the lock; nothing if a sweep was quicker and took it away.
fn claim(lock_path: &Path) -> Result<Option<std::os::fd::OwnedFd>, StorageError> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let fd = match rustix::fs::open(lock_path, flags, Mode::RUSR | Mode::WUSR) {
        Ok(fd) => fd,
        Err(Errno::EXIST) => return Ok(None),
        Err(errno) => return Err(io_error("make lock file", lock_path)(errno)),
    };
    match rustix::fs::flock(&fd, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(Errno::WOULDBLOCK) => return Ok(None),
        Err(errno) => return Err(io_error("lock", lock_path)(errno)),
    }
    let links = rustix::fs::fstat(&fd).map_err(io_error("look at", lock_path))?.st_nlink;
    Ok((links > 0).then_some(fd))
}

fn unique_name() -> String {
    let mut bytes = [0_u8; 8];
    // Never blocks after boot; were it to fail, the EXCL of the caller still keeps names apart.
    let _ = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty());
    format!("{}-{}", rustix::process::getpid(), crate::model::id::hex(&bytes))
}
