//! A layer on its way in, in one pass: bytes → digest → decompress → diffID → files.
//!
//! Three threads, so that a single big layer uses more than one processor: this one hashes what comes and decompresses it, which
//! takes longest; a second one hashes the tar; a third one makes the files. Chunks of the tar go from one to the next and back.

use super::digest::Hashing;
use super::error::io_error;
use super::layer::{self, StagedLayer};
use super::split::Recorder;
use super::staging::Staging;
use super::tar::TarError;
use super::unpack::{Borrowed, Limits, Outcome, UnpackError, Unpacked, unpack};
use super::{Compression, StorageError, decompress, sniff};
use crate::config::Paths;
use crate::model::{DiffId, Digest};
use crate::sys::namespace;
use rustix::fd::{AsFd as _, BorrowedFd, OwnedFd};
use rustix::fs::{Mode, OFlags};
use sha2::{Digest as _, Sha256};
use std::io::{self, BufRead, Read};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::ScopedJoinHandle;

/// Bytes that are handed from one thread to the other at once, and how many of those may be under way.
const CHUNK: usize = 256 << 10;
const CHUNKS: usize = 4;

/// What may trail a layer's archive: padding to a tape's record, and no more than that.
const MAX_TRAILING: u64 = 64 << 20;

/// What a layer must be; nothing where nobody promised anything (an import).
#[derive(Clone, Debug, Default)]
pub struct Expected {
    pub digest: Option<Digest>,
    pub size: Option<u64>,
    pub diff_id: Option<DiffId>,
}

/// A layer that came in as promised.
#[derive(Debug)]
pub struct Received {
    pub layer: StagedLayer,
    pub diff_id: DiffId,
    /// Of the bytes as they came.
    pub digest: Digest,
    pub size: u64,
    /// Of the bytes as they came.
    pub compression: Compression,
    /// Bytes of the uncompressed tar.
    pub tar_size: u64,
    pub unpacked: Unpacked,
}

/// Takes in a layer. It is in the store only after `layer::commit`; on an error nothing stays.
///
/// # Errors
/// The bytes are not what was promised, no layer, or the store cannot take them.
pub fn receive<R: BufRead>(paths: &Paths, source: R, expected: &Expected, limits: &Limits) -> Result<Received, StorageError> {
    let staging = Staging::new(paths)?;
    let root = make_root(&staging)?;
    let recorder = Recorder::new(staging.path(), root.as_fd()).map_err(io_error("take down a tar in", staging.path()))?;
    // One byte more than promised is enough to know that there is more.
    let limit = expected.size.map_or(u64::MAX, |size| size.saturating_add(1));
    let mut source = Hashing::new(source.take(limit));
    let (pumped, summed, made) = std::thread::scope(|scope| {
        let (full, unsummed) = sync_channel(CHUNKS);
        let (pass_on, receiver) = sync_channel(CHUNKS);
        let (spare, empty) = channel();
        let chunks = Chunks { full: receiver, spare, current: None, used: 0 };
        let thread = |name: &str| std::thread::Builder::new().name(name.to_owned());
        let files = thread("unpack").spawn_scoped(scope, || make_files(chunks, root.as_fd(), limits, recorder));
        let sums = thread("diffid").spawn_scoped(scope, move || sum(unsummed, &pass_on));
        let pumped = pump(&mut source, full, &empty);
        (pumped, joined(sums), joined(files).and_then(|made| made.map_err(StorageError::from)))
    });
    // The disk's fault, not the layer's: do not fetch the rest of it.
    if let Err(error @ StorageError::Unpack(UnpackError::Io { .. } | UnpackError::Record(_))) = made {
        return Err(error);
    }
    // A damaged blob mostly fails to decompress, or to be a tar, first; that its digest is wrong says more.
    let (digest, size) = match (source.finish(), &pumped) {
        (Ok(sums), _) => sums,
        (Err(_), Err(_)) => return Err(pumped.err().unwrap_or(StorageError::Thread)),
        (Err(source), Ok(_)) => return Err(StorageError::Read { what: "a layer".to_owned(), source }),
    };
    check(expected, &digest, size)?;
    let compression = pumped?;
    let summed = summed?;
    let (unpacked, borrowed) = made?;
    let (diff_id, tar_size) = summed.ok_or(StorageError::Thread)?;
    if let Some(promised) = expected.diff_id.clone().filter(|promised| *promised != diff_id) {
        return Err(StorageError::WrongDiffId { blob: digest, expected: promised, found: diff_id });
    }
    if unpacked.owners_replaced > 0 {
        layer::note_replaced_owners(staging.path(), unpacked.owners_replaced)?;
    }
    let layer = StagedLayer { staging, diff_id: diff_id.clone(), borrowed };
    Ok(Received { layer, diff_id, digest, size, compression, tar_size, unpacked })
}

fn make_root(staging: &Staging) -> Result<OwnedFd, StorageError> {
    let diff = staging.path().join("diff");
    rustix::fs::mkdir(&diff, Mode::RWXU).map_err(io_error("make folder", &diff))?;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let root = rustix::fs::open(&diff, flags, Mode::empty()).map_err(io_error("open folder", &diff))?;
    rustix::fs::fchmod(&root, Mode::from_raw_mode(0o755)).map_err(io_error("set the mode of", &diff))?;
    Ok(root)
}

fn check(expected: &Expected, digest: &Digest, size: u64) -> Result<(), StorageError> {
    let name = expected.digest.as_ref().unwrap_or(digest).clone();
    match expected.size {
        Some(promised) if size > promised => return Err(StorageError::TooLong { digest: name, expected: promised }),
        Some(promised) if size < promised => {
            return Err(StorageError::Truncated { digest: name, expected: promised, found: size });
        }
        _ => {}
    }
    if name == *digest { Ok(()) } else { Err(StorageError::WrongDigest { expected: name, found: digest.clone() }) }
}

/// What a thread came to.
fn joined<T>(thread: io::Result<ScopedJoinHandle<'_, T>>) -> Result<T, StorageError> {
    match thread.map(ScopedJoinHandle::join) {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(_)) => Err(StorageError::Thread),
        Err(source) => Err(StorageError::Read { what: "a layer (no thread can be made)".to_owned(), source }),
    }
}

/// Decompresses and hands on; ends early if the next thread gave up.
fn pump<R: BufRead>(source: &mut R, full: SyncSender<Chunk>, empty: &Receiver<Vec<u8>>) -> Result<Compression, StorageError> {
    let fail = |source| StorageError::Read { what: "a layer".to_owned(), source };
    let compression = sniff(source.fill_buf().map_err(fail)?);
    let mut tar = decompress(source)?;
    loop {
        let mut bytes = empty.try_recv().unwrap_or_else(|_| vec![0; CHUNK]);
        let len = read_full(&mut tar, &mut bytes).map_err(fail)?;
        if len == 0 || full.send(Chunk { bytes, len }).is_err() {
            return Ok(compression);
        }
    }
}

/// The second thread: the diffID and size of the tar. Returns nothing if the next one gave up.
fn sum(chunks: Receiver<Chunk>, pass_on: &SyncSender<Chunk>) -> Option<(DiffId, u64)> {
    let mut hasher = Sha256::new();
    let mut total = 0;
    for chunk in chunks {
        hasher.update(&chunk.bytes[..chunk.len]);
        total += chunk.len as u64;
        pass_on.send(chunk).ok()?;
    }
    Some((DiffId::new(Digest::from_sha256(&hasher.finalize())), total))
}

fn read_full(source: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut len = 0;
    while len < buffer.len() {
        match source.read(&mut buffer[len..]) {
            Ok(0) => break,
            Ok(count) => len += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(len)
}

/// The third thread. What trails the archive is taken too: it belongs to the diffID, and the sender must not wait for ever.
fn make_files(
    chunks: Chunks,
    root: BorrowedFd<'_>,
    limits: &Limits,
    recorder: Recorder,
) -> Result<(Unpacked, Vec<Borrowed>), UnpackError> {
    // With a umask of this thread's own (CLONE_FS), files have their mode as soon as they are made: a call less for each. Nobody
    // else gets into the folder they are in.
    if namespace::unshare_folders().is_ok() {
        rustix::process::umask(Mode::empty());
    }
    let Outcome { unpacked, borrowed, recorder, rest: mut chunks } = unpack(chunks, root, limits, Some(recorder))?;
    let mut recorder = recorder.ok_or(UnpackError::Record(io::ErrorKind::NotFound.into()))?;
    let mut trailing = 0_u64;
    loop {
        let bytes = chunks.fill_buf().map_err(TarError::Read)?;
        let len = bytes.len();
        if len == 0 {
            break;
        }
        trailing += len as u64;
        let limit = limits.bytes.min(MAX_TRAILING);
        if trailing > limit {
            return Err(UnpackError::TooMuchTrails { limit });
        }
        recorder.literal(bytes).map_err(UnpackError::Record)?;
        chunks.consume(len);
    }
    recorder.finish().map_err(UnpackError::Record)?;
    Ok((unpacked, borrowed))
}

/// Bytes on their way from one thread to the other.
struct Chunk {
    bytes: Vec<u8>,
    len: usize,
}

/// The receiving end as a reader; emptied buffers go back.
struct Chunks {
    full: Receiver<Chunk>,
    spare: Sender<Vec<u8>>,
    current: Option<Chunk>,
    used: usize,
}

impl BufRead for Chunks {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.current.as_ref().is_none_or(|chunk| chunk.len == self.used) {
            if let Some(done) = self.current.take() {
                let _ = self.spare.send(done.bytes);
            }
            self.used = 0;
            self.current = self.full.recv().ok();
        }
        Ok(self.current.as_ref().map_or(&[], |chunk| &chunk.bytes[self.used..chunk.len]))
    }

    fn consume(&mut self, amount: usize) {
        self.used += amount;
    }
}

impl Read for Chunks {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let taken = self.fill_buf()?.read(buf)?;
        self.consume(taken);
        Ok(taken)
    }
}
