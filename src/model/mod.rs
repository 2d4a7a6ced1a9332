//! The nouns: plain types with no input or output, shared by every layer.

pub mod container;
pub mod digest;
pub mod id;
pub mod image;
pub mod pidref;
pub mod signal;
pub mod status;

pub use container::{BindMount, ContainerConfig, LogDriver, NetworkMode};
pub use digest::{DiffId, Digest};
pub use id::ContainerId;
pub use image::{ImageId, ImageRecord};
pub use pidref::PidRef;
pub use status::{ExitRecord, RunRecord, Status};
