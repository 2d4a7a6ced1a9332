//! Layers on their way into the store.
//!
//! ```text
//! workers: socket → digest → decompress → diffID → files in tmp/  ──▶  landing: syncfs → layers/  ──▶  this thread: row
//! ```
//! A layer that has landed stays, also when another fails or the command is killed: the next pull finds it. One that no image takes up
//! goes as `engine::image::remove` says.

use super::incoming::name;
use super::progress::{Progress, Step};
use crate::engine::{Engine, EngineError};
use crate::image::ImageError;
use crate::model::{BlobCompression, DiffId, Digest};
use crate::storage::claim::{self, Claim};
use crate::storage::intake::{self, Expected, Received};
use crate::storage::landing::{self, Ready};
use crate::storage::unpack::{Limits, Unpacked};
use crate::storage::{borrow, layer};
use std::collections::HashMap;
use std::io::{self, BufRead, Read};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};

/// Layers that come in at once. Each has a thread that decompresses and one that makes files.
const WORKERS: usize = 3;
/// Progress is told about every so many bytes.
pub(super) const REPORT_EVERY: u64 = 512 << 10;

/// Gives the bytes of layers, to several threads at once.
pub(super) trait LayerSource: Sync {
    fn open(&self, layer: usize) -> Result<Box<dyn BufRead + Send + '_>, ImageError>;
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
    /// Nothing for a blob that no manifest may name.
    fn of(received: &Received) -> Option<Self> {
        let (diff_id, digest) = (received.diff_id.clone(), received.digest.clone());
        Some(Self { diff_id, digest, size: received.size, compression: received.compression.of_blob()? })
    }
}

/// What came in for an image.
#[derive(Debug, Default)]
pub(super) struct Arrived {
    pub(super) blobs: Vec<ReceivedBlob>,
    pub(super) unpacked: Unpacked,
    /// Those that wait for layers below them (hard links across layers).
    waiting: Vec<Received>,
}

/// What the other threads have to say.
enum Event {
    Position {
        layer: usize,
        bytes: u64,
    },
    Done {
        layer: usize,
        received: Box<Received>,
    },
    Failed(EngineError),
    /// A worker has nothing to do any more.
    Ended,
    Landed {
        layers: Vec<usize>,
    },
}

impl Engine {
    /// Brings the missing layers into the store, those that another command is bringing excepted: it is waited for.
    ///
    /// A claim is held from before a layer is fetched until it has its row; none is held while another command is waited for.
    pub(super) fn bring_layers(
        &mut self,
        layers: &[Expected],
        mut missing: Vec<usize>,
        diff_ids: &[DiffId],
        source: &dyn LayerSource,
        progress: &mut dyn Progress,
    ) -> Result<Arrived, EngineError> {
        let mut arrived = Arrived::default();
        loop {
            let (mut mine, mut claims, mut others) = (Vec::new(), HashMap::new(), Vec::new());
            for at in missing {
                match claim::claim(&self.paths, &diff_ids[at])? {
                    // It may have come since we looked.
                    Some(_) if self.has_layer(&diff_ids[at])? => progress.done(at),
                    Some(claim) => {
                        claims.insert(at, claim);
                        mine.push(at);
                    }
                    None => others.push(at),
                }
            }
            let flight = Flight { layers, mine: &mine, source, is_last: others.is_empty() };
            self.receive_layers(&flight, &mut claims, &mut arrived, progress)?;
            if others.is_empty() {
                // After the others, which they look into.
                borrow::settle(&self.paths, arrived.waiting.iter_mut().map(|one| &mut one.layer).collect(), diff_ids)?;
                let waiting = std::mem::take(&mut arrived.waiting);
                let sizes: Vec<_> = waiting.iter().map(|one| (one.diff_id.clone(), one.tar_size)).collect();
                layer::commit(&self.paths, waiting.into_iter().map(|one| one.layer).collect())?;
                self.db.put_layers(&sizes)?;
                return Ok(arrived);
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

    /// A folder without a row was left by a command that was killed: it is whole, but its size is not known.
    pub(super) fn has_layer(&self, diff_id: &DiffId) -> Result<bool, EngineError> {
        Ok(self.db.layer_size(diff_id)?.is_some() && layer::exists(&self.paths, diff_id))
    }

    /// Receives the layers of a flight. What was whole when another failed is in the store all the same.
    fn receive_layers(
        &mut self,
        flight: &Flight<'_>,
        claims: &mut HashMap<usize, Claim>,
        arrived: &mut Arrived,
        progress: &mut dyn Progress,
    ) -> Result<(), EngineError> {
        if flight.mine.is_empty() {
            return Ok(());
        }
        let (next, stop, bytes) = (AtomicUsize::new(0), AtomicBool::new(false), AtomicU64::new(0));
        let paths = self.paths.clone();
        let mut sizes: HashMap<usize, (DiffId, u64)> = HashMap::new();
        let mut failure = None;
        std::thread::scope(|scope| {
            let (events, inbox) = channel();
            let mut running = WORKERS.min(flight.mine.len());
            for _ in 0..running {
                let worker = Worker { paths: &paths, flight, next: &next, stop: &stop, bytes: &bytes };
                let events = events.clone();
                scope.spawn(move || {
                    let ending = Ending(events);
                    worker.run(&ending.0);
                });
            }
            let (to_land, ready) = channel::<Ready<usize>>();
            // Closes when the last worker has ended.
            let mut to_land = Some(to_land);
            let (paths, bytes) = (&paths, &bytes);
            scope.spawn(move || {
                let tell = |layers| drop(events.send(Event::Landed { layers }));
                if let Err(error) = landing::land(paths, &ready, bytes, tell) {
                    let _ = events.send(Event::Failed(error.into()));
                }
            });
            for event in inbox {
                match event {
                    Event::Position { layer, bytes } => progress.position(layer, bytes),
                    Event::Done { layer, received } => {
                        progress.done(layer);
                        arrived.unpacked += received.unpacked;
                        arrived.blobs.extend(ReceivedBlob::of(&received));
                        if received.layer.is_settled() {
                            sizes.insert(layer, (received.diff_id.clone(), received.tar_size));
                            // Where the landing has failed its error is on the way.
                            let _ = to_land.as_ref().map(|to_land| to_land.send((layer, received.tar_size, received.layer)));
                        } else {
                            arrived.waiting.push(*received);
                        }
                    }
                    Event::Landed { layers } => {
                        let rows: Vec<_> = layers.iter().filter_map(|layer| sizes.remove(layer)).collect();
                        match self.db.put_layers(&rows) {
                            Ok(()) => claims.retain(|layer, _| !layers.contains(layer)),
                            Err(error) => {
                                stop.store(true, Ordering::Relaxed);
                                failure.get_or_insert(error.into());
                            }
                        }
                    }
                    Event::Failed(error) => {
                        // The first failure is the cause; the others are told to stop and fail by that.
                        stop.store(true, Ordering::Relaxed);
                        failure.get_or_insert(error);
                    }
                    Event::Ended => {
                        running -= 1;
                        if running == 0 {
                            if flight.is_last && failure.is_none() {
                                progress.step(&Step::Storing);
                            }
                            to_land = None;
                        }
                    }
                }
            }
        });
        failure.map_or(Ok(()), Err)
    }
}

/// Layers that come in together.
struct Flight<'a> {
    layers: &'a [Expected],
    /// Those that this command brings, by their place in `layers`.
    mine: &'a [usize],
    source: &'a dyn LayerSource,
    /// No other command brings any.
    is_last: bool,
}

/// Says that a worker has ended, also when it panics: the landing waits for all of them.
struct Ending(Sender<Event>);

impl Drop for Ending {
    fn drop(&mut self) {
        let _ = self.0.send(Event::Ended);
    }
}

/// A thread that takes in one missing layer after the other.
struct Worker<'a> {
    paths: &'a crate::config::Paths,
    flight: &'a Flight<'a>,
    next: &'a AtomicUsize,
    stop: &'a AtomicBool,
    /// Of all workers, as they come.
    bytes: &'a AtomicU64,
}

impl Worker<'_> {
    fn run(&self, events: &Sender<Event>) {
        while let Some(layer) = self.flight.mine.get(self.next.fetch_add(1, Ordering::Relaxed)).copied() {
            let event = match self.receive(layer, events) {
                Ok(received) => Event::Done { layer, received: Box::new(received) },
                Err(error) => Event::Failed(error.into()),
            };
            let failed = matches!(event, Event::Failed(_));
            if events.send(event).is_err() || failed || self.stop.load(Ordering::Relaxed) {
                return;
            }
        }
    }

    fn receive(&self, layer: usize, events: &Sender<Event>) -> Result<Received, ImageError> {
        let inner = self.flight.source.open(layer)?;
        let reader = Watched { inner, layer, taken: 0, told: 0, events, worker: self };
        Ok(intake::receive(self.paths, reader, &self.flight.layers[layer], &Limits::default())?)
    }
}

/// A reader that tells how far it is, and fails when another layer has failed.
struct Watched<'a, R> {
    inner: R,
    layer: usize,
    taken: u64,
    told: u64,
    events: &'a Sender<Event>,
    worker: &'a Worker<'a>,
}

impl<R: BufRead> BufRead for Watched<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.worker.stop.load(Ordering::Relaxed) {
            return Err(io::Error::other("another layer failed"));
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.inner.consume(amount);
        self.taken += amount as u64;
        if self.taken - self.told >= REPORT_EVERY {
            self.worker.bytes.fetch_add(self.taken - self.told, Ordering::Relaxed);
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
