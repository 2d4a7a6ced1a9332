//! Lists of manifests that are made here: OCI's indexes (image-spec image-index.md) and Docker's manifest lists.

use super::error::ImageError;
use super::manifest::{self, DOCKER_LIST, DOCKER_MANIFEST, Document, OCI_INDEX};
use super::platform::Platform;
use crate::model::Digest;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A list with all that its entries say, as it is kept in the store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct List {
    #[serde(default)]
    pub manifests: Vec<Entry>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// Where the images are, by the digests of the entries. Nobody else gets to see it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sources: BTreeMap<Digest, Source>,
}

/// Where an image of a list is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Source {
    /// In the store, with this id. It has another manifest there when it was brought in once more in another form.
    Stored(Digest),
    /// In a repository, `host/path`.
    Repository(String),
}

/// An image of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    #[serde(default)]
    pub media_type: String,
    pub size: u64,
    pub digest: Digest,
    #[serde(default)]
    pub platform: EntryPlatform,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
}

/// What an image runs on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryPlatform {
    #[serde(default)]
    pub architecture: String,
    #[serde(default)]
    pub os: String,
    #[serde(rename = "os.version", default, skip_serializing_if = "String::is_empty")]
    pub os_version: String,
    #[serde(rename = "os.features", default, skip_serializing_if = "Vec::is_empty")]
    pub os_features: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// Of the processor; Docker's lists have them, and OCI keeps their place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<String>,
}

impl From<Platform> for EntryPlatform {
    fn from(platform: Platform) -> Self {
        let Platform { os, architecture, variant } = platform;
        Self { architecture, os, variant, ..Self::default() }
    }
}

impl EntryPlatform {
    /// The part that images are chosen by.
    #[must_use]
    pub fn platform(&self) -> Platform {
        Platform { os: self.os.clone(), architecture: self.architecture.clone(), variant: self.variant.clone() }
    }
}

/// The kind of list that others get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListFormat {
    Oci,
    Docker,
}

impl ListFormat {
    /// The media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Oci => OCI_INDEX,
            Self::Docker => DOCKER_LIST,
        }
    }
}

/// A list as others get it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Published<'a> {
    schema_version: u32,
    media_type: &'static str,
    manifests: &'a [Entry],
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: &'a BTreeMap<String, String>,
}

impl List {
    /// Reads a list, of the store or of a registry.
    ///
    /// # Errors
    /// It is none, or could be taken for something else, too.
    pub fn parse(bytes: &[u8]) -> Result<Self, ImageError> {
        match manifest::parse(bytes)? {
            Document::Index(_) => manifest::json("the list of manifests", bytes),
            Document::Manifest(_) => Err(ImageError::NotAList),
        }
    }

    /// The bytes that the store keeps.
    ///
    /// # Errors
    /// It is too long.
    pub fn stored(&self) -> Result<Vec<u8>, ImageError> {
        let mut value = serde_json::to_value(self).map_err(unwritable)?;
        value["schemaVersion"] = 2.into();
        bounded(serde_json::to_vec(&value).map_err(unwritable)?)
    }

    /// The bytes that others get.
    ///
    /// # Errors
    /// Docker's lists cannot say all of it, or it is too long.
    pub fn published(&self, format: ListFormat) -> Result<Vec<u8>, ImageError> {
        bounded(serde_json::to_vec(&self.as_published(format)?).map_err(unwritable)?)
    }

    /// The same for people to read.
    ///
    /// # Errors
    /// As `published`.
    pub fn shown(&self, format: ListFormat) -> Result<String, ImageError> {
        let mut text = Vec::new();
        let indent = serde_json::ser::PrettyFormatter::with_indent(b"    ");
        let mut writer = serde_json::Serializer::with_formatter(&mut text, indent);
        self.as_published(format)?.serialize(&mut writer).map_err(unwritable)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    fn as_published(&self, format: ListFormat) -> Result<Published<'_>, ImageError> {
        let has_annotations = !self.annotations.is_empty() || self.manifests.iter().any(|entry| !entry.annotations.is_empty());
        if format == ListFormat::Docker && has_annotations {
            return Err(ImageError::AnnotationsInDocker);
        }
        Ok(Published {
            schema_version: 2,
            media_type: format.media_type(),
            manifests: &self.manifests,
            annotations: &self.annotations,
        })
    }

    /// The kind that fits what is in it: Docker's for Docker's manifests alone, without annotations.
    #[must_use]
    pub fn usual_format(&self) -> ListFormat {
        let docker = |entry: &Entry| entry.media_type == DOCKER_MANIFEST && entry.annotations.is_empty();
        if self.annotations.is_empty() && !self.manifests.is_empty() && self.manifests.iter().all(docker) {
            ListFormat::Docker
        } else {
            ListFormat::Oci
        }
    }

    /// Puts an entry in; one of the same digest goes.
    pub fn put(&mut self, entry: Entry, source: Source) {
        self.sources.insert(entry.digest.clone(), source);
        match self.manifests.iter_mut().find(|known| known.digest == entry.digest) {
            Some(known) => *known = entry,
            None => self.manifests.push(entry),
        }
    }

    /// Takes the entry of a digest out; says whether there was one.
    pub fn remove(&mut self, digest: &Digest) -> bool {
        let before = self.manifests.len();
        self.manifests.retain(|entry| entry.digest != *digest);
        self.sources.remove(digest);
        self.manifests.len() < before
    }

    /// The entry that serves a platform best.
    #[must_use]
    pub fn entry_for(&self, wanted: &Platform) -> Option<&Entry> {
        let fitting = self.manifests.iter().filter_map(|entry| Some((wanted.distance(&entry.platform.platform())?, entry)));
        fitting.min_by_key(|(distance, _)| *distance).map(|(_, entry)| entry)
    }
}

fn unwritable(source: serde_json::Error) -> ImageError {
    ImageError::Parse { what: "the list of manifests", source }
}

fn bounded(bytes: Vec<u8>) -> Result<Vec<u8>, ImageError> {
    let (found, limit) = (bytes.len() as u64, manifest::MAX_DOCUMENT);
    if found > limit { Err(ImageError::TooBig { what: "the list of manifests", found, limit }) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::manifest::OCI_MANIFEST;

    fn entry(digit: &str, media_type: &str, platform: &str) -> Entry {
        Entry {
            media_type: media_type.to_owned(),
            size: 1,
            digest: Digest::parse(&format!("sha256:{}", digit.repeat(64))).unwrap(),
            platform: Platform::parse(platform).unwrap().into(),
            annotations: BTreeMap::new(),
            artifact_type: None,
        }
    }

    #[test]
    fn what_is_kept_is_read_again_and_sources_are_not_published() {
        let mut list = List::default();
        assert_eq!(List::parse(&list.stored().unwrap()).unwrap(), list, "an empty one");
        let mut one = entry("1", OCI_MANIFEST, "linux/arm64/v8");
        one.platform.os_version = "1.2".to_owned();
        one.annotations.insert("a".to_owned(), "b".to_owned());
        list.put(one, Source::Repository("r.io/x".to_owned()));
        list.put(entry("2", DOCKER_MANIFEST, "linux/amd64"), Source::Repository("r.io/x".to_owned()));
        assert_eq!(List::parse(&list.stored().unwrap()).unwrap(), list);
        let text = String::from_utf8(list.published(ListFormat::Oci).unwrap()).unwrap();
        assert!(!text.contains("r.io") && text.contains(r#""os.version":"1.2","variant":"v8""#), "{text}");
        assert!(List::parse(text.as_bytes()).unwrap().sources.is_empty());
        assert!(matches!(list.published(ListFormat::Docker), Err(ImageError::AnnotationsInDocker)));
        assert_eq!(list.entry_for(&Platform::parse("linux/amd64/v2").unwrap()).unwrap().digest.short(), "222222222222");
        assert!(list.entry_for(&Platform::parse("linux/s390x").unwrap()).is_none());
    }

    #[test]
    fn docker_lists_are_for_docker_manifests() {
        let mut list = List::default();
        assert_eq!(list.usual_format(), ListFormat::Oci);
        list.put(entry("2", DOCKER_MANIFEST, "linux/amd64"), Source::Repository("r.io/x".to_owned()));
        assert_eq!(list.usual_format(), ListFormat::Docker);
        list.put(entry("3", OCI_MANIFEST, "linux/arm64"), Source::Repository("r.io/x".to_owned()));
        assert_eq!(list.usual_format(), ListFormat::Oci);
        let digest = list.manifests[1].digest.clone();
        assert!(list.remove(&digest) && !list.remove(&digest));
        assert_eq!(list.usual_format(), ListFormat::Docker);
    }
}
