//! Why a tree cannot be packed.

use std::io;

/// What went wrong, and where in the tree.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    #[error("{action} {path:?}")]
    Io {
        action: &'static str,
        /// Relative to the top of the tree.
        path: String,
        #[source]
        source: io::Error,
    },
    #[error("{path:?} is a {kind}, which an archive cannot hold")]
    Kind { path: String, kind: &'static str },
    #[error("write the archive")]
    Write(#[source] io::Error),
}

/// Makes the error of a system call on a path of the tree, for `map_err`.
pub(in crate::storage) fn failed<E: Into<io::Error>>(action: &'static str, path: &[u8]) -> impl FnOnce(E) -> PackError {
    let path = crate::storage::unpack::show(path);
    move |source| PackError::Io { action, path, source: source.into() }
}
