//! What a container's process begins with.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Limits, kernel settings, names and secrets, as asked for. A field that an older row does not have gets its default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    pub ulimits: Vec<Ulimit>,
    /// The caller's own limits, nothing raised (`--ulimit host`).
    pub host_limits: bool,
    /// Kernel settings: names with dots, as in `net.ipv4.ip_forward`. A slash in a name stands for a dot in a file's name.
    pub sysctls: BTreeMap<String, String>,
    pub init: Init,
    /// -1000 to 1000.
    pub oom_score_adj: Option<i32>,
    /// A name below `/usr/share/zoneinfo`, or `local`; empty for what the image has.
    pub timezone: String,
}

/// A resource limit. `u64::MAX` is no limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ulimit {
    /// As in `ulimit` names: `nofile`.
    pub name: String,
    pub soft: u64,
    pub hard: u64,
}

/// What runs as process 1.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Init {
    /// The command itself.
    #[default]
    Command,
    /// A program of ours that passes signals on and reaps what is orphaned.
    Own,
    /// A program of the host that does so.
    Program(PathBuf),
}
