//! The nouns: plain types with no input or output, shared by every layer.

pub mod capability;
pub mod container;
pub mod digest;
pub mod filesystem;
pub mod health;
pub mod id;
pub mod image;
pub mod isolation;
pub mod limits;
pub mod mount;
pub mod pidref;
pub mod relations;
pub mod security;
pub mod settings;
pub mod signal;
pub mod status;
pub mod supervision;
pub mod volume;

pub use capability::CapSet;
pub use container::{ContainerConfig, LogDriver, NetworkMode};
pub use digest::{DiffId, Digest};
pub use filesystem::{Filesystem, ImageVolumes, Rootfs};
pub use health::{Health, HealthLog, HealthOutcome, HealthRecord, HealthRequest, HealthStatus, OnFailure, Probe, Startup};
pub use id::ContainerId;
pub use image::{ImageId, ImageRecord};
pub use isolation::Isolation;
pub use limits::Limits;
pub use mount::{Mount, Origin};
pub use pidref::PidRef;
pub use relations::Relations;
pub use security::{Device, Rights, Seccomp, Security};
pub use settings::{AddedHost, BaseHosts, Init, Names, SecretUse, Settings, Ulimit};
pub use status::{ExitRecord, RunRecord, Status};
pub use supervision::{LogOptions, RestartPolicy, SdNotify, Supervision};
pub use volume::{Backing, Volume};
