//! Gzip on all processors: one member, as one encoder would write, made of blocks that are compressed at the same time.
//!
//! ```text
//! bytes ─▶ blocks of 512 KiB ─▶ threads: deflate, each with the 32 KiB before it as its dictionary ─▶ in their order ─▶ out
//! ```
//! Each block but the last ends on a byte (a sync flush), so the next one can follow; its checksum is combined with those before.
//! Where a block ends depends on nothing but the bytes: the same input gives the same output on every machine. Memory is
//! bounded by the number of blocks that may be under way.

use flate2::{Compress, Compression, Crc, FlushCompress, Status};
use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// Bytes of a block: few enough for memory, and enough that the five bytes of a flush do not matter.
const BLOCK: usize = 512 << 10;
/// How far deflate looks back (RFC 1951, 2).
const WINDOW: usize = 32 << 10;
/// Threads at most: several layers may be compressed at once.
const MAX_THREADS: usize = 8;
const OUT_STEP: usize = 64 << 10;

/// A writer that compresses into another.
#[derive(Debug)]
pub struct GzipWriter<W> {
    out: W,
    level: Compression,
    block: Block,
    pool: Option<Pool>,
    /// Where no thread can be had, blocks are compressed here.
    alone: bool,
    crc: Crc,
    header_is_written: bool,
}

/// A piece of the input and what becomes of it. Its buffers are used again and again.
#[derive(Debug, Default)]
struct Block {
    /// What stands before it.
    dictionary: Vec<u8>,
    input: Vec<u8>,
    is_last: bool,
    output: Vec<u8>,
    crc: Crc,
}

type Answer = io::Result<Block>;

impl<W: Write> GzipWriter<W> {
    /// Begins a gzip member in `out`. Threads are made when there is more than one block.
    pub fn new(out: W, level: Compression) -> Self {
        Self { out, level, block: Block::default(), pool: None, alone: false, crc: Crc::new(), header_is_written: false }
    }

    /// Ends the member; returns what it was written to.
    ///
    /// # Errors
    /// `out` does not take it.
    pub fn finish(mut self) -> io::Result<W> {
        let mut last = std::mem::take(&mut self.block);
        last.is_last = true;
        match self.pool.take() {
            None => {
                let done = last.compress(self.level)?;
                self.put(done)?;
            }
            Some(mut pool) => {
                pool.give(last)?;
                while let Some(done) = pool.take() {
                    self.put(done?)?;
                }
            }
        }
        self.out.write_all(&self.crc.sum().to_le_bytes())?;
        self.out.write_all(&self.crc.amount().to_le_bytes())?;
        Ok(self.out)
    }

    /// Sends a full block on its way, and writes what has come back of earlier ones.
    fn pass_on(&mut self) -> io::Result<()> {
        let tail = self.block.input.len().saturating_sub(WINDOW);
        let dictionary = self.block.input[tail..].to_vec();
        let full = std::mem::take(&mut self.block);
        if self.pool.is_none() && !self.alone {
            self.pool = Pool::new(self.level);
            self.alone = self.pool.is_none();
        }
        let spare = match &mut self.pool {
            None => {
                let done = full.compress(self.level)?;
                Some(self.put(done)?)
            }
            Some(pool) => {
                pool.give(full)?;
                match pool.is_full().then(|| pool.take()).flatten() {
                    Some(done) => Some(self.put(done?)?),
                    None => None,
                }
            }
        };
        self.block = spare.unwrap_or_default();
        self.block.dictionary = dictionary;
        Ok(())
    }

    /// Writes a block that is next in order; returns it, emptied.
    fn put(&mut self, mut block: Block) -> io::Result<Block> {
        if !self.header_is_written {
            // RFC 1952, 2.3: no flags, no time, no extra flags, an unknown system.
            self.out.write_all(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255])?;
            self.header_is_written = true;
        }
        self.out.write_all(&block.output)?;
        self.crc.combine(&block.crc);
        block.input.clear();
        block.output.clear();
        Ok(block)
    }
}

impl<W: Write> Write for GzipWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let len = bytes.len().min(BLOCK - self.block.input.len());
        self.block.input.extend_from_slice(&bytes[..len]);
        if self.block.input.len() == BLOCK {
            self.pass_on()?;
        }
        Ok(len)
    }

    /// Bytes of a block that is not full stay: flushes would make the output depend on them.
    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Block {
    /// Begins anew for each block, with room for all of it: what one leaves behind in a used encoder would show in the next.
    fn compress(mut self, level: Compression) -> Answer {
        self.crc = Crc::new();
        self.crc.update(&self.input);
        let mut deflate = Compress::new(level, false);
        if !self.dictionary.is_empty() {
            deflate.set_dictionary(&self.dictionary).map_err(io::Error::other)?;
        }
        let flush = if self.is_last { FlushCompress::Finish } else { FlushCompress::Sync };
        self.output.reserve(BLOCK + BLOCK / 16);
        loop {
            let taken = usize::try_from(deflate.total_in()).unwrap_or(usize::MAX);
            let status = deflate.compress_vec(&self.input[taken..], &mut self.output, flush).map_err(io::Error::other)?;
            // Room that is left means that the flush is whole.
            let is_flushed = !self.is_last && self.output.len() < self.output.capacity();
            if status == Status::StreamEnd || (is_flushed && deflate.total_in() == self.input.len() as u64) {
                return Ok(self);
            }
            self.output.reserve(OUT_STEP);
        }
    }
}

/// Threads that compress blocks. They end when it is dropped.
#[derive(Debug)]
struct Pool {
    jobs: Option<Sender<(Block, SyncSender<Answer>)>>,
    /// In the order of the blocks.
    answers: VecDeque<Receiver<Answer>>,
    threads: Vec<JoinHandle<()>>,
}

impl Pool {
    /// Nothing where there is only one processor, or no thread can be made.
    fn new(level: Compression) -> Option<Self> {
        let count = std::thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS);
        if count == 1 {
            return None;
        }
        let (jobs, inbox) = channel::<(Block, SyncSender<Answer>)>();
        let inbox = Arc::new(Mutex::new(inbox));
        let mut threads = Vec::new();
        for _ in 0..count {
            let inbox = Arc::clone(&inbox);
            threads.extend(std::thread::Builder::new().name("gzip".to_owned()).spawn(move || work(level, &inbox)));
        }
        (!threads.is_empty()).then(|| Self { jobs: Some(jobs), answers: VecDeque::new(), threads })
    }

    fn give(&mut self, block: Block) -> io::Result<()> {
        let (reply, answer) = sync_channel(1);
        self.answers.push_back(answer);
        self.jobs.as_ref().and_then(|jobs| jobs.send((block, reply)).ok()).ok_or_else(gone)
    }

    /// Tells whether all threads are busy and each has a block waiting.
    fn is_full(&self) -> bool {
        self.answers.len() >= 2 * self.threads.len()
    }

    /// Waits for the oldest block; nothing if none is under way.
    fn take(&mut self) -> Option<Answer> {
        let answer = self.answers.pop_front()?;
        Some(answer.recv().unwrap_or_else(|_| Err(gone())))
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        // Nobody waits for the blocks that are left; the queue's end is what the threads wait for.
        self.jobs = None;
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn work(level: Compression, inbox: &Mutex<Receiver<(Block, SyncSender<Answer>)>>) {
    loop {
        let next = inbox.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((block, reply)) = next else { return };
        // The writer failed and looks at no block any more.
        let _ = reply.send(block.compress(level));
    }
}

fn gone() -> io::Error {
    io::Error::other("a thread that compresses ended")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    /// Bytes that compress somewhat, and refer back over the ends of blocks.
    fn sample(len: usize) -> Vec<u8> {
        let mut state = 7_u64;
        let mut bytes = Vec::with_capacity(len + 8);
        while bytes.len() < len {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            bytes.extend_from_slice(&(state >> 40).to_le_bytes());
        }
        bytes.truncate(len);
        bytes
    }

    fn compress(bytes: &[u8], piece: usize, level: u32) -> Vec<u8> {
        let mut writer = GzipWriter::new(Vec::new(), Compression::new(level));
        bytes.chunks(piece.max(1)).for_each(|piece| writer.write_all(piece).unwrap());
        writer.finish().unwrap()
    }

    #[test]
    fn what_goes_in_comes_out_of_one_member() {
        for len in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 5 * BLOCK + 12_345, 40 * BLOCK] {
            let bytes = sample(len);
            for level in [0, 1, 6, 9] {
                if level != 6 && len > 6 * BLOCK {
                    continue;
                }
                let packed = compress(&bytes, 100_000, level);
                let mut unpacked = Vec::new();
                // This reader stops after the first member; what is left would be another.
                let mut reader = flate2::bufread::GzDecoder::new(&packed[..]);
                reader.read_to_end(&mut unpacked).unwrap();
                assert!(unpacked == bytes, "{len} bytes at level {level}");
                assert!(reader.into_inner().is_empty(), "{len} bytes at level {level}");
            }
        }
    }

    #[test]
    fn the_output_depends_on_the_input_alone() {
        let bytes = sample(7 * BLOCK + 99);
        let packed = compress(&bytes, BLOCK, 6);
        for piece in [1 << 10, 33_333, 3 * BLOCK] {
            assert!(compress(&bytes, piece, 6) == packed, "in pieces of {piece}");
        }
        // As on a machine with one processor.
        let mut writer = GzipWriter::new(Vec::new(), Compression::new(6));
        writer.alone = true;
        writer.write_all(&bytes).unwrap();
        assert!(writer.pool.is_none());
        assert!(writer.finish().unwrap() == packed);
    }

    #[test]
    fn blocks_know_what_stands_before_them() {
        // Each block repeats the end of the one before it.
        let bytes = [sample(30_000), vec![0; BLOCK - 30_000]].concat();
        let mut turned = bytes.clone();
        turned.reverse();
        let whole = [turned, bytes].concat();
        let one_stream = {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Compression::new(6));
            encoder.write_all(&whole).unwrap();
            encoder.finish().unwrap().len()
        };
        assert!(compress(&whole, BLOCK, 6).len() < one_stream + one_stream / 50);
    }

    #[test]
    fn a_writer_that_fails_ends_the_threads() {
        struct Full(usize);
        impl Write for Full {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0 = self.0.checked_sub(bytes.len()).ok_or_else(|| io::Error::from(io::ErrorKind::StorageFull))?;
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut writer = GzipWriter::new(Full(BLOCK), Compression::new(1));
        let failed = writer.write_all(&sample(60 * BLOCK)).unwrap_err();
        assert_eq!(failed.kind(), io::ErrorKind::StorageFull);
    }
}
