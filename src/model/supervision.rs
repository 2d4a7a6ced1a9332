//! What the monitor does for a container beside waiting for it.

use serde::{Deserialize, Serialize};

/// Restarts, health checks, time limits and the log, as asked for. A field that an older row does not have gets its default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Supervision {}
