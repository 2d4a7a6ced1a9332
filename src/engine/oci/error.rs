//! What goes wrong with a container of a bundle.

use super::Status;
use crate::cgroup::CgroupError;
use crate::engine::Kind;
use crate::runtime::bundle::ConfigError;
use crate::runtime::message::{Failure, Stage};
use std::io;
use std::path::PathBuf;

/// A failed operation.
#[derive(Debug, thiserror::Error)]
pub enum OciError {
    #[error("{id:?} is no id of a container (letters, digits and _+-. are, up to 255)")]
    BadId { id: String },
    #[error("container {id} does not exist")]
    NoSuch { id: String },
    #[error("container with id {id} exists already")]
    Exists { id: String },
    #[error("container {id} is being created or deleted by another process")]
    Busy { id: String },
    #[error("cannot {what} container {id}: it is {status}")]
    WrongState { id: String, what: &'static str, status: Status },
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Cgroup(#[from] CgroupError),
    #[error("{0}")]
    Failed(Failure),
    #[error("{action} {}", path.display())]
    File {
        action: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{}: it is no record of a container", path.display())]
    Record {
        path: PathBuf,
        #[source]
        source: serde_json::Error,
    },
    #[error("{what}: it is no valid JSON of its kind")]
    Json {
        what: String,
        #[source]
        source: serde_json::Error,
    },
    #[error("{id}: its configuration wants a terminal: give --console-socket PATH, where its other end is sent")]
    NoConsoleSocket { id: String },
    #[error("--console-socket: the process has no terminal")]
    NoTerminal,
    #[error("container {id} has no cgroup of its own, which {what} takes")]
    NoCgroup { id: String, what: &'static str },
    #[error("signal container {id}")]
    Signal {
        id: String,
        #[source]
        source: io::Error,
    },
    #[error("container {id} shares its pid namespace and has no cgroup: there is no telling which processes are its own")]
    SharedPids { id: String },
    #[error(
        "linux.resources.devices: the rules take a cgroup of the container's own with a program in the kernel, and its processes have CAP_MKNOD (take that away, or run in a user namespace)"
    )]
    DeviceRules {
        #[source]
        source: io::Error,
    },
    #[error("{what}: {why}")]
    Invalid { what: String, why: &'static str },
}

impl From<Failure> for OciError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl OciError {
    /// The kind of the failure.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::BadId { .. }
            | Self::Config(_)
            | Self::Json { .. }
            | Self::NoConsoleSocket { .. }
            | Self::NoTerminal
            | Self::Invalid { .. } => Kind::Invalid,
            Self::NoSuch { .. } => Kind::NoSuch,
            Self::Exists { .. } => Kind::Exists,
            Self::Busy { .. } => Kind::InUse,
            Self::WrongState { .. } => Kind::WrongState,
            Self::NoCgroup { .. } | Self::SharedPids { .. } | Self::DeviceRules { .. } => Kind::Unsupported,
            Self::Failed(Failure { stage: Stage::Execute, errno, .. }) if matches!(*errno, libc::ENOENT | libc::ENOTDIR) => {
                Kind::CommandNotFound
            }
            Self::Failed(Failure { stage: Stage::Execute, .. }) => Kind::NotExecutable,
            _ => Kind::Internal,
        }
    }
}
