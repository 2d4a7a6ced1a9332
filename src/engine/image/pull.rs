//! `pull`: an image from a registry.

use super::arriving::LayerSource;
use super::incoming::{Incoming, TakenIn};
use super::progress::{Progress, Step};
use super::source::{Candidate, Plan, Source};
use crate::engine::{Engine, EngineError};
use crate::events::{Status, Subject};
use crate::image::manifest::{self, Document};
use crate::image::reference::is_short;
use crate::image::registry::Registry;
use crate::image::{Descriptor, ImageConfig, ImageError, Manifest, Platform, Reference};
use crate::model::{ImageId, ImageRecord, LayerBlob, PullRecord};
use crate::storage::{digest, intake::Expected, layer};
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
    pub plan: Plan,
    pub policy: PullPolicy,
    pub platform: Platform,
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
        let known = match request.policy {
            PullPolicy::Always => None,
            _ => self.planned_image(&request.plan)?,
        };
        match (request.policy, known) {
            (PullPolicy::Missing | PullPolicy::Never, Some(image)) => {
                if let Some(text) = foreign(image.config.as_bytes(), &request.platform)? {
                    progress.step(&Step::Note { text });
                }
                Ok(PullReport { id: image.id, asked: false })
            }
            (PullPolicy::Never, None) => Err(EngineError::NoSuchImage { name: request.plan.name.clone() }),
            (_, known) => match (self.settle_driver(progress).and_then(|()| self.pull_any(request, progress)), known) {
                (Err(EngineError::Image(error)), Some(image)) if error.is_unreachable() => {
                    Ok(PullReport { id: image.id, asked: false })
                }
                (pulled, _) => pulled.map(|id| PullReport { id, asked: true }),
            },
        }
    }

    /// Pulls every tag of the repository. Returns the images in the order of the tags.
    ///
    /// # Errors
    /// As `pull`; images before the one that fails stay.
    pub fn pull_all_tags(&mut self, request: &PullRequest, progress: &mut dyn Progress) -> Result<Vec<ImageId>, EngineError> {
        self.settle_driver(progress)?;
        let mut ids = Vec::new();
        let candidate = first(&request.plan)?;
        let (at, registry, tags) = from_any(&request.plan.name, &candidate.places(), |(at, source)| {
            let registry = Registry::open(&source.reference, source.access.clone())?;
            let tags = registry.tags()?;
            Ok((*at, registry, tags))
        })?;
        for tag in tags {
            let tagged = candidate.with_tag(&tag).map_err(ImageError::from)?;
            progress.step(&Step::Trying { reference: tagged.reference.to_string() });
            // Where the tags are known is asked first, by the connection that is there.
            let pulled = self.pull_through(&registry, &tagged.sources[at], &tagged.reference, &request.platform, progress);
            let id = match pulled {
                Err(EngineError::Image(error)) if tagged.sources.len() > 1 && is_the_places_fault(&error) => {
                    self.pull_candidate(&tagged, request, progress)?
                }
                done => done?,
            };
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        Ok(ids)
    }

    /// The image in the store that a plan means.
    fn planned_image(&self, plan: &Plan) -> Result<Option<ImageRecord>, EngineError> {
        match self.image(&plan.name) {
            Err(EngineError::NoSuchImage { .. }) => {}
            found => return found.map(Some),
        }
        for name in plan.names() {
            if let Some(image) = self.db.image_by_name(&name)? {
                return Ok(Some(image));
            }
        }
        Ok(None)
    }

    /// Tries the images that a short name may mean, one after the other.
    fn pull_any(&mut self, request: &PullRequest, progress: &mut dyn Progress) -> Result<ImageId, EngineError> {
        let plan = &request.plan;
        let id = from_any(&plan.name, &plan.candidates, |candidate| {
            if is_short(&plan.name) || candidate.reference.to_string() != plan.name {
                progress.step(&Step::Trying { reference: candidate.reference.to_string() });
            }
            self.pull_candidate(candidate, request, progress)
        })?;
        plan.succeeded();
        Ok(id)
    }

    /// Tries mirrors, then the registry.
    fn pull_candidate(
        &mut self,
        candidate: &Candidate,
        request: &PullRequest,
        progress: &mut dyn Progress,
    ) -> Result<ImageId, EngineError> {
        let name = candidate.reference.to_string();
        from_any(&name, &candidate.sources, |source| self.pull_from(source, &candidate.reference, &request.platform, progress))
    }

    fn pull_from(
        &mut self,
        source: &Source,
        reference: &Reference,
        platform: &Platform,
        progress: &mut dyn Progress,
    ) -> Result<ImageId, EngineError> {
        let registry = Registry::open(&source.reference, source.access.clone())?;
        self.pull_through(&registry, source, reference, platform, progress)
    }

    fn pull_through(
        &mut self,
        registry: &Registry,
        source: &Source,
        reference: &Reference,
        platform: &Platform,
        progress: &mut dyn Progress,
    ) -> Result<ImageId, EngineError> {
        let lock = self.begin_intake()?;
        if let Some(id) = self.up_to_date(registry, source, reference, platform)? {
            return Ok(id);
        }
        let first = registry.document(&source.reference)?;
        let asked = digest::of(&first);
        let (manifest, bytes) = follow(registry, &source.reference, first, platform)?;
        let config = registry.small_blob(&manifest.config)?;
        if let Some(text) = foreign(&config, platform)? {
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
        let blobs = Blobs { registry, layers: &manifest.layers };
        let taken = self.take_in(incoming, &blobs, &lock, progress)?;
        let id = taken.image.id.clone();
        let pull = PullRecord { name: reference.stored(), image: id.clone(), digest: asked, platform: platform.to_string() };
        self.db.put_origins(Some(&pull), &self.origins(&taken, &manifest, &source.reference)?)?;
        self.tell_of(&Subject::image(id.hex(), &reference.stored()), Status::Pull);
        Ok(id)
    }

    /// The image that a name has already, if the name still leads to the same manifest: one HEAD request at most.
    fn up_to_date(
        &self,
        registry: &Registry,
        source: &Source,
        reference: &Reference,
        platform: &Platform,
    ) -> Result<Option<ImageId>, EngineError> {
        let Some(known) = self.db.pull_record(&reference.stored())?.filter(|known| known.platform == platform.to_string()) else {
            return Ok(None);
        };
        let image = self.db.image_by_name(&known.name)?.filter(|image| image.id == known.image);
        if !image.is_some_and(|image| image.layers.iter().all(|diff_id| layer::exists(&self.paths, diff_id))) {
            return Ok(None);
        }
        if reference.digest() == Some(&known.digest) {
            return Ok(Some(known.image));
        }
        match registry.resolve(&source.reference) {
            Ok(found) => Ok((found == Some(known.digest)).then_some(known.image)),
            // Some registries know no HEAD; what is really wrong is said by the GET that follows.
            Err(ImageError::Registry { .. } | ImageError::NoSuch { .. } | ImageError::Denied { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The blobs that this repository has, as far as it was seen what they unpack to: now, or when they came from elsewhere.
    fn origins(&self, taken: &TakenIn, manifest: &Manifest, from: &Reference) -> Result<Vec<LayerBlob>, EngineError> {
        let mut all = Vec::new();
        for (diff_id, descriptor) in taken.image.layers.iter().zip(&manifest.layers) {
            let (registry, repository) = (from.registry().to_owned(), from.repository().to_owned());
            let now = taken.blobs.iter().find(|blob| blob.diff_id == *diff_id && blob.digest == descriptor.digest);
            let seen = match now {
                Some(blob) => Some((blob.size, blob.compression)),
                None => {
                    let known = self.db.layer_blobs(diff_id)?.into_iter().find(|known| known.digest == descriptor.digest);
                    known.map(|known| (known.size, known.compression))
                }
            };
            if let Some((size, compression)) = seen {
                let (diff_id, digest) = (diff_id.clone(), descriptor.digest.clone());
                all.push(LayerBlob { diff_id, digest, size, compression, registry, repository });
            }
        }
        Ok(all)
    }
}

impl Candidate {
    /// The sources with their places in the list.
    fn places(&self) -> Vec<(usize, &Source)> {
        self.sources.iter().enumerate().collect()
    }

    fn with_tag(&self, tag: &str) -> Result<Self, crate::image::reference::BadReference> {
        let retag = |source: &Source| Ok(Source { reference: source.reference.with_tag(tag)?, access: source.access.clone() });
        Ok(Self { reference: self.reference.with_tag(tag)?, sources: self.sources.iter().map(retag).collect::<Result<_, _>>()? })
    }
}

fn first(plan: &Plan) -> Result<&Candidate, EngineError> {
    plan.candidates.first().ok_or_else(|| EngineError::NoSuchImage { name: plan.name.clone() })
}

/// Does something with the first place that has it. One place that fails says why; of several, all do.
pub(super) fn from_any<P, T>(
    name: &str,
    places: &[P],
    mut attempt: impl FnMut(&P) -> Result<T, EngineError>,
) -> Result<T, EngineError> {
    let mut causes = Vec::new();
    for place in places {
        match attempt(place) {
            Err(EngineError::Image(error)) if places.len() > 1 && is_the_places_fault(&error) => causes.push(error),
            done => return done,
        }
    }
    Err(ImageError::Nowhere { name: name.to_owned(), causes }.into())
}

/// Tells whether another place may do better.
fn is_the_places_fault(error: &ImageError) -> bool {
    matches!(
        error,
        ImageError::Unreachable { .. }
            | ImageError::PlainHttp { .. }
            | ImageError::OtherTls { .. }
            | ImageError::Certificate { .. }
            | ImageError::Denied { .. }
            | ImageError::NoSuch { .. }
            | ImageError::Registry { .. }
            | ImageError::TooManyRequests { .. }
            | ImageError::Client { .. }
            | ImageError::Nowhere { .. }
    )
}

/// Follows indexes down to the manifest for the platform.
fn follow(
    registry: &Registry,
    reference: &Reference,
    mut bytes: Vec<u8>,
    wanted: &Platform,
) -> Result<(Manifest, Vec<u8>), ImageError> {
    for _ in 0..MAX_DEPTH {
        match manifest::parse(&bytes)? {
            Document::Manifest(manifest) => return Ok((*manifest, bytes)),
            Document::Index(index) => bytes = registry.manifest(reference, index.choose(wanted)?)?,
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
        Ok(Box::new(self.registry.blob(&self.layers[layer])))
    }
}
