//! How a container is tied to others and to its caller.

use serde::{Deserialize, Serialize};

/// Dependencies and the like, as asked for. A field that an older row does not have gets its default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Relations {}
