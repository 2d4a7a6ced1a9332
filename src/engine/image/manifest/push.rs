//! `manifest push`: the images of a list where they are missing, then the list; to a registry, or to disk.

use super::copy::{self, Place};
use super::{format_of, stored};
use crate::config::Places;
use crate::engine::image::Encoding;
use crate::engine::image::progress::{Progress, Step};
use crate::engine::image::pull::from_any;
use crate::engine::image::push::{Destination, ImagePush, ManifestFormat, PushReport};
use crate::engine::image::save::{ListSink, SaveTarget};
use crate::engine::image::source::{Plan, RegistryOptions, plan};
use crate::engine::{Engine, EngineError};
use crate::events::{Status, Subject};
use crate::image::ImageError;
use crate::image::list::{Entry, List, ListFormat, Source};
use crate::image::manifest::DOCKER_MANIFEST;
use crate::image::registry::Registry;
use crate::model::{BlobCompression, Digest, ImageRecord};
use crate::storage::StorageError;
use std::collections::BTreeMap;

/// What to push, and where.
#[derive(Debug)]
pub struct ListPushRequest {
    pub name: String,
    pub destination: Destination,
    /// Also the images; else the registry has them.
    pub all: bool,
    /// Of the list; nothing: what fits.
    pub format: Option<ManifestFormat>,
    /// Of the layers that the store sends; nothing: as they came.
    pub encoding: Option<Encoding>,
    pub sources: ListSources,
}

/// How the repositories are asked that have images of a list, by their names.
#[derive(Debug, Default)]
pub struct ListSources(BTreeMap<String, Plan>);

impl Engine {
    /// Works out how to ask the repositories that have the images of a list. This is done before the work in the session namespace,
    /// for helpers that keep credentials. Credentials of the options are for the destination, and not used here.
    ///
    /// # Errors
    /// There is no such list, a registry is blocked, or a configuration file is wrong.
    pub fn list_sources(&self, name: &str, places: &Places, options: &RegistryOptions) -> Result<ListSources, EngineError> {
        let list = self.list_of(&self.manifest_list(name)?)?;
        let options = RegistryOptions { credentials: None, ..options.clone() };
        let mut sources = ListSources::default();
        let repositories = list.sources.values().filter_map(|source| match source {
            Source::Repository(name) => Some(name),
            Source::Stored(_) => None,
        });
        for name in repositories {
            if !sources.0.contains_key(name) {
                sources.0.insert(name.clone(), plan(name, places, &options, &mut |_, _| None)?);
            }
        }
        Ok(sources)
    }

    /// The full name of a list, to push it under.
    ///
    /// # Errors
    /// There is no such list, or it has no name, or several and was named by its id.
    pub fn list_name(&self, name: &str) -> Result<Option<String>, EngineError> {
        self.manifest_list(name)?;
        self.name_to_push(name)
    }

    /// Pushes a list. Runs as root of the session.
    ///
    /// # Errors
    /// There is no such list, an image of it is nowhere to be had, or the registry does not take it.
    pub fn push_list(&mut self, request: &ListPushRequest, progress: &mut dyn Progress) -> Result<PushReport, EngineError> {
        let record = self.manifest_list(&request.name)?;
        let mut list = self.list_of(&record)?;
        let format = format_of(&list, request.format);
        // What the list cannot be is said before anything is sent.
        list.published(format)?;
        let destination = &request.destination;
        let registry = destination.open()?;
        let to = Place { registry: &registry, reference: destination.reference() };
        if request.all {
            self.each_entry(&request.name, &mut list, progress, |engine, entry, whence, progress| {
                engine.push_entry(entry, whence, &to, request, progress)
            })?;
        }
        let bytes = list.published(format)?;
        let digest = registry.put_manifest(to.reference, format.media_type(), &bytes)?;
        if let Some(wanted) = to.reference.digest().filter(|wanted| **wanted != digest) {
            return Err(ImageError::Storage(StorageError::WrongDigest { expected: wanted.clone(), found: digest }).into());
        }
        let reference = to.reference.to_string();
        self.tell_of(&Subject::image(record.id.hex(), &reference), Status::Push);
        Ok(PushReport { digest, reference })
    }

    /// Brings one image to the registry. One of the store may get another manifest there, when its layers are compressed.
    fn push_entry(
        &mut self,
        entry: &mut Entry,
        whence: &Whence<'_>,
        to: &Place<'_>,
        request: &ListPushRequest,
        progress: &mut dyn Progress,
    ) -> Result<(), EngineError> {
        let name = match *whence {
            Whence::Store(image) => {
                let push = ImagePush { image, format: None, encoding: request.encoding };
                let pushed = self.push_image(to.registry, to.reference, None, &push, progress)?;
                (entry.digest, entry.size, entry.media_type) = (pushed.digest, pushed.size, pushed.media_type);
                return Ok(());
            }
            Whence::Repository(name) => name,
        };
        let wanted = Wanted { list: &request.name, entry, repository: name, is_changed: request.encoding.is_some() };
        from_repository(&wanted, &request.sources, |from| Ok(copy::image(from, to, &entry.digest, &entry.media_type)?))
    }
}

/// What to write to disk, and how.
#[derive(Debug)]
pub struct ListSaveRequest {
    pub name: String,
    /// Also the images.
    pub all: bool,
    /// Of the list; nothing: what fits.
    pub format: Option<ManifestFormat>,
    /// Of the layers that the store gives.
    pub encoding: Option<Encoding>,
    /// A `dir:`; else an OCI layout, which holds OCI's documents.
    pub is_dir: bool,
    /// What the list is called in the layout.
    pub reference: Option<String>,
    pub sources: ListSources,
}

impl Engine {
    /// Writes a list to disk; returns its digest there. Runs as root of the session.
    ///
    /// # Errors
    /// There is no such list, an image of it is nowhere to be had, or the target does not take it.
    pub fn save_list(
        &mut self,
        request: &ListSaveRequest,
        target: SaveTarget,
        progress: &mut dyn Progress,
    ) -> Result<Digest, EngineError> {
        let record = self.manifest_list(&request.name)?;
        let mut list = self.list_of(&record)?;
        let format = if request.is_dir { format_of(&list, request.format) } else { ListFormat::Oci };
        list.published(format)?;
        let mut sink = ListSink::begin(target, request.is_dir)?;
        if request.all {
            self.each_entry(&request.name, &mut list, progress, |engine, entry, whence, progress| {
                engine.save_entry(entry, whence, &mut sink, request, progress)
            })?;
        }
        let digest = sink.finish(format.media_type(), &list.published(format)?, request.reference.as_deref())?;
        self.tell_of(&Subject::image(record.id.hex(), request.reference.as_deref().unwrap_or(&request.name)), Status::Save);
        Ok(digest)
    }

    fn save_entry(
        &self,
        entry: &mut Entry,
        whence: &Whence<'_>,
        sink: &mut ListSink,
        request: &ListSaveRequest,
        progress: &mut dyn Progress,
    ) -> Result<(), EngineError> {
        let name = match *whence {
            Whence::Store(image) => {
                let encoding = request.encoding.unwrap_or(Encoding::GZIP);
                let is_docker =
                    request.is_dir && entry.media_type == DOCKER_MANIFEST && encoding.compression != BlobCompression::Zstd;
                let format = if is_docker { ManifestFormat::Docker } else { ManifestFormat::Oci };
                let saved = sink.stored(self, image, format, encoding, progress)?;
                (entry.digest, entry.size, entry.media_type) = (saved.digest, saved.size, saved.media_type);
                return Ok(());
            }
            Whence::Repository(name) => name,
        };
        let wanted = Wanted { list: &request.name, entry, repository: name, is_changed: request.encoding.is_some() };
        from_repository(&wanted, &request.sources, |from| sink.copied(&self.paths, from.registry, from.reference, &entry.digest))
    }
}

impl Engine {
    /// Hands each entry of a list, in its order, to `act`, which may change it, with the place that its image comes from.
    fn each_entry(
        &mut self,
        name: &str,
        list: &mut List,
        progress: &mut dyn Progress,
        mut act: impl FnMut(&mut Self, &mut Entry, &Whence<'_>, &mut dyn Progress) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        let images = self.db.images()?;
        let _lock = self.begin_intake()?;
        let List { manifests, sources, .. } = list;
        let count = manifests.len();
        for (at, entry) in manifests.iter_mut().enumerate() {
            progress.step(&Step::Note { text: format!("image {} of {count}: {}", at + 1, entry.digest) });
            let whence = whence(&images, sources, &entry.digest).ok_or_else(|| nowhere(name, entry))?;
            act(self, entry, &whence, progress)?;
        }
        Ok(())
    }
}

/// Where an image of a list comes from.
enum Whence<'a> {
    Store(&'a ImageRecord),
    /// `host/path`
    Repository(&'a str),
}

fn whence<'a>(images: &'a [ImageRecord], sources: &'a BTreeMap<Digest, Source>, digest: &Digest) -> Option<Whence<'a>> {
    match (stored(images, sources, digest), sources.get(digest)) {
        (Some(image), _) => Some(Whence::Store(image)),
        (None, Some(Source::Repository(name))) => Some(Whence::Repository(name)),
        _ => None,
    }
}

/// An image of a list that a repository has.
struct Wanted<'a> {
    list: &'a str,
    entry: &'a Entry,
    repository: &'a str,
    /// It was asked to be compressed in another way.
    is_changed: bool,
}

/// Copies an image as it is from the first place that gives it.
fn from_repository(
    wanted: &Wanted<'_>,
    sources: &ListSources,
    mut copy: impl FnMut(&Place<'_>) -> Result<(), EngineError>,
) -> Result<(), EngineError> {
    let Wanted { list, entry, repository, is_changed } = *wanted;
    if is_changed {
        return Err(EngineError::EntryAsItIs { digest: entry.digest.to_string(), source_name: repository.to_owned() });
    }
    let plan = sources.0.get(repository).ok_or_else(|| nowhere(list, entry))?;
    from_any(repository, &plan.candidates, |candidate| {
        from_any(repository, &candidate.sources, |place| {
            let registry = Registry::open(&place.reference, place.access.clone())?;
            copy(&Place { registry: &registry, reference: &place.reference })
        })
    })
}

fn nowhere(name: &str, entry: &Entry) -> EngineError {
    EngineError::EntryNowhere { name: name.to_owned(), digest: entry.digest.to_string() }
}
