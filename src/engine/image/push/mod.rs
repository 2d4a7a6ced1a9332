//! `push`: an image to a registry.
//!
//! ```text
//! each layer: does the repository have a blob of it?  ── yes ─▶ nothing to do
//!             does another repository of the registry? ── yes ─▶ mounted
//!             its tar as it came in ─▶ compressed ─▶ sent
//! config, then the manifest: the one that was pulled where every blob is the same, else a new one
//! ```
//! Only blobs count that were seen to unpack to the layer: what a manifest merely says of a layer that was there already could be the
//! blob of something else.

mod layers;
mod shape;

use super::encode::Encoding;
use super::progress::{LayerInfo, Progress};
use super::source::{RegistryOptions, Source, Surroundings};
use crate::config::Places;
use crate::engine::{Engine, EngineError};
use crate::events::{Status, Subject};
use crate::image::manifest::{self, Document};
use crate::image::registry::Registry;
use crate::image::{ImageError, Reference};
use crate::model::{BlobCompression, DiffId, Digest, ImageRecord, LayerBlob};
use crate::storage::{StorageError, blob, digest};
use layers::{Event, Job, Work, each};
pub(super) use shape::layer_type;
use shape::{Shape, is_docker};
use std::collections::HashMap;

/// The kind of manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ManifestFormat {
    Oci,
    /// Docker's, schema 2.
    Docker,
}

/// What to push, and where.
#[derive(Clone, Debug)]
pub struct PushRequest {
    /// As it was typed.
    pub image: String,
    pub destination: Destination,
    /// Nothing: as the image was pulled.
    pub format: Option<ManifestFormat>,
    /// Nothing: as the layers were pulled, else gzip.
    pub compression: Option<BlobCompression>,
    /// Of the compression; nothing: its usual one.
    pub level: Option<i32>,
}

/// A place on a registry, and how it is asked.
#[derive(Clone, Debug)]
pub struct Destination {
    reference: Reference,
    source: Source,
}

/// An image, and what is asked of its copy.
#[derive(Clone, Copy, Debug)]
pub(super) struct ImagePush<'a> {
    pub(super) image: &'a ImageRecord,
    pub(super) format: Option<ManifestFormat>,
    pub(super) encoding: Option<Encoding>,
}

/// A manifest that a registry has now.
#[derive(Clone, Debug)]
pub(super) struct PushedManifest {
    pub(super) digest: Digest,
    pub(super) size: u64,
    pub(super) media_type: String,
}

impl Destination {
    /// Makes ready to ask the registry.
    pub(super) fn open(&self) -> Result<Registry, ImageError> {
        Registry::open(&self.source.reference, self.source.access.clone())
    }

    /// Where to put a manifest: what registries.conf makes of the name.
    pub(super) fn reference(&self) -> &Reference {
        &self.source.reference
    }

    /// The full name.
    #[must_use]
    pub fn name(&self) -> String {
        self.reference.to_string()
    }
}

/// What was pushed.
#[derive(Clone, Debug)]
pub struct PushReport {
    /// Of the manifest.
    pub digest: Digest,
    /// Where it is now.
    pub reference: String,
}

/// Works out where a push goes. This is done before the work in the session namespace, for helpers that keep credentials.
///
/// # Errors
/// The text is no reference, the registry is blocked, or a configuration file is wrong.
pub fn destination(text: &str, places: &Places, options: &RegistryOptions) -> Result<Destination, EngineError> {
    let reference = Reference::parse(text).map_err(ImageError::from)?.or_latest();
    let source = Surroundings::read(places, options)?.destination(&reference)?;
    Ok(Destination { reference, source })
}

impl Engine {
    /// The full name of an image in the store that its short name or its only name means, to push it under.
    ///
    /// # Errors
    /// There is no such image, or an id does not say which of several names is meant.
    pub fn name_to_push(&self, text: &str) -> Result<Option<String>, EngineError> {
        let found = self.find_image(text)?;
        let only = || Some(found.image.names.as_slice()).filter(|names| names.len() == 1).map(|names| names[0].clone());
        Ok(found.name.clone().or_else(only))
    }

    /// The kind of manifest that an image came with.
    ///
    /// # Errors
    /// There is no such image, or it is damaged.
    pub fn manifest_format(&self, image: &str) -> Result<ManifestFormat, EngineError> {
        match manifest::parse(&blob::read(&self.paths, &self.runnable_image(image)?.manifest)?)? {
            Document::Manifest(manifest) if is_docker(&manifest) => Ok(ManifestFormat::Docker),
            _ => Ok(ManifestFormat::Oci),
        }
    }

    /// Pushes an image. Runs as root of the session.
    ///
    /// # Errors
    /// There is no such image, a layer cannot be given back, or the registry does not take it.
    pub fn push(&mut self, request: &PushRequest, progress: &mut dyn Progress) -> Result<PushReport, EngineError> {
        let image = self.image(&request.image)?;
        if image.is_list() {
            return Err(EngineError::IsAList { name: request.image.clone() });
        }
        // Layers must not be deleted while they are read.
        let _lock = self.begin_intake()?;
        let destination = &request.destination.source.reference;
        let registry = request.destination.open()?;
        let encoding = request.compression.map(|compression| Encoding { compression, level: request.level });
        let push = ImagePush { image: &image, format: request.format, encoding };
        let digest = self.push_image(&registry, destination, Some(destination), &push, progress)?.digest;
        if let Some(wanted) = request.destination.reference.digest().filter(|wanted| **wanted != digest) {
            return Err(ImageError::Storage(StorageError::WrongDigest { expected: wanted.clone(), found: digest }).into());
        }
        let reference = request.destination.reference.to_string();
        self.tell_of(&Subject::image(image.id.hex(), &reference), Status::Push);
        Ok(PushReport { digest, reference })
    }

    /// Makes a repository have an image, under the name `under`, or else under its digest. The store's lock is held.
    pub(super) fn push_image(
        &mut self,
        registry: &Registry,
        repository: &Reference,
        under: Option<&Reference>,
        push: &ImagePush<'_>,
        progress: &mut dyn Progress,
    ) -> Result<PushedManifest, EngineError> {
        let image = push.image;
        let stored_bytes = blob::read(&self.paths, &image.manifest)?;
        let Document::Manifest(stored) = manifest::parse(&stored_bytes)? else {
            return Err(ImageError::NotAnImage { what: "the store has an index in its place".to_owned() }.into());
        };
        let shape = Shape::of(push, &stored)?;
        let work =
            Work { registry, target: repository, paths: &self.paths, level: push.encoding.and_then(|encoding| encoding.level) };
        let blobs = self.push_layers(&work, image, &shape, progress)?;
        let config = blob::read(&self.paths, image.id.digest())?;
        if !registry.has_blob(image.id.digest())? {
            registry.send_small(&config)?;
        }
        let (media_type, bytes) = shape.manifest(&stored_bytes, &blobs, config.len() as u64)?;
        let own = repository.with_digest(digest::of(&bytes));
        let digest = registry.put_manifest(under.unwrap_or(&own), media_type, &bytes)?;
        self.db.put_origins(None, &blobs)?;
        Ok(PushedManifest { digest, size: bytes.len() as u64, media_type: media_type.to_owned() })
    }

    /// Makes the registry have a blob of every layer; returns them in the order of the layers.
    fn push_layers(
        &self,
        work: &Work<'_>,
        image: &ImageRecord,
        shape: &Shape<'_>,
        progress: &mut dyn Progress,
    ) -> Result<Vec<LayerBlob>, EngineError> {
        let mut jobs: Vec<Job> = Vec::new();
        let mut infos = Vec::new();
        for (at, diff_id) in image.layers.iter().enumerate() {
            let before = shape.stored.layers.get(at);
            let is_new = jobs.iter().all(|job| job.diff_id != *diff_id);
            let name = before.map_or(&diff_id.hex()[..12], |layer| layer.digest.short()).to_owned();
            infos.push(LayerInfo { name, size: self.db.layer_size(diff_id)?, present: !is_new });
            if is_new {
                let mut known = self.db.layer_blobs(diff_id)?;
                known.retain(|blob| shape.takes(blob.compression));
                // The blob of the stored manifest first: with it the manifest stays what it is.
                known.sort_by_key(|blob| before.is_none_or(|layer| layer.digest != blob.digest));
                jobs.push(Job { at, diff_id: diff_id.clone(), known, compression: shape.compression_of(before) });
            }
        }
        let reused = each(&jobs, |job, _, _| work.reuse(job), |_| {})?;
        let mut found: HashMap<DiffId, LayerBlob> = HashMap::new();
        let mut missing = Vec::new();
        for (job, reused) in jobs.into_iter().zip(reused) {
            match reused {
                Some(blob) => {
                    infos[job.at].present = true;
                    found.insert(job.diff_id, blob);
                }
                None => missing.push(job),
            }
        }
        progress.layers(&infos);
        let sent = each(
            &missing,
            |job, events, stop| work.send(job, events, stop),
            |event| match event {
                Event::Position { layer, bytes } => progress.position(layer, bytes),
                Event::Done { layer } => progress.done(layer),
            },
        )?;
        found.extend(missing.into_iter().map(|job| job.diff_id).zip(sent));
        let blob_of = |diff_id| found.get(diff_id).cloned().ok_or(StorageError::Thread);
        Ok(image.layers.iter().map(blob_of).collect::<Result<_, _>>()?)
    }
}
