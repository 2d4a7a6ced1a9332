//! What nobody needs any more.
//!
//! `store.lock` keeps two things apart: an image that comes in and finds that the store has a layer already (shared), and the
//! deletion of layers that no image had when it looked (exclusive). The deletion never waits: what it leaves, the next one finds.

use super::error::io_error;
use super::{StorageError, blob, layer, remove_tree};
use crate::config::Paths;
use crate::model::{DiffId, Digest};
use rustix::fs::{FlockOperation, Mode, OFlags};
use rustix::io::Errno;
use std::collections::HashSet;
use std::os::fd::OwnedFd;
use std::path::Path;

/// A held lock on the store; dropped, it is released.
#[derive(Debug)]
pub struct StoreLock(#[expect(dead_code, reason = "held for its drop")] OwnedFd);

/// Keeps layers from being deleted until the returned lock is dropped: for an image that comes in.
///
/// # Errors
/// The lock file cannot be made or locked.
pub fn lock_shared(paths: &Paths) -> Result<StoreLock, StorageError> {
    wait_for(&paths.data().join("store.lock"), FlockOperation::LockShared).map(StoreLock)
}

/// Takes a lock by a file of its own, which is made where it is missing; waits for it.
///
/// # Errors
/// The lock file cannot be made or locked.
pub fn lock_file(path: &Path) -> Result<OwnedFd, StorageError> {
    wait_for(path, FlockOperation::LockExclusive)
}

fn wait_for(path: &Path, operation: FlockOperation) -> Result<OwnedFd, StorageError> {
    lock(path, operation)?.ok_or(Errno::WOULDBLOCK).map_err(io_error("lock", path))
}

/// Deletes what killed commands left in `tmp/`.
///
/// # Errors
/// The folder cannot be read. What cannot be deleted is left for the next sweep.
pub fn sweep(paths: &Paths) -> Result<(), StorageError> {
    let tmp = paths.tmp();
    for entry in std::fs::read_dir(&tmp).map_err(io_error("read folder", &tmp))? {
        let path = entry.map_err(io_error("read folder", &tmp))?.path();
        let is_lock = path.extension().is_some_and(|extension| extension == "lock");
        let lock_path = if is_lock { path.clone() } else { path.with_extension("lock") };
        let held = match rustix::fs::open(&lock_path, OFlags::RDWR | OFlags::CLOEXEC | OFlags::NOFOLLOW, Mode::empty()) {
            Ok(fd) => match rustix::fs::flock(&fd, FlockOperation::NonBlockingLockExclusive) {
                // A claim that ended meanwhile has deleted the file: the name may be another claim's now.
                Ok(()) if rustix::fs::fstat(&fd).is_ok_and(|stat| stat.st_nlink > 0) => Some(fd),
                _ => continue,
            },
            // A folder is made after its lock and deleted before it, so this one was left without.
            Err(Errno::NOENT) => None,
            Err(_) => continue,
        };
        if remove_tree(&lock_path.with_extension("")).is_ok() && held.is_some() {
            let _ = std::fs::remove_file(&lock_path);
        }
    }
    Ok(())
}

/// What the database knows of; the rest is garbage.
#[derive(Debug, Default)]
pub struct Live {
    pub layers: HashSet<DiffId>,
    /// Manifests and configs.
    pub blobs: HashSet<Digest>,
    /// The names of the images' stacks (`shifted::stack_name`).
    pub stacks: HashSet<String>,
}

/// Deletes the layers and blobs that `live` does not name, unless an image is coming in.
///
/// `live` is called with the lock held, so that no image can come in after it looked.
///
/// # Errors
/// A folder cannot be read, something cannot be deleted, or `live` fails.
pub fn sweep_store<E: From<StorageError>>(paths: &Paths, live: impl FnOnce() -> Result<Live, E>) -> Result<(), E> {
    let Some(_lock) = lock(&paths.data().join("store.lock"), FlockOperation::NonBlockingLockExclusive)? else { return Ok(()) };
    let live = live()?;
    // Before the layers, whose contents they name.
    super::shifted::sweep(paths, &live.stacks)?;
    for found in layer::list(paths)? {
        if !live.layers.contains(&found) {
            layer::remove(paths, &found)?;
        }
    }
    for found in blob::list(paths)? {
        if !live.blobs.contains(&found) {
            blob::remove(paths, &found)?;
        }
    }
    Ok(())
}

fn lock(path: &Path, operation: FlockOperation) -> Result<Option<OwnedFd>, StorageError> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let fd = rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR).map_err(io_error("open lock file", path))?;
    loop {
        match rustix::fs::flock(&fd, operation) {
            Ok(()) => return Ok(Some(fd)),
            Err(Errno::INTR) => {}
            Err(Errno::WOULDBLOCK) => return Ok(None),
            Err(errno) => return Err(io_error("lock", path)(errno)),
        }
    }
}
