//! A layer's tar becomes a folder that overlay can stack.
//!
//! Nothing of the archive is trusted. A name is taken apart here, and every folder on its way is opened by the kernel inside the
//! layer's root (`openat2` with `RESOLVE_IN_ROOT`): a link of the archive leads somewhere in that root or nowhere. Files are made
//! with `O_EXCL` in a folder that is held open, so no write goes through a link. The last entry of a name wins.
//!
//! What lower layers have is hidden the way overlay wants it: `.wh.NAME` becomes a device 0:0, `.wh..wh..opq` the xattr
//! `user.overlay.opaque` (the stack is mounted with `userxattr`). They never touch what the same layer brings.

mod borrowed;
mod error;
mod metadata;
mod owner;
mod path;
mod place;
mod tree;
mod whiteout;

pub use borrowed::Borrowed;
pub(super) use borrowed::{Lender, lend, look};
pub use error::UnpackError;
pub(super) use metadata::may_set;
pub(super) use owner::has_owner;
pub(super) use path::{Place, place, show};

use super::split::Recorder;
use super::tar::{EntryKind, TarReader};
use metadata::Metadata;
use owner::Owners;
use path::Target;
use rustix::fd::BorrowedFd;
use std::collections::BTreeMap;
use std::io::BufRead;
use tree::Tree;

/// What a layer may cost at most.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub entries: u64,
    /// Bytes of file data that are written; holes of sparse files are free.
    pub bytes: u64,
    /// The longest file, holes included.
    pub file_size: u64,
    /// Bytes of names and attributes that have to be remembered until the end: of folders, and of links to lower layers.
    pub remembered: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { entries: 5_000_000, bytes: 256 << 30, file_size: 8 << 40, remembered: 128 << 20 }
    }
}

/// What was unpacked, and what could not be kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unpacked {
    /// Those of the archive, and the folders that their names imply.
    pub entries: u64,
    pub bytes: u64,
    /// Entries whose owner or group is not in the user namespace and was replaced.
    pub owners_replaced: u64,
    pub devices_skipped: u64,
    pub xattrs_skipped: u64,
}

impl std::ops::AddAssign for Unpacked {
    fn add_assign(&mut self, other: Self) {
        self.entries += other.entries;
        self.bytes += other.bytes;
        self.owners_replaced += other.owners_replaced;
        self.devices_skipped += other.devices_skipped;
        self.xattrs_skipped += other.xattrs_skipped;
    }
}

/// What came out of an archive.
pub(super) struct Outcome<R> {
    pub unpacked: Unpacked,
    /// Links to files of lower layers, in the order of the archive.
    pub borrowed: Vec<Borrowed>,
    /// For what trails the archive, too.
    pub recorder: Option<Recorder>,
    pub rest: R,
}

/// Unpacks the archive into the empty folder `root`, and takes it down with `recorder`.
///
/// # Errors
/// The archive is unsound, goes beyond `limits`, names a place outside, or a file cannot be made.
pub(super) fn unpack<R: BufRead>(
    reader: R,
    root: BorrowedFd<'_>,
    limits: &Limits,
    recorder: Option<Recorder>,
) -> Result<Outcome<R>, UnpackError> {
    let mut tar = if recorder.is_some() { TarReader::watched(reader) } else { TarReader::new(reader) };
    let mut layer = Layer {
        tree: Tree::new(root, recorder),
        owners: Owners::of_this_process(),
        umask: metadata::umask(),
        folders: BTreeMap::new(),
        borrowed: Vec::new(),
        remembered: 0,
        done: Unpacked::default(),
        limits: *limits,
        whiteout_form: whiteout::Form::Device,
    };
    while let Some(entry) = tar.next_entry()? {
        layer.count_entry()?;
        layer.tree.record_seen(&mut tar)?;
        let target = path::parse(&entry.path)?;
        if target.is_mark() {
            // Marks of aufs may have contents, which nobody wants but the tar.
            layer.done.bytes = layer.done.bytes.saturating_add(entry.stored);
            if layer.done.bytes > limits.bytes {
                return Err(UnpackError::TooManyBytes { limit: limits.bytes });
            }
            layer.tree.record_data(&mut tar)?;
        }
        match (&target, entry.kind) {
            (_, EntryKind::Char | EntryKind::Block) if !target.is_mark() => layer.done.devices_skipped += 1,
            (Target::Root, EntryKind::Directory) => {
                let metadata = Metadata::of(&entry, &mut layer);
                layer.remember(Vec::new(), metadata)?;
            }
            (Target::Root, _) => {
                return Err(UnpackError::BadPath { path: show(&entry.path), what: "the root is a folder" });
            }
            (Target::Mark, _) => {}
            (Target::Opaque { folder }, _) => layer.make_opaque(folder)?,
            (Target::Whiteout { place }, _) => layer.make_whiteout(place)?,
            (Target::Entry { place }, _) => layer.place(place, &entry, &mut tar)?,
        }
    }
    layer.tree.record_seen(&mut tar)?;
    layer.finish_folders()?;
    let recorder = layer.tree.take_recorder();
    Ok(Outcome { unpacked: layer.done, borrowed: layer.borrowed, recorder, rest: tar.into_inner() })
}

/// The layer while it is unpacked.
struct Layer<'a> {
    tree: Tree<'a>,
    owners: Owners,
    umask: u32,
    /// What folders shall be like at the end: files that are put into them would change their times, and permissions that
    /// shut out their owner, or pass on a group, come last too.
    folders: BTreeMap<Vec<u8>, Metadata>,
    borrowed: Vec<Borrowed>,
    /// Bytes in `folders` and `borrowed`.
    remembered: u64,
    done: Unpacked,
    limits: Limits,
    whiteout_form: whiteout::Form,
}

impl Layer<'_> {
    /// Counts an entry, or a folder that an entry's name implies.
    fn count_entry(&mut self) -> Result<(), UnpackError> {
        self.done.entries += 1;
        let limit = self.limits.entries;
        if self.done.entries > limit { Err(UnpackError::TooManyEntries { limit }) } else { Ok(()) }
    }

    fn remember(&mut self, folder: Vec<u8>, metadata: Metadata) -> Result<(), UnpackError> {
        self.count_remembered(folder.len() as u64 + metadata.weight())?;
        self.folders.insert(folder, metadata);
        Ok(())
    }

    fn count_remembered(&mut self, bytes: u64) -> Result<(), UnpackError> {
        self.remembered += bytes;
        let limit = self.limits.remembered;
        if self.remembered > limit { Err(UnpackError::TooManyNames { limit }) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
