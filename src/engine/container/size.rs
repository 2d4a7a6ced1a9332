//! How much a container has written.

use crate::engine::{Engine, EngineError, session};
use crate::model::ContainerConfig;
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;
use std::ffi::CString;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

/// Bytes of a container's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Written by the container: its own layer.
    pub own: u64,
    /// With the layers of its image.
    pub total: u64,
}

impl Engine {
    /// Adds up the container's files. Folders that only their owner may read, a subordinate id, take the root of the session.
    ///
    /// # Errors
    /// The session cannot be made or the folder cannot be read.
    pub fn container_size(&self, config: &ContainerConfig) -> Result<Size, EngineError> {
        let upper = self.paths.container(&config.id).join("upper");
        let copied = self.paths.container(&config.id).join("root");
        if copied.is_dir() {
            // Which files are the image's cannot be told any more.
            let own = self.folder_size(&copied)?;
            return Ok(Size { own, total: own });
        }
        let own = self.folder_size(&upper)?;
        let image = self.db.images_by_id_prefix(config.image.hex())?.first().map_or(0, |image| image.size);
        Ok(Size { own, total: own + image })
    }

    /// Adds up the files below a folder of the store, as root of the session where it has to be.
    pub(in crate::engine) fn folder_size(&self, folder: &Path) -> Result<u64, EngineError> {
        let fail = |source| super::ContainerError::File { action: "add up the files of", path: folder.to_owned(), source };
        tree_size(folder).or_else(|_| session::worker(&self.paths, &[], |_| Ok(tree_size(folder).map_err(fail)?))?.finish())
    }
}

/// How many folders are held open at a time; one further up is opened anew from below.
const MAX_OPEN: usize = 64;

/// A folder on the way.
struct Frame {
    fd: Option<OwnedFd>,
    id: (u64, u64),
    /// The folders in it that are not counted yet.
    folders: Vec<CString>,
}

/// Follows no link, and names nothing by a path: a container's folders may lie deeper than a path is long. Entries that vanish
/// while we look, in a running container, do not count.
fn tree_size(top: &Path) -> io::Result<u64> {
    let mut size = 0;
    let mut stack = match rustix::fs::open(top, FOLDER, Mode::empty()) {
        Ok(fd) => vec![Frame::read(fd, &mut size)?],
        Err(Errno::NOENT) => return Ok(0),
        Err(errno) => return Err(errno.into()),
    };
    while let Some(frame) = stack.last_mut() {
        let (Some(fd), Some(name)) = (&frame.fd, frame.folders.pop()) else {
            let done = stack.pop().and_then(|frame| frame.fd);
            let (Some(above), Some(done)) = (stack.last_mut().filter(|above| above.fd.is_none()), done) else { continue };
            let fd = rustix::fs::openat(&done, c"..", FOLDER, Mode::empty())?;
            if id(&fd)? != above.id {
                // It was moved meanwhile, and the way back is lost.
                return Ok(size);
            }
            above.fd = Some(fd);
            continue;
        };
        match rustix::fs::openat(fd, &name, FOLDER, Mode::empty()) {
            Ok(below) => stack.push(Frame::read(below, &mut size)?),
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => {}
            Err(errno) => return Err(errno.into()),
        }
        if let Some(frame) = stack.len().checked_sub(MAX_OPEN).and_then(|at| stack.get_mut(at)) {
            frame.fd = None;
        }
    }
    Ok(size)
}

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

impl Frame {
    /// Lists a folder and counts its files.
    fn read(fd: OwnedFd, size: &mut u64) -> io::Result<Self> {
        let mut folders = Vec::new();
        for entry in Dir::read_from(&fd)? {
            let entry = entry?;
            let name = entry.file_name();
            if name == c"." || name == c".." {
                continue;
            }
            match rustix::fs::statat(&fd, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::Directory => folders.push(name.to_owned()),
                Ok(stat) => *size += u64::try_from(stat.st_size).unwrap_or(0),
                Err(Errno::NOENT) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        let id = id(&fd)?;
        Ok(Self { fd: Some(fd), id, folders })
    }
}

fn id(fd: &OwnedFd) -> io::Result<(u64, u64)> {
    let stat = rustix::fs::fstat(fd)?;
    Ok((stat.st_dev, stat.st_ino))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    #[test]
    fn every_file_of_a_deep_and_wide_tree_counts() {
        let top = tempfile::tempdir().expect("a folder");
        let mut folder = PathBuf::from(top.path());
        for _ in 0..3 * MAX_OPEN {
            std::fs::write(folder.join("file"), "12345").expect("write");
            std::fs::create_dir(folder.join("a")).expect("mkdir");
            std::fs::create_dir(folder.join("z")).expect("mkdir");
            std::fs::write(folder.join("z/file"), "12").expect("write");
            folder.push("a");
        }
        assert_eq!(tree_size(top.path()).expect("a size"), 7 * 3 * MAX_OPEN as u64);
        assert_eq!(tree_size(&top.path().join("nothing")).expect("a size"), 0);
    }
}
