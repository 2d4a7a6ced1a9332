//! Digests of streams.

use crate::model::Digest;
use sha2::{Digest as _, Sha256};
use std::io::{self, BufRead, Read};

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
