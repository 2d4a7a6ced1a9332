//! The way of an image into the store, wherever it comes from.
//!
//! ```text
//! layers that the store lacks, three at a time ──▶ tmp/ ──▶ one syncfs ──▶ layers/ ──▶ blobs/ ──▶ rows
//! ```
//! The rows come last: an image that is seen is whole. Killed before, it leaves folders that the next command sweeps.

use super::progress::{LayerInfo, Progress, Step};
use crate::engine::{Engine, EngineError};
use crate::image::manifest::{Descriptor, MAX_DOCUMENT, Manifest, OCI_CONFIG, OCI_LAYER, OCI_MANIFEST};
use crate::image::{ImageConfig, ImageError};
use crate::model::{BlobCompression, DiffId, Digest, ImageId, ImageRecord};
use crate::storage::intake::{self, Expected, Received};
use crate::storage::unpack::{Limits, Unpacked};
use crate::storage::{blob, borrow, claim, digest, gc, layer};
use std::collections::HashSet;
use std::io::{self, BufRead, Read};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};

/// Layers that come in at once. Each has a thread that decompresses and one that makes files.
const WORKERS: usize = 3;
/// Progress is told about every so many bytes.
const REPORT_EVERY: u64 = 512 << 10;

/// Gives the bytes of layers, to several threads at once.
pub(super) trait LayerSource: Sync {
    fn open(&self, layer: usize) -> Result<Box<dyn BufRead + Send + '_>, ImageError>;
}

/// An image that is known but for its layers.
#[derive(Debug)]
pub(in crate::engine) struct Incoming {
    /// Full names that it gets.
    pub(in crate::engine) names: Vec<String>,
    pub(in crate::engine) config: Vec<u8>,
    /// Nothing: made from the config and the layers.
    pub(in crate::engine) manifest: Option<Vec<u8>>,
    /// What is known of each layer but its diffID, bottom first.
    pub(in crate::engine) layers: Vec<Expected>,
}

/// An image that is in the store now.
#[derive(Debug)]
pub(super) struct TakenIn {
    pub(super) image: ImageRecord,
    /// The blobs that came for it; those of layers that were there are not among them.
    pub(super) blobs: Vec<ReceivedBlob>,
}

/// A blob that was seen to unpack to a layer.
#[derive(Debug)]
pub(super) struct ReceivedBlob {
    pub(super) diff_id: DiffId,
    pub(super) digest: Digest,
    pub(super) size: u64,
    pub(super) compression: BlobCompression,
}

impl ReceivedBlob {
    fn of(received: &Received) -> Self {
        let (diff_id, digest) = (received.diff_id.clone(), received.digest.clone());
        Self { diff_id, digest, size: received.size, compression: received.compression }
    }
}

/// What a worker has to say.
enum Event {
    Position { layer: usize, bytes: u64 },
    Done { layer: usize, received: Box<Received> },
    Failed(ImageError),
}

impl Engine {
    /// Sweeps what killed commands left, and keeps layers from being deleted meanwhile.
    pub(in crate::engine) fn begin_intake(&self) -> Result<gc::StoreLock, EngineError> {
        // Best effort: what cannot be swept is no reason to refuse an image.
        let _ = gc::sweep(&self.paths);
        self.db.keep_reserve();
        Ok(gc::lock_shared(&self.paths)?)
    }

    /// Brings an image in. `lock` proves that its layers cannot be deleted under it.
    pub(super) fn take_in(
        &mut self,
        mut incoming: Incoming,
        source: &dyn LayerSource,
        _lock: &gc::StoreLock,
        progress: &mut dyn Progress,
    ) -> Result<TakenIn, EngineError> {
        let config = ImageConfig::parse(&incoming.config)?;
        let diff_ids = config.rootfs.diff_ids.clone();
        if diff_ids.len() != incoming.layers.len() {
            return Err(ImageError::LayerCount { layers: incoming.layers.len(), diff_ids: diff_ids.len() }.into());
        }
        for (expected, diff_id) in incoming.layers.iter_mut().zip(&diff_ids) {
            expected.diff_id = Some(diff_id.clone());
        }
        let (missing, infos) = self.missing_layers(&incoming.layers, &diff_ids)?;
        progress.layers(&infos);
        let (blobs, unpacked) = self.bring_layers(&incoming.layers, missing, &diff_ids, source, progress)?;
        let image = self.record_image(incoming, &config, &[])?;
        if let Some(text) = losses(&unpacked) {
            progress.step(&Step::Note { text });
        }
        Ok(TakenIn { image, blobs })
    }

    /// Brings the missing layers into the store, those that another command is bringing excepted: it is waited for.
    ///
    /// A claim is held from before a layer is fetched until it has its row; none is held while another command is waited for.
    fn bring_layers(
        &mut self,
        layers: &[Expected],
        mut missing: Vec<usize>,
        diff_ids: &[DiffId],
        source: &dyn LayerSource,
        progress: &mut dyn Progress,
    ) -> Result<(Vec<ReceivedBlob>, Unpacked), EngineError> {
        let (mut blobs, mut unpacked) = (Vec::new(), Unpacked::default());
        // Those that wait for layers below them (hard links across layers) come last.
        let mut waiting: Vec<Received> = Vec::new();
        loop {
            let (mut mine, mut claims, mut others) = (Vec::new(), Vec::new(), Vec::new());
            for at in missing {
                match claim::claim(&self.paths, &diff_ids[at])? {
                    // It may have come since we looked.
                    Some(_) if self.has_layer(&diff_ids[at])? => progress.done(at),
                    Some(claim) => {
                        claims.push(claim);
                        mine.push(at);
                    }
                    None => others.push(at),
                }
            }
            let received = self.receive_layers(layers, &mine, source, progress)?;
            received.iter().for_each(|layer| unpacked += layer.unpacked);
            blobs.extend(received.iter().map(ReceivedBlob::of));
            let (ready, later): (Vec<_>, Vec<_>) = received.into_iter().partition(|one| one.layer.is_settled());
            waiting.extend(later);
            let is_last = others.is_empty();
            if is_last {
                progress.step(&Step::Storing);
            }
            // Before the others are settled, which look into them.
            self.store_layers(ready)?;
            if is_last {
                borrow::settle(&self.paths, waiting.iter_mut().map(|one| &mut one.layer).collect(), diff_ids)?;
                self.store_layers(waiting)?;
                return Ok((blobs, unpacked));
            }
            drop(claims);
            for at in &others {
                progress.step(&Step::Note {
                    text: format!("layer {} is being pulled by another command", name(&layers[*at], &diff_ids[*at])),
                });
                claim::wait(&self.paths, &diff_ids[*at])?;
            }
            missing = others;
        }
    }

    fn store_layers(&mut self, layers: Vec<Received>) -> Result<(), EngineError> {
        if layers.is_empty() {
            return Ok(());
        }
        let sizes: Vec<_> = layers.iter().map(|one| (one.diff_id.clone(), one.tar_size)).collect();
        layer::commit(&self.paths, layers.into_iter().map(|one| one.layer).collect())?;
        Ok(self.db.put_layers(&sizes)?)
    }

    /// A folder without a row was left by a command that was killed: it is whole, but its size is not known.
    fn has_layer(&self, diff_id: &DiffId) -> Result<bool, EngineError> {
        Ok(self.db.layer_size(diff_id)?.is_some() && layer::exists(&self.paths, diff_id))
    }

    /// Writes the documents and the rows. The layers are in the store.
    pub(in crate::engine) fn record_image(
        &mut self,
        incoming: Incoming,
        config: &ImageConfig,
        new_layers: &[(DiffId, u64)],
    ) -> Result<ImageRecord, EngineError> {
        let mut sizes = Vec::new();
        for diff_id in &config.rootfs.diff_ids {
            let new = new_layers.iter().find(|(known, _)| known == diff_id).map(|(_, size)| *size);
            let size = match new {
                Some(size) => size,
                None => self.db.layer_size(diff_id)?.unwrap_or(0),
            };
            sizes.push((diff_id.clone(), size));
        }
        let manifest = match incoming.manifest {
            Some(manifest) => manifest,
            None => make_manifest(&incoming.config, &sizes, [OCI_MANIFEST, OCI_CONFIG, OCI_LAYER])?,
        };
        let id = ImageId::new(blob::write(&self.paths, &incoming.config)?);
        let image = ImageRecord {
            id,
            manifest: blob::write(&self.paths, &manifest)?,
            names: incoming.names,
            created: config.created_ns(),
            size: sizes.iter().map(|(_, size)| size).sum(),
            layers: config.rootfs.diff_ids.clone(),
            config: String::from_utf8(incoming.config)
                .map_err(|_| ImageError::NotAnImage { what: "its config is not UTF-8".to_owned() })?,
        };
        self.db.put_image(&image, &sizes)?;
        Ok(image)
    }

    /// Returns the places of the layers that have to come in, each diffID once, and what to show of all.
    fn missing_layers(&self, layers: &[Expected], diff_ids: &[DiffId]) -> Result<(Vec<usize>, Vec<LayerInfo>), EngineError> {
        let (mut missing, mut infos, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
        for (at, (expected, diff_id)) in layers.iter().zip(diff_ids).enumerate() {
            let present = !seen.insert(diff_id) || self.has_layer(diff_id)?;
            if !present {
                missing.push(at);
            }
            infos.push(LayerInfo { name: name(expected, diff_id).to_owned(), size: expected.size, present });
        }
        Ok((missing, infos))
    }

    fn receive_layers(
        &self,
        layers: &[Expected],
        missing: &[usize],
        source: &dyn LayerSource,
        progress: &mut dyn Progress,
    ) -> Result<Vec<Received>, EngineError> {
        let next = AtomicUsize::new(0);
        let stop = AtomicBool::new(false);
        let (mut received, mut failure) = (Vec::new(), None);
        std::thread::scope(|scope| {
            let (events, inbox) = channel();
            for _ in 0..WORKERS.min(missing.len()) {
                let worker = Worker { engine_paths: &self.paths, layers, missing, next: &next, stop: &stop, source };
                let events = events.clone();
                scope.spawn(move || worker.run(&events));
            }
            drop(events);
            for event in inbox {
                match event {
                    Event::Position { layer, bytes } => progress.position(layer, bytes),
                    Event::Done { layer, received: one } => {
                        progress.done(layer);
                        received.push(*one);
                    }
                    Event::Failed(error) => {
                        // The first failure is the cause; the others are told to stop and fail by that.
                        stop.store(true, Ordering::Relaxed);
                        failure.get_or_insert(error);
                    }
                }
            }
        });
        failure.map_or(Ok(received), |error| Err(error.into()))
    }
}

/// A thread that takes in one missing layer after the other.
struct Worker<'a> {
    engine_paths: &'a crate::config::Paths,
    layers: &'a [Expected],
    missing: &'a [usize],
    next: &'a AtomicUsize,
    stop: &'a AtomicBool,
    source: &'a dyn LayerSource,
}

impl Worker<'_> {
    fn run(&self, events: &Sender<Event>) {
        while let Some(layer) = self.missing.get(self.next.fetch_add(1, Ordering::Relaxed)).copied() {
            let event = match self.receive(layer, events) {
                Ok(received) => Event::Done { layer, received: Box::new(received) },
                Err(error) => Event::Failed(error),
            };
            let failed = matches!(event, Event::Failed(_));
            if events.send(event).is_err() || failed || self.stop.load(Ordering::Relaxed) {
                return;
            }
        }
    }

    fn receive(&self, layer: usize, events: &Sender<Event>) -> Result<Received, ImageError> {
        let inner = self.source.open(layer)?;
        let reader = Watched { inner, layer, taken: 0, told: 0, events, stop: self.stop };
        Ok(intake::receive(self.engine_paths, reader, &self.layers[layer], &Limits::default())?)
    }
}

/// A reader that tells how far it is, and fails when another layer has failed.
struct Watched<'a, R> {
    inner: R,
    layer: usize,
    taken: u64,
    told: u64,
    events: &'a Sender<Event>,
    stop: &'a AtomicBool,
}

impl<R: BufRead> BufRead for Watched<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(io::Error::other("another layer failed"));
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.inner.consume(amount);
        self.taken += amount as u64;
        if self.taken - self.told >= REPORT_EVERY {
            self.told = self.taken;
            let _ = self.events.send(Event::Position { layer: self.layer, bytes: self.taken });
        }
    }
}

impl<R: BufRead> Read for Watched<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let taken = self.fill_buf()?.read(buf)?;
        self.consume(taken);
        Ok(taken)
    }
}

/// Twelve digits that a layer is shown by.
fn name<'a>(expected: &'a Expected, diff_id: &'a DiffId) -> &'a str {
    expected.digest.as_ref().map_or(&diff_id.hex()[..12], |digest| digest.short())
}

/// Makes a manifest of uncompressed layers, for an image that came without one. `types` are those of the manifest, the config and
/// the layers.
pub(in crate::engine) fn make_manifest(
    config: &[u8],
    layers: &[(DiffId, u64)],
    types: [&str; 3],
) -> Result<Vec<u8>, EngineError> {
    let [manifest_type, config_type, layer_type] = types;
    let config_size = config.len() as u64;
    let layer = |(diff_id, size): &(DiffId, u64)| Descriptor::new(layer_type, diff_id.digest().clone(), *size);
    let manifest = Manifest {
        schema_version: 2,
        media_type: Some(manifest_type.to_owned()),
        config: Descriptor::new(config_type, digest::of(config), config_size),
        layers: layers.iter().map(layer).collect(),
        annotations: None,
    };
    let bytes = serde_json::to_vec(&manifest).map_err(|source| ImageError::Parse { what: "the manifest", source })?;
    let found = bytes.len() as u64;
    if found > MAX_DOCUMENT {
        return Err(ImageError::TooBig { what: "the manifest", found, limit: MAX_DOCUMENT }.into());
    }
    Ok(bytes)
}

/// Says what could not be kept, if that matters.
fn losses(unpacked: &Unpacked) -> Option<String> {
    (unpacked.owners_replaced > 0).then(|| {
        format!(
            "{} file(s) belong to users or groups that your user namespace does not have and were given to others \
             (add more subordinate ids to /etc/subuid and /etc/subgid, then pull again)",
            unpacked.owners_replaced
        )
    })
}
