//! What a container may do.

use serde::{Deserialize, Serialize};

/// Capabilities, filters, masks and devices, as asked for. A field that an older row does not have gets its default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Security {}
