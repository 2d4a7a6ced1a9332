//! Why a layer cannot be unpacked.

use crate::storage::tar::TarError;
use rustix::io::Errno;
use std::io;

/// What is wrong with a layer, or with the place where it should go.
#[derive(Debug, thiserror::Error)]
pub enum UnpackError {
    #[error(transparent)]
    Tar(#[from] TarError),
    #[error("the layer names the path {path:?}: {what}")]
    BadPath { path: String, what: &'static str },
    #[error("the layer links {path:?} to {link:?}, which is not in it")]
    MissingLinkTarget { path: String, link: String },
    #[error("the layer has more than {limit} entries")]
    TooManyEntries { limit: u64 },
    #[error("the names of the layer's folders and links are longer than {limit} bytes together")]
    TooManyNames { limit: u64 },
    #[error("the layer unpacks to more than {limit} bytes")]
    TooManyBytes { limit: u64 },
    #[error("more than {limit} bytes follow the end of the layer's archive")]
    TooMuchTrails { limit: u64 },
    #[error("the file {path:?} of the layer is longer than {limit} bytes")]
    FileTooLong { path: String, limit: u64 },
    #[error("take down the layer's tar")]
    Record(#[source] io::Error),
    #[error("{action} {path:?}")]
    Io {
        action: &'static str,
        path: String,
        #[source]
        source: io::Error,
    },
}

/// Makes the error of a system call on a path of the layer, for `map_err`.
pub(super) fn failed(action: &'static str, path: &[u8]) -> impl FnOnce(Errno) -> UnpackError {
    let path = super::path::show(path);
    move |errno| UnpackError::Io { action, path, source: errno.into() }
}
