//! Digests of streams.

use crate::model::Digest;
use sha2::{Digest as _, Sha256};
use std::io::{self, BufRead, Read, Write};

/// Returns the sha256 digest of `bytes`.
#[must_use]
pub fn of(bytes: &[u8]) -> Digest {
    Digest::from_sha256(&Sha256::digest(bytes))
}

/// A reader that knows the digest and the number of the bytes that were taken from it.
#[derive(Debug)]
pub(crate) struct Hashing<R> {
    inner: R,
    hasher: Sha256,
    count: u64,
}

impl<R: BufRead> Hashing<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self { inner, hasher: Sha256::new(), count: 0 }
    }

    /// Reads what is left and returns the digest and length of everything.
    pub(crate) fn finish(mut self) -> io::Result<(Digest, u64)> {
        loop {
            match self.fill_buf()?.len() {
                0 => return Ok((Digest::from_sha256(&self.hasher.finalize()), self.count)),
                available => self.consume(available),
            }
        }
    }
}

impl<R: BufRead> Read for Hashing<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let taken = self.fill_buf()?.read(buf)?;
        self.consume(taken);
        Ok(taken)
    }
}

impl<R: BufRead> BufRead for Hashing<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        if amount == 0 {
            return;
        }
        // The bytes are still in the inner buffer: fill_buf gives them again without reading.
        if let Ok(bytes) = self.inner.fill_buf() {
            self.hasher.update(&bytes[..amount]);
            self.count += amount as u64;
        }
        self.inner.consume(amount);
    }
}

/// A writer that knows the digest and the number of the bytes that went through it.
#[derive(Debug)]
pub(crate) struct Summing<W> {
    out: W,
    hasher: Sha256,
    count: u64,
}

impl<W> Summing<W> {
    pub(crate) fn new(out: W) -> Self {
        Self { out, hasher: Sha256::new(), count: 0 }
    }

    /// Returns what was written to, and the digest and length of everything.
    pub(crate) fn finish(self) -> (W, Digest, u64) {
        (self.out, Digest::from_sha256(&self.hasher.finalize()), self.count)
    }
}

impl<W: Write> Write for Summing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.count += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
