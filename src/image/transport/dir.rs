//! What skopeo and Podman call `dir:`: a folder with one manifest, and blobs that are called by their digests.

use super::{Archive, FoundImage, FoundLayer};
use crate::image::error::ImageError;
use crate::image::manifest::{self, Descriptor, Document, MAX_DOCUMENT};
use crate::storage::{StorageError, digest};

/// Tells whether manifest.json is a manifest itself, and not Docker's list of images.
pub(super) fn is_manifest(bytes: &[u8]) -> bool {
    bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{')
}

pub(super) fn find(archive: &Archive, bytes: &[u8]) -> Result<Vec<FoundImage>, ImageError> {
    let Document::Manifest(manifest) = manifest::parse(bytes)? else {
        return Err(archive.refuse("a dir: with several platforms (make one of a single platform, or an OCI layout)"));
    };
    let name = manifest.config.digest.hex();
    let config = archive.read_small(name, MAX_DOCUMENT)?;
    let config = config.ok_or_else(|| archive.refuse(format!("incomplete: the image config {name:?} is missing")))?;
    let (expected, found) = (manifest.config.digest.clone(), digest::of(&config));
    if found != expected {
        return Err(StorageError::WrongDigest { expected, found }.into());
    }
    let layer = |layer: &Descriptor| FoundLayer {
        member: layer.digest.hex().to_owned(),
        digest: Some(layer.digest.clone()),
        size: Some(layer.size),
    };
    let layers = manifest.layers.iter().map(layer).collect();
    Ok(vec![FoundImage { names: Vec::new(), config, manifest: Some(bytes.to_vec()), layers }])
}

#[cfg(test)]
mod tests {
    use super::is_manifest;

    #[test]
    fn a_list_is_no_manifest() {
        assert!(is_manifest(b" \n{\"schemaVersion\":2}"));
        assert!(!is_manifest(b"[{}]"));
        assert!(!is_manifest(b""));
    }
}
