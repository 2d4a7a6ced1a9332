//! The container's cgroup (v2): where it comes from, what it bounds, what it tells.
//!
//! Where the caller's own cgroup was delegated to the user (a systemd user unit, a container), each container gets a child of it.
//! Where it was not, systemd's user manager makes a scope (see `scope`), but only for a container with limits: the exchange with
//! it takes longer than all the rest of a start. Where there is neither, a container without limits is in its caller's cgroup
//! and nothing is said; a limit is an error, which tells what is missing.
//!
//! ```text
//! <cgroup v2 mount>/<the caller's own cgroup>/
//!   coracle-<short id>/        the container's processes, from their first instruction on (CLONE_INTO_CGROUP)
//!   coracle-callers/           the processes of the caller's own cgroup, where a limit made it necessary to move them
//! ```
//!
//! | file | subject |
//! |---|---|
//! | `home` | which of the places it is, and making it |
//! | `delegate` | the caller's own cgroup |
//! | `scope`, `dbus` | systemd |
//! | `enter` | joining a container's from elsewhere |
//! | `controllers` | which there are, and why one is not |
//! | `settings` | limits as what is written |
//! | `control` | ending, freezing, removing |
//! | `usage` | what is used |
//! | `devices` | rules for devices, which root of the machine can have kept |
//! | `ownership` | who may divide it further |
//! | `bundle`, `resources` | the place and the limits that a configuration of the runtime specification names |

pub mod bundle;
pub mod control;
mod controllers;
mod dbus;
pub mod delegate;
pub mod devices;
mod enter;
pub mod home;
pub mod ownership;
pub mod resources;
pub mod scope;
pub mod settings;
mod understand;
pub mod usage;

#[doc(hidden)]
pub use understand::understands;

pub use control::{freeze, is_frozen, kill, processes, remove, thaw};
pub use controllers::Lacking;
pub use dbus::BusError;
pub use delegate::{Cgroup, Delegation};
pub use enter::{ask_to_enter, open_to_enter};

use std::io;
use std::path::PathBuf;

/// What does not work with a container's cgroup.
#[derive(Debug, thiserror::Error)]
pub enum CgroupError {
    #[error("kill the processes of cgroup {}", path.display())]
    Kill {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("freeze or thaw cgroup {}", path.display())]
    Freeze {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("remove cgroup {}", path.display())]
    Remove {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("read the events of cgroup {}", path.display())]
    Events {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("make cgroup {}", path.display())]
    Make {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("move the processes of cgroup {} aside, so that it can be divided", path.display())]
    MoveAside {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{option}: write {value:?} to {file} of the container's cgroup{why}")]
    Set {
        option: &'static str,
        file: String,
        value: String,
        /// What the errno does not say; empty or a text in brackets.
        why: String,
        #[source]
        source: io::Error,
    },
    #[error("use {} as a block device", path.display())]
    Device {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{option}: {lacking}")]
    Lacking { option: &'static str, lacking: Lacking },
    #[error("enable the controllers {names} in {}", path.display())]
    Enable {
        names: String,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error(
        "{what} takes a cgroup of your own, and there is none: {own} is not yours, and systemd's user manager cannot be reached (log in \
         with a session of your own, as by ssh or `machinectl shell`, or start coracle where the cgroup is delegated: in a unit with \
         User= and Delegate=yes)"
    )]
    NoneOwned { what: &'static str, own: String },
    #[error(
        "{option} takes a cgroup that is delegated to you, and {own} is not (start coracle in a unit with Delegate=yes, or by `systemd-run --user --scope -p Delegate=yes`)"
    )]
    NotDelegated { option: &'static str, own: String },
    #[error("--cgroup-parent {}: it does not lie below {}, the cgroup of this process, or leads out of it (a container can only be put below; or name a slice of your systemd, as in limits.slice)", path.display(), own.display())]
    Outside { path: PathBuf, own: PathBuf },
    #[error("this machine has no cgroup v2 at /sys/fs/cgroup, which limits take")]
    NoCgroups,
    #[error("systemd's user manager cannot be reached")]
    NoManager,
    #[error("have systemd's user manager make {unit}")]
    Scope {
        unit: String,
        #[source]
        source: BusError,
    },
    #[error("have systemd's user manager put this process into {unit}")]
    Join {
        unit: String,
        #[source]
        source: BusError,
    },
    #[error("systemd's user manager could not make {unit}: {result}")]
    ScopeFailed { unit: String, result: String },
    #[error("--memory: the container uses {used} bytes now, which is more than {wanted}")]
    InUse { used: u64, wanted: u64 },
    #[error("enter cgroup {}: it is not below the user's systemd, and this process cannot be moved there", path.display())]
    NoUnit { path: PathBuf },
    #[error("cgroup {} still has processes after {milliseconds} ms", path.display())]
    Populated { path: PathBuf, milliseconds: u128 },
    #[error("config.json: {field}: {why}")]
    NotHere { field: String, why: &'static str },
    #[error("cgroup {} is not frozen after {milliseconds} ms", path.display())]
    NotFrozen { path: PathBuf, milliseconds: u128 },
}
