//! An image's layers as another id map wants them: the same files with other owners.
//!
//! Owners are in the inodes, and no file system of the user's can be mounted with another map by the user (mount_setattr(2),
//! "ID-mapped mounts": it takes rights over the file system itself, and an overlay cannot be mapped at all). So there is a tree with the
//! owners that are wanted, made when it is wanted first, kept for the next time, and removed with the image.
//!
//! ```text
//! <data>/shifted/<stack>-<map>/       visible by rename; stack and map are digests of the layers' names and of the map
//!   tree/      folders, links and empty files with owners and sizes; each file names its contents by `user.overlay.redirect`, and
//!              the layers' folders lie below it as data-only layers (Linux 6.16, "user.overlay" in a user namespace)
//!   copy/      in place of it where the kernel cannot do that: the same with contents, shared blocks where the disk can
//! ```
//!
//! It is one tree for the whole stack, merged: the kernel lets only the lowest ordinary layer name files of a data-only layer.
//! A tree is nothing but inodes, and a journal keeps their order: when the rename is on the disk they are, so nothing is synced. A copy is
//! synced.

mod inode;
mod merge;
mod probe;

use super::error::io_error;
use super::staging::Staging;
use super::{StorageError, digest, gc, layer, remove_tree};
use crate::config::Paths;
use crate::model::{DiffId, IdMap};
use rustix::io::Errno;
use std::collections::HashSet;
use std::path::Path;

/// The most data-only layers of which a tree is made; overlay takes 500 layers in all.
const MAX_DATA_LAYERS: usize = 400;

/// How the files of a shifted stack come by their contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// From the layers, which have to be mounted as data-only ones, the topmost first.
    Tree,
    /// They have them.
    Copy,
}

impl Form {
    const ALL: [Self; 2] = [Self::Tree, Self::Copy];

    fn folder(self) -> &'static str {
        match self {
            Self::Tree => "tree",
            Self::Copy => "copy",
        }
    }
}

/// A shifted stack: its folder relative to the data folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shifted {
    pub folder: String,
    pub form: Form,
}

/// Names a stack of layers, bottom first. One that is there twice counts where it is topmost.
#[must_use]
pub fn stack_name(layers: &[DiffId]) -> String {
    let mut text: Vec<&str> = Vec::with_capacity(layers.len());
    for layer in layers.iter().rev().map(DiffId::hex) {
        if !text.contains(&layer) {
            text.push(layer);
        }
    }
    digest::of(text.join("\n").as_bytes()).hex()[..32].to_owned()
}

fn folder_name(layers: &[DiffId], map: &IdMap) -> String {
    let map = digest::of(format!("{}\n{}", map.uids.text(), map.gids.text()).as_bytes());
    format!("{}-{}", stack_name(layers), &map.hex()[..32])
}

/// Finds the shifted stack; nothing where it has to be made first.
#[must_use]
pub fn find(paths: &Paths, layers: &[DiffId], map: &IdMap) -> Option<Shifted> {
    let name = folder_name(layers, map);
    Form::ALL.into_iter().find_map(|form| {
        let folder = format!("shifted/{name}/{}", form.folder());
        paths.data().join(&folder).is_dir().then_some(Shifted { folder, form })
    })
}

/// Makes the shifted stack, as root of the session namespace. Of two at once the later finds that it is there and is content.
///
/// # Errors
/// A layer cannot be read, or the disk does not take the tree.
pub fn make(paths: &Paths, layers: &[DiffId], map: &IdMap) -> Result<(), StorageError> {
    // No sweep may take the layers away meanwhile.
    let _lock = gc::lock_shared(paths)?;
    let staging = Staging::new(paths)?;
    let form = match layers.len() <= MAX_DATA_LAYERS && probe::redirects(staging.path()) {
        true => Form::Tree,
        false => Form::Copy,
    };
    let whole = staging.path().join("whole");
    let tree = whole.join(form.folder());
    std::fs::create_dir_all(&tree).map_err(|source| StorageError::Io { action: "make folder", path: tree.clone(), source })?;
    let folders: Vec<_> = layers.iter().rev().map(|diff_id| layer::path(paths, diff_id)).collect();
    merge::merge(&folders, &tree, map, form)?;
    if form == Form::Copy {
        layer::sync(&whole)?;
    }
    let all = paths.data().join("shifted");
    match rustix::fs::mkdir(&all, rustix::fs::Mode::RWXU) {
        Ok(()) | Err(Errno::EXIST) => {}
        Err(errno) => return Err(io_error("make folder", &all)(errno)),
    }
    let place = all.join(folder_name(layers, map));
    match rustix::fs::rename(&whole, &place) {
        Ok(()) | Err(Errno::EXIST | Errno::NOTEMPTY) => Ok(()),
        Err(errno) => Err(io_error("make the shifted layers visible as", &place)(errno)),
    }
}

/// Writes what the layers, bottom first, and the writable layer `upper` on them come to into the empty folder `out`, with contents: where layers cannot be stacked.
///
/// # Errors
/// A layer cannot be read, or the disk does not take it.
pub fn copy_whole(paths: &Paths, layers: &[DiffId], upper: &Path, map: &IdMap, out: &Path) -> Result<(), StorageError> {
    let layers = layers.iter().rev().map(|diff_id| layer::path(paths, diff_id));
    let folders: Vec<_> = std::iter::once(upper.to_owned()).chain(layers).collect();
    merge::merge(&folders, out, map, Form::Copy)
}

/// Deletes what belongs to no stack of `live`.
pub(super) fn sweep(paths: &Paths, live: &HashSet<String>) -> Result<(), StorageError> {
    let all = paths.data().join("shifted");
    let entries = match std::fs::read_dir(&all) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(StorageError::Io { action: "read folder", path: all, source }),
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let stack = name.to_str().and_then(|name| name.split('-').next()).unwrap_or_default();
        if live.contains(stack) {
            continue;
        }
        let staging = Staging::new(paths)?;
        let away = staging.path().join("shifted");
        match rustix::fs::rename(entry.path(), &away) {
            Ok(()) => remove_tree(&away)?,
            Err(Errno::NOENT) => {}
            Err(errno) => return Err(io_error("delete", &entry.path())(errno)),
        }
    }
    Ok(())
}
