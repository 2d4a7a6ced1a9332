//! Why an archive cannot be extracted.

use crate::storage::tar::TarError;
use crate::storage::unpack::{UnpackError, show};
use std::io;

/// What is wrong with the archive, or with the place where it should go.
#[derive(Debug, thiserror::Error)]
pub enum ExtractError {
    #[error(transparent)]
    Tar(#[from] TarError),
    #[error(transparent)]
    Name(#[from] UnpackError),
    #[error("{path:?} is a folder, and a file of that name cannot take its place (--overwrite allows it)")]
    OverFolder { path: String },
    #[error("{path:?} is not a folder, and a folder of that name cannot take its place (--overwrite allows it)")]
    OverFile { path: String },
    #[error("the archive links {path:?} to {link:?}, which is not in it")]
    MissingLinkTarget { path: String, link: String },
    #[error("{action} {path:?}")]
    Io {
        action: &'static str,
        path: String,
        #[source]
        source: io::Error,
    },
}

/// Makes the error of a system call on a path, for `map_err`.
pub(super) fn failed<E: Into<io::Error>>(action: &'static str, path: &[u8]) -> impl FnOnce(E) -> ExtractError {
    let path = show(path);
    move |source| ExtractError::Io { action, path, source: source.into() }
}
