//! What a container is doing, and the two files that say so.

use super::PidRef;
use serde::{Deserialize, Serialize};
use std::fmt;

/// `containers/<id>/run.json`: written by the monitor-to-be before it becomes the monitor; removed with the container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRecord {
    /// `/proc/sys/kernel/random/boot_id`; a record of another boot speaks of the dead.
    pub boot: String,
    pub monitor: PidRef,
    pub init: PidRef,
    /// Nanoseconds since the epoch.
    pub started_at: i64,
    /// The container's own cgroup below the cgroup v2 root, where one was made.
    pub cgroup: Option<String>,
    /// The id of its mount namespace (Linux 6.11), where its processes do not end with init because it shares the pid namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<u64>,
    /// How often the monitor has started it again since somebody started it.
    #[serde(default)]
    pub restarts: u32,
}

/// `containers/<id>/exit.json`: written by the monitor when init has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitRecord {
    /// As the shell counts: 0–255, 128+n for signal n.
    pub code: i32,
    /// Nanoseconds since the epoch.
    pub started_at: i64,
    /// Nanoseconds since the epoch.
    pub finished_at: i64,
    #[serde(default)]
    pub oom_killed: bool,
    /// How often the monitor has started it again, a start that is due included.
    #[serde(default)]
    pub restarts: u32,
    /// The monitor that is about to start it again.
    #[serde(default)]
    pub restarting: Option<PidRef>,
}

/// A container's state, with Podman's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Never started.
    Created,
    Running,
    Paused,
    /// Init has ended; the code is in the exit record.
    Exited,
    /// A command is removing it, or was killed while it did.
    Removing,
}

impl Status {
    /// Tells whether processes of the container live.
    #[must_use]
    pub fn is_alive(self) -> bool {
        matches!(self, Self::Running | Self::Paused)
    }

    /// Returns Podman's word for the state.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Exited => "exited",
            Self::Removing => "removing",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
