//! Which namespaces a container has of its own, and who it is in them.

use serde::{Deserialize, Serialize};

/// Namespaces and ids, as asked for. A field that an older row does not have gets its default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Isolation {}
