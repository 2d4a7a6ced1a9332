//! `pull`: an image from a registry.

use super::incoming::{Incoming, LayerSource};
use super::progress::{Progress, Step};
use crate::engine::{Engine, EngineError};
use crate::events::{Status, Subject};
use crate::image::manifest::{self, Document};
use crate::image::reference::is_short;
use crate::image::registry::Registry;
use crate::image::{Descriptor, ImageConfig, ImageError, Manifest, Platform, Reference};
use crate::model::ImageId;
use crate::storage::intake::Expected;
use std::io::BufRead;

/// Indexes in indexes that are followed.
const MAX_DEPTH: usize = 3;

/// When a registry is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PullPolicy {
    #[default]
    Always,
    /// Only if the store has no such image.
    Missing,
    /// Never: the image is there or it is an error.
    Never,
    /// If the registry has another one; one that cannot be reached is no error while the store has the image.
    Newer,
}

/// Which image to pull.
#[derive(Clone, Debug)]
pub struct PullRequest {
    pub name: String,
    pub policy: PullPolicy,
    pub platform: Platform,
    pub tls_verify: bool,
}

/// The image that was wanted.
#[derive(Clone, Debug)]
pub struct PullReport {
    pub id: ImageId,
    /// Tells whether a registry was asked.
    pub asked: bool,
}

impl Engine {
    /// Makes sure that the store has an image. Runs as root of the session.
    ///
    /// Layers that the store has are not fetched. The name moves to the image when all of it is there.
    ///
    /// # Errors
    /// The registry cannot be reached or has no such image, the image is damaged or for another platform, or the store cannot
    /// take it; nothing of it is kept then.
    pub fn pull(&mut self, request: &PullRequest, progress: &mut dyn Progress) -> Result<PullReport, EngineError> {
        let known = match (request.policy, self.image(&request.name)) {
            (PullPolicy::Always, _) | (PullPolicy::Missing | PullPolicy::Newer, Err(EngineError::NoSuchImage { .. })) => None,
            (PullPolicy::Newer, Ok(image)) => Some(image),
            (_, found) => return found.map(|image| PullReport { id: image.id, asked: false }),
        };
        match (self.pull_now(request, progress), known) {
            (Err(EngineError::Image(ImageError::Unreachable { .. })), Some(image)) => {
                Ok(PullReport { id: image.id, asked: false })
            }
            (pulled, _) => pulled.map(|id| PullReport { id, asked: true }),
        }
    }

    fn pull_now(&mut self, request: &PullRequest, progress: &mut dyn Progress) -> Result<ImageId, EngineError> {
        let reference = Reference::parse(&request.name).map_err(ImageError::from)?.or_latest();
        if is_short(&request.name) || reference.to_string() != request.name {
            progress.step(&Step::Trying { reference: reference.to_string() });
        }
        let lock = self.begin_intake()?;
        let (registry, first) = Registry::open(&reference, request.tls_verify)?;
        let (manifest, bytes) = follow(&registry, first, &request.platform)?;
        let config = registry.small_blob(&manifest.config)?;
        if let Some(text) = foreign(&config, &request.platform)? {
            progress.step(&Step::Note { text });
        }
        let expected =
            |layer: &Descriptor| Expected { digest: Some(layer.digest.clone()), size: Some(layer.size), diff_id: None };
        let incoming = Incoming {
            names: vec![reference.stored()],
            config,
            manifest: Some(bytes),
            layers: manifest.layers.iter().map(expected).collect(),
        };
        let source = Blobs { registry: &registry, layers: &manifest.layers };
        let id = self.take_in(incoming, &source, &lock, progress)?.id;
        self.tell_of(&Subject::image(id.hex(), &reference.stored()), Status::Pull);
        Ok(id)
    }
}

/// Follows indexes down to the manifest for the platform.
fn follow(registry: &Registry, mut bytes: Vec<u8>, wanted: &Platform) -> Result<(Manifest, Vec<u8>), ImageError> {
    for _ in 0..MAX_DEPTH {
        match manifest::parse(&bytes)? {
            Document::Manifest(manifest) => return Ok((*manifest, bytes)),
            Document::Index(index) => bytes = registry.manifest(index.choose(wanted)?)?,
        }
    }
    Err(ImageError::NotAnImage { what: "its indexes lie too deep in one another".to_owned() })
}

/// An image without an index is taken for what it is; that it may not run is worth a word.
fn foreign(config: &[u8], wanted: &Platform) -> Result<Option<String>, ImageError> {
    let offered = ImageConfig::parse(config)?.platform;
    let fits = offered.architecture.is_empty() || wanted.distance(&offered).is_some();
    Ok((!fits).then(|| format!("the image is for {offered}, not for {wanted}")))
}

struct Blobs<'a> {
    registry: &'a Registry,
    layers: &'a [Descriptor],
}

impl LayerSource for Blobs<'_> {
    fn open(&self, layer: usize) -> Result<Box<dyn BufRead + Send + '_>, ImageError> {
        Ok(Box::new(self.registry.blob(&self.layers[layer])?))
    }
}
