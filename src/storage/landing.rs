//! Layers that are whole go into the store while others still come in: what has landed need not be fetched again, whatever happens
//! to the rest, and the disk writes while the network and the processor work.
//!
//! A `syncfs` costs about the same for one layer as for twenty, so those that are ready go together: when they have grown to
//! something, or the oldest has waited, and at the end.

use super::StorageError;
use super::layer::{self, StagedLayer};
use crate::config::Paths;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// How long a layer that is whole may wait for company.
const PATIENCE: Duration = Duration::from_secs(1);
/// Layers that have this many bytes together wait no longer.
const ENOUGH: u64 = 64 << 20;
/// How often the disk is set to work on layers that are not whole yet, and how much must have come since.
const TICK: Duration = Duration::from_millis(300);
const TICK_BYTES: u64 = 4 << 20;

/// A layer to land: what the caller calls it, the bytes of its tar, and the layer.
pub type Ready<K> = (K, u64, StagedLayer);

/// Brings layers into the store until `inbox` closes, and tells of those that are there. `arrived` counts bytes as they come.
///
/// # Errors
/// The disk does not take the data, or a rename fails; then the layers that are left are dropped.
pub fn land<K>(
    paths: &Paths,
    inbox: &Receiver<Ready<K>>,
    arrived: &AtomicU64,
    mut landed: impl FnMut(Vec<K>),
) -> Result<(), StorageError> {
    let mut waiting: Vec<Ready<K>> = Vec::new();
    let mut since = Instant::now();
    let mut written = 0;
    loop {
        let closed = match inbox.recv_timeout(TICK) {
            Ok(ready) => {
                if waiting.is_empty() {
                    since = Instant::now();
                }
                waiting.push(ready);
                waiting.extend(inbox.try_iter());
                false
            }
            Err(RecvTimeoutError::Timeout) => false,
            Err(RecvTimeoutError::Disconnected) => true,
        };
        let bytes: u64 = waiting.iter().map(|(_, bytes, _)| bytes).sum();
        if closed || bytes >= ENOUGH || (!waiting.is_empty() && since.elapsed() >= PATIENCE) {
            let (keys, layers) = waiting.drain(..).map(|(key, _, layer)| (key, layer)).unzip();
            written = arrived.load(Ordering::Relaxed);
            layer::commit(paths, layers)?;
            landed(keys);
        } else if arrived.load(Ordering::Relaxed) - written >= TICK_BYTES {
            written = arrived.load(Ordering::Relaxed);
            layer::sync(&paths.layers())?;
        }
        if closed {
            return Ok(());
        }
    }
}
