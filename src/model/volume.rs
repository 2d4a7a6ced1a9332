//! Volumes: folders of the store that outlive containers.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A volume, as it was made. A field that an older row does not have gets its default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Volume {
    pub name: String,
    /// Nanoseconds since the epoch.
    pub created_at: i64,
    pub labels: BTreeMap<String, String>,
    /// `-o`, as given: `type`, `device`, `o`.
    pub options: BTreeMap<String, String>,
    /// The owner that was asked for, as an id of the container's.
    pub uid: Option<u32>,
    pub gid: Option<u32>,
    /// Made for one container, and removed with it.
    pub anonymous: bool,
}

impl Volume {
    /// The words of the option `o`, those about owners left out.
    pub fn mount_options(&self) -> impl Iterator<Item = &str> {
        let words = self.options.get("o").map(String::as_str).unwrap_or_default().split(',');
        words.filter(|word| !word.is_empty())
    }

    /// What the volume is: a folder of the store, or something that is mounted in its place.
    #[must_use]
    pub fn backing(&self) -> Backing<'_> {
        let device = self.options.get("device").map(String::as_str).unwrap_or_default();
        match self.options.get("type").map(String::as_str) {
            Some("tmpfs") => Backing::Tmpfs,
            Some("bind" | "none" | "") | None if !device.is_empty() => Backing::Folder(device),
            _ => Backing::Store,
        }
    }
}

/// What the files of a volume lie on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backing<'a> {
    /// `volumes/<name>/_data`.
    Store,
    /// A folder of the host.
    Folder(&'a str),
    /// Memory; empty at each start of a container.
    Tmpfs,
}
