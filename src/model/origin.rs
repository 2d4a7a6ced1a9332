//! Where images and layers came from.

use super::{DiffId, Digest, ImageId};

/// What a name led to when it was pulled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRecord {
    /// A full name, as the store keeps it.
    pub name: String,
    pub image: ImageId,
    /// Of the manifest or index that the registry has under the name.
    pub digest: Digest,
    /// That was asked for, `os/arch[/variant]`.
    pub platform: String,
}

/// How a layer's blob is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlobCompression {
    None,
    Gzip,
    Zstd,
}

impl BlobCompression {
    /// The word in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    /// Reads the word in the database.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::None, Self::Gzip, Self::Zstd].into_iter().find(|known| known.name() == name)
    }
}

/// A blob that unpacks to a layer, and a repository that has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerBlob {
    pub diff_id: DiffId,
    pub digest: Digest,
    /// Bytes, compressed.
    pub size: u64,
    pub compression: BlobCompression,
    pub registry: String,
    pub repository: String,
}
