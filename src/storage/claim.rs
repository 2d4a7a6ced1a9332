//! Who brings a layer in: one command at a time, and others that want it wait for that one.
//!
//! A claim is the flock on `tmp/layer-<diffID>.lock`; it ends with its process. Nobody may wait for a claim while holding one: two
//! commands that want the same layers in another order would wait for each other.

use super::StorageError;
use super::error::io_error;
use crate::config::Paths;
use crate::model::DiffId;
use rustix::fs::{FlockOperation, Mode, OFlags};
use rustix::io::Errno;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

/// The right to bring a layer in.
#[derive(Debug)]
pub struct Claim {
    path: PathBuf,
    _lock: OwnedFd,
}

/// Claims a layer; nothing if another command has it.
///
/// # Errors
/// The lock file cannot be made.
pub fn claim(paths: &Paths, diff_id: &DiffId) -> Result<Option<Claim>, StorageError> {
    let path = lock_path(paths, diff_id);
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    loop {
        let fd = rustix::fs::open(&path, flags, Mode::RUSR | Mode::WUSR).map_err(io_error("make lock file", &path))?;
        match rustix::fs::flock(&fd, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Ok(None),
            Err(Errno::INTR) => continue,
            Err(errno) => return Err(io_error("lock", &path)(errno)),
        }
        // Who had it before us, or a sweep, may have deleted it between the two calls.
        if rustix::fs::fstat(&fd).map_err(io_error("look at", &path))?.st_nlink > 0 {
            return Ok(Some(Claim { path, _lock: fd }));
        }
    }
}

/// Waits until no command has a claim on the layer. The caller must hold none itself.
///
/// # Errors
/// The lock file cannot be opened.
pub fn wait(paths: &Paths, diff_id: &DiffId) -> Result<(), StorageError> {
    let path = lock_path(paths, diff_id);
    loop {
        let fd = match rustix::fs::open(&path, OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty()) {
            Ok(fd) => fd,
            Err(Errno::NOENT) => return Ok(()),
            Err(errno) => return Err(io_error("open lock file", &path)(errno)),
        };
        match rustix::fs::flock(&fd, FlockOperation::LockShared) {
            Ok(()) => return Ok(()),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(io_error("lock", &path)(errno)),
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // The name before the lock: who opens it later makes a new file.
        let _ = std::fs::remove_file(&self.path);
    }
}

fn lock_path(paths: &Paths, diff_id: &DiffId) -> PathBuf {
    paths.tmp().join(format!("layer-{}.lock", diff_id.hex()))
}
