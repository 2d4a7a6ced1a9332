//! A container's configuration: what the user asked, merged with the image, fixed at `create`.

use super::{
    ContainerId, Filesystem, ImageId, Isolation, Limits, Mount, NetworkMode, Ports, Relations, Security, Settings, Supervision,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where the container's output goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogDriver {
    /// `ctr.log` in the Kubernetes CRI format: time, stream, `F` or `P`, text.
    K8sFile,
    /// The same under the name that Docker's users write: Podman has no other JSON log.
    JsonFile,
    /// Entries of systemd's journal.
    Journald,
    None,
    /// The program has the caller's own standard streams, none of which may be a terminal.
    Passthrough,
    /// The same, with a terminal allowed.
    PassthroughTty,
}

impl LogDriver {
    /// Returns the word that `--log-driver` takes.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::K8sFile => "k8s-file",
            Self::JsonFile => "json-file",
            Self::Journald => "journald",
            Self::None => "none",
            Self::Passthrough => "passthrough",
            Self::PassthroughTty => "passthrough-tty",
        }
    }

    /// Tells whether the log is a file of the monitor's.
    #[must_use]
    pub fn is_file(self) -> bool {
        matches!(self, Self::K8sFile | Self::JsonFile)
    }

    /// Tells whether the output goes past the monitor.
    #[must_use]
    pub fn is_passthrough(self) -> bool {
        matches!(self, Self::Passthrough | Self::PassthroughTty)
    }
}

/// Everything that is fixed when a container is made. Stored as JSON in its row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerConfig {
    pub id: ContainerId,
    pub name: String,
    pub image: ImageId,
    /// The reference that the user named, made full.
    pub image_name: String,
    /// Nanoseconds since the epoch.
    pub created_at: i64,
    /// The program and its arguments: entrypoint, then command.
    pub argv: Vec<String>,
    /// `--entrypoint` or the image's; for inspect.
    pub entrypoint: Vec<String>,
    /// The command of the user or the image; for inspect.
    pub command: Vec<String>,
    /// `NAME=value`, complete.
    pub env: Vec<String>,
    pub workdir: String,
    /// The image names it, so it is made where it is missing; one that the user names has to be there.
    pub make_workdir: bool,
    /// As given by `-u` or the image: `user[:group]`, names or numbers; empty for root.
    pub user: String,
    pub hostname: String,
    pub tty: bool,
    pub stdin_open: bool,
    pub labels: BTreeMap<String, String>,
    pub mounts: Vec<Mount>,
    pub network: NetworkMode,
    #[serde(default)]
    pub ports: Ports,
    pub auto_remove: bool,
    /// A signal number.
    pub stop_signal: i32,
    /// Seconds that `stop` waits before it kills.
    pub stop_timeout: u32,
    pub log_driver: LogDriver,
    #[serde(default)]
    pub filesystem: Filesystem,
    #[serde(default)]
    pub isolation: Isolation,
    #[serde(default)]
    pub limits: Limits,
    #[serde(default)]
    pub security: Security,
    #[serde(default)]
    pub settings: Settings,
    #[serde(default)]
    pub supervision: Supervision,
    #[serde(default)]
    pub relations: Relations,
    /// The full command line that made the container; for inspect.
    pub create_command: Vec<String>,
}
