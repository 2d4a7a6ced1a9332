//! What a container's process begins with.

use serde::{Deserialize, Serialize};

/// Limits, kernel settings, names and secrets, as asked for. A field that an older row does not have gets its default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {}
