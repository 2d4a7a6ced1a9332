//! `manifest add`: where the image is, and what the list says of it.

use super::Changes;
use crate::engine::image::load::LoadRequest;
use crate::engine::image::progress::Progress;
use crate::engine::image::pull::from_any;
use crate::engine::image::source::Plan;
use crate::engine::{Engine, EngineError};
use crate::image::list::{Entry, List, Source};
use crate::image::manifest::{self, DOCKER_CONFIG, DOCKER_MANIFEST, Document, Manifest, OCI_MANIFEST};
use crate::image::registry::Registry;
use crate::image::{ImageConfig, ImageError, Platform, Reference};
use crate::model::{ImageId, ImageRecord};
use crate::storage::{blob, digest};
use std::collections::BTreeMap;

/// Where an image is.
#[derive(Clone, Debug)]
pub enum AddSource {
    /// In the store, under this name or id.
    Stored(String),
    /// On a registry; only its manifest is read now.
    Registry(Box<Plan>),
    /// On disk; it is loaded into the store.
    Disk(Box<LoadRequest>),
}

/// Which image to add to a list, and what to say of it.
#[derive(Clone, Debug)]
pub struct AddRequest {
    pub source: AddSource,
    /// Of a source that is a list itself: all of its images, not only the one for `platform`.
    pub all: bool,
    pub platform: Platform,
    pub changes: Changes,
}

/// An entry and where its image is.
type Sourced = (Entry, Source);

impl Engine {
    /// Adds an image, or those of a list, to a list. Runs as root of the session.
    ///
    /// # Errors
    /// There is no such list or image, or the registry cannot be reached.
    pub fn add_to_list(&mut self, name: &str, request: &AddRequest, progress: &mut dyn Progress) -> Result<ImageId, EngineError> {
        // Before anything is fetched: the name may be wrong.
        self.manifest_list(name)?;
        let entries = match &request.source {
            AddSource::Stored(image) => {
                let image = self.image(image)?;
                self.entries_of_stored(&image, request)?
            }
            AddSource::Disk(load) => {
                let mut entries = Vec::new();
                for (id, _) in self.load(load, progress)?.images {
                    let image = self.image(id.hex())?;
                    entries.extend(self.entries_of_stored(&image, request)?);
                }
                entries
            }
            AddSource::Registry(plan) => from_any(&plan.name, &plan.candidates, |candidate| {
                from_any(&plan.name, &candidate.sources, |source| {
                    let registry = Registry::open(&source.reference, source.access.clone())?;
                    let name = candidate.reference.name();
                    let entries = entries_of_registry(&registry, &source.reference, request)?;
                    Ok(entries.into_iter().map(|entry| (entry, Source::Repository(name.clone()))).collect::<Vec<Sourced>>())
                })
            })?,
        };
        let _lock = self.lock_lists()?;
        let record = self.manifest_list(name)?;
        let mut list = self.list_of(&record)?;
        for (mut entry, source) in entries {
            request.changes.apply(&mut entry);
            list.put(entry, source);
        }
        self.store_list(&record, &list)
    }

    fn entries_of_stored(&self, image: &ImageRecord, request: &AddRequest) -> Result<Vec<Sourced>, EngineError> {
        if image.is_list() {
            let list = self.list_of(image)?;
            let chosen = chosen(&list, request)?;
            let sourced = |entry: &Entry| Some((entry.clone(), list.sources.get(&entry.digest)?.clone()));
            return Ok(chosen.into_iter().filter_map(sourced).collect());
        }
        let bytes = blob::read(&self.paths, &image.manifest)?;
        let Document::Manifest(manifest) = manifest::parse(&bytes)? else {
            return Err(ImageError::NotAnImage { what: "the store has an index in its place".to_owned() }.into());
        };
        let config = self.image_config(image)?;
        Ok(vec![(entry(&manifest, &bytes, config), Source::Stored(image.id.digest().clone()))])
    }
}

/// What a list says of an image.
fn entry(manifest: &Manifest, bytes: &[u8], config: ImageConfig) -> Entry {
    let docker = manifest.config.media_type == DOCKER_CONFIG;
    let usual = if docker { DOCKER_MANIFEST } else { OCI_MANIFEST };
    Entry {
        media_type: manifest.media_type.clone().unwrap_or_else(|| usual.to_owned()),
        size: bytes.len() as u64,
        digest: digest::of(bytes),
        platform: config.platform.into(),
        annotations: BTreeMap::new(),
        artifact_type: None,
    }
}

fn entries_of_registry(registry: &Registry, reference: &Reference, request: &AddRequest) -> Result<Vec<Entry>, ImageError> {
    let bytes = registry.document(reference)?;
    match manifest::parse(&bytes)? {
        Document::Manifest(manifest) => {
            let config = ImageConfig::parse(&registry.small_blob(&manifest.config)?)?;
            Ok(vec![entry(&manifest, &bytes, config)])
        }
        Document::Index(_) => {
            let list = List::parse(&bytes)?;
            Ok(chosen(&list, request)?.into_iter().cloned().collect())
        }
    }
}

fn chosen<'a>(list: &'a List, request: &AddRequest) -> Result<Vec<&'a Entry>, ImageError> {
    if request.all {
        return Ok(list.manifests.iter().collect());
    }
    let none = || ImageError::NoPlatform {
        wanted: request.platform.clone(),
        available: list.manifests.iter().map(|entry| entry.platform.platform().to_string()).collect::<Vec<_>>().join(", "),
    };
    Ok(vec![list.entry_for(&request.platform).ok_or_else(none)?])
}
