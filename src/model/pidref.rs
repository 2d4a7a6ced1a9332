//! A process, named so that a reused pid is not taken for it.

use serde::{Deserialize, Serialize};

/// A process by pid and start time; the pair is unique within one boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PidRef {
    /// The pid in the host's pid namespace (the one coracle runs in).
    pub pid: i32,
    /// Field 22 of `/proc/<pid>/stat`: clock ticks after boot.
    pub start: u64,
}
