//! The nouns: plain types with no input or output, shared by every layer.

pub mod capability;
pub mod container;
pub mod digest;
pub mod filesystem;
pub mod id;
pub mod image;
pub mod isolation;
pub mod limits;
pub mod origin;
pub mod pidref;
pub mod relations;
pub mod security;
pub mod settings;
pub mod signal;
pub mod status;
pub mod supervision;

pub use capability::CapSet;
pub use container::{BindMount, ContainerConfig, LogDriver, NetworkMode};
pub use digest::{DiffId, Digest};
pub use filesystem::Filesystem;
pub use id::ContainerId;
pub use image::{ImageId, ImageRecord};
pub use isolation::Isolation;
pub use limits::Limits;
pub use origin::{BlobCompression, LayerBlob, PullRecord};
pub use pidref::PidRef;
pub use relations::Relations;
pub use security::{Device, Rights, Seccomp, Security};
pub use settings::{Init, Settings, Ulimit};
pub use status::{ExitRecord, RunRecord, Status};
pub use supervision::Supervision;
