//! Manifests and indexes (image-spec manifest.md, image-index.md) and Docker's of schema 2, which differ in names only.

use super::error::ImageError;
use super::platform::Platform;
use crate::model::Digest;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The longest manifest, index or image config that is taken; as large as registries and other tools allow.
pub const MAX_DOCUMENT: u64 = 4 << 20;

pub const OCI_MANIFEST: &str = oci_client::manifest::OCI_IMAGE_MEDIA_TYPE;
pub const OCI_INDEX: &str = oci_client::manifest::OCI_IMAGE_INDEX_MEDIA_TYPE;
pub const OCI_CONFIG: &str = oci_client::manifest::IMAGE_CONFIG_MEDIA_TYPE;
pub const OCI_LAYER: &str = oci_client::manifest::IMAGE_LAYER_MEDIA_TYPE;
/// A layer's tar as it is, uncompressed.
pub const DOCKER_LAYER: &str = oci_client::manifest::IMAGE_DOCKER_LAYER_TAR_MEDIA_TYPE;
pub const DOCKER_MANIFEST: &str = oci_client::manifest::IMAGE_MANIFEST_MEDIA_TYPE;
pub const DOCKER_LIST: &str = oci_client::manifest::IMAGE_MANIFEST_LIST_MEDIA_TYPE;
pub const DOCKER_CONFIG: &str = oci_client::manifest::IMAGE_DOCKER_CONFIG_MEDIA_TYPE;

/// A pointer to a blob. `urls` of foreign layers are not even read: nothing is fetched from where a manifest points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    #[serde(default)]
    pub media_type: String,
    pub digest: Digest,
    pub size: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
}

impl Descriptor {
    /// Makes a descriptor of nothing but type, digest and size.
    #[must_use]
    pub fn new(media_type: &str, digest: Digest, size: u64) -> Self {
        Self { media_type: media_type.to_owned(), digest, size, platform: None, annotations: None, artifact_type: None }
    }

    /// Returns an annotation that is not empty.
    #[must_use]
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.as_ref()?.get(key).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Tells whether this is a statement about an image in the same index, and no image (BuildKit attestations).
    fn is_attestation(&self) -> bool {
        self.annotation("vnd.docker.reference.type").is_some()
            || self.platform.as_ref().is_some_and(|platform| platform.os == "unknown" && platform.architecture == "unknown")
    }
}

/// A manifest of one image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    pub schema_version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    pub config: Descriptor,
    pub layers: Vec<Descriptor>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<BTreeMap<String, String>>,
}

/// An index of manifests.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Index {
    pub manifests: Vec<Descriptor>,
}

/// One of the two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Document {
    Manifest(Box<Manifest>),
    Index(Index),
}

/// The fields that tell what a document is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shape {
    schema_version: Option<u32>,
    media_type: Option<String>,
    manifests: Option<serde::de::IgnoredAny>,
    layers: Option<serde::de::IgnoredAny>,
    config: Option<serde::de::IgnoredAny>,
    fs_layers: Option<serde::de::IgnoredAny>,
}

/// Parses a manifest or an index; what could be both is refused (GHSA-77vh-xpmg-72qh).
///
/// # Errors
/// The document is too long, no JSON, neither of the two, or both.
pub fn parse(bytes: &[u8]) -> Result<Document, ImageError> {
    let found = bytes.len() as u64;
    if found > MAX_DOCUMENT {
        return Err(ImageError::TooBig { what: "the manifest", found, limit: MAX_DOCUMENT });
    }
    let shape: Shape = json("the manifest", bytes)?;
    let refuse = |what: &str| Err(ImageError::NotAnImage { what: what.to_owned() });
    if shape.schema_version == Some(1) || shape.fs_layers.is_some() {
        return refuse("it has Docker's schema 1, which registries gave up in 2020 (push it again with a current tool)");
    }
    let kind = shape.media_type.as_deref();
    let says_manifest = matches!(kind, Some(OCI_MANIFEST | DOCKER_MANIFEST));
    let says_index = matches!(kind, Some(OCI_INDEX | DOCKER_LIST));
    let has_image = shape.layers.is_some() || shape.config.is_some();
    match (shape.manifests.is_some(), has_image) {
        (true, true) => refuse("it is an index and a manifest at once"),
        (true, false) if says_manifest => refuse("it is an index that calls itself a manifest"),
        (false, true) if says_index => refuse("it is a manifest that calls itself an index"),
        (true, false) => Ok(Document::Index(json("the index", bytes)?)),
        (false, true) => {
            let manifest: Box<Manifest> = json("the manifest", bytes)?;
            match manifest.config.media_type.as_str() {
                OCI_CONFIG | DOCKER_CONFIG | "" => Ok(Document::Manifest(manifest)),
                other => refuse(&format!("its config is of type {:?} (an artifact that is not meant to run)", cut(other))),
            }
        }
        (false, false) => refuse("it names neither layers nor manifests"),
    }
}

/// Checks that a document is of the type that it was sent as: two clients that believe one or the other see two images (T41).
/// What is no type of a manifest says nothing; servers of files send those.
///
/// # Errors
/// It calls itself something else, or is something else.
pub(super) fn check_type(declared: &str, bytes: &[u8]) -> Result<(), ImageError> {
    let declared = declared.split(';').next().unwrap_or_default().trim();
    if ![OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_LIST].contains(&declared) {
        return Ok(());
    }
    let shape: Shape = json("the manifest", bytes)?;
    let fits = match shape.media_type.as_deref() {
        Some(own) if !own.is_empty() => own == declared,
        _ => shape.manifests.is_some() == matches!(declared, OCI_INDEX | DOCKER_LIST),
    };
    if fits {
        return Ok(());
    }
    let own =
        shape.media_type.map_or_else(|| "does not say what it is".to_owned(), |own| format!("calls itself {:?}", cut(&own)));
    Err(ImageError::NotAnImage { what: format!("it is sent as {declared:?} and {own}") })
}

impl Index {
    /// Chooses the image that serves `wanted` best; the first one of several that are as good.
    ///
    /// # Errors
    /// None does.
    pub fn choose(&self, wanted: &Platform) -> Result<&Descriptor, ImageError> {
        let offered = || self.manifests.iter().filter(|descriptor| !descriptor.is_attestation());
        offered()
            .filter_map(|descriptor| Some((wanted.distance(descriptor.platform.as_ref()?)?, descriptor)))
            .min_by_key(|(distance, _)| *distance)
            .map(|(_, descriptor)| descriptor)
            // Without platforms there is nothing to choose by; the config of the image tells.
            .or_else(|| offered().find(|descriptor| descriptor.platform.is_none()))
            .ok_or_else(|| {
                let mut available: Vec<_> = offered().filter_map(|d| Some(d.platform.as_ref()?.to_string())).collect();
                available.dedup();
                let available = if available.is_empty() { "no images".to_owned() } else { cut(&available.join(", ")) };
                ImageError::NoPlatform { wanted: wanted.clone(), available }
            })
    }

    /// Returns what is no attestation.
    pub fn images(&self) -> impl Iterator<Item = &Descriptor> {
        self.manifests.iter().filter(|descriptor| !descriptor.is_attestation())
    }
}

/// Parses a JSON document of an image.
pub(super) fn json<T: serde::de::DeserializeOwned>(what: &'static str, bytes: &[u8]) -> Result<T, ImageError> {
    serde_json::from_slice(bytes).map_err(|source| ImageError::Parse { what, source })
}

/// A text of an image, short enough for a message.
fn cut(text: &str) -> String {
    text.chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn descriptor(digit: &str, platform: Option<&str>) -> Descriptor {
        Descriptor {
            platform: platform.map(|text| Platform::parse(text).unwrap()),
            ..Descriptor::new(OCI_MANIFEST, Digest::parse(&format!("sha256:{}", digit.repeat(64))).unwrap(), 1)
        }
    }

    const CONFIG: &str = r#""config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:0000000000000000000000000000000000000000000000000000000000000000","size":2}"#;

    #[test]
    fn documents_are_told_apart_and_hybrids_refused() {
        let manifest = format!(r#"{{"schemaVersion":2,{CONFIG},"layers":[]}}"#);
        assert!(matches!(parse(manifest.as_bytes()), Ok(Document::Manifest(_))));
        assert!(matches!(parse(br#"{"schemaVersion":2,"manifests":[]}"#), Ok(Document::Index(_))));
        for bad in [
            "null".to_owned(),
            "{}".to_owned(),
            "[]".to_owned(),
            r#"{"schemaVersion":2,"manifests":null}"#.to_owned(),
            format!(r#"{{"schemaVersion":2,{CONFIG},"layers":[],"manifests":[]}}"#),
            format!(r#"{{"schemaVersion":2,"mediaType":"{OCI_INDEX}",{CONFIG},"layers":[]}}"#),
            format!(r#"{{"schemaVersion":2,"mediaType":"{DOCKER_MANIFEST}","manifests":[]}}"#),
            r#"{"schemaVersion":1,"fsLayers":[]}"#.to_owned(),
            manifest.replace(OCI_CONFIG, "application/vnd.example"),
            manifest.replace("sha256:", "sha256:../"),
            manifest.replace("\"size\":2", "\"size\":-2"),
        ] {
            assert!(parse(bad.as_bytes()).is_err(), "{bad}");
        }
        let long = vec![b' '; usize::try_from(MAX_DOCUMENT).unwrap() + 1];
        assert!(matches!(parse(&long), Err(ImageError::TooBig { .. })));
    }

    #[test]
    fn a_document_is_what_it_is_sent_as() {
        let index = br#"{"schemaVersion":2,"manifests":[]}"#;
        let named = format!(r#"{{"schemaVersion":2,"mediaType":"{DOCKER_MANIFEST}",{CONFIG},"layers":[]}}"#);
        for (declared, bytes, fine) in [
            (OCI_INDEX, &index[..], true),
            ("application/vnd.oci.image.index.v1+json; charset=utf-8", index, true),
            ("application/json", index, true),
            ("", index, true),
            (OCI_MANIFEST, index, false),
            (DOCKER_MANIFEST, named.as_bytes(), true),
            (OCI_MANIFEST, named.as_bytes(), false),
            (DOCKER_LIST, named.as_bytes(), false),
            (OCI_MANIFEST, b"null", false),
        ] {
            assert_eq!(check_type(declared, bytes).is_ok(), fine, "{declared}");
        }
    }

    #[test]
    fn the_nearest_platform_is_chosen() {
        let index = Index {
            manifests: vec![
                descriptor("0", Some("unknown/unknown")),
                descriptor("1", Some("linux/arm64/v8")),
                descriptor("2", Some("linux/amd64")),
                descriptor("3", Some("linux/amd64/v2")),
                descriptor("4", Some("linux/arm/v6")),
            ],
        };
        let choose =
            |text: &str| index.choose(&Platform::parse(text).unwrap()).map(|chosen| chosen.digest.short()[..1].to_owned());
        assert_eq!(choose("linux/amd64").unwrap(), "2");
        assert_eq!(choose("linux/amd64/v3").unwrap(), "3");
        assert_eq!(choose("linux/arm64").unwrap(), "1");
        assert_eq!(choose("linux/arm/v7").unwrap(), "4");
        let error = choose("linux/riscv64").unwrap_err().to_string();
        assert!(error.contains("linux/arm64/v8") && !error.contains("unknown"), "{error}");
    }
}
