//! Layers that are whole.

use super::error::io_error;
use super::staging::Staging;
use super::unpack::Borrowed;
use super::{StorageError, remove_tree};
use crate::config::Paths;
use crate::model::DiffId;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A layer that was unpacked and checked, but is not in the store yet.
#[derive(Debug)]
pub struct StagedLayer {
    pub(super) staging: Staging,
    pub(super) diff_id: DiffId,
    pub(super) borrowed: Vec<Borrowed>,
}

impl StagedLayer {
    /// Tells whether nothing of it waits for layers below it (`borrow::settle`).
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.borrowed.is_empty()
    }
}

/// The folder of a layer that overlay stacks.
#[must_use]
pub fn path(paths: &Paths, diff_id: &DiffId) -> PathBuf {
    paths.layers().join(diff_id.hex()).join("diff")
}

/// Tells whether the store has the layer. It has all of it or nothing.
#[must_use]
pub fn exists(paths: &Paths, diff_id: &DiffId) -> bool {
    std::fs::symlink_metadata(path(paths, diff_id)).is_ok_and(|meta| meta.is_dir())
}

/// Brings layers into the store: one `syncfs` for all, then a rename each. A layer that is there already is left alone.
///
/// # Errors
/// The disk does not take the data, or a rename fails.
pub fn commit(paths: &Paths, layers: Vec<StagedLayer>) -> Result<(), StorageError> {
    if layers.is_empty() {
        return Ok(());
    }
    // Contents before the name: after a power cut a layer that has its name is whole.
    sync(&paths.layers())?;
    for layer in layers {
        let place = paths.layers().join(layer.diff_id.hex());
        match rustix::fs::rename(layer.staging.path(), &place) {
            Ok(()) | Err(Errno::EXIST | Errno::NOTEMPTY) => {}
            Err(errno) => return Err(io_error("make the layer visible as", &place)(errno)),
        }
    }
    Ok(())
}

/// Deletes a layer's folder: a rename out of the way first, so that it is never seen half there.
///
/// # Errors
/// It cannot be moved or deleted.
pub fn remove(paths: &Paths, diff_id: &DiffId) -> Result<(), StorageError> {
    let place = paths.layers().join(diff_id.hex());
    let staging = Staging::new(paths)?;
    let away = staging.path().join("layer");
    match rustix::fs::rename(&place, &away) {
        Ok(()) => remove_tree(&away),
        Err(Errno::NOENT) => Ok(()),
        Err(errno) => Err(io_error("delete layer", &place)(errno)),
    }
}

/// A file beside a layer's files, where some of those belong to others than the image says: how many.
const REPLACED_OWNERS: &str = "replaced-owners";

/// How many files of a layer were given to others, because the user namespace does not have the owner that the image names.
#[must_use]
pub fn replaced_owners(paths: &Paths, diff_id: &DiffId) -> u64 {
    let place = paths.layers().join(diff_id.hex()).join(REPLACED_OWNERS);
    std::fs::read_to_string(place).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}

/// Takes down how many files of a layer that is coming in were given to others.
pub(super) fn note_replaced_owners(staging: &Path, count: u64) -> Result<(), StorageError> {
    let place = staging.join(REPLACED_OWNERS);
    std::fs::write(&place, format!("{count}\n")).map_err(io_error("write file", &place))
}

/// Tells how long ago a layer came in; nothing where it is not there.
#[must_use]
pub fn age(paths: &Paths, diff_id: &DiffId) -> Option<Duration> {
    // The folder that holds diff/ and what gives the tar back does not change after that.
    let folder = paths.layers().join(diff_id.hex());
    std::fs::symlink_metadata(folder).and_then(|meta| meta.modified()).ok().map(|time| time.elapsed().unwrap_or_default())
}

/// Returns every layer that has a folder.
///
/// # Errors
/// The folder of layers cannot be read.
pub fn list(paths: &Paths) -> Result<Vec<DiffId>, StorageError> {
    Ok(super::blob::digests_in(&paths.layers())?.into_iter().map(DiffId::new).collect())
}

/// Waits until everything on the file system of `path` is on the disk.
///
/// # Errors
/// The disk does not take it.
pub fn sync(path: &Path) -> Result<(), StorageError> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let fd = rustix::fs::open(path, flags, Mode::empty()).map_err(io_error("open", path))?;
    rustix::fs::syncfs(&fd).map_err(io_error("write to disk what is in", path))
}
