//! The folders of volumes.
//!
//! ```text
//! <data>/volumes/<name>/
//!   _data/     what containers see
//!   fresh      until the image's files were copied in (see runtime::volume)
//!   unowned    until a container's start has given it an owner
//! ```
//!
//! The row is in the database, and whoever makes or takes away a folder here holds the database's write lock. A folder without a
//! row is what a killed command left: the next volume of that name moves it away.

use super::StorageError;
use super::error::io_error;
use crate::config::Paths;
use crate::model::id::hex;
use rustix::fs::Mode;
use rustix::io::Errno;
use std::path::{Path, PathBuf};

/// The marker of a volume that nothing was copied into yet.
const FRESH: &str = "fresh";
/// The marker of a volume that no start has given an owner yet.
const UNOWNED: &str = "unowned";

/// The folder with the files of a volume.
#[must_use]
pub fn data(paths: &Paths, name: &str) -> PathBuf {
    paths.volumes().join(name).join("_data")
}

/// Tells whether the volume has its folder.
#[must_use]
pub fn exists(paths: &Paths, name: &str) -> bool {
    std::fs::symlink_metadata(data(paths, name)).is_ok_and(|meta| meta.is_dir())
}

/// Tells whether the volume waits for the image's files, and for an owner.
#[must_use]
pub fn waits_for(paths: &Paths, name: &str) -> (bool, bool) {
    let folder = paths.volumes().join(name);
    (folder.join(FRESH).exists(), folder.join(UNOWNED).exists())
}

/// Makes the folder of a new volume. Its owner is the caller (root in containers) until a first start gives it another, which
/// `owned` forbids. Returns what stood in its place and is to be deleted.
///
/// # Errors
/// A folder cannot be made.
pub fn make(paths: &Paths, name: &str, owned: bool) -> Result<Option<PathBuf>, StorageError> {
    let volumes = paths.volumes();
    match rustix::fs::mkdir(&volumes, Mode::RWXU) {
        Ok(()) | Err(Errno::EXIST) => {}
        Err(errno) => return Err(io_error("make folder", &volumes)(errno)),
    }
    let left = retire(paths, name)?;
    let folder = volumes.join(name);
    let make = |path: &Path, mode: u32| {
        rustix::fs::mkdir(path, Mode::from_raw_mode(mode)).map_err(io_error("make folder", path))?;
        // Whatever the umask is.
        rustix::fs::chmod(path, Mode::from_raw_mode(mode)).map_err(io_error("set the mode of", path))
    };
    make(&folder, 0o700)?;
    for marker in [Some(FRESH), (!owned).then_some(UNOWNED)].into_iter().flatten() {
        let path = folder.join(marker);
        std::fs::write(&path, "").map_err(io_error("make file", &path))?;
    }
    make(&folder.join("_data"), 0o755)?;
    Ok(left)
}

/// Moves a volume's folder out of sight; returns where it is to be deleted, nothing where there is none.
///
/// # Errors
/// It cannot be moved.
pub fn retire(paths: &Paths, name: &str) -> Result<Option<PathBuf>, StorageError> {
    let mut random = [0; 8];
    // Were it to fail, the rename does not replace a folder that has something in it.
    let _ = rustix::rand::getrandom(&mut random, rustix::rand::GetRandomFlags::empty());
    let away = paths.tmp().join(format!("volume-{}.rm", hex(&random)));
    let folder = paths.volumes().join(name);
    match rustix::fs::rename(&folder, &away) {
        Ok(()) => Ok(Some(away)),
        Err(Errno::NOENT) => Ok(None),
        Err(errno) => Err(io_error("remove", &folder)(errno)),
    }
}

/// Makes `uid` and `gid` the owner of the volume's files folder. To be called as root of the session.
///
/// # Errors
/// An id is not one of the caller's.
pub fn give_to(paths: &Paths, name: &str, uid: Option<u32>, gid: Option<u32>) -> Result<(), StorageError> {
    let path = data(paths, name);
    std::os::unix::fs::lchown(&path, uid, gid).map_err(io_error("change the owner of", &path))
}

/// Notes that a volume has its files: nothing of an image is copied into it any more.
///
/// # Errors
/// The marker cannot be removed.
pub fn is_filled(paths: &Paths, name: &str) -> Result<(), StorageError> {
    let path = paths.volumes().join(name).join(FRESH);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(io_error("remove", &path)(error)),
        _ => Ok(()),
    }
}
