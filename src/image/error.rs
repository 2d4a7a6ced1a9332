//! What can go wrong with an image.

use super::change::BadChange;
use super::platform::Platform;
use super::reference::BadReference;
use crate::model::digest::BadDigest;
use crate::storage::StorageError;
use crate::storage::tar::TarError;
use std::io;
use std::path::PathBuf;

/// Why an image could not be brought in or read.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    #[error(transparent)]
    Reference(#[from] BadReference),
    #[error(transparent)]
    Change(#[from] BadChange),
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error("read {what}")]
    Parse {
        what: &'static str,
        #[source]
        source: serde_json::Error,
    },
    #[error("{what} names a bad digest")]
    Digest {
        what: &'static str,
        #[source]
        source: BadDigest,
    },
    #[error("{what} is {found} bytes long, more than the {limit} that are taken")]
    TooBig { what: &'static str, found: u64, limit: u64 },
    #[error("the manifest is no image: {what}")]
    NotAnImage { what: String },
    #[error("no image for {wanted} in the index; it has {available}")]
    NoPlatform { wanted: Platform, available: String },
    #[error("the manifest names {layers} layers, its config {diff_ids}")]
    LayerCount { layers: usize, diff_ids: usize },
    #[error("{}: {what}", path.display())]
    Archive { path: PathBuf, what: String },
    #[error("read the archive {}", path.display())]
    Tar {
        path: PathBuf,
        #[source]
        source: TarError,
    },
    #[error("open {}", path.display())]
    Open {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("read {}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("registry {host} cannot be reached: {cause}")]
    Unreachable { host: String, cause: String },
    #[error("registry {host} speaks plain HTTP, not HTTPS")]
    PlainHttp { host: String },
    #[error("the TLS certificate of registry {host} is not accepted: {cause}")]
    Certificate { host: String, cause: String },
    #[error("registry {host} refuses access to {name}: {cause}")]
    Denied { host: String, name: String, cause: String },
    #[error("registry {host} has no {name}")]
    NoSuch { host: String, name: String },
    #[error("registry {host} answers to the request for {name}: {cause}")]
    Registry { host: String, name: String, cause: String },
    #[error("make the client for registry {host}: {cause}")]
    Client { host: String, cause: String },
}

impl ImageError {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Unreachable { host, .. } => {
                format!("check that {host} is running and can be reached from here (`curl https://{host}/v2/`), then try again")
            }
            Self::PlainHttp { .. } => "add --tls-verify=false if you trust the network on the way to it".to_owned(),
            Self::Certificate { .. } => "install the registry's CA certificate, or add --tls-verify=false".to_owned(),
            Self::Denied { .. } => {
                "check the spelling: private and missing images look the same to who is not logged in".to_owned()
            }
            Self::NoSuch { .. } => "check the spelling of repository and tag".to_owned(),
            Self::NoPlatform { .. } => "choose one of these with --platform OS/ARCH".to_owned(),
            Self::Storage(error) if error.is_disk_full() => {
                "free some space, for example with `coracle rmi` of images that are not needed".to_owned()
            }
            _ => return None,
        })
    }
}
