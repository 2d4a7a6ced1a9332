//! What `docker save` writes: manifest.json, configs, and one tar per layer.

use super::{Archive, FoundImage, FoundLayer};
use crate::image::error::ImageError;
use crate::image::manifest::MAX_DOCUMENT;
use crate::image::reference::Reference;
use serde::Deserialize;

/// The longest manifest.json that is taken.
pub(super) const MAX_MANIFEST: u64 = 1 << 20;
/// An archive may name one config many times; each is held while the images come in.
const MAX_IMAGES: usize = 1000;
const MAX_CONFIGS: usize = 64 << 20;

/// One image; jib writes the keys in lower case.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Item {
    #[serde(alias = "config")]
    config: String,
    #[serde(alias = "repoTags", default)]
    repo_tags: Option<Vec<String>>,
    #[serde(alias = "layers", default)]
    layers: Option<Vec<String>>,
}

pub(super) fn find(archive: &Archive, manifest: &[u8], select: Option<&str>) -> Result<Vec<FoundImage>, ImageError> {
    let mut items = parse(archive, manifest)?;
    if let Some(select) = select {
        items = vec![chosen(archive, items, select)?];
    }
    if items.len() > MAX_IMAGES {
        return Err(archive.refuse(format!("no archive to take: it has more than {MAX_IMAGES} images")));
    }
    let mut read = 0;
    let image = |item: Item| {
        let config = archive.read_small(&item.config, MAX_DOCUMENT)?;
        read += config.as_ref().map_or(0, Vec::len);
        if read > MAX_CONFIGS {
            return Err(archive.refuse(format!("no archive to take: its configs have more than {MAX_CONFIGS} bytes")));
        }
        let layers = item.layers.unwrap_or_default();
        Ok(FoundImage {
            names: names(item.repo_tags)?,
            config: config.ok_or_else(|| archive.refuse(format!("incomplete: the image config {:?} is missing", item.config)))?,
            manifest: None,
            layers: layers.into_iter().map(|member| FoundLayer { member, digest: None, size: None }).collect(),
        })
    };
    items.into_iter().map(image).collect()
}

/// The image of a number, or of a name, with which it comes in.
fn chosen(archive: &Archive, mut items: Vec<Item>, select: &str) -> Result<Item, ImageError> {
    if let Some(at) = super::number(select) {
        let count = items.len();
        let beyond = || archive.refuse(format!("no image {select} in it; they are numbered from @0 to @{}", count - 1));
        return (at < count).then(|| items.swap_remove(at)).ok_or_else(beyond);
    }
    let wanted = Reference::parse(select)?.or_latest().stored();
    let mut all = Vec::new();
    for item in items {
        let names = names(item.repo_tags.clone())?;
        if names.contains(&wanted) {
            return Ok(Item { repo_tags: Some(vec![wanted]), ..item });
        }
        all.extend(names);
    }
    Err(super::no_such(archive, select, &all))
}

/// Returns the names that manifest.json gives to the image with this config.
pub(super) fn names_of_config(archive: &Archive, manifest: &[u8], config_hex: &str) -> Result<Vec<String>, ImageError> {
    let items = parse(archive, manifest)?;
    items.into_iter().find(|item| item.config.contains(config_hex)).map_or(Ok(Vec::new()), |item| names(item.repo_tags))
}

fn parse(archive: &Archive, manifest: &[u8]) -> Result<Vec<Item>, ImageError> {
    let items: Option<Vec<Item>> =
        serde_json::from_slice(manifest).map_err(|source| ImageError::Parse { what: "manifest.json", source })?;
    items.filter(|items| !items.is_empty()).ok_or_else(|| archive.refuse("no image in it: its manifest.json is empty"))
}

fn names(tags: Option<Vec<String>>) -> Result<Vec<String>, ImageError> {
    let name = |tag: String| Ok(Reference::parse(&tag)?.or_latest().stored());
    tags.unwrap_or_default().into_iter().map(name).collect()
}
