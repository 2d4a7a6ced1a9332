//! Where it goes, by Docker's rules: an existing folder takes the source in, a missing one is made from it, a file is replaced.

use super::super::view::Approach;
use super::source;
use super::{CopyError, CopyRequest, in_container, show};
use crate::engine::EngineError;
use crate::model::ContainerConfig;
use crate::runtime::users;
use crate::storage::extract::{ExtractError, Extracted, Names, Owner, Reach, Rules, Target, extract};
use crate::storage::tar::{Entry, EntryKind, TarReader};
use crate::storage::{StorageError, decompress};
use crate::sys::root::SafeRoot;
use rustix::fs::{FileType, Mode, OFlags, fstat};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, BufReader};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

/// How much is read at a time.
const BUFFER: usize = 1 << 20;
/// How many links a path may end in, one after the other (path_resolution(7)).
const MAX_LINKS: usize = 40;

/// A destination as the parent knows it.
pub(super) struct Destination {
    container: Option<(Approach, ContainerConfig)>,
    path: PathBuf,
    typed: PathBuf,
}

/// A destination in its worker, within reach.
pub(super) struct Opened {
    container: Option<(SafeRoot, ContainerConfig)>,
    path: PathBuf,
    typed: PathBuf,
}

/// What comes in.
#[derive(Clone, Copy)]
pub(super) struct Incoming<'a> {
    pub(super) input: BorrowedFd<'a>,
    /// From standard input: anybody's archive, compressed perhaps.
    pub(super) streamed: bool,
    /// Of a folder, only what is in it goes into a folder that exists.
    pub(super) contents: bool,
}

/// What stands at the destination.
enum Aim {
    Folder(PathBuf),
    File { folder: PathBuf, name: Vec<u8> },
    New { folder: PathBuf, name: Vec<u8> },
}

impl Destination {
    pub(super) fn container(approach: Approach, config: &ContainerConfig, path: &Path) -> Self {
        let container = Some((approach, config.clone()));
        Self { container, path: in_container(config, path), typed: path.to_owned() }
    }

    pub(super) fn host(path: &Path) -> Self {
        Self { container: None, path: path.to_owned(), typed: path.to_owned() }
    }

    pub(super) fn descriptors(&self) -> Vec<BorrowedFd<'_>> {
        self.container.as_ref().map_or_else(Vec::new, |(approach, _)| approach.descriptors())
    }

    pub(super) fn open(&self, parent: &OwnedFd) -> Result<Opened, EngineError> {
        let container = match &self.container {
            Some((approach, config)) => Some((approach.open(parent)?, config.clone())),
            None => {
                rustix::process::umask(Mode::empty());
                None
            }
        };
        Ok(Opened { container, path: self.path.clone(), typed: self.typed.clone() })
    }
}

impl Opened {
    pub(super) fn in_container(root: SafeRoot, config: &ContainerConfig, typed: &Path) -> Self {
        Self { container: Some((root, config.clone())), path: in_container(config, typed), typed: typed.to_owned() }
    }

    /// Refuses a folder that goes into itself, or into a folder below it.
    pub(super) fn refuse_within(&self, source: &source::Opened) -> Result<(), CopyError> {
        let (Some((root, _)), Some(copied)) = (&self.container, source.folder_id()) else { return Ok(()) };
        let folder = match self.aim()? {
            Aim::Folder(path) | Aim::New { folder: path, .. } => path,
            Aim::File { .. } => return Ok(()),
        };
        let id = |fd: &OwnedFd| fstat(fd).map(|stat| (stat.st_dev, stat.st_ino));
        let fail = |error: io::Error| self.not_found(error);
        let top = fstat(root).map(|stat| (stat.st_dev, stat.st_ino)).map_err(|errno| fail(errno.into()))?;
        let mut at = root.open(&folder, OFlags::PATH | OFlags::DIRECTORY).map_err(fail)?;
        loop {
            let here = id(&at).map_err(|errno| fail(errno.into()))?;
            if here == copied {
                return Err(CopyError::IntoItself { path: show(&self.typed) });
            }
            if here == top {
                return Ok(());
            }
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
            at = rustix::fs::openat(&at, "..", flags, Mode::empty()).map_err(|errno| fail(errno.into()))?;
        }
    }

    /// Extracts what comes in.
    pub(super) fn receive(&self, incoming: Incoming<'_>, request: &CopyRequest) -> Result<Extracted, CopyError> {
        let aim = self.aim()?;
        if incoming.streamed && !matches!(aim, Aim::Folder(_)) {
            return Err(CopyError::StreamOntoFile { path: show(&self.typed) });
        }
        let input = incoming.input.try_clone_to_owned().map_err(CopyError::Pipe)?;
        let input = BufReader::with_capacity(BUFFER, File::from(input));
        if !incoming.streamed {
            let mut tar = TarReader::new(input);
            // Nothing at all: the source has failed and says why.
            let Ok(Some(first)) = tar.next_entry() else { return Ok(Extracted::default()) };
            let done = self.extract(&mut tar, first, aim, incoming, request)?;
            drain(&mut tar.into_inner())?;
            return Ok(done);
        }
        let no_archive = |error: StorageError| match error {
            StorageError::Read { source, .. } => CopyError::NoArchive(source),
            other => CopyError::NoArchive(io::Error::other(other.to_string())),
        };
        let mut tar = TarReader::new(BufReader::with_capacity(BUFFER, decompress(input).map_err(no_archive)?.1));
        let first = tar.next_entry().map_err(|error| CopyError::NoArchive(io::Error::other(error.to_string())))?;
        let Some(first) = first else { return Err(CopyError::NoArchive(io::ErrorKind::UnexpectedEof.into())) };
        let done = self.extract(&mut tar, first, aim, incoming, request)?;
        drain(&mut tar.into_inner())?;
        Ok(done)
    }

    fn extract<R: io::BufRead>(
        &self,
        tar: &mut TarReader<R>,
        first: Entry,
        aim: Aim,
        incoming: Incoming<'_>,
        request: &CopyRequest,
    ) -> Result<Extracted, CopyError> {
        let is_folder = first.kind == EntryKind::Directory;
        let (folder, names) = match aim {
            Aim::Folder(path) if incoming.contents && is_folder => (path, Names::Top(Vec::new())),
            Aim::Folder(path) => (path, Names::Keep),
            Aim::File { .. } if is_folder => return Err(CopyError::FolderOntoFile { path: show(&self.typed) }),
            Aim::New { .. } if !is_folder && wants_folder(&self.typed) => {
                return Err(self.not_found(Errno::NOENT.into()));
            }
            Aim::File { folder, name } | Aim::New { folder, name } => (folder, Names::Top(name)),
        };
        let failed = |source| CopyError::Extract { path: show(&self.typed), source };
        let rules = Rules { owner: self.owner(request), overwrite: request.overwrite, set_id: self.container.is_some() };
        match &self.container {
            Some((root, _)) => {
                let target = Target { root: root.as_fd(), reach: Reach::Root, folder: folder.into_os_string().into_vec(), names };
                extract(tar, Some(first), &target, rules).map_err(failed)
            }
            None => {
                let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
                let path = if folder.as_os_str().is_empty() { Path::new(".") } else { &folder };
                let root = rustix::fs::open(path, flags, Mode::empty()).map_err(|errno| self.not_found(errno.into()))?;
                let target = Target { root: root.as_fd(), reach: Reach::Below, folder: Vec::new(), names };
                extract(tar, Some(first), &target, rules).map_err(failed)
            }
        }
    }

    /// To the host: the caller. Into a container: its user, or whoever the source belongs to.
    fn owner(&self, request: &CopyRequest) -> Owner {
        match &self.container {
            None => Owner::Maker,
            Some(_) if !request.give_to_user => Owner::Archive,
            // A user that the container's files do not know any more is no reason to copy nothing.
            Some((root, config)) => users::resolve(root.as_fd(), &config.user, &[])
                .map_or(Owner::Given { uid: 0, gid: 0 }, |user| Owner::Given { uid: user.uid, gid: user.gid }),
        }
    }

    fn not_found(&self, source: io::Error) -> CopyError {
        let side =
            self.container.as_ref().map_or_else(|| "the host".to_owned(), |(_, config)| format!("container {}", config.name));
        CopyError::NotFound { path: show(&self.typed), side, source }
    }

    fn aim(&self) -> Result<Aim, CopyError> {
        let aim = match &self.container {
            Some((root, _)) => aim_in(root, &self.path),
            None => aim_on_host(&self.path),
        };
        aim.map_err(|error| self.not_found(error))
    }
}

fn drain(rest: &mut impl io::Read) -> Result<(), CopyError> {
    io::copy(rest, &mut io::sink()).map(drop).map_err(|error| CopyError::Extract {
        path: String::new(),
        source: ExtractError::Tar(crate::storage::tar::TarError::Read(error)),
    })
}

/// Tells whether a path says by its end that a folder is meant.
fn wants_folder(path: &Path) -> bool {
    let bytes = path.as_os_str().as_bytes();
    bytes.ends_with(b"/") || bytes.ends_with(b"/.") || bytes == b"."
}

fn aim_in(root: &SafeRoot, path: &Path) -> io::Result<Aim> {
    match root.open(path, OFlags::PATH) {
        Ok(fd) if FileType::from_raw_mode(fstat(&fd)?.st_mode) == FileType::Directory => return Ok(Aim::Folder(path.to_owned())),
        Ok(_) => {
            let (folder, name) = follow(root, path)?;
            return Ok(Aim::File { folder, name });
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound && !path.as_os_str().is_empty() => {}
        Err(error) => return Err(error),
    }
    let (folder, name) = follow(root, path)?;
    Ok(Aim::New { folder, name })
}

/// Follows the links that a path ends in, step by step inside the root: the folder that holds the last of it, which is there, and a
/// name in it, which is no link.
pub(super) fn follow(root: &SafeRoot, path: &Path) -> io::Result<(PathBuf, Vec<u8>)> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        let name = path.file_name().ok_or(Errno::NOENT)?.to_owned();
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        let fd = root.open(&folder, OFlags::PATH | OFlags::DIRECTORY)?;
        match rustix::fs::readlinkat(&fd, &name, Vec::new()) {
            // An absolute text begins anew, at the root.
            Ok(link) => {
                let next = folder.join(Path::new(std::ffi::OsStr::from_bytes(link.as_bytes())));
                path = next.strip_prefix("/").map(Path::to_owned).unwrap_or(next);
            }
            Err(Errno::INVAL | Errno::NOENT) => return Ok((folder, name.into_vec())),
            Err(errno) => return Err(errno.into()),
        }
    }
    Err(Errno::LOOP.into())
}

fn aim_on_host(path: &Path) -> io::Result<Aim> {
    let split = |path: &Path| -> io::Result<(PathBuf, Vec<u8>)> {
        let name = path.file_name().ok_or(Errno::NOENT)?;
        Ok((path.parent().unwrap_or(Path::new("")).to_owned(), name.as_bytes().to_vec()))
    };
    match std::fs::metadata(path) {
        Ok(meta) if meta.is_dir() => Ok(Aim::Folder(path.to_owned())),
        Ok(_) => split(&std::fs::canonicalize(path)?).map(|(folder, name)| Aim::File { folder, name }),
        // A link that leads nowhere is somebody's: nothing is made where it leads.
        Err(error) if error.kind() == io::ErrorKind::NotFound && std::fs::symlink_metadata(path).is_err() => {
            let (folder, name) = split(path)?;
            let above = if folder.as_os_str().is_empty() { Path::new(".") } else { &folder };
            if !std::fs::metadata(above)?.is_dir() {
                return Err(Errno::NOTDIR.into());
            }
            Ok(Aim::New { folder, name })
        }
        Err(error) => Err(error),
    }
}
