//! Digests: of blobs as they travel (`Digest`) and of layers as uncompressed tars (`DiffId`). They never mix.

use super::id::is_lower_hex;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A text that is no digest that we take.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not a digest (sha256: and 64 lower-case hexadecimal digits)")]
pub struct BadDigest(String);

/// The digest of a blob, `sha256:` and 64 lower-case hexadecimal digits (image-spec descriptor.md "Digests").
///
/// Only sha256 is taken; every path and URL is built from a value of this type, never from the text of a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(String);

/// The digest of a layer's uncompressed tar (image-spec config.md "Layer DiffID"); the name of a layer in the store.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DiffId(Digest);

impl Digest {
    /// Makes the digest whose 32 bytes are given.
    #[must_use]
    pub fn from_sha256(bytes: &[u8]) -> Self {
        Self(super::id::hex(bytes))
    }

    /// Parses `sha256:<64 hex digits>`.
    ///
    /// # Errors
    /// Another algorithm, upper-case digits, another length.
    pub fn parse(text: &str) -> Result<Self, BadDigest> {
        match text.strip_prefix("sha256:") {
            Some(hex) if hex.len() == 64 && is_lower_hex(hex) => Ok(Self(hex.to_owned())),
            _ => Err(BadDigest(text.chars().take(128).collect())),
        }
    }

    /// Returns the 64 digits alone: the name of the file.
    #[must_use]
    pub fn hex(&self) -> &str {
        &self.0
    }

    /// Returns the first twelve digits.
    #[must_use]
    pub fn short(&self) -> &str {
        &self.0[..12]
    }
}

impl DiffId {
    /// Wraps the digest of an uncompressed layer.
    #[must_use]
    pub fn new(digest: Digest) -> Self {
        Self(digest)
    }

    /// Returns the digest itself.
    #[must_use]
    pub fn digest(&self) -> &Digest {
        &self.0
    }

    /// Returns the 64 digits alone: the name of the layer's folder.
    #[must_use]
    pub fn hex(&self) -> &str {
        self.0.hex()
    }
}

impl TryFrom<String> for Digest {
    type Error = BadDigest;

    fn try_from(text: String) -> Result<Self, BadDigest> {
        Self::parse(&text)
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.0)
    }
}

impl fmt::Display for DiffId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_lower_case_sha256_is_taken() {
        let hex = "0123456789abcdef".repeat(4);
        assert_eq!(Digest::parse(&format!("sha256:{hex}")).expect("good").to_string(), format!("sha256:{hex}"));
        for bad in [
            "sha256:../../x".to_owned(),
            format!("sha512:{hex}"),
            format!("sha256:{}", hex.to_uppercase()),
            format!("sha256:{}", &hex[1..]),
            format!("sha256:{hex}/"),
            hex,
        ] {
            assert!(Digest::parse(&bad).is_err(), "{bad}");
        }
    }
}
