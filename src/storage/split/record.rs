//! Written while a layer is unpacked.

use super::{CONTENTS, FILE, LITERAL, MOVED, REPLACED};
use crate::storage::tar::Segment;
use rustix::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

/// The quickest level: headers are mostly zeros, and the thread that writes them makes the files too.
const LEVEL: i32 = 1;
const BUFFER: usize = 64 << 10;

/// Takes down a tar while it is unpacked into `diff/`.
pub(in crate::storage) struct Recorder {
    out: BufWriter<zstd::stream::write::Encoder<'static, File>>,
    /// The folder that `diff/` is in.
    layer: OwnedFd,
    /// The real path of `diff/`.
    root: Vec<u8>,
    /// The folder of the last file: as the tar calls it, and its real path below the root.
    last: Option<(Vec<u8>, Vec<u8>)>,
    replaced: Option<OwnedFd>,
    count: u64,
}

impl Recorder {
    /// Begins a record beside the folder `diff`, whose root is open.
    pub(in crate::storage) fn new(layer: &Path, root: BorrowedFd<'_>) -> io::Result<Self> {
        let folder = rustix::fs::open(layer, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&folder, FILE, flags, Mode::RUSR | Mode::WUSR)?;
        let encoder = zstd::stream::write::Encoder::new(File::from(file), LEVEL)?;
        let out = BufWriter::with_capacity(BUFFER, encoder);
        Ok(Self { out, layer: folder, root: real_path(root)?, last: None, replaced: None, count: 0 })
    }

    /// Bytes of the tar that are no file's contents.
    pub(in crate::storage) fn literal(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.out.write_all(&[LITERAL])?;
        self.number(bytes.len() as u64)?;
        self.out.write_all(bytes)
    }

    /// The contents of the file `name` in `folder`, which the tar calls `called`, come next.
    pub(in crate::storage) fn contents(
        &mut self,
        called: &[u8],
        folder: BorrowedFd<'_>,
        name: &[u8],
        segments: &[Segment],
    ) -> io::Result<()> {
        if self.last.as_ref().is_none_or(|(known, _)| known != called) {
            self.last = Some((called.to_vec(), self.below(folder)?));
        }
        let folder = self.last.as_ref().map_or(&[][..], |(_, real)| real);
        let path = join(folder, name);
        self.out.write_all(&[CONTENTS])?;
        self.path(&path)?;
        self.number(segments.len() as u64)?;
        for segment in segments {
            self.number(segment.offset)?;
            self.number(segment.len)?;
        }
        Ok(())
    }

    /// Saves the contents of what is about to be deleted: `name` in `folder` and all below it.
    pub(in crate::storage) fn save(&mut self, folder: BorrowedFd<'_>, name: &[u8]) -> io::Result<()> {
        // A path that the tar uses may lead elsewhere from now on.
        self.last = None;
        let real = self.below(folder)?;
        self.save_below(folder, name, &join(&real, name))
    }

    fn save_below(&mut self, folder: BorrowedFd<'_>, name: &[u8], path: &[u8]) -> io::Result<()> {
        let stat = match rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(Errno::NOENT) => return Ok(()),
            Err(errno) => return Err(errno.into()),
        };
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile if stat.st_size > 0 => self.move_away(folder, name, path),
            FileType::Directory => {
                let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                let below = rustix::fs::openat(folder, name, flags, Mode::empty())?;
                for entry in rustix::fs::Dir::read_from(&below)? {
                    let entry = entry?;
                    let name = entry.file_name().to_bytes();
                    if name != b"." && name != b".." {
                        self.save_below(below.as_fd(), name, &join(path, name))?;
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn move_away(&mut self, folder: BorrowedFd<'_>, name: &[u8], path: &[u8]) -> io::Result<()> {
        let place = match &self.replaced {
            Some(place) => place,
            None => {
                rustix::fs::mkdirat(&self.layer, REPLACED, Mode::RWXU)?;
                let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
                self.replaced.insert(rustix::fs::openat(&self.layer, REPLACED, flags, Mode::empty())?)
            }
        };
        rustix::fs::renameat(folder, name, place, self.count.to_string())?;
        self.out.write_all(&[MOVED])?;
        self.path(path)?;
        self.number(self.count)?;
        self.count += 1;
        Ok(())
    }

    /// Ends the record.
    pub(in crate::storage) fn finish(self) -> io::Result<()> {
        let encoder = self.out.into_inner().map_err(io::IntoInnerError::into_error)?;
        encoder.finish().map(drop)
    }

    /// The real path of a folder below the root. No link is in it.
    fn below(&self, folder: BorrowedFd<'_>) -> io::Result<Vec<u8>> {
        let path = real_path(folder)?;
        let outside = || io::Error::other("a folder of the layer is not in the layer");
        let rest = path.strip_prefix(&self.root[..]).ok_or_else(outside)?;
        match rest {
            [] => Ok(Vec::new()),
            [b'/', rest @ ..] => Ok(rest.to_vec()),
            _ => Err(outside()),
        }
    }

    fn path(&mut self, path: &[u8]) -> io::Result<()> {
        self.number(path.len() as u64)?;
        self.out.write_all(path)
    }

    fn number(&mut self, mut value: u64) -> io::Result<()> {
        let mut bytes = [0; 10];
        let mut len = 0;
        loop {
            bytes[len] = u8::try_from(value & 0x7f).unwrap_or(0);
            value >>= 7;
            if value == 0 {
                return self.out.write_all(&bytes[..=len]);
            }
            bytes[len] |= 0x80;
            len += 1;
        }
    }
}

fn real_path(folder: BorrowedFd<'_>) -> io::Result<Vec<u8>> {
    let link = format!("/proc/self/fd/{}", folder.as_raw_fd());
    Ok(rustix::fs::readlinkat(CWD, link, Vec::new())?.into_bytes())
}

fn join(folder: &[u8], name: &[u8]) -> Vec<u8> {
    if folder.is_empty() { name.to_vec() } else { [folder, b"/", name].concat() }
}
