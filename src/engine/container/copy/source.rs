//! What is copied.

use super::super::view::Approach;
use super::{CopyError, Sent, in_container, is_contents, name_of, show};
use crate::engine::EngineError;
use crate::model::ContainerConfig;
use crate::storage::pack::{self, Form, Options, PackError};
use crate::storage::tar::TarWriter;
use crate::sys::root::SafeRoot;
use rustix::fs::{FileType, Mode, OFlags, fstat};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, BufWriter};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Small writes are put together up to so many bytes.
const BUFFER: usize = 128 << 10;
/// The top of an archive that goes from worker to worker, where the path has no name.
const NAMELESS: &[u8] = b"top";

/// A source as the parent knows it.
pub(super) struct Source {
    container: Option<(Approach, String)>,
    path: PathBuf,
    typed: PathBuf,
}

/// A source in its worker, within reach.
pub(super) struct Opened {
    root: Option<SafeRoot>,
    side: String,
    path: PathBuf,
    typed: PathBuf,
}

impl Source {
    pub(super) fn container(approach: Approach, config: &ContainerConfig, path: &Path) -> Self {
        let container = Some((approach, config.name.clone()));
        Self { container, path: in_container(config, path), typed: path.to_owned() }
    }

    pub(super) fn host(path: &Path) -> Self {
        Self { container: None, path: path.to_owned(), typed: path.to_owned() }
    }

    pub(super) fn contents_only(&self) -> bool {
        is_contents(&self.typed)
    }

    pub(super) fn descriptors(&self) -> Vec<BorrowedFd<'_>> {
        self.container.as_ref().map_or_else(Vec::new, |(approach, _)| approach.descriptors())
    }

    pub(super) fn open(&self, parent: &OwnedFd) -> Result<Opened, EngineError> {
        let (path, typed) = (self.path.clone(), self.typed.clone());
        Ok(match &self.container {
            Some((approach, name)) => {
                Opened { root: Some(approach.open(parent)?), side: format!("container {name}"), path, typed }
            }
            None => Opened { root: None, side: "the host".to_owned(), path, typed },
        })
    }
}

impl Opened {
    pub(super) fn in_container(root: SafeRoot, config: &ContainerConfig, typed: &Path) -> Self {
        let side = format!("container {}", config.name);
        Self { root: Some(root), side, path: in_container(config, typed), typed: typed.to_owned() }
    }

    fn not_found(&self) -> impl Fn(io::Error) -> CopyError + use<'_> {
        |source| CopyError::NotFound { path: show(&self.typed), side: self.side.clone(), source }
    }

    fn open(&self, flags: OFlags) -> io::Result<OwnedFd> {
        match &self.root {
            Some(root) => root.open(&self.path, flags),
            None => rustix::fs::open(&self.path, flags | OFlags::CLOEXEC, Mode::empty()).map_err(io::Error::from),
        }
    }

    /// The device and inode of what is copied, where it is a folder.
    pub(super) fn folder_id(&self) -> Option<(u64, u64)> {
        let stat = fstat(self.open(OFlags::PATH | OFlags::DIRECTORY).ok()?).ok()?;
        Some((stat.st_dev, stat.st_ino))
    }

    /// Packs the source and ends the archive.
    pub(super) fn send(&self, out: File, to_stream: bool) -> Result<Sent, CopyError> {
        let mut writer = TarWriter::new(BufWriter::with_capacity(BUFFER, out));
        let packed = self.pack(&mut writer, to_stream);
        let ended =
            packed.and_then(|left_out| writer.finish().map(|_| left_out).map_err(|error| self.failed(PackError::Write(error))));
        match ended {
            Ok(left_out) => Ok(Sent::Whole { left_out }),
            Err(CopyError::Pack { source: PackError::Write(error), .. }) if error.kind() == io::ErrorKind::BrokenPipe => {
                Ok(Sent::ReaderGone)
            }
            Err(error) => Err(error),
        }
    }

    fn failed(&self, source: PackError) -> CopyError {
        CopyError::Pack { path: show(&self.typed), source }
    }

    fn pack(&self, writer: &mut TarWriter<BufWriter<File>>, to_stream: bool) -> Result<u64, CopyError> {
        let found = self.open(OFlags::PATH).map_err(self.not_found())?;
        let stat = fstat(&found).map_err(|errno| self.not_found()(errno.into()))?;
        let contents = is_contents(&self.typed);
        let own_name;
        let top = match name_of(&self.typed) {
            Some(name) if !(contents && to_stream) => name.as_bytes(),
            None if self.root.is_none() && !contents => {
                // `..` has a name on the host.
                own_name = std::fs::canonicalize(&self.path).map_err(self.not_found())?;
                name_of(&own_name).map_or(NAMELESS, OsStrExt::as_bytes)
            }
            _ if to_stream => b"",
            _ => NAMELESS,
        };
        let options = Options { form: Form::Copy, top, skip: &|_| false };
        if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
            let packed = pack::folder(writer, found.as_fd(), &options).map_err(|error| self.failed(error))?;
            return Ok(packed.left_out);
        }
        let (folder, name) = self.leaf()?;
        pack::file(writer, folder.as_fd(), &name, &options).map(|()| 0).map_err(|error| self.failed(error))
    }

    /// The folder that holds the source, and its name there, when the links at the end of its path were followed.
    fn leaf(&self) -> Result<(OwnedFd, Vec<u8>), CopyError> {
        let nowhere = || self.not_found()(Errno::NOENT.into());
        match &self.root {
            Some(root) => {
                let (folder, name) = super::destination::follow(root, &self.path).map_err(self.not_found())?;
                let fd = root.open(&folder, OFlags::PATH | OFlags::DIRECTORY).map_err(self.not_found())?;
                Ok((fd, name))
            }
            None => {
                let path = std::fs::canonicalize(&self.path).map_err(self.not_found())?;
                let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Err(nowhere()) };
                let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
                let fd = rustix::fs::open(folder, flags, Mode::empty()).map_err(|errno| self.not_found()(errno.into()))?;
                Ok((fd, name.as_bytes().to_vec()))
            }
        }
    }
}
