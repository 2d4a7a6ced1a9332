//! `manifest`: lists of manifests that are made here.
//!
//! ```text
//! images row   id = digest of a little document that marks it; no layers; its names as those of any image
//! blobs/…      the list, which the row's `manifest` names: another one after each change
//! ```
//! Names, `tag`, `rmi` and the sweep of blobs take a list for an image without layers. Changes are made one after the other under a
//! lock of their own, so that builds for several platforms can add to one list at once.

mod add;
mod change;
mod copy;
mod push;

pub use add::{AddRequest, AddSource};
pub use change::Changes;
pub use push::{ListPushRequest, ListSaveRequest, ListSources};

use super::lookup::Found;
use super::pull::from_any;
use super::remove::RemoveImagesReport;
use super::source::Plan;
use crate::engine::volume::random_name;
use crate::engine::{Engine, EngineError};
use crate::image::list::{List, ListFormat, Source};
use crate::image::registry::Registry;
use crate::image::{ImageError, Platform, Reference};
use crate::model::{Digest, ImageId, ImageRecord};
use crate::storage::{blob, gc};
use serde::Serialize as _;
use serde_json::json;
use std::collections::{BTreeMap, HashSet};
use std::os::fd::OwnedFd;

/// Held while a list is read, changed and written.
struct ListLock {
    _lists: OwnedFd,
    /// No sweep takes a blob that has no row yet.
    _store: gc::StoreLock,
}

impl Engine {
    /// Makes an empty list; with `amend` one that is there already is as good. Runs as root of the session.
    ///
    /// # Errors
    /// The name is none, or taken.
    pub fn create_list(
        &mut self,
        name: &str,
        amend: bool,
        annotations: BTreeMap<String, String>,
    ) -> Result<ImageId, EngineError> {
        let _lock = self.lock_lists()?;
        let full = Reference::parse_local(name).map_err(ImageError::from)?.or_latest().stored();
        if let Some(known) = self.db.image_by_name(&full)? {
            return match (amend, known.is_list()) {
                (true, true) if annotations.is_empty() => Ok(known.id),
                (true, true) => {
                    let mut list = self.list_of(&known)?;
                    list.annotations.extend(annotations);
                    self.store_list(&known, &list)
                }
                (true, false) => Err(EngineError::NotAList { name: name.to_owned() }),
                (false, _) => Err(EngineError::ImageNameTaken { name: full, image: known.id.short().to_owned() }),
            };
        }
        let now = jiff::Timestamp::now();
        // The random part makes it another one than every other list.
        let config = json!({ (ImageRecord::LIST_MARK): random_name(), "created": now.to_string(), "rootfs": { "diff_ids": [] } });
        let config = config.to_string();
        let list = List { annotations, ..List::default() };
        let bytes = list.stored()?;
        let image = ImageRecord {
            id: ImageId::new(blob::write(&self.paths, config.as_bytes())?),
            manifest: blob::write(&self.paths, &bytes)?,
            names: vec![full],
            created: i64::try_from(now.as_nanosecond()).unwrap_or(0),
            size: bytes.len() as u64,
            layers: Vec::new(),
            config,
        };
        self.db.put_image(&image, &[])?;
        Ok(image.id)
    }

    /// Tells whether there is a list of this name.
    ///
    /// # Errors
    /// The name is that of an image.
    pub fn list_exists(&self, name: &str) -> Result<bool, EngineError> {
        match self.manifest_list(name) {
            Ok(_) => Ok(true),
            Err(EngineError::NoSuchImage { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The list as others would get it, for people to read.
    ///
    /// # Errors
    /// There is no such list.
    pub fn show_list(&self, name: &str) -> Result<String, EngineError> {
        let list = self.list_of(&self.manifest_list(name)?)?;
        Ok(list.shown(list.usual_format())?)
    }

    /// Changes what a list says of one of its images, or of itself where no image is named. Runs as root of the session.
    ///
    /// # Errors
    /// There is no such list, or no such image in it.
    pub fn annotate_list(&mut self, name: &str, image: Option<&str>, changes: &Changes) -> Result<ImageId, EngineError> {
        let _lock = self.lock_lists()?;
        let record = self.manifest_list(name)?;
        let mut list = self.list_of(&record)?;
        match image {
            None => list.annotations.extend(changes.annotations.clone()),
            Some(image) => {
                let digest = self.digest_in_list(name, &list, image)?;
                let entries = list.manifests.iter_mut().filter(|entry| entry.digest == digest);
                entries.for_each(|entry| changes.apply(entry));
            }
        }
        self.store_list(&record, &list)
    }

    /// Takes an image out of a list. Runs as root of the session.
    ///
    /// # Errors
    /// There is no such list, or no such image in it.
    pub fn remove_from_list(&mut self, name: &str, image: &str) -> Result<ImageId, EngineError> {
        let _lock = self.lock_lists()?;
        let record = self.manifest_list(name)?;
        let mut list = self.list_of(&record)?;
        let digest = self.digest_in_list(name, &list, image)?;
        list.remove(&digest);
        self.store_list(&record, &list)
    }

    /// Removes lists, and nothing that is no list. Runs as root of the session.
    ///
    /// # Errors
    /// There is no such list. What happens after that is in the report.
    pub fn remove_lists(&mut self, names: &[String], ignore: bool) -> Result<RemoveImagesReport, EngineError> {
        let mut images = Vec::new();
        for name in names {
            match self.manifest_list(name) {
                Ok(_) => images.push(name.clone()),
                Err(EngineError::NoSuchImage { .. }) if ignore => {}
                Err(error) => return Err(error),
            }
        }
        self.remove_images(&super::RemoveImagesRequest { images, ..super::RemoveImagesRequest::default() })
    }

    /// The image itself, or of a list the one for this platform that the store has.
    ///
    /// # Errors
    /// The list has none.
    pub fn instance(&self, image: ImageRecord, platform: &Platform) -> Result<ImageRecord, EngineError> {
        if !image.is_list() {
            return Ok(image);
        }
        let none = || EngineError::NoInstance {
            name: image.names.first().cloned().unwrap_or_else(|| image.id.short().to_owned()),
            platform: platform.to_string(),
        };
        let list = self.list_of(&image)?;
        let entry = list.entry_for(platform).ok_or_else(none)?;
        stored(&self.db.images()?, &list.sources, &entry.digest).cloned().ok_or_else(none)
    }

    /// Tells of each of these images whether a list has it.
    pub(in crate::engine) fn listed(&self, images: &[ImageRecord]) -> HashSet<ImageId> {
        let lists = images.iter().filter(|image| image.is_list()).filter_map(|image| self.list_of(image).ok());
        let entries = lists.flat_map(|list| {
            let found = list.manifests.iter().filter_map(|entry| stored(images, &list.sources, &entry.digest));
            found.map(|image| image.id.clone()).collect::<Vec<_>>()
        });
        entries.collect()
    }

    fn manifest_list(&self, name: &str) -> Result<ImageRecord, EngineError> {
        let Found { image, .. } = self.find_image(name)?;
        if image.is_list() { Ok(image) } else { Err(EngineError::NotAList { name: name.to_owned() }) }
    }

    fn list_of(&self, image: &ImageRecord) -> Result<List, EngineError> {
        Ok(List::parse(&blob::read(&self.paths, &image.manifest)?)?)
    }

    fn store_list(&mut self, image: &ImageRecord, list: &List) -> Result<ImageId, EngineError> {
        let manifest = blob::write(&self.paths, &list.stored()?)?;
        // Names may have come or gone meanwhile: they are not ours to write.
        // The list before stays as a blob until the next sweep: another list may say the same.
        self.db.put_image(&ImageRecord { manifest, names: Vec::new(), ..image.clone() }, &[])?;
        Ok(image.id.clone())
    }

    /// The digest that is meant: itself, or that of an image of the store.
    fn digest_in_list(&self, name: &str, list: &List, image: &str) -> Result<Digest, EngineError> {
        let has = |digest: &Digest| list.manifests.iter().any(|entry| entry.digest == *digest);
        let found = match Digest::parse(image) {
            Ok(digest) => Some(digest).filter(has),
            Err(_) => {
                let image = self.image(image)?;
                // It may have another manifest than when it was added.
                let entry = || list.manifests.iter().find(|entry| means(&list.sources, &entry.digest, &image));
                Some(image.manifest.clone()).filter(has).or_else(|| entry().map(|entry| entry.digest.clone()))
            }
        };
        found.ok_or_else(|| EngineError::NotInList { name: name.to_owned(), image: image.to_owned() })
    }

    fn lock_lists(&self) -> Result<ListLock, EngineError> {
        let lists = gc::lock_file(&self.paths.data().join("lists.lock"))?;
        Ok(ListLock { _lists: lists, _store: gc::lock_shared(&self.paths)? })
    }
}

/// The image of the store that an entry means.
fn stored<'a>(images: &'a [ImageRecord], sources: &BTreeMap<Digest, Source>, digest: &Digest) -> Option<&'a ImageRecord> {
    let by_id = || images.iter().find(|image| means(sources, digest, image));
    images.iter().find(|image| image.manifest == *digest).or_else(by_id)
}

/// Tells whether an entry was made from this image of the store, whatever its manifest is now.
fn means(sources: &BTreeMap<Digest, Source>, digest: &Digest, image: &ImageRecord) -> bool {
    matches!(sources.get(digest), Some(Source::Stored(id)) if id == image.id.digest())
}

/// The format that is asked for, else the one that fits.
fn format_of(list: &List, wanted: Option<super::ManifestFormat>) -> ListFormat {
    match wanted {
        None => list.usual_format(),
        Some(super::ManifestFormat::Oci) => ListFormat::Oci,
        Some(super::ManifestFormat::Docker) => ListFormat::Docker,
    }
}

/// Fetches what a registry has under a name, list or manifest, for people to read.
///
/// # Errors
/// The registry cannot be reached, or has nothing of that name.
pub fn show_remote_document(plan: &Plan) -> Result<String, EngineError> {
    let bytes = from_any(&plan.name, &plan.candidates, |candidate| {
        from_any(&plan.name, &candidate.sources, |source| {
            Ok(Registry::open(&source.reference, source.access.clone())?.document(&source.reference)?)
        })
    })?;
    let failed = |source| ImageError::Parse { what: "the manifest", source };
    let value: serde_json::Value = serde_json::from_slice(&bytes).map_err(failed)?;
    let mut text = Vec::new();
    let indent = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut text, indent)).map_err(failed)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}
