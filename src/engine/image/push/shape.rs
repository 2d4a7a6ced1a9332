//! What the pushed manifest looks like.

use super::{ImagePush, ManifestFormat};
use crate::image::manifest::{DOCKER_CONFIG, DOCKER_LAYER, DOCKER_MANIFEST, MAX_DOCUMENT, OCI_CONFIG, OCI_LAYER, OCI_MANIFEST};
use crate::image::{Descriptor, ImageError, Manifest};
use crate::model::{BlobCompression, LayerBlob};

/// The kind of manifest, and which blobs may be in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape<'a> {
    pub(super) stored: &'a Manifest,
    format: ManifestFormat,
    /// Every layer has this compression; nothing: any that the format knows.
    only: Option<BlobCompression>,
}

impl<'a> Shape<'a> {
    /// Works out the shape from what is asked for and what is stored.
    pub(super) fn of(request: &ImagePush<'_>, stored: &'a Manifest) -> Result<Self, ImageError> {
        let only = request.encoding.map(|encoding| encoding.compression);
        let format = match (request.format, only) {
            (Some(ManifestFormat::Docker), Some(BlobCompression::Zstd)) => return Err(ImageError::ZstdInDocker),
            (Some(format), _) => format,
            (None, Some(BlobCompression::Zstd)) => ManifestFormat::Oci,
            (None, _) if is_docker(stored) => ManifestFormat::Docker,
            (None, _) => ManifestFormat::Oci,
        };
        Ok(Self { stored, format, only })
    }

    /// Tells whether a blob may stand in the manifest.
    pub(super) fn takes(&self, compression: BlobCompression) -> bool {
        let known = self.format == ManifestFormat::Oci || compression != BlobCompression::Zstd;
        known && self.only.is_none_or(|only| only == compression)
    }

    /// How a layer that has to be sent is compressed. `stored`: what the stored manifest says of it.
    pub(super) fn compression_of(&self, stored: Option<&Descriptor>) -> BlobCompression {
        let was_zstd = stored.is_some_and(|layer| layer.media_type.ends_with("zstd"));
        match self.only {
            Some(only) => only,
            None if was_zstd && self.format == ManifestFormat::Oci => BlobCompression::Zstd,
            None => BlobCompression::Gzip,
        }
    }

    /// Returns media type and bytes of the manifest: the stored one where every blob is the same.
    pub(super) fn manifest(
        &self,
        stored_bytes: &[u8],
        blobs: &[LayerBlob],
        config_size: u64,
    ) -> Result<(&'static str, Vec<u8>), ImageError> {
        let stored = self.stored;
        let (media_type, config_type) = match self.format {
            ManifestFormat::Oci => (OCI_MANIFEST, OCI_CONFIG),
            ManifestFormat::Docker => (DOCKER_MANIFEST, DOCKER_CONFIG),
        };
        let same_format = is_docker(stored) == (self.format == ManifestFormat::Docker);
        let same_blobs = stored.layers.len() == blobs.len()
            && stored.layers.iter().zip(blobs).all(|(layer, blob)| layer.digest == blob.digest && layer.size == blob.size);
        if same_format && same_blobs {
            return Ok((media_type, stored_bytes.to_vec()));
        }
        let layer = |(at, blob): (usize, &LayerBlob)| {
            let mut descriptor = Descriptor::new(&layer_type(self.format, blob.compression), blob.digest.clone(), blob.size);
            // What is said of a blob does not hold for another one.
            let before = stored.layers.get(at).filter(|before| before.digest == blob.digest);
            descriptor.annotations = before.and_then(|before| before.annotations.clone()).filter(|_| self.is_oci());
            descriptor
        };
        let manifest = Manifest {
            schema_version: 2,
            media_type: Some(media_type.to_owned()),
            config: Descriptor::new(config_type, stored.config.digest.clone(), config_size),
            layers: blobs.iter().enumerate().map(layer).collect(),
            annotations: stored.annotations.clone().filter(|_| self.is_oci()),
        };
        let what = "the manifest";
        let bytes = serde_json::to_vec(&manifest).map_err(|source| ImageError::Parse { what, source })?;
        let found = bytes.len() as u64;
        if found > MAX_DOCUMENT { Err(ImageError::TooBig { what, found, limit: MAX_DOCUMENT }) } else { Ok((media_type, bytes)) }
    }

    fn is_oci(&self) -> bool {
        self.format == ManifestFormat::Oci
    }
}

/// The media type of a layer in a manifest of one kind.
pub(in crate::engine::image) fn layer_type(format: ManifestFormat, compression: BlobCompression) -> String {
    let (base, dot) = if format == ManifestFormat::Oci { (OCI_LAYER, "+") } else { (DOCKER_LAYER, ".") };
    match compression {
        BlobCompression::None => base.to_owned(),
        other => format!("{base}{dot}{}", other.name()),
    }
}

/// Old Docker manifests say what they are; what says nothing is told by its config.
pub(super) fn is_docker(manifest: &Manifest) -> bool {
    match manifest.media_type.as_deref() {
        Some(kind) => kind == DOCKER_MANIFEST,
        None => manifest.config.media_type == DOCKER_CONFIG,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DiffId, Digest};

    fn digest(digit: char) -> Digest {
        Digest::parse(&format!("sha256:{}", digit.to_string().repeat(64))).unwrap()
    }

    fn stored(media_type: &str) -> Manifest {
        Manifest {
            schema_version: 2,
            media_type: Some(media_type.to_owned()),
            config: Descriptor::new(OCI_CONFIG, digest('c'), 10),
            layers: vec![Descriptor::new(&format!("{OCI_LAYER}+zstd"), digest('1'), 5)],
            annotations: None,
        }
    }

    fn blob(name: char, compression: BlobCompression) -> LayerBlob {
        let (registry, repository) = ("r.io".to_owned(), "a".to_owned());
        LayerBlob { diff_id: DiffId::new(digest('d')), digest: digest(name), size: 5, compression, registry, repository }
    }

    #[test]
    fn the_stored_manifest_is_kept_where_every_blob_is_the_same() {
        let stored = stored(OCI_MANIFEST);
        let any = Shape { stored: &stored, format: ManifestFormat::Oci, only: None };
        let zstd = blob('1', BlobCompression::Zstd);
        assert_eq!(any.manifest(b"{ }", &[zstd], 10).unwrap(), (OCI_MANIFEST, b"{ }".to_vec()));
        let (_, other) = any.manifest(b"{ }", &[blob('2', BlobCompression::Gzip)], 10).unwrap();
        let text = String::from_utf8(other).unwrap();
        assert!(text.contains("layer.v1.tar+gzip") && text.contains(&"2".repeat(64)), "{text}");
        let docker = Shape { stored: &stored, format: ManifestFormat::Docker, only: None };
        let (kind, bytes) = docker.manifest(b"{ }", &[blob('1', BlobCompression::Gzip)], 10).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(kind == DOCKER_MANIFEST && text.contains("diff.tar.gzip") && text.contains(DOCKER_CONFIG), "{text}");
    }

    #[test]
    fn compressions_fit_the_format() {
        let stored = stored(OCI_MANIFEST);
        let any = Shape { stored: &stored, format: ManifestFormat::Oci, only: None };
        let docker = Shape { stored: &stored, format: ManifestFormat::Docker, only: None };
        let gzip = Shape { stored: &stored, format: ManifestFormat::Oci, only: Some(BlobCompression::Gzip) };
        let layer = &stored.layers[0];
        for (shape, zstd, none, sends) in [
            (any, true, true, BlobCompression::Zstd),
            (docker, false, true, BlobCompression::Gzip),
            (gzip, false, false, BlobCompression::Gzip),
        ] {
            assert_eq!((shape.takes(BlobCompression::Zstd), shape.takes(BlobCompression::None)), (zstd, none), "{shape:?}");
            assert_eq!(shape.compression_of(Some(layer)), sends, "{shape:?}");
        }
    }
}
