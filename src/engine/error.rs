//! What can go wrong, in the kinds that users and scripts tell apart.

use super::container::ContainerError;
use super::container::attach::AttachError;
use super::image::RemoteError;
use super::network::NetworkError;
use super::volume::VolumeError;
use crate::config::paths::PathsError;
use crate::image::ImageError;
use crate::model::causes;
use crate::net::netd::ServeError;
use crate::secret::SecretError;
use crate::state::StateError;
use crate::storage::StorageError;
use crate::userns::session::SessionError;

/// The kind of a failure: what an exit code or an HTTP status is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Kind {
    NoSuch,
    Exists,
    InUse,
    Invalid,
    WrongState,
    Unsupported,
    Denied,
    /// The command inside the container cannot be executed (exit code 126).
    NotExecutable,
    /// The command inside the container does not exist (exit code 127).
    CommandNotFound,
    Internal,
}

/// A failed use case.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error(transparent)]
    Paths(#[from] PathsError),
    #[error(transparent)]
    State(#[from] StateError),
    #[error(transparent)]
    Container(#[from] ContainerError),
    #[error(transparent)]
    Oci(#[from] super::oci::OciError),
    #[error(transparent)]
    Volume(#[from] VolumeError),
    #[error(transparent)]
    Network(#[from] NetworkError),
    #[error(transparent)]
    Netd(#[from] ServeError),
    #[error(transparent)]
    Attach(#[from] AttachError),
    #[error(transparent)]
    Remote(#[from] RemoteError),
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error("read the journal of events in {}", path.display())]
    Journal {
        path: std::path::PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("delete {}", path.display())]
    Reset {
        path: std::path::PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("wait for a child process")]
    Wait { source: std::io::Error },
    #[error("no container with name or ID {name:?} found: no such container")]
    NoSuchContainer { name: String },
    #[error("{what} ID prefix {prefix:?} is ambiguous: more than one {what} begins with it (give more digits)")]
    Ambiguous { what: &'static str, prefix: String },
    #[error("{name}: image not known")]
    NoSuchImage { name: String },
    #[error(transparent)]
    Image(#[from] ImageError),
    #[error("the short name {name:?} fits more than one image (write it with its registry)")]
    AmbiguousImage { name: String },
    #[error("{name:?} has a digest: an image cannot be given a name with one (leave out what is after the @)")]
    TagWithDigest { name: String },
    #[error("image {image} is in use by container {containers}")]
    ImageInUse { image: String, containers: String },
    #[error("image {image} is mounted in a `coracle unshare` session (process {pid})")]
    ImageMounted { image: String, pid: i32 },
    #[error("image {image} has no layers, and so no files")]
    NoLayers { image: String },
    #[error("image {image} has several names: {names}")]
    ImageHasNames { image: String, names: String },
    #[error("{name}: it is an image, and not a manifest list")]
    NotAList { name: String },
    #[error("{name} is a manifest list: push it with `coracle manifest push`")]
    IsAList { name: String },
    #[error("the name {name} is taken by image {image}")]
    ImageNameTaken { name: String, image: String },
    #[error("manifest list {name} has no image {image}")]
    NotInList { name: String, image: String },
    #[error("manifest list {name} has no image for {platform} that is in the store")]
    NoInstance { name: String, platform: String },
    #[error("image {digest} of manifest list {name} is no longer in the store")]
    EntryNowhere { name: String, digest: String },
    #[error(
        "image {digest} is copied from {source_name} as it is, without --compression-format (pull it, and add it from the store)"
    )]
    EntryAsItIs { digest: String, source_name: String },
    #[error("write {what}")]
    Save {
        what: String,
        #[source]
        source: std::io::Error,
    },
    #[error("the part {what} has {found} bytes, {expected} were announced (remove the image and pull it again)")]
    SaveLength { what: String, expected: u64, found: u64 },
    /// A child's failure, with all its causes.
    #[error("{text}")]
    Reported { kind: Kind, text: String, hint: Option<String> },
    #[error("a process that works in the session namespace ended with code {code} and no answer")]
    NoAnswer { code: i32 },
}

impl EngineError {
    /// The kind of the failure.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::NoSuchContainer { .. }
            | Self::NoSuchImage { .. }
            | Self::NotInList { .. }
            | Self::NoInstance { .. }
            | Self::EntryNowhere { .. } => Kind::NoSuch,
            Self::Remote(RemoteError::BadEnd { .. }) => Kind::Invalid,
            Self::NoLayers { .. } | Self::NotAList { .. } | Self::IsAList { .. } | Self::EntryAsItIs { .. } => Kind::Invalid,
            Self::ImageNameTaken { .. } => Kind::Exists,
            Self::Ambiguous { .. } | Self::AmbiguousImage { .. } | Self::TagWithDigest { .. } => Kind::Invalid,
            Self::Image(error) => image_kind(error),
            Self::ImageInUse { .. } | Self::ImageMounted { .. } | Self::ImageHasNames { .. } => Kind::InUse,
            Self::State(StateError::NameInUse { .. }) => Kind::Exists,
            Self::Container(error) => error.kind(),
            Self::Oci(error) => error.kind(),
            Self::Secret(SecretError::NoSuch { .. }) => Kind::NoSuch,
            Self::Secret(SecretError::Exists { .. }) => Kind::Exists,
            Self::Secret(SecretError::File { .. }) => Kind::Internal,
            Self::Secret(_) => Kind::Invalid,
            Self::Volume(error) => error.kind(),
            Self::Network(error) => error.kind(),
            Self::State(StateError::AddressInUse { .. } | StateError::NoAddressLeft { .. }) => Kind::InUse,
            Self::Reported { kind, .. } => *kind,
            Self::Session(_) => Kind::Denied,
            Self::Journal { .. }
            | Self::Save { .. }
            | Self::SaveLength { .. }
            | Self::Reset { .. }
            | Self::Attach(_)
            | Self::Remote(_)
            | Self::Netd(_)
            | Self::Paths(_)
            | Self::State(_)
            | Self::Wait { .. }
            | Self::NoAnswer { .. } => Kind::Internal,
        }
    }

    /// Tells whether whoever read what we write has gone.
    #[must_use]
    pub fn is_reader_gone(&self) -> bool {
        causes(self)
            .filter_map(|error| error.downcast_ref())
            .any(|io: &std::io::Error| io.kind() == std::io::ErrorKind::BrokenPipe)
    }

    /// What the user can do about it, where the message does not say it itself.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::State(StateError::NameInUse { name, .. }) => {
                Some(format!("remove it with `coracle rm {name}`, or choose another --name"))
            }
            Self::State(StateError::AddressInUse { holder, .. }) => {
                Some(format!("stop it with `coracle stop {holder}`, or choose another address"))
            }
            Self::Secret(SecretError::Exists { name }) => {
                Some(format!("remove it with `coracle secret rm {name}`, or give --replace"))
            }
            Self::Secret(SecretError::NoSuch { .. }) => Some("list them with `coracle secret ls`".to_owned()),
            Self::Container(error) => error.hint(),
            Self::Volume(error) => error.hint(),
            Self::Network(error) => error.hint(),
            Self::Reported { hint, .. } => hint.clone(),
            Self::Image(error) => error.hint(),
            Self::ImageNameTaken { .. } => Some("choose another name, or use --amend to add to a list that is there".to_owned()),
            Self::NoInstance { .. } => Some("pull the image, and add it to the list".to_owned()),
            Self::EntryNowhere { name, digest } => {
                Some(format!("add it again, or take it out: `coracle manifest remove {name} {digest}`"))
            }
            Self::Remote(RemoteError::NoSsh) => Some("install OpenSSH's client".to_owned()),
            Self::Remote(RemoteError::Failed { host, .. }) => {
                Some(format!("try `ssh {host}`, and see that coracle or podman is installed there"))
            }
            Self::ImageMounted { image, .. } => {
                Some(format!("unmount it there with `coracle image unmount {image}`, or end the session"))
            }
            Self::ImageInUse { containers, .. } => Some(format!("remove the container first: `coracle rm {containers}`")),
            Self::ImageHasNames { image, .. } => {
                Some(format!("remove one name, or the image with all of them: `coracle rmi -f {image}`"))
            }
            _ => None,
        }
    }
}

impl From<StorageError> for EngineError {
    fn from(error: StorageError) -> Self {
        Self::Image(ImageError::Storage(error))
    }
}

fn image_kind(error: &ImageError) -> Kind {
    match error {
        ImageError::NoSuch { .. } => Kind::NoSuch,
        ImageError::Denied { .. } | ImageError::Policy { .. } | ImageError::Blocked { .. } => Kind::Denied,
        ImageError::NoSearch { .. } | ImageError::ShortName { .. } | ImageError::Config(_) => Kind::Invalid,
        ImageError::NotAnImage { .. } | ImageError::NoPlatform { .. } => Kind::Unsupported,
        ImageError::Transport(_)
        | ImageError::SeveralImages { .. }
        | ImageError::Reference(_)
        | ImageError::Change(_)
        | ImageError::Parse { .. }
        | ImageError::Archive { .. } => Kind::Invalid,
        // What all of several places say.
        ImageError::Nowhere { causes, .. } => {
            let mut kinds = causes.iter().map(image_kind);
            let first = kinds.next().unwrap_or(Kind::Internal);
            if kinds.all(|kind| kind == first) { first } else { Kind::Internal }
        }
        _ => Kind::Internal,
    }
}
