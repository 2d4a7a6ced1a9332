//! How a container is tied to others and to its caller.

use super::ContainerId;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Dependencies and the like, as asked for. A field that an older row does not have gets its default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Relations {
    /// Containers that are started before this one, and that are not removed while it is there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub requires: Vec<ContainerId>,
    /// The file that the id was written to; absolute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cidfile: Option<PathBuf>,
}
