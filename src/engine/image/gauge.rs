//! How far a layer is on its way out of the store.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// Progress is told about every so many bytes.
const TELL_EVERY: u64 = 512 << 10;

/// A writer that tells how many bytes it has taken, and fails when another layer has failed.
pub(super) struct Gauge<'a, W, T> {
    out: W,
    tell: T,
    stop: &'a AtomicBool,
    taken: u64,
    told: u64,
}

impl<'a, W: Write, T: FnMut(u64)> Gauge<'a, W, T> {
    pub(super) fn new(out: W, stop: &'a AtomicBool, tell: T) -> Self {
        Self { out, tell, stop, taken: 0, told: 0 }
    }
}

impl<W: Write, T: FnMut(u64)> Write for Gauge<'_, W, T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(io::Error::other("another layer failed"));
        }
        let written = self.out.write(bytes)?;
        self.taken += written as u64;
        if self.taken - self.told >= TELL_EVERY {
            self.told = self.taken;
            (self.tell)(self.taken);
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
