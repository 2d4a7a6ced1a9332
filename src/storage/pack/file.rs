//! What stands at the leaves: files with their data, links, fifos.

use super::error::failed;
use super::{Form, Pack, PackError};
use crate::storage::tar::{Entry, EntryKind, Segment, Xattrs};
use crate::storage::unpack::may_set;
use crate::sys::xattr;
use rustix::fd::{AsFd as _, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, SeekFrom, Stat};
use rustix::io::Errno;
use std::collections::HashMap;
use std::io::Write;

/// How much is read at a time.
const CHUNK: usize = 1 << 20;
/// A file with fewer holes than this is written out.
const MIN_HOLES: u64 = 64 << 10;
/// A map with more runs than this is none: the file is written out.
const MAX_SEGMENTS: usize = 4096;
/// Files of the kernel's own (`/proc/version`) have no length; so much of them is taken.
const MAX_UNMEASURED: usize = 1 << 20;

/// Files with several names that were met: device and inode, and the name in the archive.
#[derive(Default)]
pub(super) struct Links(HashMap<(u64, u64), Vec<u8>>);

impl<W: Write> Pack<'_, W> {
    /// The entry of one file that is the whole tree.
    pub(super) fn single(&mut self, folder: BorrowedFd<'_>, name: &[u8]) -> Result<(), PackError> {
        let stat = rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW).map_err(failed("look at", name))?;
        let kind = match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile | FileType::Symlink | FileType::Fifo => return self.leaf(folder, name, b"", &stat),
            FileType::Socket => "socket",
            FileType::Directory => "folder",
            _ => "device",
        };
        Err(PackError::Kind { path: crate::storage::unpack::show(name), kind })
    }

    /// Packs a regular file, link or fifo.
    pub(super) fn leaf(&mut self, folder: BorrowedFd<'_>, name: &[u8], path: &[u8], stat: &Stat) -> Result<(), PackError> {
        let kind = FileType::from_raw_mode(stat.st_mode);
        if stat.st_nlink > 1 {
            if let Some(first) = self.links.0.get(&(stat.st_dev, stat.st_ino)) {
                let entry = Entry { kind: EntryKind::HardLink, link: first.clone(), ..self.describe(path, stat) };
                return self.write(&entry);
            }
            let own = self.describe(path, stat).path;
            self.links.0.insert((stat.st_dev, stat.st_ino), own);
        }
        match kind {
            FileType::Symlink => {
                let link = match rustix::fs::readlinkat(folder, name, Vec::new()) {
                    Ok(link) => link.into_bytes(),
                    Err(Errno::NOENT | Errno::INVAL) => return Ok(()),
                    Err(errno) => return Err(failed("read the link", path)(errno)),
                };
                let entry = Entry { kind: EntryKind::Symlink, link, ..self.describe(path, stat) };
                self.write(&entry)
            }
            FileType::Fifo => {
                let entry = Entry { kind: EntryKind::Fifo, ..self.describe(path, stat) };
                self.write(&entry)
            }
            _ => self.regular(folder, name, path),
        }
    }

    fn regular(&mut self, folder: BorrowedFd<'_>, name: &[u8], path: &[u8]) -> Result<(), PackError> {
        // What stands here now may be a fifo or a device: opening it neither waits nor makes it our terminal.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let fd = match rustix::fs::openat(folder, name, flags, Mode::empty()) {
            Ok(fd) => fd,
            Err(Errno::NOENT | Errno::LOOP | Errno::NXIO) => return Ok(()),
            Err(errno) => return Err(failed("open", path)(errno)),
        };
        let stat = rustix::fs::fstat(&fd).map_err(failed("look at", path))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Ok(());
        }
        let size = u64::try_from(stat.st_size).unwrap_or(0);
        let xattrs = self.xattrs(&fd, path)?;
        let mut entry = Entry { kind: EntryKind::File, stored: size, size, xattrs, ..self.describe(path, &stat) };
        if size == 0 {
            return self.unmeasured(&fd, entry, path);
        }
        let blocks = u64::try_from(stat.st_blocks).unwrap_or(u64::MAX).saturating_mul(512);
        if self.options.form != Form::Layer && blocks.saturating_add(MIN_HOLES) <= size {
            entry.segments = segments(&fd, size);
        }
        if let Some(segments) = &entry.segments {
            entry.stored = segments.iter().map(|segment| segment.len).sum();
        }
        self.write(&entry)?;
        for segment in entry.segments.unwrap_or_else(|| vec![Segment { offset: 0, len: size }]) {
            self.data(&fd, segment, path)?;
        }
        Ok(())
    }

    /// A file that says to be empty: it is, or the kernel does not know its length before it is read.
    fn unmeasured(&mut self, fd: &OwnedFd, mut entry: Entry, path: &[u8]) -> Result<(), PackError> {
        let mut content = Vec::new();
        if self.options.form == Form::Copy {
            let reader = std::fs::File::from(fd.try_clone().map_err(failed("read", path))?);
            let mut reader = std::io::Read::take(reader, MAX_UNMEASURED as u64);
            std::io::Read::read_to_end(&mut reader, &mut content).map_err(failed("read", path))?;
        }
        entry.size = content.len() as u64;
        entry.stored = entry.size;
        self.write(&entry)?;
        self.writer.data(&content).map_err(PackError::Write)
    }

    fn data(&mut self, fd: &OwnedFd, segment: Segment, path: &[u8]) -> Result<(), PackError> {
        self.buffer.resize(CHUNK, 0);
        let mut done = 0;
        while done < segment.len {
            let want = usize::try_from(segment.len - done).unwrap_or(CHUNK).min(CHUNK);
            let len = match rustix::io::pread(fd.as_fd(), &mut self.buffer[..want], segment.offset + done) {
                // It has become shorter: the length is promised, so zeros follow.
                Ok(0) => {
                    self.buffer[..want].fill(0);
                    want
                }
                Ok(len) => len,
                Err(Errno::INTR) => continue,
                Err(errno) => return Err(failed("read", path)(errno)),
            };
            self.writer.data(&self.buffer[..len]).map_err(PackError::Write)?;
            done += len as u64;
        }
        Ok(())
    }

    pub(super) fn write(&mut self, entry: &Entry) -> Result<(), PackError> {
        self.writer.entry(entry).map_err(PackError::Write)
    }

    /// What an inode says about itself, as an entry without data.
    pub(super) fn describe(&self, path: &[u8], stat: &Stat) -> Entry {
        let is_folder = FileType::from_raw_mode(stat.st_mode) == FileType::Directory;
        let top = self.options.top;
        let mut name = match (top.is_empty(), path.is_empty()) {
            (true, true) => b".".to_vec(),
            (true, false) => match self.options.form {
                Form::Copy => [b"./", path].concat(),
                Form::Root | Form::Layer => path.to_vec(),
            },
            (false, true) => top.to_vec(),
            (false, false) => [top, b"/", path].concat(),
        };
        let is_mark = path.rsplit(|byte| *byte == b'/').next().is_some_and(|name| name.starts_with(b".wh."));
        if is_folder && !(is_mark && self.options.form == Form::Layer) {
            name.push(b'/');
        }
        let nanos = if self.options.form == Form::Copy { u32::try_from(stat.st_mtime_nsec).unwrap_or(0) } else { 0 };
        Entry {
            path: name,
            link: Vec::new(),
            kind: EntryKind::Directory,
            mode: stat.st_mode & 0o7777,
            uid: stat.st_uid.into(),
            gid: stat.st_gid.into(),
            mtime: (stat.st_mtime, nanos),
            stored: 0,
            size: 0,
            segments: None,
            xattrs: Vec::new(),
        }
    }

    /// The extended attributes that an archive may have, sorted by name.
    pub(super) fn xattrs(&self, fd: &OwnedFd, path: &[u8]) -> Result<Xattrs, PackError> {
        let found = xattr::read(fd, may_set).map_err(failed("read the extended attributes of", path))?;
        let mut list: Vec<_> = found.into_iter().map(|(name, value)| (name.into_bytes(), value)).collect();
        list.sort_unstable();
        Ok(list)
    }
}

/// The runs of a file that hold data (lseek(2), `SEEK_DATA`); nothing where they cannot be told or are too many.
fn segments(fd: &OwnedFd, size: u64) -> Option<Vec<Segment>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < size {
        let begin = match rustix::fs::seek(fd, SeekFrom::Data(at)) {
            Ok(begin) => begin,
            // Nothing but a hole is left.
            Err(Errno::NXIO) => break,
            Err(_) => return None,
        };
        let end = rustix::fs::seek(fd, SeekFrom::Hole(begin)).ok()?.min(size);
        if begin >= size || end <= begin {
            break;
        }
        found.push(Segment { offset: begin, len: end - begin });
        if found.len() > MAX_SEGMENTS {
            return None;
        }
        at = end;
    }
    Some(found)
}
