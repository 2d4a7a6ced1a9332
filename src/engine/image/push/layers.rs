//! Layers on their way to a registry, several at once.

use crate::config::Paths;
use crate::engine::image::encode::{Encoding, encode};
use crate::engine::image::gauge::Gauge;
use crate::image::registry::{Mounted, Registry};
use crate::image::{ImageError, Reference};
use crate::model::{BlobCompression, DiffId, LayerBlob};
use crate::storage::{StorageError, split};
use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};

/// Layers that are worked on at once.
const WORKERS: usize = 3;

/// One layer.
#[derive(Debug)]
pub(super) struct Job {
    /// Its first place in the image.
    pub(super) at: usize,
    pub(super) diff_id: DiffId,
    /// Blobs that were seen to unpack to it.
    pub(super) known: Vec<LayerBlob>,
    /// How it is compressed if it has to be sent.
    pub(super) compression: BlobCompression,
}

/// How far a layer is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Event {
    /// So many bytes of the tar were read.
    Position {
        layer: usize,
        bytes: u64,
    },
    Done {
        layer: usize,
    },
}

/// What all layers have in common.
#[derive(Debug)]
pub(super) struct Work<'a> {
    pub(super) registry: &'a Registry,
    pub(super) target: &'a Reference,
    pub(super) paths: &'a Paths,
    pub(super) level: Option<i32>,
}

impl Work<'_> {
    /// Finds a blob that the repository has, or can get without us.
    pub(super) fn reuse(&self, job: &Job) -> Result<Option<LayerBlob>, ImageError> {
        let here = |blob: &LayerBlob| LayerBlob {
            registry: self.target.registry().to_owned(),
            repository: self.target.repository().to_owned(),
            ..blob.clone()
        };
        for (at, blob) in job.known.iter().enumerate() {
            let is_asked = job.known[..at].iter().any(|before| before.digest == blob.digest);
            if !is_asked && self.registry.has_blob(&blob.digest)? {
                return Ok(Some(here(blob)));
            }
        }
        for blob in job.known.iter().filter(|blob| blob.registry == self.target.registry()) {
            let elsewhere = blob.repository != self.target.repository();
            if elsewhere && self.registry.mount(&blob.digest, &blob.repository)? == Mounted::Yes {
                return Ok(Some(here(blob)));
            }
        }
        Ok(None)
    }

    /// Sends a layer, made again from its files.
    pub(super) fn send(&self, job: &Job, events: &Sender<Event>, stop: &AtomicBool) -> Result<LayerBlob, ImageError> {
        let write = |out: &mut dyn Write| self.write(job, out, events, stop);
        let sent = self.registry.send_stream(&format!("layer {}", &job.diff_id.hex()[..12]), &write)?;
        // The other side ended first: nobody looks any more.
        let _ = events.send(Event::Done { layer: job.at });
        Ok(LayerBlob {
            diff_id: job.diff_id.clone(),
            digest: sent.digest,
            size: sent.size,
            compression: job.compression,
            registry: self.target.registry().to_owned(),
            repository: self.target.repository().to_owned(),
        })
    }

    fn write(&self, job: &Job, out: &mut dyn Write, events: &Sender<Event>, stop: &AtomicBool) -> Result<(), StorageError> {
        // The other side ended first: nobody looks any more.
        let tell = |bytes| events.send(Event::Position { layer: job.at, bytes }).unwrap_or_default();
        let encoding = Encoding { compression: job.compression, level: self.level };
        encode(encoding, out, |out| split::replay(self.paths, &job.diff_id, &mut Gauge::new(out, stop, tell))).map(drop)
    }
}

/// Does something with every job, several at once; the answers come in the order of the jobs. The first failure stops the others.
pub(super) fn each<T: Send>(
    jobs: &[Job],
    work: impl Fn(&Job, &Sender<Event>, &AtomicBool) -> Result<T, ImageError> + Sync,
    mut on_event: impl FnMut(Event),
) -> Result<Vec<T>, ImageError> {
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (events, inbox) = channel();
    let (answers, answered) = channel();
    std::thread::scope(|scope| {
        for _ in 0..WORKERS.min(jobs.len()) {
            let (events, answers, next, stop, work) = (events.clone(), answers.clone(), &next, &stop, &work);
            scope.spawn(move || {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(job) = jobs.get(at).filter(|_| !stop.load(Ordering::Relaxed)) else { return };
                    let answer = work(job, &events, stop);
                    let failed = answer.is_err();
                    if answers.send((at, answer)).is_err() {
                        return;
                    }
                    // After the answer: those that this stops fail too, and the cause is the first that was sent.
                    if failed {
                        stop.store(true, Ordering::Relaxed);
                    }
                }
            });
        }
        drop((events, answers));
        inbox.iter().for_each(&mut on_event);
    });
    let mut done = Vec::new();
    for (at, answer) in answered {
        // The first failure in time is the cause; the others failed because they were stopped.
        done.push((at, answer?));
    }
    done.sort_by_key(|(at, _)| *at);
    Ok(done.into_iter().map(|(_, answer)| answer).collect())
}
