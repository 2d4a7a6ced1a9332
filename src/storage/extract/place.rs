//! Entries that are really there: files, folders, links, fifos, and what they find in their way.

use super::error::failed;
use super::{Extract, ExtractError, Metadata, kind_at};
use crate::storage::remove_tree::remove_at;
use crate::storage::tar::{Entry, EntryKind, Segment, TarReader};
use crate::storage::unpack::{Place, show};
use rustix::fd::{AsFd as _, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;
use std::io::BufRead;

impl Extract<'_> {
    /// Puts one entry at its place.
    pub(super) fn place<R: BufRead>(&mut self, place: &Place, entry: &Entry, tar: &mut TarReader<R>) -> Result<(), ExtractError> {
        let folder = self.parent(&place.folder)?;
        let folder = folder.as_fd();
        let name = &place.name[..];
        let metadata = self.metadata(entry);
        match entry.kind {
            EntryKind::File => self.file(folder, place, entry, &metadata, tar),
            EntryKind::Directory => self.folder(folder, place, metadata),
            EntryKind::HardLink => self.hard_link(folder, place, entry),
            EntryKind::Symlink => {
                self.make(folder, place, "make the symlink", || rustix::fs::symlinkat(&entry.link[..], folder, name))?;
                self.apply_at(folder, name, &metadata)
            }
            EntryKind::Fifo => {
                let mode = Mode::from_raw_mode(metadata.mode & 0o777);
                self.make(folder, place, "make the fifo", || rustix::fs::mknodat(folder, name, FileType::Fifo, mode, 0))?;
                self.apply_at(folder, name, &metadata)
            }
            EntryKind::Char | EntryKind::Block => Ok(()),
        }
    }

    fn file<R: BufRead>(
        &mut self,
        folder: BorrowedFd<'_>,
        place: &Place,
        entry: &Entry,
        metadata: &Metadata,
        tar: &mut TarReader<R>,
    ) -> Result<(), ExtractError> {
        let path = place.path();
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let name = &place.name[..];
        // Nobody else may read it before its owner and mode are set.
        let make = || rustix::fs::openat(folder, name, flags, Mode::RUSR | Mode::WUSR);
        let fd = match self.try_make(folder, place, make)? {
            // A mount point cannot be replaced, but written to.
            Err(Errno::BUSY) => in_place(folder, name).map_err(failed("write to the mount point", &path))?,
            done => done.map_err(failed("make the file", &path))?,
        };
        match &entry.segments {
            None => copy(tar, &fd, Segment { offset: 0, len: entry.stored }, &path)?,
            Some(segments) => {
                for segment in segments {
                    copy(tar, &fd, *segment, &path)?;
                }
                rustix::fs::ftruncate(&fd, entry.size).map_err(failed("set the length of", &path))?;
            }
        }
        self.apply(fd.as_fd(), metadata, &path)
    }

    fn folder(&mut self, parent: BorrowedFd<'_>, place: &Place, metadata: Metadata) -> Result<(), ExtractError> {
        let path = place.path();
        let make = || rustix::fs::mkdirat(parent, &place.name[..], Mode::RWXU);
        match make() {
            Ok(()) => {}
            Err(Errno::EXIST) => match kind_at(parent, &place.name).map_err(failed("look at", &path))? {
                Some(FileType::Directory) => {}
                // A link to a folder, as /var/run is one to /run: what the folder has goes there, the link stays.
                Some(FileType::Symlink) if self.open(&path, OFlags::PATH | OFlags::DIRECTORY).is_ok() => return Ok(()),
                _ if !self.rules.overwrite => return Err(ExtractError::OverFile { path: show(&path) }),
                _ => {
                    self.last = None;
                    remove_at(parent, &place.name).map_err(failed("replace", &path))?;
                    make().map_err(failed("make folder", &path))?;
                }
            },
            Err(errno) => return Err(failed("make folder", &path)(errno)),
        }
        self.folders.push((path, metadata));
        Ok(())
    }

    fn hard_link(&mut self, folder: BorrowedFd<'_>, place: &Place, entry: &Entry) -> Result<(), ExtractError> {
        let missing = || ExtractError::MissingLinkTarget { path: show(&entry.path), link: show(&entry.link) };
        let target = self.locate(&entry.link)?.ok_or_else(missing)?;
        let stat = |folder: BorrowedFd<'_>, name: &[u8]| rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW);
        let source = self.open(&target.folder, OFlags::PATH | OFlags::DIRECTORY).map_err(|_| missing())?;
        let inode = stat(source.as_fd(), &target.name).map_err(|_| missing())?;
        // Already the same file: clearing the way would delete the target.
        if stat(folder, &place.name).is_ok_and(|other| (other.st_dev, other.st_ino) == (inode.st_dev, inode.st_ino)) {
            return Ok(());
        }
        self.make(folder, place, "make the hard link", || {
            rustix::fs::linkat(&source, &target.name[..], folder, &place.name[..], AtFlags::empty())
        })
    }

    fn make<T>(
        &mut self,
        folder: BorrowedFd<'_>,
        place: &Place,
        action: &'static str,
        call: impl Fn() -> Result<T, Errno>,
    ) -> Result<T, ExtractError> {
        self.try_make(folder, place, call)?.map_err(failed(action, &place.path()))
    }

    /// Makes something that must not exist yet; where it does, clears the way as far as the rules allow, and tries again.
    fn try_make<T>(
        &mut self,
        folder: BorrowedFd<'_>,
        place: &Place,
        call: impl Fn() -> Result<T, Errno>,
    ) -> Result<Result<T, Errno>, ExtractError> {
        match call() {
            Err(Errno::EXIST) => {}
            done => return Ok(done),
        }
        let path = place.path();
        let is_folder = kind_at(folder, &place.name).map_err(failed("look at", &path))? == Some(FileType::Directory);
        if is_folder && !self.rules.overwrite {
            return Err(ExtractError::OverFolder { path: show(&path) });
        }
        let cleared = if is_folder {
            self.last = None;
            remove_at(folder, &place.name)
        } else {
            match rustix::fs::unlinkat(folder, &place.name[..], AtFlags::empty()) {
                Err(Errno::NOENT) => Ok(()),
                done => done,
            }
        };
        Ok(cleared.and_then(|()| call()))
    }
}

/// Opens a regular file that cannot be replaced, and empties it.
fn in_place(folder: BorrowedFd<'_>, name: &[u8]) -> Result<OwnedFd, Errno> {
    let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let fd = rustix::fs::openat(folder, name, flags, Mode::empty())?;
    if FileType::from_raw_mode(rustix::fs::fstat(&fd)?.st_mode) != FileType::RegularFile {
        return Err(Errno::BUSY);
    }
    rustix::fs::ftruncate(&fd, 0)?;
    Ok(fd)
}

/// Writes one run of a file's data.
fn copy<R: BufRead>(tar: &mut TarReader<R>, fd: &OwnedFd, segment: Segment, path: &[u8]) -> Result<(), ExtractError> {
    let mut done = 0;
    while done < segment.len {
        let data = tar.data()?;
        let len = data.len().min(usize::try_from(segment.len - done).unwrap_or(usize::MAX));
        let written = match rustix::io::pwrite(fd, &data[..len], segment.offset + done) {
            Ok(written) => written,
            Err(Errno::INTR) => continue,
            Err(errno) => return Err(failed("write", path)(errno)),
        };
        tar.consume(written);
        done += written as u64;
    }
    Ok(())
}
