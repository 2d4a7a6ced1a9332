//! Entries that are really there: files, folders, links, fifos.

use super::borrowed::Borrowed;
use super::error::failed;
use super::metadata::Metadata;
use super::path::{self, Place, show};
use super::tree::Found;
use super::{Layer, UnpackError};
use crate::storage::tar::{Entry, EntryKind, Segment, TarReader};
use rustix::fd::{AsFd as _, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;
use std::io::BufRead;

impl Layer<'_> {
    /// Puts one entry at its place, replacing what an earlier entry put there.
    pub(super) fn place<R: BufRead>(&mut self, place: &Place, entry: &Entry, tar: &mut TarReader<R>) -> Result<(), UnpackError> {
        let folder = self.parent(&place.folder)?;
        let folder = folder.as_fd();
        match entry.kind {
            EntryKind::File => self.file(folder, place, entry, tar),
            EntryKind::Directory => self.folder(folder, place, entry),
            EntryKind::HardLink => self.hard_link(folder, place, entry),
            EntryKind::Symlink => {
                let metadata = Metadata::of(entry, self);
                self.make(folder, place, "make the symlink", |folder, name| {
                    rustix::fs::symlinkat(&entry.link[..], folder, name)
                })?;
                self.apply_at(folder, &place.name, &metadata, false)
            }
            EntryKind::Fifo => {
                let metadata = Metadata::of(entry, self);
                let mode = Mode::from_raw_mode(metadata.mode & 0o777);
                self.make(folder, place, "make the fifo", |folder, name| {
                    rustix::fs::mknodat(folder, name, FileType::Fifo, mode, 0)
                })?;
                self.apply_at(folder, &place.name, &metadata, true)
            }
            EntryKind::Char | EntryKind::Block => Ok(()),
        }
    }

    fn file<R: BufRead>(
        &mut self,
        folder: BorrowedFd<'_>,
        place: &Place,
        entry: &Entry,
        tar: &mut TarReader<R>,
    ) -> Result<(), UnpackError> {
        if entry.size > self.limits.file_size {
            return Err(UnpackError::FileTooLong { path: show(&entry.path), limit: self.limits.file_size });
        }
        self.done.bytes = self.done.bytes.saturating_add(entry.stored);
        if self.done.bytes > self.limits.bytes {
            return Err(UnpackError::TooManyBytes { limit: self.limits.bytes });
        }
        let metadata = Metadata::of(entry, self);
        let made_mode = metadata.mode & 0o777;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = self.make(folder, place, "make the file", |folder, name| {
            rustix::fs::openat(folder, name, flags, Mode::from_raw_mode(made_mode))
        })?;
        if entry.stored > 0 {
            let whole = [Segment { offset: 0, len: entry.stored }];
            self.tree.record_contents(folder, place, entry.segments.as_deref().unwrap_or(&whole))?;
        }
        match &entry.segments {
            None => copy(tar, &fd, entry, Segment { offset: 0, len: entry.stored })?,
            Some(segments) => {
                for segment in segments {
                    copy(tar, &fd, entry, *segment)?;
                }
                rustix::fs::ftruncate(&fd, entry.size).map_err(failed("set the length of", &entry.path))?;
            }
        }
        self.apply(fd.as_fd(), &metadata, Some(made_mode), &entry.path)
    }

    fn folder(&mut self, parent: BorrowedFd<'_>, place: &Place, entry: &Entry) -> Result<(), UnpackError> {
        let metadata = Metadata::of(entry, self);
        let make = || rustix::fs::mkdirat(parent, &place.name[..], Mode::from_raw_mode(0o755));
        let found = match make() {
            Ok(()) => Found::Nothing,
            Err(Errno::EXIST) => {
                let hidden = self.is_xattr_whiteout(parent, &place.name);
                let found = self.tree.clear(parent, &place.name, true).map_err(failed("replace", &entry.path))?;
                if found != Found::Folder {
                    make().map_err(failed("make folder", &entry.path))?;
                }
                if hidden { Found::Whiteout } else { found }
            }
            Err(errno) => return Err(failed("make folder", &entry.path)(errno)),
        };
        self.remember(place.path(), metadata)?;
        // The whiteout hid a folder of a lower layer: its content must not come back.
        if found == Found::Whiteout { self.make_opaque(&place.path()) } else { Ok(()) }
    }

    fn hard_link(&mut self, folder: BorrowedFd<'_>, place: &Place, entry: &Entry) -> Result<(), UnpackError> {
        let (path, link) = (show(&entry.path), show(&entry.link));
        let Some(target) = path::place(&entry.link)? else { return Err(UnpackError::MissingLinkTarget { path, link }) };
        let stat = |folder: BorrowedFd<'_>, name: &[u8]| rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW);
        let source = self.tree.find(&target.folder);
        let inode = source.as_ref().map_err(|errno| *errno).and_then(|source| stat(source.as_fd(), &target.name));
        let (source, inode) = match (source, inode) {
            (Ok(source), Ok(inode)) if FileType::from_raw_mode(inode.st_mode) != FileType::CharacterDevice => (source, inode),
            _ => {
                if self.tree.clear(folder, &place.name, false).map_err(failed("replace", &entry.path))? == Found::Folder {
                    self.forget_below(&place.path());
                }
                self.count_remembered(2 * (entry.path.len() + entry.link.len()) as u64 + 256)?;
                self.borrowed.push(Borrowed { place: place.clone(), target, path, link });
                return Ok(());
            }
        };
        // Already the same file: clearing the way would delete the target.
        if stat(folder, &place.name).is_ok_and(|other| (other.st_dev, other.st_ino) == (inode.st_dev, inode.st_ino)) {
            return Ok(());
        }
        self.make(folder, place, "make the hard link", |folder, name| {
            rustix::fs::linkat(&*source, &target.name[..], folder, name, AtFlags::empty())
        })
    }

    /// Makes something that must not exist yet; where it does, clears the way and tries again.
    fn make<T>(
        &mut self,
        folder: BorrowedFd<'_>,
        place: &Place,
        action: &'static str,
        call: impl Fn(BorrowedFd<'_>, &[u8]) -> Result<T, Errno>,
    ) -> Result<T, UnpackError> {
        let done = match call(folder, &place.name) {
            Err(Errno::EXIST) => {
                let path = place.path();
                if self.tree.clear(folder, &place.name, false).map_err(failed("replace", &path))? == Found::Folder {
                    self.forget_below(&path);
                }
                call(folder, &place.name)
            }
            done => done,
        };
        done.map_err(|errno| failed(action, &place.path())(errno))
    }

    /// Drops what is remembered of folders that are gone.
    fn forget_below(&mut self, path: &[u8]) {
        self.folders.remove(path);
        let inside = [path, b"/"].concat();
        let gone: Vec<_> = self
            .folders
            .range(inside.clone()..)
            .map(|(known, _)| known.clone())
            .take_while(|known| known.starts_with(&inside))
            .collect();
        for known in gone {
            self.folders.remove(&known);
        }
    }
}

/// Writes one run of a file's data.
fn copy<R: BufRead>(tar: &mut TarReader<R>, fd: &OwnedFd, entry: &Entry, segment: Segment) -> Result<(), UnpackError> {
    let mut done = 0;
    while done < segment.len {
        let data = tar.data()?;
        let len = data.len().min(usize::try_from(segment.len - done).unwrap_or(usize::MAX));
        let written = match rustix::io::pwrite(fd, &data[..len], segment.offset + done) {
            Ok(written) => written,
            Err(Errno::INTR) => continue,
            Err(errno) => return Err(failed("write", &entry.path)(errno)),
        };
        tar.consume(written);
        done += written as u64;
    }
    Ok(())
}
