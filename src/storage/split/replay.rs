//! Read to write a layer's tar again.

use super::{CONTENTS, FILE, LITERAL, MOVED, REPLACED};
use crate::config::Paths;
use crate::model::{DiffId, Digest};
use crate::storage::StorageError;
use crate::storage::error::io_error;
use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags, ResolveFlags};
use sha2::{Digest as _, Sha256};
use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::io::{self, BufReader, Read as _, Write};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

const BUFFER: usize = 256 << 10;
/// No path of a layer is longer (`PATH_MAX`).
const MAX_PATH: u64 = 4096;

/// Contents that later entries replaced, by path: the numbers they have in replaced/, in the order of the records. Each
/// counts until its record.
type Moved = HashMap<Vec<u8>, VecDeque<u64>>;

/// Tells whether a layer's tar can be written again.
#[must_use]
pub fn exists(paths: &Paths, diff_id: &DiffId) -> bool {
    folder(paths, diff_id).join(FILE).exists()
}

/// Writes a layer's tar as it came in.
///
/// # Errors
/// The layer has no record, or was changed since: what was written is not the layer then.
pub fn replay(paths: &Paths, diff_id: &DiffId, out: &mut dyn Write) -> Result<(), StorageError> {
    replay_folder(&folder(paths, diff_id), diff_id, out)
}

pub(super) fn replay_folder(folder: &Path, diff_id: &DiffId, out: &mut dyn Write) -> Result<(), StorageError> {
    let place = folder.join(FILE);
    let mut replay = Replay::open(folder, out)?;
    replay.moved = if folder.join(REPLACED).exists() { moved(&place)? } else { Moved::new() };
    let mut records = Records::open(&place)?;
    while let Some(kind) = records.next_kind()? {
        replay.record(kind, &mut records)?;
    }
    let found = DiffId::new(Digest::from_sha256(&replay.hasher.finalize()));
    if found == *diff_id { Ok(()) } else { Err(StorageError::LayerChanged { diff_id: diff_id.clone() }) }
}

fn folder(paths: &Paths, diff_id: &DiffId) -> PathBuf {
    paths.layers().join(diff_id.hex())
}

/// Finds what was replaced.
fn moved(place: &Path) -> Result<Moved, StorageError> {
    let mut records = Records::open(place)?;
    let mut all = Moved::new();
    while let Some(kind) = records.next_kind()? {
        match kind {
            LITERAL => {
                let len = records.number()?;
                records.copy(len, &mut io::sink())?;
            }
            CONTENTS => drop(records.contents()?),
            _ => all.entry(records.path()?).or_default().push_back(records.number()?),
        }
    }
    Ok(all)
}

/// The writing side.
struct Replay<'a> {
    folder: &'a Path,
    root: OwnedFd,
    out: &'a mut dyn Write,
    hasher: Sha256,
    moved: Moved,
    buffer: Vec<u8>,
}

impl<'a> Replay<'a> {
    fn open(folder: &'a Path, out: &'a mut dyn Write) -> Result<Self, StorageError> {
        let diff = folder.join("diff");
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = rustix::fs::open(&diff, flags, Mode::empty()).map_err(io_error("open folder", &diff))?;
        Ok(Self { folder, root, out, hasher: Sha256::new(), moved: Moved::new(), buffer: vec![0; BUFFER] })
    }

    fn record(&mut self, kind: u8, records: &mut Records) -> Result<(), StorageError> {
        match kind {
            LITERAL => {
                let len = records.number()?;
                records.copy(len, &mut Tee { hasher: &mut self.hasher, out: self.out })
            }
            CONTENTS => {
                let (path, segments) = records.contents()?;
                self.file(&path, &segments)
            }
            _ => {
                let path = records.path()?;
                records.number()?;
                // From here on the path has other contents.
                if let Some(moved) = self.moved.get_mut(&path) {
                    moved.pop_front();
                }
                Ok(())
            }
        }
    }

    fn file(&mut self, path: &[u8], segments: &[(u64, u64)]) -> Result<(), StorageError> {
        let shown = self.folder.join("diff").join(String::from_utf8_lossy(path).as_ref());
        let later = self.moved.get(path).and_then(|moved| moved.front()).copied();
        let opened = match later {
            Some(number) => File::open(self.folder.join(REPLACED).join(number.to_string())),
            None => {
                let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
                let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_XDEV;
                rustix::fs::openat2(&self.root, path, flags, Mode::empty(), resolve).map(File::from).map_err(io::Error::from)
            }
        };
        let file = opened.map_err(io_error("open file", &shown))?;
        for (offset, len) in segments {
            let mut done = 0;
            while done < *len {
                let want = self.buffer.len().min(usize::try_from(len - done).unwrap_or(usize::MAX));
                let read = file.read_at(&mut self.buffer[..want], offset + done).map_err(io_error("read file", &shown))?;
                if read == 0 {
                    return Err(io_error("read file", &shown)(io::Error::from(io::ErrorKind::UnexpectedEof)));
                }
                self.hasher.update(&self.buffer[..read]);
                self.out.write_all(&self.buffer[..read]).map_err(written)?;
                done += read as u64;
            }
        }
        Ok(())
    }
}

fn written(source: io::Error) -> StorageError {
    StorageError::Write { what: "a layer's tar", source }
}

struct Tee<'a> {
    hasher: &'a mut Sha256,
    out: &'a mut dyn Write,
}

impl Write for Tee<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// A path, and offsets with lengths.
type Contents = (Vec<u8>, Vec<(u64, u64)>);

/// The reading side. The outer buffer is for the numbers, which are read byte by byte.
struct Records {
    place: PathBuf,
    inner: BufReader<zstd::stream::read::Decoder<'static, BufReader<File>>>,
}

impl Records {
    fn open(place: &Path) -> Result<Self, StorageError> {
        let file = File::open(place).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => StorageError::NoTarSplit { path: place.to_owned() },
            _ => io_error("open file", place)(error),
        })?;
        let inner = zstd::stream::read::Decoder::new(file).map_err(io_error("read file", place))?;
        Ok(Self { place: place.to_owned(), inner: BufReader::with_capacity(BUFFER, inner) })
    }

    fn fail(&self, source: io::Error) -> StorageError {
        io_error("read file", &self.place)(source)
    }

    /// The kind of the next record; nothing at the end.
    fn next_kind(&mut self) -> Result<Option<u8>, StorageError> {
        let mut kind = [0];
        match self.inner.read(&mut kind) {
            Ok(0) => Ok(None),
            Ok(_) if kind[0] <= MOVED => Ok(Some(kind[0])),
            Ok(_) => Err(self.fail(io::Error::from(io::ErrorKind::InvalidData))),
            Err(source) => Err(self.fail(source)),
        }
    }

    fn number(&mut self) -> Result<u64, StorageError> {
        let (mut value, mut shift) = (0_u64, 0);
        loop {
            let mut byte = [0];
            self.inner.read_exact(&mut byte).map_err(io_error("read file", &self.place))?;
            if shift > 63 {
                return Err(self.fail(io::Error::from(io::ErrorKind::InvalidData)));
            }
            value |= u64::from(byte[0] & 0x7f) << shift;
            if byte[0] & 0x80 == 0 {
                return Ok(value);
            }
            shift += 7;
        }
    }

    fn path(&mut self) -> Result<Vec<u8>, StorageError> {
        let len = self.number()?;
        let mut path = Vec::new();
        if len <= MAX_PATH {
            self.copy(len, &mut path)?;
            return Ok(path);
        }
        Err(self.fail(io::Error::from(io::ErrorKind::InvalidData)))
    }

    fn contents(&mut self) -> Result<Contents, StorageError> {
        let path = self.path()?;
        let count = self.number()?;
        let segments = (0..count).map(|_| Ok((self.number()?, self.number()?))).collect::<Result<_, StorageError>>()?;
        Ok((path, segments))
    }

    fn copy(&mut self, len: u64, out: &mut dyn Write) -> Result<(), StorageError> {
        let mut buffer = [0; 8 << 10];
        let mut left = len;
        while left > 0 {
            let want = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            self.inner.read_exact(&mut buffer[..want]).map_err(io_error("read file", &self.place))?;
            out.write_all(&buffer[..want]).map_err(written)?;
            left -= want as u64;
        }
        Ok(())
    }
}
