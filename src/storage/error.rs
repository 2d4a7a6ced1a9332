//! What can go wrong in the store.

use super::pack::PackError;
use super::unpack::UnpackError;
use crate::model::{DiffId, Digest, causes};
use std::io;
use std::path::PathBuf;

/// Why the store did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    #[error("{action} {}", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("read {what}")]
    Read {
        what: String,
        #[source]
        source: io::Error,
    },
    #[error("unpack a layer")]
    Unpack(#[from] UnpackError),
    #[error("the content of blob {expected} has digest {found}: it was damaged or tampered with on the way")]
    WrongDigest { expected: Digest, found: Digest },
    #[error("the uncompressed layer of blob {blob} has diffID {found}, the image config promises {expected}")]
    WrongDiffId { blob: Digest, expected: DiffId, found: DiffId },
    #[error("blob {digest} ended after {found} bytes, its descriptor promises {expected}")]
    Truncated { digest: Digest, expected: u64, found: u64 },
    #[error("blob {digest} is longer than the {expected} bytes that its descriptor promises")]
    TooLong { digest: Digest, expected: u64 },
    #[error("write {what}")]
    Write {
        what: &'static str,
        #[source]
        source: io::Error,
    },
    #[error("the layer {diff_id} was changed in the store since it was pulled (remove the image and pull it again)")]
    LayerChanged { diff_id: DiffId },
    #[error("{} is missing: the layer's tar cannot be given back (remove the image and pull it again)", path.display())]
    NoTarSplit { path: PathBuf },
    #[error("pack the files of layer {diff_id}")]
    Pack {
        diff_id: DiffId,
        #[source]
        source: PackError,
    },
    #[error("layers cannot be stacked as it is wanted: {causes}")]
    Driver { causes: String },
    #[error("the store cannot be in {}, which is on {kind}: {cause} (put it on a local disk, with `--root DIR` or with graphroot in \
             ~/.config/containers/storage.conf)", place.display())]
    Unfit {
        place: PathBuf,
        kind: &'static str,
        cause: &'static str,
        #[source]
        source: io::Error,
    },
    #[error("a thread that decompresses died")]
    Thread,
}

impl StorageError {
    /// Tells whether the disk, or the quota on it, is full.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        let mut systems = causes(self).filter_map(|error| error.downcast_ref::<io::Error>());
        systems.any(|io| matches!(io.raw_os_error(), Some(libc::ENOSPC | libc::EDQUOT)))
    }
}

/// Makes the error of an operation on a path, for `map_err`.
pub(crate) fn io_error<E: Into<io::Error>>(action: &'static str, path: &std::path::Path) -> impl FnOnce(E) -> StorageError {
    let path = path.to_owned();
    move |source| StorageError::Io { action, path, source: source.into() }
}
