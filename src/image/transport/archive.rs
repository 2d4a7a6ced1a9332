//! A tar file or a folder whose members are read by name.

use super::Input;
use crate::config::Paths;
use crate::image::error::ImageError;
use crate::storage::tar::{EntryKind, TarError, TarReader};
use crate::storage::{Compression, StorageError, decompress, sniff, staging};
use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags, ResolveFlags};
use rustix::io::Errno;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Members of an archive that are remembered at most, and the bytes of their names together.
const MAX_MEMBERS: usize = 1_000_000;
const MAX_NAMES: usize = 64 << 20;
/// So much is unpacked of a compressed archive, and copied from a pipe.
const MAX_COPY: u64 = 256 << 30;
/// Links to links that are followed.
const MAX_LINKS: usize = 8;
const BUFFER: usize = 256 << 10;
/// Read at once where headers are looked at and what is between them is not.
const HEADERS: usize = 4096;

/// A tar file or a folder.
#[derive(Debug)]
pub struct Archive {
    path: PathBuf,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Folder(OwnedFd),
    Tar { file: Arc<File>, members: HashMap<String, Member> },
}

#[derive(Clone, Debug)]
enum Member {
    File {
        offset: u64,
        len: u64,
    },
    /// Normalised; nothing where it leaves the archive.
    Link(Option<String>),
}

/// A reader of one member. Several may be read at once.
#[derive(Debug)]
pub struct Part {
    file: Arc<File>,
    at: u64,
    end: u64,
}

impl Read for Part {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let len = buf.len().min(usize::try_from(self.end - self.at).unwrap_or(usize::MAX));
        let count = self.file.read_at(&mut buf[..len], self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Archive {
    /// Opens an archive. What cannot be read at any place, a pipe or a compressed file, is copied to the store's `tmp` first.
    ///
    /// # Errors
    /// It cannot be opened, is no tar archive, or the copy does not fit on the disk.
    pub fn open(paths: &Paths, input: &Input) -> Result<Self, ImageError> {
        let path = input.path();
        let open = |source| ImageError::Open { path: path.clone(), source };
        let file = match input {
            Input::Stdin => File::from(io::stdin().as_fd_clone().map_err(open)?),
            Input::Path(path) => File::open(path).map_err(open)?,
        };
        if file.metadata().map_err(open)?.is_dir() {
            return Ok(Self { path, kind: Kind::Folder(file.into()) });
        }
        let file = seekable(paths, file, &path)?;
        let members = index(&file, &path)?;
        Ok(Self { path, kind: Kind::Tar { file: Arc::new(file), members } })
    }

    /// Tells whether it is a folder.
    pub(super) fn is_folder(&self) -> bool {
        matches!(self.kind, Kind::Folder(_))
    }

    /// Makes the error that this archive is not to be used.
    pub(super) fn refuse(&self, what: impl Into<String>) -> ImageError {
        ImageError::Archive { path: self.path.clone(), what: what.into() }
    }

    /// Tells whether there is a member of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.part(name).is_ok_and(|part| part.is_some())
    }

    /// Opens a member.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub fn member(&self, name: &str) -> Result<BufReader<Part>, ImageError> {
        let part = self.part(name)?.ok_or_else(|| self.refuse(format!("incomplete: {name:?} is missing")))?;
        Ok(BufReader::with_capacity(BUFFER, part))
    }

    /// Reads a whole member that must not be longer than `limit` bytes; nothing if there is none.
    pub(super) fn read_small(&self, name: &str, limit: u64) -> Result<Option<Vec<u8>>, ImageError> {
        let Some(part) = self.part(name)? else { return Ok(None) };
        let found = part.end - part.at;
        if found > limit {
            return Err(self.refuse(format!("{name:?} is {found} bytes long, more than the {limit} that are taken")));
        }
        let mut bytes = Vec::new();
        part.take(limit).read_to_end(&mut bytes).map_err(|source| ImageError::Read { path: self.path.clone(), source })?;
        Ok(Some(bytes))
    }

    fn part(&self, name: &str) -> Result<Option<Part>, ImageError> {
        let (file, members) = match &self.kind {
            Kind::Folder(folder) => return self.part_of_folder(folder, name),
            Kind::Tar { file, members } => (file, members),
        };
        let mut name = normalise("", name);
        for _ in 0..MAX_LINKS {
            match name.and_then(|name| members.get(&name).cloned()) {
                Some(Member::File { offset, len }) => {
                    return Ok(Some(Part { file: file.clone(), at: offset, end: offset + len }));
                }
                Some(Member::Link(target)) => name = target,
                None => return Ok(None),
            }
        }
        Err(self.refuse("its links lead in a circle"))
    }

    fn part_of_folder(&self, folder: &OwnedFd, name: &str) -> Result<Option<Part>, ImageError> {
        // NONBLOCK: a fifo with the name of a blob must not hold us up.
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let fail = |source| ImageError::Open { path: self.path.join(name), source };
        let fd =
            match rustix::fs::openat2(folder, name, flags, Mode::empty(), ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS) {
                Ok(fd) => fd,
                Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
                Err(errno) => return Err(fail(errno.into())),
            };
        let file = File::from(fd);
        let meta = file.metadata().map_err(fail)?;
        if !meta.is_file() {
            return Err(self.refuse(format!("{name:?} is no file")));
        }
        Ok(Some(Part { file: Arc::new(file), at: 0, end: meta.len() }))
    }
}

/// Opens a root tar for reading once, forward.
///
/// # Errors
/// It cannot be opened.
pub fn open_tar(input: &Input) -> Result<Box<dyn BufRead + Send>, ImageError> {
    match input {
        Input::Stdin => Ok(Box::new(BufReader::with_capacity(BUFFER, io::stdin()))),
        Input::Path(path) => {
            let file = File::open(path).map_err(|source| ImageError::Open { path: path.clone(), source })?;
            Ok(Box::new(BufReader::with_capacity(BUFFER, file)))
        }
    }
}

trait AsFdClone {
    fn as_fd_clone(&self) -> io::Result<OwnedFd>;
}

impl<T: std::os::fd::AsFd> AsFdClone for T {
    fn as_fd_clone(&self) -> io::Result<OwnedFd> {
        self.as_fd().try_clone_to_owned()
    }
}

/// Returns the file itself, or an unlinked copy that is not compressed and can be read at any place.
fn seekable(paths: &Paths, mut file: File, path: &Path) -> Result<File, ImageError> {
    let read = |source| ImageError::Read { path: path.to_owned(), source };
    if file.metadata().map_err(read)?.is_file() && file.stream_position().map_err(read)? == 0 {
        let mut start = [0; 8];
        let len = file.read_at(&mut start, 0).map_err(read)?;
        if sniff(&start[..len]) == Compression::None {
            return Ok(file);
        }
    }
    let (_, mut source) = decompress(BufReader::with_capacity(BUFFER, file))?;
    let mut copy = staging::spool_file(paths)?;
    let read = |source| StorageError::Read { what: path.display().to_string(), source };
    if io::copy(&mut (&mut source).take(MAX_COPY), &mut copy).map_err(read)? == MAX_COPY {
        return Err(ImageError::Archive {
            path: path.to_owned(),
            what: format!("longer than the {MAX_COPY} bytes that are taken"),
        });
    }
    Ok(copy)
}

fn index(file: &File, path: &Path) -> Result<HashMap<String, Member>, ImageError> {
    let end = file.metadata().map_err(|source| ImageError::Read { path: path.to_owned(), source })?.len();
    let mut tar = TarReader::new(Skipping { file, at: 0, buffer: [0; HEADERS], used: 0, filled: 0 });
    let (mut members, mut names) = (HashMap::new(), 0);
    let no_tar = |source| ImageError::Tar { path: path.to_owned(), source };
    while let Some(entry) = tar.next_entry().map_err(no_tar)? {
        let offset = tar.position();
        // Nothing of it is read here, so that a cut file would not be seen.
        if entry.stored > end.saturating_sub(offset) {
            return Err(no_tar(TarError::Truncated));
        }
        if let Ok(len) = usize::try_from(entry.stored) {
            tar.consume(len);
        }
        let Some(name) = std::str::from_utf8(&entry.path).ok().and_then(|name| normalise("", name)) else { continue };
        let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
        let link = std::str::from_utf8(&entry.link).ok();
        let member = match entry.kind {
            EntryKind::File if entry.segments.is_none() => Member::File { offset, len: entry.stored },
            EntryKind::Symlink => Member::Link(link.and_then(|link| normalise(folder, link))),
            EntryKind::HardLink => Member::Link(link.and_then(|link| normalise("", link))),
            _ => continue,
        };
        names += name.len() + if let Member::Link(Some(target)) = &member { target.len() } else { 0 };
        members.insert(name, member);
        if members.len() > MAX_MEMBERS || names > MAX_NAMES {
            return Err(ImageError::Archive {
                path: path.to_owned(),
                what: "no image archive: it has too many members".to_owned(),
            });
        }
    }
    Ok(members)
}

/// Takes a path apart by its text, as archives mean it; nothing where it climbs out.
fn normalise(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> =
        if path.starts_with('/') { Vec::new() } else { folder.split('/').filter(|part| !part.is_empty()).collect() };
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

/// Reads a shared file forward from its start, without its position. More may be consumed than is buffered: it is not read.
struct Skipping<'a> {
    file: &'a File,
    /// Where the buffer ends in the file.
    at: u64,
    buffer: [u8; HEADERS],
    used: usize,
    filled: usize,
}

impl BufRead for Skipping<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.used == self.filled {
            self.filled = self.file.read_at(&mut self.buffer, self.at)?;
            self.used = 0;
            self.at += self.filled as u64;
        }
        Ok(&self.buffer[self.used..self.filled])
    }

    fn consume(&mut self, amount: usize) {
        let buffered = amount.min(self.filled - self.used);
        self.used += buffered;
        self.at += (amount - buffered) as u64;
    }
}

impl Read for Skipping<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let taken = self.fill_buf()?.read(buf)?;
        self.consume(taken);
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::{index, normalise};
    use crate::image::error::ImageError;
    use crate::storage::tar::TarError;
    use std::io::Write as _;
    use std::path::Path;

    #[test]
    fn members_are_found_by_their_headers_alone_and_a_cut_archive_is_seen() {
        let header = |name: &str, len: usize| {
            let mut header = tar::Header::new_ustar();
            header.set_path(name).unwrap();
            header.set_size(len as u64);
            header.set_mode(0o644);
            header.set_cksum();
            header.as_bytes().to_vec()
        };
        let mut bytes = Vec::new();
        for (name, len) in [("empty", 0), ("a/small", 5), ("long", 70_000), ("last", 512)] {
            bytes.extend(header(name, len));
            bytes.resize(bytes.len() + len.next_multiple_of(512), b'x');
        }
        let cut = bytes.len() - 100;
        bytes.resize(bytes.len() + 1024, 0);
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&bytes).unwrap();
        let members = index(&file, Path::new("a.tar")).unwrap();
        for (name, offset, len) in [("empty", 512, 0), ("a/small", 1024, 5), ("long", 2048, 70_000), ("last", 72_704, 512)] {
            let found = members.get(name).map(|member| format!("{member:?}"));
            assert_eq!(found, Some(format!("File {{ offset: {offset}, len: {len} }}")), "{name}");
        }
        file.set_len(cut as u64).unwrap();
        let error = index(&file, Path::new("a.tar")).unwrap_err();
        assert!(matches!(error, ImageError::Tar { source: TarError::Truncated, .. }), "{error}");
    }

    #[test]
    fn links_of_archives_are_resolved_by_text() {
        for (folder, path, result) in [
            ("", "./a/b", Some("a/b")),
            ("a", "../b/layer.tar", Some("b/layer.tar")),
            ("a", "/b", Some("b")),
            ("a", "../../b", None),
            ("", ".", None),
        ] {
            assert_eq!(normalise(folder, path).as_deref(), result, "{folder} {path}");
        }
    }
}
