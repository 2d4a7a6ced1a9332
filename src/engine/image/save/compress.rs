//! Layers as blobs, whose digests have to be known before their names: compressed ones lie in files of the store meanwhile, and
//! are made several at once.

use crate::config::Paths;
use crate::engine::image::progress::Progress;
use crate::model::Digest;
use crate::storage::give::LayerTar;
use crate::storage::{StorageError, staging};
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{self, BufWriter, Seek as _, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};

/// Layers that are compressed at once.
const WORKERS: usize = 4;
/// Progress is told about every so many bytes.
const REPORT_EVERY: u64 = 512 << 10;
const BUFFER: usize = 128 << 10;

/// A layer as others will find it.
#[derive(Debug)]
pub(super) struct Blob {
    pub(super) digest: Digest,
    pub(super) size: u64,
    /// Its bytes where it is compressed; else it is the layer's tar.
    pub(super) compressed: Option<File>,
}

enum Event {
    Position { layer: usize, bytes: u64 },
    Done { layer: usize, made: Result<Blob, StorageError> },
}

/// Makes the blobs of layers, in their order.
pub(super) fn blobs(
    paths: &Paths,
    layers: &[LayerTar],
    compress: bool,
    progress: &mut dyn Progress,
) -> Result<Vec<Blob>, StorageError> {
    if !compress {
        let plain = |layer: &LayerTar| Blob { digest: layer.diff_id.digest().clone(), size: layer.size, compressed: None };
        return Ok(layers.iter().map(plain).collect());
    }
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (mut made, mut failure): (Vec<Option<Blob>>, _) = (layers.iter().map(|_| None).collect(), None);
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(WORKERS).min(layers.len());
    std::thread::scope(|scope| {
        let (events, inbox) = channel();
        for _ in 0..workers {
            let (events, next, stop) = (events.clone(), &next, &stop);
            scope.spawn(move || {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(layer) = layers.get(at).filter(|_| !stop.load(Ordering::Relaxed)) else { return };
                    let made = one(paths, layer, at, &events, stop);
                    if events.send(Event::Done { layer: at, made }).is_err() {
                        return;
                    }
                }
            });
        }
        drop(events);
        for event in inbox {
            match event {
                Event::Position { layer, bytes } => progress.position(layer, bytes),
                Event::Done { layer, made: Ok(blob) } => {
                    progress.done(layer);
                    made[layer] = Some(blob);
                }
                // The first failure in time is the cause; the others fail because they are stopped.
                Event::Done { made: Err(error), .. } => {
                    stop.store(true, Ordering::Relaxed);
                    failure.get_or_insert(error);
                }
            }
        }
    });
    match failure {
        Some(error) => Err(error),
        None => made.into_iter().map(|blob| blob.ok_or(StorageError::Thread)).collect(),
    }
}

fn one(paths: &Paths, layer: &LayerTar, at: usize, events: &Sender<Event>, stop: &AtomicBool) -> Result<Blob, StorageError> {
    let failed = |source| StorageError::Write { what: "a compressed layer", source };
    let file = BufWriter::with_capacity(BUFFER, staging::spool_file(paths)?);
    let sums = Sums { out: file, hasher: Sha256::new(), size: 0 };
    let encoder = GzEncoder::new(sums, flate2::Compression::default());
    let mut gauge = Gauge { out: encoder, layer: at, taken: 0, told: 0, events, stop };
    layer.write(paths, &mut gauge)?;
    let Sums { out, hasher, size } = gauge.out.finish().map_err(failed)?;
    let mut file = out.into_inner().map_err(io::IntoInnerError::into_error).map_err(failed)?;
    file.rewind().map_err(failed)?;
    Ok(Blob { digest: Digest::from_sha256(&hasher.finalize()), size, compressed: Some(file) })
}

struct Sums<W> {
    out: W,
    hasher: Sha256,
    size: u64,
}

impl<W: Write> Write for Sums<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Tells how far a layer is, and fails when another one has failed.
struct Gauge<'a, W> {
    out: W,
    layer: usize,
    taken: u64,
    told: u64,
    events: &'a Sender<Event>,
    stop: &'a AtomicBool,
}

impl<W: Write> Write for Gauge<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(io::Error::other("another layer failed"));
        }
        let written = self.out.write(bytes)?;
        self.taken += written as u64;
        if self.taken - self.told >= REPORT_EVERY {
            self.told = self.taken;
            let _ = self.events.send(Event::Position { layer: self.layer, bytes: self.taken });
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
