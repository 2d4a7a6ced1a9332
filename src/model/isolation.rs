//! Which namespaces a container has of its own, and who it is in them.

use super::{ContainerId, IdMap};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Where a namespace of the container comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sharing {
    /// A new one for the container alone.
    #[default]
    Private,
    /// The caller's.
    Host,
    /// That of another container, which has to run when this one is started.
    Container(ContainerId),
    /// One that a path names: `/proc/<pid>/ns/<kind>` or a bind mount of it.
    Path(PathBuf),
}

impl Sharing {
    /// Whether the namespace is new.
    #[must_use]
    pub fn is_private(&self) -> bool {
        *self == Self::Private
    }

    /// The word that the option takes.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Private => "private".to_owned(),
            Self::Host => "host".to_owned(),
            Self::Container(id) => format!("container:{id}"),
            Self::Path(path) => format!("ns:{}", path.display()),
        }
    }
}

/// Who may join a new ipc namespace, and what it has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IpcKind {
    /// Other containers may join it.
    #[default]
    Shareable,
    /// Nobody may join it.
    Private,
    /// Nobody may join it, and there is no `/dev/shm`.
    None,
}

/// `--userns` as it was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UserNamespace {
    /// The session namespace: 0 is the caller, 1… the subordinate ids. Podman's `host`, too.
    #[default]
    Session,
    /// The same ids in a namespace of the container's own.
    Private,
    /// The caller's ids are the same inside, or those given here.
    KeepId { uid: Option<u32>, gid: Option<u32>, size: Option<u32> },
    /// The caller is not mapped.
    NoMap,
    /// A run of subordinate ids that no other such container has.
    Auto { size: Option<u32>, uids: Vec<MapEntry>, gids: Vec<MapEntry> },
    /// `--uidmap`, `--gidmap`.
    Map { uids: Vec<MapEntry>, gids: Vec<MapEntry> },
    /// All ids of these names in the files of subordinate ids.
    SubIds { user: String, group: String },
    /// That of another container.
    Container(ContainerId),
    /// That of a process: `/proc/<pid>/ns/user`.
    Path(PathBuf),
}

/// One `--uidmap` or `--gidmap`: `[flags]container-id:from-id[:count]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MapEntry {
    pub inside: u32,
    /// An id of S, or of the host where `of_host` is set.
    pub from: u32,
    pub count: u32,
    /// `@`: `from` is an id of the host.
    pub of_host: bool,
    /// `+`: added to what would be mapped without it.
    pub extends: bool,
    /// `u` or `g`: for this kind only, when the entries serve both.
    pub only_users: bool,
    pub only_groups: bool,
}

/// Namespaces and ids, as asked for. A field that an older row does not have gets its default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Isolation {
    pub userns: UserNamespace,
    /// `--userns` in the user's words, for inspect.
    pub userns_text: String,
    /// The map of the container's own user namespace, worked out when it was made; none for the session namespace.
    pub id_map: Option<IdMap>,
    pub pid: Sharing,
    pub ipc: Sharing,
    pub ipc_kind: IpcKind,
    pub uts: Sharing,
    pub cgroup: Sharing,
    /// Additional groups: names of the container's group file, or numbers.
    pub groups: Vec<String>,
    /// The caller's own additional groups stay.
    pub keep_groups: bool,
    /// The umask of the program; 0022 where none was asked for.
    pub umask: Option<u32>,
    pub accounts: Accounts,
}

/// What may be added to the container's passwd and group files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Accounts {
    /// `--passwd`: entries are made for a user and group that have none.
    pub complete: bool,
    /// `--passwd-entry`.
    pub passwd_entry: Option<String>,
    /// `--group-entry`.
    pub group_entry: Option<String>,
    /// Users that exist in the container as they do on the host.
    pub users: Vec<Account>,
}

impl Default for Accounts {
    fn default() -> Self {
        Self { complete: true, passwd_entry: None, group_entry: None, users: Vec::new() }
    }
}

/// A user who gets an entry in the container's files where the uid has none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub name: String,
    pub uid: u32,
    pub gid: u32,
    pub group: String,
    /// The field of the real name.
    pub gecos: String,
    pub home: String,
    pub shell: String,
}
