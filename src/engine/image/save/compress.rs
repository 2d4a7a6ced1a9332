//! Layers as blobs, whose digests have to be known before their names: compressed ones lie in files of the store meanwhile, and
//! are made several at once.

use crate::config::Paths;
use crate::engine::image::encode::{Encoding, encode};
use crate::engine::image::gauge::Gauge;
use crate::engine::image::progress::Progress;
use crate::model::{BlobCompression, Digest};
use crate::storage::digest::Summing;
use crate::storage::give::LayerTar;
use crate::storage::{StorageError, staging};
use std::fs::File;
use std::io::{self, BufWriter, Seek as _};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};

/// Layers that are compressed at once.
const WORKERS: usize = 4;
const BUFFER: usize = 128 << 10;

/// A layer as others will find it.
#[derive(Debug)]
pub(super) struct Blob {
    pub(super) digest: Digest,
    pub(super) size: u64,
    /// Its bytes where it is compressed; else it is the layer's tar.
    pub(super) compressed: Option<File>,
}

impl Blob {
    /// A layer's tar as it is.
    pub(super) fn plain(layer: &LayerTar) -> Self {
        Self { digest: layer.diff_id.digest().clone(), size: layer.size, compressed: None }
    }
}

enum Event {
    Position { layer: usize, bytes: u64 },
    Done { layer: usize, made: Result<Blob, StorageError> },
}

/// Makes the blobs of layers, in their order.
pub(super) fn blobs(
    paths: &Paths,
    layers: &[LayerTar],
    encoding: Encoding,
    progress: &mut dyn Progress,
) -> Result<Vec<Blob>, StorageError> {
    if encoding.compression == BlobCompression::None {
        return Ok(layers.iter().map(Blob::plain).collect());
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
                    let made = one(paths, layer, at, encoding, &events, stop);
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

fn one(
    paths: &Paths,
    layer: &LayerTar,
    at: usize,
    encoding: Encoding,
    events: &Sender<Event>,
    stop: &AtomicBool,
) -> Result<Blob, StorageError> {
    let failed = |source| StorageError::Write { what: "a compressed layer", source };
    let file = BufWriter::with_capacity(BUFFER, staging::spool_file(paths)?);
    // The other side ended first: nobody looks any more.
    let tell = |bytes| events.send(Event::Position { layer: at, bytes }).unwrap_or_default();
    let summed = encode(encoding, Summing::new(file), |out| layer.write(paths, &mut Gauge::new(out, stop, tell)))?;
    let (out, digest, size) = summed.finish();
    let mut file = out.into_inner().map_err(io::IntoInnerError::into_error).map_err(failed)?;
    file.rewind().map_err(failed)?;
    Ok(Blob { digest, size, compressed: Some(file) })
}
