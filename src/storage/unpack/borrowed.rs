//! Hard links whose target is not in the layer: looked up in lower layers once all of them are there.

use super::UnpackError;
use super::error::failed;
use super::path::Place;
use super::tree::{Tree, open_below};
use crate::storage::marks::opaque;
use crate::sys::xattr;
use rustix::fd::{AsFd as _, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, FileType, Gid, Mode, OFlags, Stat, Timespec, Timestamps, Uid, XattrFlags};
use rustix::io::Errno;
use std::fs::File;

/// A link that waits for its target.
#[derive(Debug)]
pub struct Borrowed {
    pub(super) place: Place,
    pub(super) target: Place,
    /// Both as messages show them.
    pub(crate) path: String,
    pub(crate) link: String,
}

/// What a layer has to say about a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lender {
    Has,
    /// There is no such file, and what layers below have is hidden.
    Hides,
    Lacks,
}

/// Looks for the target of a link in the layer at `root`, as overlay would: symlinks on the way are not followed.
pub(crate) fn look(root: &OwnedFd, link: &Borrowed) -> Result<Lender, UnpackError> {
    let target = link.target.path();
    let mut hides = false;
    let ends = target.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
    for end in ends.chain([target.len()]) {
        let prefix = &target[..end];
        let kind = match open_below(root.as_fd(), prefix, OFlags::PATH | OFlags::NOFOLLOW) {
            Ok(fd) => kind(&rustix::fs::fstat(&fd).map_err(failed("look at", prefix))?),
            Err(Errno::NOENT) => return Ok(if hides { Lender::Hides } else { Lender::Lacks }),
            Err(errno) => return Err(failed("look at", prefix)(errno)),
        };
        match (kind, end == target.len()) {
            (FileType::Directory, false) => hides |= is_opaque(root.as_fd(), prefix),
            (FileType::RegularFile | FileType::Symlink, true) => return Ok(Lender::Has),
            _ => return Ok(Lender::Hides),
        }
    }
    Ok(Lender::Hides)
}

/// Puts the target, which the layer at `from` has, into the layer at `to`: as a link within one layer, else as a copy.
pub(crate) fn lend(from: &OwnedFd, to: &OwnedFd, link: &Borrowed) -> Result<(), UnpackError> {
    let path = link.place.path();
    let fail = |action| failed(action, &path);
    let mut tree = Tree::new(to.as_fd(), None);
    let folder = tree.find(&link.place.folder).map_err(fail("open the folder of"))?;
    let before = rustix::fs::fstat(&*folder).map_err(fail("look at the folder of"))?;
    let (folder, name) = (folder.as_fd(), &link.place.name[..]);
    match rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) if kind(&stat) == FileType::CharacterDevice => {
            rustix::fs::unlinkat(folder, name, AtFlags::empty()).map_err(fail("replace"))?;
        }
        // A later entry of the layer took the place.
        Ok(_) => return Ok(()),
        Err(Errno::NOENT) => {}
        Err(errno) => return Err(fail("look at")(errno)),
    }
    if std::ptr::eq(from, to) {
        let source = tree.find(&link.target.folder).map_err(fail("find the target of"))?;
        rustix::fs::linkat(&*source, &link.target.name[..], folder, name, AtFlags::empty())
            .map_err(fail("make the hard link"))?;
    } else {
        copy(from.as_fd(), &link.target.path(), folder, name, &path)?;
    }
    rustix::fs::utimensat(folder, ".", &times(&before), AtFlags::empty()).map_err(fail("set the time of the folder of"))
}

fn copy(from: BorrowedFd<'_>, target: &[u8], folder: BorrowedFd<'_>, name: &[u8], path: &[u8]) -> Result<(), UnpackError> {
    let fail = |action| failed(action, path);
    let source = open_below(from, target, OFlags::PATH | OFlags::NOFOLLOW).map_err(fail("open the target of"))?;
    let stat = rustix::fs::fstat(&source).map_err(fail("look at the target of"))?;
    let (uid, gid) = (Some(Uid::from_raw(stat.st_uid)), Some(Gid::from_raw(stat.st_gid)));
    if kind(&stat) == FileType::Symlink {
        let text = rustix::fs::readlinkat(&source, "", Vec::new()).map_err(fail("read the target of"))?;
        rustix::fs::symlinkat(text.as_c_str(), folder, name).map_err(fail("make the symlink"))?;
        rustix::fs::chownat(folder, name, uid, gid, AtFlags::SYMLINK_NOFOLLOW).map_err(fail("set the owner of"))?;
        return rustix::fs::utimensat(folder, name, &times(&stat), AtFlags::SYMLINK_NOFOLLOW).map_err(fail("set the time of"));
    }
    let source = File::from(open_below(from, target, OFlags::RDONLY | OFlags::NOFOLLOW).map_err(fail("open the target of"))?);
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut made = File::from(rustix::fs::openat(folder, name, flags, Mode::RUSR).map_err(fail("make the file"))?);
    std::io::copy(&mut &source, &mut made).map_err(|source| UnpackError::Io {
        action: "copy the target of",
        path: super::path::show(path),
        source,
    })?;
    rustix::fs::fchown(&made, uid, gid).map_err(fail("set the owner of"))?;
    rustix::fs::fchmod(&made, Mode::from_raw_mode(stat.st_mode & 0o7777)).map_err(fail("set the mode of"))?;
    copy_xattrs(&source, &made).map_err(fail("copy the extended attributes of"))?;
    rustix::fs::futimens(&made, &times(&stat)).map_err(fail("set the time of"))
}

fn copy_xattrs(from: &File, to: &File) -> Result<(), Errno> {
    for (name, value) in xattr::read(from, super::metadata::may_set)? {
        rustix::fs::fsetxattr(to, &name, &value, XattrFlags::empty())?;
    }
    Ok(())
}

fn is_opaque(root: BorrowedFd<'_>, folder: &[u8]) -> bool {
    open_below(root, folder, OFlags::RDONLY | OFlags::DIRECTORY).is_ok_and(|fd| opaque(&fd) == Ok(Some(b'y')))
}

fn kind(stat: &Stat) -> FileType {
    FileType::from_raw_mode(stat.st_mode)
}

fn times(stat: &Stat) -> Timestamps {
    let time = |seconds, nanos| Timespec { tv_sec: seconds, tv_nsec: i64::try_from(nanos).unwrap_or(0) };
    Timestamps {
        last_access: time(stat.st_atime, stat.st_atime_nsec),
        last_modification: time(stat.st_mtime, stat.st_mtime_nsec),
    }
}
