//! `cp`: files between the host, containers and standard input and output.
//!
//! # Theory of operation
//!
//! Everything travels as a tar. One worker, in the session namespace, packs the source; a second one extracts at the destination;
//! a pipe joins them, or one of them is standard input or output. The worker of a container sees the container's root and
//! nothing else of it is in reach of the other one, which stays in the host's file system. Within one container there is one worker,
//! with a thread that packs. The parent waits, and holds the containers' locks.

mod destination;
mod error;
mod source;

pub use error::CopyError;

use super::ContainerError;
use crate::engine::session::{Worker, worker};
use crate::engine::{Engine, EngineError};
use crate::model::ContainerConfig;
use crate::storage::extract::Extracted;
use destination::{Destination, Incoming};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use source::Source;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Component, Path, PathBuf};

/// How much a pipe between two workers holds: fewer changes from one to the other.
const PIPE_BYTES: usize = 1 << 20;

/// One end of a copy.
#[derive(Debug)]
pub enum Place {
    /// A path in a container; a relative one begins in its working directory.
    Container {
        config: Box<ContainerConfig>,
        path: PathBuf,
    },
    Host(PathBuf),
    /// A tar on standard input or output, whichever it is open on.
    Stream(OwnedFd),
}

/// What to copy, and how.
#[derive(Debug)]
pub struct CopyRequest {
    pub from: Place,
    pub to: Place,
    /// What comes into a container belongs to its user; else to whom the source belongs.
    pub give_to_user: bool,
    /// A file may take the place of a folder, and a folder that of a file.
    pub overwrite: bool,
}

/// What could not be kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyReport {
    /// Sockets and devices.
    pub left_out: u64,
    pub extracted: Extracted,
}

/// How packing ended.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) enum Sent {
    Whole {
        left_out: u64,
    },
    /// The reader has gone; it knows why.
    ReaderGone,
}

impl Engine {
    /// Copies. Files on the host are read and made with the rights of the calling user.
    ///
    /// # Errors
    /// Source or destination is not there or does not fit, or something cannot be read or made.
    pub fn copy(&self, request: &CopyRequest) -> Result<CopyReport, EngineError> {
        match (&request.from, &request.to) {
            (Place::Container { config, path: from }, Place::Container { config: other, path: to }) if config.id == other.id => {
                self.copy_within(config, from, to, request)
            }
            (Place::Container { config, path }, Place::Container { config: other, path: to }) => {
                // Two commands that copy between the same two take the locks in the same order.
                let (from, into);
                if config.id < other.id {
                    from = self.approach(config)?;
                    into = self.approach(other)?;
                } else {
                    into = self.approach(other)?;
                    from = self.approach(config)?;
                }
                let (source, destination) = (Source::container(from, config, path), Destination::container(into, other, to));
                self.copy_between(Some(source), Some(destination), request)
            }
            (Place::Container { config, path }, Place::Host(to)) => {
                let source = Source::container(self.approach(config)?, config, path);
                self.copy_between(Some(source), Some(Destination::host(to)), request)
            }
            (Place::Container { config, path }, Place::Stream(_)) => {
                self.copy_between(Some(Source::container(self.approach(config)?, config, path)), None, request)
            }
            (Place::Host(from), Place::Container { config, path }) => {
                let destination = Destination::container(self.approach(config)?, config, path);
                self.copy_between(Some(Source::host(from)), Some(destination), request)
            }
            (Place::Stream(_), Place::Container { config, path }) => {
                self.copy_between(None, Some(Destination::container(self.approach(config)?, config, path)), request)
            }
            _ => Err(ContainerError::from(CopyError::NoContainer).into()),
        }
    }

    /// Copies from a source, or standard input, to a destination, or standard output.
    fn copy_between(
        &self,
        source: Option<Source>,
        destination: Option<Destination>,
        request: &CopyRequest,
    ) -> Result<CopyReport, EngineError> {
        let (reader, writer) = pipe()?;
        let contents = source.as_ref().is_some_and(Source::contents_only);
        let sender = source.map(|source| {
            let stream = if let Place::Stream(fd) = &request.to { Some(fd.as_fd()) } else { None };
            self.send(source, stream.unwrap_or(writer.as_fd()), stream.is_some())
        });
        let sender = sender.transpose()?;
        drop(writer);
        let receiver = destination.map(|destination| {
            let stream = if let Place::Stream(fd) = &request.from { Some(fd.as_fd()) } else { None };
            let incoming = Incoming { input: stream.unwrap_or(reader.as_fd()), streamed: stream.is_some(), contents };
            self.receive(destination, incoming, request)
        });
        let receiver = receiver.transpose()?;
        drop(reader);
        let received = receiver.map(Worker::finish).transpose();
        let sent = sender.map(Worker::finish).transpose();
        match (sent, received) {
            // What the source says comes first: without it the destination only sees an archive that is cut.
            (Err(error), _) | (Ok(_), Err(error)) => Err(error),
            (Ok(Some(Sent::ReaderGone)), Ok(_)) => Err(ContainerError::from(CopyError::ReaderGone).into()),
            (Ok(sent), Ok(received)) => {
                let left_out = sent.map_or(0, |sent| if let Sent::Whole { left_out } = sent { left_out } else { 0 });
                Ok(CopyReport { left_out, extracted: received.unwrap_or_default() })
            }
        }
    }

    fn send(&self, source: Source, out: BorrowedFd<'_>, to_stream: bool) -> Result<Worker<Sent>, EngineError> {
        let mut keep = source.descriptors();
        keep.push(out);
        worker(&self.paths, &keep, |parent| {
            let out = out.try_clone_to_owned().map_err(|error| ContainerError::from(CopyError::Pipe(error)))?;
            let opened = source.open(parent)?;
            Ok(opened.send(File::from(out), to_stream).map_err(ContainerError::from)?)
        })
    }

    fn receive(
        &self,
        destination: Destination,
        incoming: Incoming<'_>,
        request: &CopyRequest,
    ) -> Result<Worker<Extracted>, EngineError> {
        let mut keep = destination.descriptors();
        keep.push(incoming.input);
        let destination = &destination;
        worker(&self.paths, &keep, |parent| {
            let opened = destination.open(parent)?;
            Ok(opened.receive(incoming, request).map_err(ContainerError::from)?)
        })
    }

    /// Copies within one container: one worker opens its root once.
    fn copy_within(
        &self,
        config: &ContainerConfig,
        from: &Path,
        to: &Path,
        request: &CopyRequest,
    ) -> Result<CopyReport, EngineError> {
        let approach = self.approach(config)?;
        let keep = approach.descriptors();
        let approach = &approach;
        worker(&self.paths, &keep, |parent| {
            let root = approach.open(parent)?;
            let fail = |error| ContainerError::from(CopyError::Pipe(error));
            let second = root.as_fd().try_clone_to_owned().map(crate::sys::root::SafeRoot::new).map_err(fail)?;
            let source = source::Opened::in_container(root, config, from);
            let destination = destination::Opened::in_container(second, config, to);
            destination.refuse_within(&source).map_err(ContainerError::from)?;
            let (reader, writer) = pipe()?;
            let (sent, received) = std::thread::scope(|scope| {
                let sender = scope.spawn(|| source.send(File::from(writer), false));
                let incoming = Incoming { input: reader.as_fd(), streamed: false, contents: is_contents(from) };
                let received = destination.receive(incoming, request);
                // The sender learns from a closed pipe that nobody reads.
                drop(reader);
                (sender.join(), received)
            });
            let sent = sent.map_err(|_| CopyError::Pipe(Errno::PIPE.into())).flatten().map_err(ContainerError::from)?;
            let extracted = received.map_err(ContainerError::from)?;
            let left_out = if let Sent::Whole { left_out } = sent { left_out } else { 0 };
            Ok(CopyReport { left_out, extracted })
        })?
        .finish()
    }
}

fn pipe() -> Result<(OwnedFd, OwnedFd), EngineError> {
    let (reader, writer) = crate::sys::fd::pipe().map_err(|error| ContainerError::from(CopyError::Pipe(error)))?;
    // As large as the user may have it; a smaller one only costs time.
    let _ = rustix::pipe::fcntl_setpipe_size(&writer, PIPE_BYTES);
    Ok((reader, writer))
}

/// Tells whether a source means what is in a folder and not the folder: it ends in `/.`, or is the root.
fn is_contents(path: &Path) -> bool {
    let bytes = path.as_os_str().as_bytes();
    bytes == b"."
        || bytes.ends_with(b"/.")
        || bytes.ends_with(b"/./")
        || path.components().next_back() == Some(Component::RootDir)
}

/// The name of a path, where it has one.
fn name_of(path: &Path) -> Option<&OsStr> {
    match path.components().next_back() {
        Some(Component::Normal(name)) => Some(name),
        _ => None,
    }
}

/// The path in a container, relative to its root; slashes at the end stay, as they say that a folder is meant.
fn in_container(config: &ContainerConfig, path: &Path) -> PathBuf {
    let whole = Path::new(&config.workdir).join(path).into_os_string().into_vec();
    let start = whole.iter().position(|byte| *byte != b'/').unwrap_or(whole.len());
    PathBuf::from(OsString::from_vec(whole[start..].to_vec()))
}

/// Makes a path fit for a message.
fn show(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dot_at_the_end_means_the_contents() {
        for (path, contents) in [
            (".", true),
            ("a/.", true),
            ("a/./", true),
            ("/", true),
            ("//", true),
            ("a", false),
            ("a/", false),
            ("a.", false),
            ("..", false),
        ] {
            assert_eq!(is_contents(Path::new(path)), contents, "{path}");
        }
    }
}
