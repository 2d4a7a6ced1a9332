//! One inode of a shifted tree, made from one of a layer.

use crate::model::IdMap;
use crate::model::idmap::Ranges;
use crate::sys::xattr;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, FileType, Gid, Mode, OFlags, Stat, Timespec, Timestamps, Uid, XattrFlags};
use rustix::io::Errno;
use std::ffi::CStr;

pub(super) const REDIRECT: &str = "user.overlay.redirect";
pub(super) const METACOPY: &str = "user.overlay.metacopy";
/// What owns files whose owner the map does not have; the kernel's overflow id, where it is mapped.
const NOBODY: u32 = 65534;

/// Turns owners as the layers have them into owners as they have to be.
#[derive(Debug)]
pub(super) struct Owners<'a> {
    map: &'a IdMap,
}

impl<'a> Owners<'a> {
    pub(super) fn new(map: &'a IdMap) -> Self {
        Self { map }
    }

    fn of(&self, stat: &Stat) -> (Uid, Gid) {
        (Uid::from_raw(shift(&self.map.uids, stat.st_uid)), Gid::from_raw(shift(&self.map.gids, stat.st_gid)))
    }
}

/// The layers' owners are container ids; a container with this map shows this id of S as that one.
fn shift(ranges: &Ranges, id: u32) -> u32 {
    let first = ranges.runs().first().map_or(0, |run| run.outside);
    ranges.to_session(id).or_else(|| ranges.to_session(NOBODY)).or_else(|| ranges.to_session(0)).unwrap_or(first)
}

fn times(stat: &Stat) -> Timestamps {
    let time = |seconds: i64, nanos| Timespec { tv_sec: seconds, tv_nsec: nanos };
    Timestamps {
        last_access: time(stat.st_atime, i64::try_from(stat.st_atime_nsec).unwrap_or(0)),
        last_modification: time(stat.st_mtime, i64::try_from(stat.st_mtime_nsec).unwrap_or(0)),
    }
}

/// Gives an open file or folder the owner, mode, attributes and times of `from`, whose metadata is `stat`.
pub(super) fn apply(to: BorrowedFd<'_>, from: BorrowedFd<'_>, stat: &Stat, owners: &Owners<'_>) -> Result<(), Errno> {
    let (uid, gid) = owners.of(stat);
    rustix::fs::fchown(to, Some(uid), Some(gid))?;
    // After the owner, whose change takes setuid bits away; as it takes the capability.
    rustix::fs::fchmod(to, Mode::from_raw_mode(stat.st_mode & 0o7777))?;
    copy_xattrs(to, from)?;
    rustix::fs::futimens(to, &times(stat))
}

/// Copies what an image may set; the overlay's own marks are for the layer, not for the merged tree.
fn copy_xattrs(to: BorrowedFd<'_>, from: BorrowedFd<'_>) -> Result<(), Errno> {
    for (name, value) in xattr::read(from, crate::storage::unpack::may_set)? {
        match rustix::fs::fsetxattr(to, &name, &value, XattrFlags::empty()) {
            Ok(()) | Err(Errno::PERM | Errno::NOTSUP | Errno::INVAL) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

/// Makes a link, pipe or socket with the owner and times of `stat`.
pub(super) fn make_special(
    folder: BorrowedFd<'_>,
    name: &CStr,
    from: BorrowedFd<'_>,
    stat: &Stat,
    owners: &Owners<'_>,
) -> Result<(), Errno> {
    let kind = FileType::from_raw_mode(stat.st_mode);
    if kind == FileType::Symlink {
        let target = rustix::fs::readlinkat(from, name, Vec::new())?;
        rustix::fs::symlinkat(target, folder, name)?;
    } else {
        match rustix::fs::mknodat(folder, name, kind, Mode::from_raw_mode(stat.st_mode & 0o7777), stat.st_rdev) {
            Ok(()) => {}
            // A device: no layer of ours has one, and no container could use it.
            Err(Errno::PERM) => return Ok(()),
            Err(errno) => return Err(errno),
        }
    }
    let (uid, gid) = owners.of(stat);
    rustix::fs::chownat(folder, name, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW)?;
    rustix::fs::utimensat(folder, name, &times(stat), AtFlags::SYMLINK_NOFOLLOW)
}

pub(super) fn create(folder: BorrowedFd<'_>, name: &CStr) -> Result<OwnedFd, Errno> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(folder, name, flags, Mode::RUSR | Mode::WUSR)
}

/// Lets an empty file stand for the contents at `path` of a data-only layer, which are `size` bytes.
pub(super) fn redirect(file: impl AsFd, path: &[u8], size: u64) -> Result<(), Errno> {
    rustix::fs::ftruncate(&file, size)?;
    rustix::fs::fsetxattr(&file, METACOPY, b"", XattrFlags::empty())?;
    rustix::fs::fsetxattr(&file, REDIRECT, path, XattrFlags::empty())
}

/// Copies contents: the same blocks where the file system can share them, holes left out where it tells them.
pub(super) fn copy_contents(from: BorrowedFd<'_>, to: BorrowedFd<'_>, size: u64) -> Result<(), Errno> {
    if rustix::fs::ioctl_ficlone(to, from).is_ok() {
        return Ok(());
    }
    rustix::fs::ftruncate(to, size)?;
    let mut at = 0u64;
    while at < size {
        let start = match rustix::fs::seek(from, rustix::fs::SeekFrom::Data(at)) {
            Ok(start) => start,
            // Nothing but a hole up to the end.
            Err(Errno::NXIO) => return Ok(()),
            Err(errno) => return Err(errno),
        };
        let end = rustix::fs::seek(from, rustix::fs::SeekFrom::Hole(start))?;
        copy_range(from, to, start, end)?;
        at = end.max(start + 1);
    }
    Ok(())
}

fn copy_range(from: BorrowedFd<'_>, to: BorrowedFd<'_>, start: u64, end: u64) -> Result<(), Errno> {
    let (mut read_at, mut write_at) = (start, start);
    while read_at < end {
        let left = usize::try_from(end - read_at).unwrap_or(usize::MAX).min(1 << 30);
        if rustix::fs::copy_file_range(from, Some(&mut read_at), to, Some(&mut write_at), left)? == 0 {
            return Ok(());
        }
    }
    Ok(())
}
