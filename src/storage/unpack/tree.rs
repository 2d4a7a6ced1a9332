//! The folder that a layer grows in: finding parents, making them, clearing the way.

use super::UnpackError;
use super::error::failed;
use super::metadata::IMPLIED;
use super::path::Place;
use crate::storage::remove_tree::remove_at;
use crate::storage::split::Recorder;
use crate::storage::tar::{Segment, TarReader};
use rustix::fd::{AsFd as _, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;
use std::io::BufRead;
use std::rc::Rc;

/// The layer's root, and the folder that was used last: entries of one folder mostly follow one another.
pub(super) struct Tree<'a> {
    root: BorrowedFd<'a>,
    last: Option<(Vec<u8>, Rc<OwnedFd>)>,
    recorder: Option<Recorder>,
}

/// What stood where an entry shall go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Nothing,
    Folder,
    Whiteout,
    Other,
}

/// Opens what a path of the layer leads to, with the layer as `/`; nothing for the path means the root.
pub(super) fn open_below(root: BorrowedFd<'_>, path: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
    let path = if path.is_empty() { &b"."[..] } else { path };
    let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
    loop {
        match rustix::fs::openat2(root, path, flags | OFlags::CLOEXEC, Mode::empty(), resolve) {
            // A rename somewhere on the machine, while a link led up (openat2(2), EAGAIN).
            Err(Errno::AGAIN | Errno::INTR) => {}
            done => return done,
        }
    }
}

impl<'a> Tree<'a> {
    pub(super) fn new(root: BorrowedFd<'a>, recorder: Option<Recorder>) -> Self {
        Self { root, last: None, recorder }
    }

    /// Takes down what the archive has besides contents of files.
    pub(super) fn record_seen<R: BufRead>(&mut self, tar: &mut TarReader<R>) -> Result<(), UnpackError> {
        let Some(recorder) = &mut self.recorder else { return Ok(()) };
        tar.take_seen(|bytes| recorder.literal(bytes)).map_err(UnpackError::Record)
    }

    /// Takes down that the contents of a file come next.
    pub(super) fn record_contents(
        &mut self,
        folder: BorrowedFd<'_>,
        place: &Place,
        segments: &[Segment],
    ) -> Result<(), UnpackError> {
        let Some(recorder) = &mut self.recorder else { return Ok(()) };
        recorder.contents(&place.folder, folder, &place.name, segments).map_err(UnpackError::Record)
    }

    /// Takes down the contents of an entry that becomes no file.
    pub(super) fn record_data<R: BufRead>(&mut self, tar: &mut TarReader<R>) -> Result<(), UnpackError> {
        let Some(recorder) = &mut self.recorder else { return Ok(()) };
        loop {
            let data = tar.data()?;
            let len = data.len();
            if len == 0 {
                return Ok(());
            }
            recorder.literal(data).map_err(UnpackError::Record)?;
            tar.consume(len);
        }
    }

    pub(super) fn take_recorder(&mut self) -> Option<Recorder> {
        self.recorder.take()
    }

    pub(super) fn root(&self) -> BorrowedFd<'a> {
        self.root
    }

    /// Forgets the last folder: something that its path may lead through has changed.
    pub(super) fn forget(&mut self) {
        self.last = None;
    }

    /// Opens a folder of the layer if it is there. Links on the way lead where they would with the layer as `/`.
    pub(super) fn find(&mut self, path: &[u8]) -> Result<Rc<OwnedFd>, Errno> {
        if let Some((known, fd)) = &self.last
            && known == path
        {
            return Ok(fd.clone());
        }
        let fd = Rc::new(open_below(self.root, path, OFlags::PATH | OFlags::DIRECTORY)?);
        self.last = Some((path.to_vec(), fd.clone()));
        Ok(fd)
    }

    /// Opens a folder of the layer, making it and what is above it; returns how many were made too.
    ///
    /// What is no folder, and leads to none, is replaced: the later entry wins.
    pub(super) fn find_or_make(&mut self, path: &[u8], umask: u32) -> Result<(Rc<OwnedFd>, u64), UnpackError> {
        match self.find(path) {
            Ok(fd) => return Ok((fd, 0)),
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => {}
            Err(errno) => return Err(failed("open folder", path)(errno)),
        }
        let mut made = 0;
        let mut above = self.find(b"").map_err(failed("open the root of layer", path))?;
        let mut at = 0;
        while at < path.len() {
            let end = path[at..].iter().position(|byte| *byte == b'/').map_or(path.len(), |len| at + len);
            let (prefix, name) = (&path[..end], &path[at..end]);
            above = match self.find(prefix) {
                Ok(fd) => fd,
                Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => {
                    self.clear(above.as_fd(), name, false).map_err(failed("replace", prefix))?;
                    let mode = Mode::from_raw_mode(IMPLIED);
                    rustix::fs::mkdirat(&above, name, mode).map_err(failed("make folder", prefix))?;
                    if umask & IMPLIED != 0 {
                        // It was made just now, in a folder of nobody else.
                        rustix::fs::chmodat(&above, name, mode, AtFlags::empty()).map_err(failed("set the mode of", prefix))?;
                    }
                    made += 1;
                    self.find(prefix).map_err(failed("open folder", prefix))?
                }
                Err(errno) => return Err(failed("open folder", prefix)(errno)),
            };
            at = end + 1;
        }
        Ok((above, made))
    }

    /// Clears the way for `name` in `folder`: all that is there goes, but for a folder where `keep_folder`.
    pub(super) fn clear(&mut self, folder: BorrowedFd<'_>, name: &[u8], keep_folder: bool) -> Result<Found, Errno> {
        let stat = match rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(Errno::NOENT) => return Ok(Found::Nothing),
            Err(errno) => return Err(errno),
        };
        let found = match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory if keep_folder => return Ok(Found::Folder),
            // No device of an image is ever made, so this one is a whiteout of ours.
            FileType::CharacterDevice => Found::Whiteout,
            FileType::Directory => Found::Folder,
            _ => Found::Other,
        };
        self.forget();
        if let Some(recorder) = &mut self.recorder {
            recorder.save(folder, name).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
        }
        remove_at(folder, name)?;
        Ok(found)
    }
}
