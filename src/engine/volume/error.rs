//! What can go wrong with a volume.

use crate::engine::Kind;
use crate::storage::StorageError;

/// A failed use case of a volume.
#[derive(Debug, thiserror::Error)]
pub enum VolumeError {
    #[error("no volume with name {name:?} found: no such volume")]
    NoSuch { name: String },
    #[error("volume with name {name} already exists: volume already exists")]
    Exists { name: String },
    #[error("volume {name} is being used by the following container(s): {containers}: volume is being used")]
    InUse { name: String, containers: String },
    #[error("the volume name prefix {prefix:?} is ambiguous: more than one volume begins with it (give more letters)")]
    Ambiguous { prefix: String },
    #[error("the volume name {name:?} is not valid: names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*: invalid argument")]
    Name { name: String },
    #[error("the volume driver {driver:?} is not supported (local is)")]
    Driver { driver: String },
    #[error("the volume option {option:?} is not supported: {why}")]
    Option { option: String, why: String },
    #[error("{name:?} is not a filter of volumes: use {known}")]
    Filter { name: String, known: &'static str },
    #[error("volume {name} is in memory and mounted by the running container {container}: it can be mounted by one at a time")]
    MemoryInUse { name: String, container: String },
    #[error("the files of volume {name} are in the memory of the container that mounts it, and nowhere else")]
    InMemory { name: String },
    #[error(
        "mount on {target}: it is yours, and you have no id in the container (use --userns=keep-id, or none of nomap and auto)"
    )]
    CallerNotMapped { target: String },
    #[error("{action} volume {name}")]
    Transfer {
        action: &'static str,
        name: String,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("volume {name} has its files in {device}, which cannot be used")]
    Device {
        name: String,
        device: String,
        #[source]
        source: std::io::Error,
    },
    #[error("give volume {name} to uid {uid} and gid {gid}: it takes ids that are yours in /etc/subuid and /etc/subgid")]
    Owner {
        name: String,
        uid: u32,
        gid: u32,
        #[source]
        source: Box<StorageError>,
    },
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl VolumeError {
    /// The kind of the failure.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::NoSuch { .. } => Kind::NoSuch,
            Self::Exists { .. } => Kind::Exists,
            Self::InUse { .. } | Self::MemoryInUse { .. } => Kind::InUse,
            Self::Ambiguous { .. } | Self::Name { .. } | Self::Filter { .. } => Kind::Invalid,
            Self::Driver { .. } | Self::Option { .. } | Self::InMemory { .. } | Self::CallerNotMapped { .. } => Kind::Unsupported,
            Self::Device { .. } | Self::Owner { .. } | Self::Transfer { .. } | Self::Storage(_) => Kind::Internal,
        }
    }

    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::InUse { name, .. } => {
                Some(format!("remove the containers first, or both at once: `coracle volume rm -f {name}`"))
            }
            Self::Device { .. } => Some("make the folder, or remove the volume and make it anew with another device=".to_owned()),
            _ => None,
        }
    }
}
