//! What a container's process begins with.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;
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
    pub annotations: BTreeMap<String, String>,
    pub names: Names,
    pub secrets: Vec<SecretUse>,
    /// Another OCI runtime than the built-in one.
    pub runtime: Option<OtherRuntime>,
}

/// An OCI runtime (`--runtime`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherRuntime {
    /// As it was named.
    pub name: String,
    /// Absolute.
    pub program: PathBuf,
    /// Words before its verb (`--runtime-flag`).
    pub flags: Vec<String>,
}

/// How a container finds others by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Names {
    /// Instead of the host's name servers; `dns_none` for no `resolv.conf` of ours at all.
    pub dns: Vec<IpAddr>,
    pub dns_none: bool,
    /// Instead of the host's search list; `.` alone for an empty one.
    pub dns_search: Vec<String>,
    /// Instead of the host's options.
    pub dns_options: Vec<String>,
    pub added_hosts: Vec<AddedHost>,
    /// The image's `/etc/hosts` stays as it is.
    pub no_hosts: bool,
    /// The image's `/etc/hostname` stays as it is.
    pub no_hostname: bool,
    pub base_hosts: BaseHosts,
    /// What `host.containers.internal` stands for.
    pub host: HostAddress,
}

/// The address under which a container finds its host by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum HostAddress {
    /// Where the container reaches it, if it does.
    #[default]
    Found,
    /// The name is left out.
    None,
    At(IpAddr),
}

/// A secret that a container is given. The data is in the container's folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretUse {
    pub name: String,
    pub id: String,
    /// Bytes.
    pub size: usize,
    /// A variable of the environment, not a file.
    pub is_variable: bool,
    /// The variable's name, or the file's below `/run/secrets` or from the root on; empty for the secret's own name.
    pub target: String,
    /// The owner of the file, in ids of the container.
    pub uid: u32,
    pub gid: u32,
    pub mode: u32,
}

/// Entries of `--add-host`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddedHost {
    pub names: Vec<String>,
    /// Nothing for the host itself (`host-gateway`).
    pub address: Option<IpAddr>,
}

/// What the container's `/etc/hosts` begins with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BaseHosts {
    /// The host's with the host's network, else nothing.
    #[default]
    Default,
    None,
    File(PathBuf),
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
