//! What can go wrong with a copy.

use crate::engine::Kind;
use crate::storage::extract::ExtractError;
use crate::storage::pack::PackError;
use std::io;

/// Why something was not copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    #[error("{path:?} could not be found on {side}")]
    NotFound {
        path: String,
        side: String,
        #[source]
        source: io::Error,
    },
    #[error("destination must be a directory when copying a directory: {path:?} is none")]
    FolderOntoFile { path: String },
    #[error("destination must be a directory when copying from stdin: {path:?} is none")]
    StreamOntoFile { path: String },
    #[error("{path:?} is within what is copied: a folder cannot be copied into itself")]
    IntoItself { path: String },
    #[error("source must be a (compressed) tar archive when copying from stdin")]
    NoArchive(#[source] io::Error),
    #[error("neither the source nor the destination names a container: one of them has to be CONTAINER:PATH")]
    NoContainer,
    #[error("copy {path:?}")]
    Pack {
        path: String,
        #[source]
        source: PackError,
    },
    #[error("copy to {path:?}")]
    Extract {
        path: String,
        #[source]
        source: ExtractError,
    },
    #[error("copy through a pipe")]
    Pipe(#[source] io::Error),
    /// Whoever read the archive has gone.
    #[error("the reader of standard output has gone")]
    ReaderGone,
}

impl CopyError {
    /// The kind of the failure.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::NotFound { .. } => Kind::NoSuch,
            Self::FolderOntoFile { .. }
            | Self::StreamOntoFile { .. }
            | Self::IntoItself { .. }
            | Self::NoArchive(_)
            | Self::NoContainer => Kind::Invalid,
            _ => Kind::Internal,
        }
    }
}
