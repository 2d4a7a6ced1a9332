//! The reading end of a blob.

use bytes::{Buf as _, Bytes};
use std::io::{self, BufRead, Read};
use tokio::sync::mpsc::Receiver;

/// Chunks as a reader. An error stays: who asks again gets it again.
#[derive(Debug)]
pub(super) struct BlobReader {
    queue: Receiver<io::Result<Bytes>>,
    current: Bytes,
    failed: Option<String>,
}

impl BlobReader {
    pub(super) fn new(queue: Receiver<io::Result<Bytes>>) -> Self {
        Self { queue, current: Bytes::new(), failed: None }
    }
}

impl BufRead for BlobReader {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.current.is_empty() {
            if let Some(failed) = &self.failed {
                return Err(io::Error::other(failed.clone()));
            }
            match self.queue.blocking_recv() {
                Some(Ok(chunk)) => self.current = chunk,
                Some(Err(error)) => {
                    self.failed = Some(error.to_string());
                    return Err(error);
                }
                None => break,
            }
        }
        Ok(&self.current)
    }

    fn consume(&mut self, amount: usize) {
        self.current.advance(amount);
    }
}

impl Read for BlobReader {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let taken = self.fill_buf()?.read(buf)?;
        self.consume(taken);
        Ok(taken)
    }
}
