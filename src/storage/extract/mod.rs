//! A tar goes into a tree that is in use: `cp`.
//!
//! Unlike a layer, it meets files that are there, and names have no second meaning. What it shares with `unpack` is the distrust:
//! names are taken apart, each folder is opened by the kernel inside the root that the caller gives (or below it), and files are
//! made with `O_EXCL` in a folder that is held open. So nothing is written through a link that leads out, whatever the archive
//! holds and whoever changes the tree meanwhile.

mod error;
mod place;

pub use error::ExtractError;

use super::tar::{Entry, EntryKind, TarReader};
use super::unpack;
use error::failed;
use rustix::fd::{AsFd as _, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, FileType, Gid, Mode, OFlags, ResolveFlags, Timespec, Timestamps, Uid, XattrFlags};
use rustix::io::Errno;
use std::io::BufRead;
use std::rc::Rc;

/// Where links may lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The given folder is their `/`: a container's root.
    Root,
    /// Only to what is below the given folder: a folder of the host.
    Below,
}

/// What the names of the archive become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Names {
    /// They stay.
    Keep,
    /// Their first part becomes this name; empty, it is left out, and what is below the top goes right into the folder.
    Top(Vec<u8>),
}

/// Where an archive goes.
#[derive(Clone, Debug)]
pub struct Target<'a> {
    pub root: BorrowedFd<'a>,
    pub reach: Reach,
    /// The folder in which names begin, relative to `root`; empty for itself.
    pub folder: Vec<u8>,
    pub names: Names,
}

/// Whose the files become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Of whoever makes them.
    Maker,
    Given {
        uid: u32,
        gid: u32,
    },
    /// As in the archive.
    Archive,
}

/// How files are made.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    pub owner: Owner,
    /// A file may take the place of a folder, and a folder that of a file.
    pub overwrite: bool,
    /// Files keep the bits with which they run as their owner or group.
    pub set_id: bool,
}

/// What was extracted, and what could not be kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Extracted {
    pub entries: u64,
    pub devices_skipped: u64,
    pub owners_replaced: u64,
    pub xattrs_skipped: u64,
}

/// Extracts `first`, which was read from `tar`, and all that follows it.
///
/// # Errors
/// The archive is unsound or names a place outside, something is in the way, or a file cannot be made.
pub fn extract<R: BufRead>(
    tar: &mut TarReader<R>,
    first: Option<Entry>,
    target: &Target<'_>,
    rules: Rules,
) -> Result<Extracted, ExtractError> {
    let mut extract = Extract { target, rules, last: None, folders: Vec::new(), done: Extracted::default() };
    let mut next = first;
    while let Some(entry) = next {
        extract.done.entries += 1;
        extract.entry(&entry, tar)?;
        next = tar.next_entry()?;
    }
    extract.finish_folders()?;
    Ok(extract.done)
}

/// What an entry says about its inode.
#[derive(Clone, Debug)]
struct Metadata {
    mode: u32,
    owner: Option<(u32, u32)>,
    mtime: (i64, u32),
    xattrs: Vec<(Vec<u8>, Vec<u8>)>,
}

struct Extract<'a> {
    target: &'a Target<'a>,
    rules: Rules,
    /// The folder that was used last.
    last: Option<(Vec<u8>, Rc<OwnedFd>)>,
    /// What folders shall be like at the end, when nothing is put into them any more.
    folders: Vec<(Vec<u8>, Metadata)>,
    done: Extracted,
}

impl Extract<'_> {
    fn entry<R: BufRead>(&mut self, entry: &Entry, tar: &mut TarReader<R>) -> Result<(), ExtractError> {
        if matches!(entry.kind, EntryKind::Char | EntryKind::Block) {
            self.done.devices_skipped += 1;
            return Ok(());
        }
        let Some(place) = self.locate(&entry.path)? else { return Ok(()) };
        self.place(&place, entry, tar)
    }

    /// Works out where a name of the archive goes; nothing for the folder itself.
    fn locate(&self, name: &[u8]) -> Result<Option<unpack::Place>, ExtractError> {
        let Some(place) = unpack::place(name)? else { return Ok(None) };
        let path = place.path();
        let path = match &self.target.names {
            Names::Keep => path,
            Names::Top(top) => {
                let rest = path.iter().position(|byte| *byte == b'/').map_or(&b""[..], |at| &path[at..]);
                [top, rest].concat()
            }
        };
        let Some(mut place) = unpack::place(&path)? else { return Ok(None) };
        // The folder is the caller's and no name of the archive: a link may have led to it by "..", which the kernel keeps inside.
        if !self.target.folder.is_empty() {
            place.folder = match &place.folder[..] {
                b"" => self.target.folder.clone(),
                below => [&self.target.folder[..], b"/", below].concat(),
            };
        }
        Ok(Some(place))
    }

    fn resolve(&self) -> ResolveFlags {
        ResolveFlags::NO_MAGICLINKS
            | match self.target.reach {
                Reach::Root => ResolveFlags::IN_ROOT,
                Reach::Below => ResolveFlags::BENEATH,
            }
    }

    fn open(&self, path: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
        let path = if path.is_empty() { &b"."[..] } else { path };
        loop {
            match rustix::fs::openat2(self.target.root, path, flags | OFlags::CLOEXEC, Mode::empty(), self.resolve()) {
                // A rename somewhere on the machine (openat2(2), EAGAIN).
                Err(Errno::AGAIN | Errno::INTR) => {}
                done => return done,
            }
        }
    }

    /// Opens the folder that an entry goes into; folders that no entry made are made now.
    fn parent(&mut self, path: &[u8]) -> Result<Rc<OwnedFd>, ExtractError> {
        if let Some((known, fd)) = &self.last
            && known == path
        {
            return Ok(fd.clone());
        }
        let flags = OFlags::PATH | OFlags::DIRECTORY;
        let fd = match self.open(path, flags) {
            Err(Errno::NOENT) if !path.is_empty() => {
                let at = path.iter().rposition(|byte| *byte == b'/');
                let above = self.parent(&path[..at.unwrap_or(0)])?;
                let name = &path[at.map_or(0, |at| at + 1)..];
                match rustix::fs::mkdirat(&above, name, Mode::from_raw_mode(0o755)) {
                    Ok(()) => self.own(above.as_fd(), name),
                    // A link that leads nowhere, or somebody was quicker; opening it tells.
                    Err(Errno::EXIST) => {}
                    Err(errno) => return Err(failed("make folder", path)(errno)),
                }
                self.open(path, flags)
            }
            done => done,
        };
        let fd = Rc::new(fd.map_err(failed("open folder", path))?);
        self.last = Some((path.to_vec(), fd.clone()));
        Ok(fd)
    }

    /// Gives a folder that no entry describes to the one whom all is given to.
    fn own(&mut self, above: BorrowedFd<'_>, name: &[u8]) {
        if let Owner::Given { uid, gid } = self.rules.owner {
            let (uid, gid) = (Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)));
            let done = rustix::fs::chownat(above, name, uid, gid, AtFlags::SYMLINK_NOFOLLOW);
            self.done.owners_replaced += u64::from(done.is_err());
        }
    }

    fn metadata(&mut self, entry: &Entry) -> Metadata {
        let owner = match self.rules.owner {
            Owner::Maker => None,
            Owner::Given { uid, gid } => Some((uid, gid)),
            // Which ids there are is not asked: the kernel refuses others. A container's /proc is not to be believed.
            Owner::Archive => Some((id(entry.uid), id(entry.gid))),
        };
        let strip = if self.rules.set_id || entry.kind == EntryKind::Directory { 0 } else { 0o6000 };
        let (xattrs, refused): (Vec<_>, Vec<_>) = entry.xattrs.iter().cloned().partition(|(name, _)| unpack::may_set(name));
        self.done.xattrs_skipped += refused.len() as u64;
        Metadata { mode: entry.mode & !strip, owner, mtime: entry.mtime, xattrs }
    }

    /// Sets all of it on an open file or folder.
    fn apply(&mut self, fd: BorrowedFd<'_>, metadata: &Metadata, path: &[u8]) -> Result<(), ExtractError> {
        // Before the mode, as a change of the owner takes setuid bits away; and the capability, which it takes away too.
        if let Some((uid, gid)) = metadata.owner {
            match rustix::fs::fchown(fd, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid))) {
                Ok(()) => {}
                Err(Errno::PERM | Errno::INVAL) => self.done.owners_replaced += 1,
                Err(errno) => return Err(failed("set the owner of", path)(errno)),
            }
        }
        rustix::fs::fchmod(fd, Mode::from_raw_mode(metadata.mode)).map_err(failed("set the mode of", path))?;
        for (name, value) in &metadata.xattrs {
            match rustix::fs::fsetxattr(fd, &name[..], value, XattrFlags::empty()) {
                Ok(()) => {}
                Err(Errno::PERM | Errno::NOTSUP | Errno::INVAL | Errno::ACCESS) => self.done.xattrs_skipped += 1,
                Err(errno) => return Err(failed("set an extended attribute of", path)(errno)),
            }
        }
        rustix::fs::futimens(fd, &times(metadata)).map_err(failed("set the time of", path))
    }

    /// Sets owner and times of something that cannot be opened, and its mode where it has one. It was just made in `folder`.
    fn apply_at(&mut self, folder: BorrowedFd<'_>, name: &[u8], metadata: &Metadata) -> Result<(), ExtractError> {
        if let Some((uid, gid)) = metadata.owner {
            match rustix::fs::chownat(folder, name, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)), AtFlags::SYMLINK_NOFOLLOW)
            {
                Ok(()) => {}
                Err(Errno::PERM | Errno::INVAL) => self.done.owners_replaced += 1,
                Err(errno) => return Err(failed("set the owner of", name)(errno)),
            }
        }
        rustix::fs::utimensat(folder, name, &times(metadata), AtFlags::SYMLINK_NOFOLLOW).map_err(failed("set the time of", name))
    }

    /// Gives the folders what their entries said, the deepest first.
    fn finish_folders(&mut self) -> Result<(), ExtractError> {
        let mut folders = std::mem::take(&mut self.folders);
        folders.sort_by(|(a, _), (b, _)| b.cmp(a));
        for (path, metadata) in folders {
            match self.open(&path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW) {
                Ok(fd) => self.apply(fd.as_fd(), &metadata, &path)?,
                // Something else stands there by now.
                Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => {}
                Err(errno) => return Err(failed("open folder", &path)(errno)),
            }
        }
        Ok(())
    }
}

/// An id of an archive; what is none becomes one that no namespace has, as the last number means "leave it" to chown(2).
fn id(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX).min(u32::MAX - 1)
}

fn times(metadata: &Metadata) -> Timestamps {
    let time = Timespec { tv_sec: metadata.mtime.0, tv_nsec: metadata.mtime.1.into() };
    Timestamps { last_access: time, last_modification: time }
}

/// What stands at a name; nothing where there is nothing.
fn kind_at(folder: BorrowedFd<'_>, name: &[u8]) -> Result<Option<FileType>, Errno> {
    match rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(Some(FileType::from_raw_mode(stat.st_mode))),
        Err(Errno::NOENT) => Ok(None),
        Err(errno) => Err(errno),
    }
}

#[cfg(test)]
mod tests;
