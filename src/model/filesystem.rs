//! What the container's file system is made of, beside its image and the mounts.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The root file system, as asked for. A field that an older row does not have gets its default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filesystem {
    /// `--read-only`: the root is.
    pub read_only: bool,
    /// With `read_only`, `/run`, `/tmp` and `/var/tmp` are in memory, and `/dev` and `/dev/shm` stay writable.
    pub read_only_tmpfs: bool,
    /// Bytes of `/dev/shm`; 0 means no limit, nothing the default.
    pub shm_size: Option<u64>,
    /// `--volumes-from`, as given.
    pub volumes_from: Vec<String>,
    /// What becomes of the image's `VOLUME`s.
    pub image_volumes: ImageVolumes,
    /// A folder in the place of an image.
    pub rootfs: Option<Rootfs>,
}

impl Default for Filesystem {
    fn default() -> Self {
        Self {
            read_only: false,
            read_only_tmpfs: true,
            shm_size: None,
            volumes_from: Vec::new(),
            image_volumes: ImageVolumes::default(),
            rootfs: None,
        }
    }
}

/// What becomes of a `VOLUME` of the image that nothing else is mounted on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ImageVolumes {
    /// An anonymous volume with the image's files.
    #[default]
    Bind,
    /// A file system in memory with the image's files.
    Tmpfs,
    /// Nothing: the path belongs to the container's writable layer.
    Ignore,
}

/// A folder of the host that is the container's root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rootfs {
    /// Absolute.
    pub path: PathBuf,
    /// `:O`: what the container writes goes to its own layer, not to the folder.
    pub overlay: bool,
}
