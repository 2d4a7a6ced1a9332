//! A tar or a folder that files are put into.

use super::SaveTarget;
use crate::engine::EngineError;
use crate::storage::tar::{Entry, EntryKind, TarWriter};
use rustix::fs::{AtFlags, FlockOperation, Mode, OFlags};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, BufWriter, Read as _, Write};
use std::os::fd::OwnedFd;

const BUFFER: usize = 256 << 10;

/// Where files go.
#[derive(Debug)]
pub(super) enum Sink {
    Tar(TarWriter<BufWriter<File>>),
    Folder(OwnedFd),
    /// A folder with files already: what is there by its digest stays, and every file appears whole.
    Layout(OwnedFd),
}

impl Sink {
    pub(super) fn new(target: SaveTarget) -> Result<Self, EngineError> {
        Ok(match target {
            SaveTarget::Stream(file) => Self::Tar(TarWriter::new(BufWriter::with_capacity(BUFFER, file))),
            SaveTarget::Folder(folder) => Self::Folder(folder),
            SaveTarget::Layout(folder) => {
                // Of two commands that add to it the second waits: both write the index.
                rustix::io::retry_on_intr(|| rustix::fs::flock(&folder, FlockOperation::LockExclusive))
                    .map_err(|errno| failed("the layout", errno.into()))?;
                Self::Layout(folder)
            }
        })
    }

    /// Reads a file that was there before.
    pub(super) fn present(&self, name: &str, limit: u64) -> Result<Option<Vec<u8>>, EngineError> {
        let Self::Layout(top) = self else { return Ok(None) };
        let file = match rustix::fs::openat(top, name, OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK, Mode::empty()) {
            Ok(fd) => File::from(fd),
            Err(Errno::NOENT) => return Ok(None),
            Err(errno) => return Err(failed(name, errno.into())),
        };
        let mut bytes = Vec::new();
        file.take(limit).read_to_end(&mut bytes).map_err(|source| failed(name, source))?;
        Ok(Some(bytes))
    }

    /// Puts bytes into a file that may be there already.
    pub(super) fn replace(&mut self, name: &str, bytes: &[u8]) -> Result<(), EngineError> {
        let Self::Layout(top) = self else { return self.bytes(name, bytes) };
        let beside = beside(name);
        let written = create(top, &beside).and_then(|mut file| file.write_all(bytes));
        written.and_then(|()| Ok(rustix::fs::renameat(&*top, &beside, &*top, name)?)).map_err(|source| failed(name, source))
    }

    /// Makes a folder.
    pub(super) fn folder(&mut self, name: &str) -> Result<(), EngineError> {
        let done = match self {
            Self::Tar(tar) => tar.entry(&entry(&format!("{name}/"), EntryKind::Directory, 0o755, 0)),
            Self::Layout(top) => match make_folder(top, name) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
                done => done,
            },
            Self::Folder(top) => make_folder(top, name),
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
            Self::Folder(top) => fill(top, name, name, write)?,
            Self::Layout(top) => {
                if rustix::fs::statat(&*top, name, AtFlags::SYMLINK_NOFOLLOW)
                    .is_ok_and(|stat| stat.st_size.cast_unsigned() == size)
                {
                    return Ok(());
                }
                let beside = beside(name);
                let filled = fill(top, &beside, name, write);
                if let Ok(found) = &filled
                    && *found == size
                {
                    rustix::fs::renameat(&*top, &beside, &*top, name).map_err(|errno| failed(name, errno.into()))?;
                } else {
                    let _ = rustix::fs::unlinkat(&*top, &beside, AtFlags::empty());
                }
                filled?
            }
        };
        if found == size { Ok(()) } else { Err(EngineError::SaveLength { what: name.to_owned(), expected: size, found }) }
    }

    /// Ends an archive.
    pub(super) fn finish(self) -> Result<(), EngineError> {
        match self {
            Self::Tar(tar) => tar.finish().map(drop).map_err(|source| failed("the end of the archive", source)),
            Self::Folder(_) | Self::Layout(_) => Ok(()),
        }
    }
}

/// Makes a file under the name `at` for what will be called `name`.
fn fill(
    top: &OwnedFd,
    at: &str,
    name: &str,
    write: impl FnOnce(&mut dyn Write) -> Result<(), EngineError>,
) -> Result<u64, EngineError> {
    let file = create(top, at).map_err(|source| failed(name, source))?;
    let mut body = Counted { out: BufWriter::with_capacity(BUFFER, file), count: 0 };
    write(&mut body)?;
    body.out.flush().map_err(|source| failed(name, source))?;
    Ok(body.count)
}

fn make_folder(top: &OwnedFd, name: &str) -> io::Result<()> {
    let mode = mode_of(top)?;
    rustix::fs::mkdirat(top, name, Mode::RWXU)?;
    // The store's umask is stricter than the caller's.
    Ok(rustix::fs::chmodat(top, name, mode, AtFlags::empty())?)
}

/// The name of a file until it is whole.
fn beside(name: &str) -> String {
    format!("{name}.{}.part", std::process::id())
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
