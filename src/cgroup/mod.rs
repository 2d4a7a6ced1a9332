//! The container's cgroup (v2).
//!
//! Where the caller's own cgroup was delegated to the user (a systemd user unit, a container), each container gets a child of it.
//! Where it was not, there is none, and nothing is said about it: only a limit or `pause` needs one.
//!
//! ```text
//! <cgroup v2 mount>/<the caller's own cgroup>/
//!   coracle-<short id>/        the container's processes, from their first instruction on (CLONE_INTO_CGROUP)
//! ```

pub mod control;
pub mod delegate;

pub use control::{freeze, kill, remove, thaw};
pub use delegate::{Cgroup, Delegation};

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
    #[error("cgroup {} still has processes after {milliseconds} ms", path.display())]
    Populated { path: PathBuf, milliseconds: u128 },
    #[error("cgroup {} is not frozen after {milliseconds} ms", path.display())]
    NotFrozen { path: PathBuf, milliseconds: u128 },
}
