//! An image as the store knows it.

use super::{DiffId, Digest};
use serde::{Deserialize, Serialize};
use std::fmt;

/// An image's id: the digest of its config.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ImageId(Digest);

impl ImageId {
    /// Wraps the digest of an image config.
    #[must_use]
    pub fn new(config: Digest) -> Self {
        Self(config)
    }

    /// Returns the 64 digits, as `images --no-trunc` and inspect show them (without `sha256:`).
    #[must_use]
    pub fn hex(&self) -> &str {
        self.0.hex()
    }

    /// Returns the first twelve digits.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.short()
    }

    /// Returns the digest of the config blob.
    #[must_use]
    pub fn digest(&self) -> &Digest {
        &self.0
    }
}

impl fmt::Display for ImageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.hex())
    }
}

/// One row of the images table with its names.
#[derive(Clone, Debug)]
pub struct ImageRecord {
    pub id: ImageId,
    /// The digest of the manifest that was pulled or made; its bytes are in `blobs/`.
    pub manifest: Digest,
    /// Full references, `registry/repository:tag` or `registry/repository@digest`; empty for a dangling image.
    pub names: Vec<String>,
    /// When the image was made (its config says so), in nanoseconds since the epoch.
    pub created: i64,
    /// Bytes of all layers, unpacked.
    pub size: u64,
    /// Bottom first.
    pub layers: Vec<DiffId>,
    /// The image config, as its bytes are in `blobs/`.
    pub config: String,
}

impl ImageRecord {
    /// The first field of the document that marks a list of manifests.
    pub const LIST_MARK: &str = "coracle.list";

    /// Tells whether this is a list of manifests that was made here, and no image.
    #[must_use]
    pub fn is_list(&self) -> bool {
        let marked = self.config.strip_prefix("{\"").and_then(|rest| rest.strip_prefix(Self::LIST_MARK));
        self.layers.is_empty() && marked.is_some_and(|rest| rest.starts_with('"'))
    }
}
