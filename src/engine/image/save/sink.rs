//! A tar or a folder that files are put into.

use super::SaveTarget;
use crate::engine::EngineError;
use crate::storage::tar::{Entry, EntryKind, TarWriter};
use rustix::fs::{Mode, OFlags};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::fd::OwnedFd;

const BUFFER: usize = 256 << 10;

/// Where files go.
#[derive(Debug)]
pub(super) enum Sink {
    Tar(TarWriter<BufWriter<File>>),
    Folder(OwnedFd),
}

impl Sink {
    pub(super) fn new(target: SaveTarget) -> Self {
        match target {
            SaveTarget::Stream(file) => Self::Tar(TarWriter::new(BufWriter::with_capacity(BUFFER, file))),
            SaveTarget::Folder(folder) => Self::Folder(folder),
        }
    }

    /// Makes a folder.
    pub(super) fn folder(&mut self, name: &str) -> Result<(), EngineError> {
        let done = match self {
            Self::Tar(tar) => tar.entry(&entry(&format!("{name}/"), EntryKind::Directory, 0o755, 0)),
            Self::Folder(top) => mode_of(top).and_then(|mode| {
                rustix::fs::mkdirat(&*top, name, Mode::RWXU)?;
                // The store's umask is stricter than the caller's.
                Ok(rustix::fs::chmodat(&*top, name, mode, rustix::fs::AtFlags::empty())?)
            }),
        };
        done.map_err(|source| failed(name, source))
    }

    /// Puts bytes into a file.
    pub(super) fn bytes(&mut self, name: &str, bytes: &[u8]) -> Result<(), EngineError> {
        let what = name.to_owned();
        self.file(name, bytes.len() as u64, |out| out.write_all(bytes).map_err(|source| EngineError::Save { what, source }))
    }

    /// Makes a file of `size` bytes, which `write` writes.
    pub(super) fn file(
        &mut self,
        name: &str,
        size: u64,
        write: impl FnOnce(&mut dyn Write) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        let found = match self {
            Self::Tar(tar) => {
                tar.entry(&entry(name, EntryKind::File, 0o644, size)).map_err(|source| failed(name, source))?;
                let mut body = Counted { out: Body(tar), count: 0 };
                write(&mut body)?;
                body.count
            }
            Self::Folder(top) => {
                let file = create(top, name).map_err(|source| failed(name, source))?;
                let mut body = Counted { out: BufWriter::with_capacity(BUFFER, file), count: 0 };
                write(&mut body)?;
                body.out.flush().map_err(|source| failed(name, source))?;
                body.count
            }
        };
        if found == size { Ok(()) } else { Err(EngineError::SaveLength { what: name.to_owned(), expected: size, found }) }
    }

    /// Ends an archive.
    pub(super) fn finish(self) -> Result<(), EngineError> {
        match self {
            Self::Tar(tar) => tar.finish().map(drop).map_err(|source| failed("the end of the archive", source)),
            Self::Folder(_) => Ok(()),
        }
    }
}

fn failed(name: &str, source: io::Error) -> EngineError {
    EngineError::Save { what: name.to_owned(), source }
}

/// The caller's umask has made the mode of the top; all in it follows that.
fn mode_of(top: &OwnedFd) -> io::Result<Mode> {
    Ok(Mode::from_raw_mode(rustix::fs::fstat(top)?.st_mode & 0o777))
}

fn create(top: &OwnedFd, name: &str) -> io::Result<File> {
    let mode = mode_of(top)? & Mode::from_raw_mode(0o666);
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let file = rustix::fs::openat(top, name, flags, Mode::RUSR | Mode::WUSR)?;
    rustix::fs::fchmod(&file, mode)?;
    Ok(File::from(file))
}

fn entry(path: &str, kind: EntryKind, mode: u32, size: u64) -> Entry {
    Entry {
        path: path.as_bytes().to_vec(),
        link: Vec::new(),
        kind,
        mode,
        uid: 0,
        gid: 0,
        // The same image always gives the same archive.
        mtime: (0, 0),
        stored: size,
        size,
        segments: None,
        xattrs: Vec::new(),
    }
}

struct Body<'a>(&'a mut TarWriter<BufWriter<File>>);

impl Write for Body<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.data(bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Counted<W> {
    out: W,
    count: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.count += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
