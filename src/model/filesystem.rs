//! What the container's file system is made of, beside its image.

use serde::{Deserialize, Serialize};

/// The root file system and the mounts, as asked for. A field that an older row does not have gets its default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filesystem {}
