//! The way through the tree, each folder in the order of its names.

use super::error::failed;
use super::{Form, Pack, PackError};
use crate::storage::marks::{is_device_whiteout, is_xattr_whiteout, opaque};
use crate::storage::tar::{Entry, EntryKind};
use rustix::fd::{AsFd as _, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, ResolveFlags, Stat};
use rustix::io::Errno;
use std::io::Write;
use std::rc::Rc;

/// How many folders are held open at a time; deeper ones are opened anew when their turn comes again.
const MAX_OPEN: usize = 64;

/// File systems of the kernel's own, whose files are no data: their folders stay empty where they are met below the top
/// (linux/magic.h: proc, sysfs, cgroup2, devpts, mqueue, debugfs, tracefs, securityfs, bpf).
const NO_DATA: [u64; 9] =
    [0x9fa0, 0x6265_6572, 0x6367_7270, 0x1cd1, 0x1980_0202, 0x6462_6720, 0x7472_6163, 0x7363_6673, 0xcafe_4a11];

/// A folder that is being packed.
struct Frame {
    /// Relative to the top; empty for the top itself.
    path: Vec<u8>,
    names: std::vec::IntoIter<Vec<u8>>,
    fd: Option<Rc<OwnedFd>>,
    device: u64,
    /// It may hold whiteouts of the xattr form.
    xattr_whiteouts: bool,
}

impl<W: Write> Pack<'_, W> {
    /// Packs the top and everything below it.
    pub(super) fn tree(&mut self, top: BorrowedFd<'_>) -> Result<(), PackError> {
        let own = rustix::fs::openat(top, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
            .map_err(failed("open folder", b""))?;
        let mut stack = Vec::new();
        stack.extend(self.enter(Vec::new(), own, None)?);
        while let Some(frame) = stack.last_mut() {
            let Some(name) = frame.names.next() else {
                stack.pop();
                continue;
            };
            let folder = match &frame.fd {
                Some(fd) => fd.clone(),
                None => match open_folder(top, &frame.path) {
                    Ok(fd) => Rc::new(fd),
                    Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => continue,
                    Err(errno) => return Err(failed("open folder", &frame.path)(errno)),
                },
            };
            let path = if frame.path.is_empty() { name.clone() } else { [&frame.path[..], b"/", &name].concat() };
            if (self.options.skip)(&path) {
                continue;
            }
            let (device, xattr_whiteouts) = (frame.device, frame.xattr_whiteouts);
            let Some(below) = self.entry(folder.as_fd(), &name, path, xattr_whiteouts)? else { continue };
            let below = self.enter(below.0, below.1, Some(device))?;
            stack.extend(below);
            if stack.len() > MAX_OPEN
                && let Some(frame) = stack.last_mut()
            {
                frame.fd = None;
            }
        }
        Ok(())
    }

    /// Packs one entry of a folder; a folder is returned open, to be entered.
    fn entry(
        &mut self,
        folder: BorrowedFd<'_>,
        name: &[u8],
        path: Vec<u8>,
        xattr_whiteouts: bool,
    ) -> Result<Option<(Vec<u8>, OwnedFd)>, PackError> {
        let stat = match rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(Errno::NOENT) => return Ok(None),
            Err(errno) => return Err(failed("look at", &path)(errno)),
        };
        let kind = FileType::from_raw_mode(stat.st_mode);
        let layer = self.options.form == Form::Layer;
        if layer && (is_device_whiteout(&stat) || (xattr_whiteouts && is_xattr_whiteout(folder, name, &stat))) {
            self.mark(&path, b".wh.", &stat)?;
            return Ok(None);
        }
        match kind {
            FileType::Directory => match open_name(folder, name) {
                Ok(fd) => Ok(Some((path, fd))),
                // Something else took its place meanwhile.
                Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Ok(None),
                Err(errno) => Err(failed("open folder", &path)(errno)),
            },
            FileType::RegularFile | FileType::Symlink | FileType::Fifo => {
                self.leaf(folder, name, &path, &stat)?;
                Ok(None)
            }
            _ => {
                self.packed.left_out += 1;
                Ok(None)
            }
        }
    }

    /// Writes a folder's entry and lists what is in it.
    fn enter(&mut self, path: Vec<u8>, fd: OwnedFd, above: Option<u64>) -> Result<Option<Frame>, PackError> {
        let stat = rustix::fs::fstat(&fd).map_err(failed("look at", &path))?;
        let xattrs = self.xattrs(&fd, &path)?;
        // A whole root has no entry of its own, as other tools write it: who unpacks it keeps the mode of his folder.
        if self.options.form != Form::Root || !path.is_empty() {
            let entry = Entry { kind: EntryKind::Directory, xattrs, ..self.describe(&path, &stat) };
            self.write(&entry)?;
        }
        let mut xattr_whiteouts = false;
        if self.options.form == Form::Layer {
            match opaque(&fd).map_err(failed("read the marks of", &path))? {
                Some(b'y') => {
                    let inside = if path.is_empty() { b".".to_vec() } else { [&path[..], b"/."].concat() };
                    self.mark(&inside, b".wh..wh..opq", &stat)?;
                }
                Some(b'x') => xattr_whiteouts = true,
                _ => {}
            }
        }
        if above.is_some_and(|above| above != stat.st_dev) && holds_no_data(&fd) {
            return Ok(None);
        }
        let mut names = Vec::new();
        for entry in Dir::read_from(&fd).map_err(failed("read folder", &path))? {
            let entry = entry.map_err(failed("read folder", &path))?;
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                names.push(name.to_vec());
            }
        }
        names.sort_unstable();
        Ok(Some(Frame { path, names: names.into_iter(), fd: Some(Rc::new(fd)), device: stat.st_dev, xattr_whiteouts }))
    }

    /// Writes an empty file that hides what lower layers have: beside `path`, `.wh.` before its name; or the mark of its folder.
    fn mark(&mut self, path: &[u8], mark: &[u8], of: &Stat) -> Result<(), PackError> {
        let at = path.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1);
        let name = if mark == b".wh." { &path[at..] } else { b"" };
        let marked = [&path[..at], mark, name].concat();
        let entry = self.describe(&marked, of);
        // Nobody looks at these; what stands here has to be the same after the layer was unpacked.
        let entry = Entry { kind: EntryKind::File, mode: 0, uid: 0, gid: 0, mtime: (0, 0), ..entry };
        self.write(&entry)
    }
}

pub(in crate::storage) fn open_folder(top: BorrowedFd<'_>, path: &[u8]) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    loop {
        match rustix::fs::openat2(top, path, flags, Mode::empty(), resolve) {
            // A rename somewhere on the machine (openat2(2), EAGAIN).
            Err(Errno::AGAIN | Errno::INTR) => {}
            done => return done,
        }
    }
}

fn open_name(folder: BorrowedFd<'_>, name: &[u8]) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(folder, name, flags, Mode::empty())
}

fn holds_no_data(fd: &OwnedFd) -> bool {
    rustix::fs::fstatfs(fd).is_ok_and(|info| u64::try_from(info.f_type).is_ok_and(|kind| NO_DATA.contains(&kind)))
}
