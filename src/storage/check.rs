//! Is a layer still what it was? Its tar is made again and hashed, and what the tar names is looked for among the files.

use super::error::io_error;
use super::tar::{Entry, EntryKind, TarReader};
use super::{StorageError, layer, split};
use crate::config::Paths;
use crate::model::{DiffId, with_causes};
use crate::sys::fd::pipe;
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader};

/// What should be at a path.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    /// Whatever it is: a whiteout, or another name of a file.
    Something,
    File(u64),
    Symlink(Vec<u8>),
    Directory,
    Fifo,
}

/// Finds out what is wrong with a layer, in words; nothing where all is well. A layer whose archive was not kept is only looked for.
///
/// # Errors
/// It cannot be looked at.
pub fn layer(paths: &Paths, diff_id: &DiffId, quick: bool) -> Result<Option<String>, StorageError> {
    if !layer::exists(paths, diff_id) {
        return Ok(Some("its folder is missing".to_owned()));
    }
    if quick || !split::exists(paths, diff_id) {
        return Ok(None);
    }
    let failed = |source| StorageError::Read { what: "a layer's tar".to_owned(), source };
    let (reader, writer) = pipe().map_err(failed)?;
    let (replayed, wanted) = std::thread::scope(|scope| {
        let replay = scope.spawn(|| split::replay(paths, diff_id, &mut File::from(writer)));
        let wanted = wanted(File::from(reader));
        (replay.join(), wanted)
    });
    match replayed {
        Ok(Ok(())) => {}
        Ok(Err(error)) => return Ok(Some(with_causes(&error))),
        Err(_) => return Err(StorageError::Thread),
    }
    let diff = layer::path(paths, diff_id);
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let root = rustix::fs::open(&diff, flags, Mode::empty()).map_err(io_error("open folder", &diff))?;
    for (path, wanted) in wanted.map_err(failed)? {
        if let Some(what) = differs(&root, &path, &wanted).map_err(io_error("look at a file in", &diff))? {
            return Ok(Some(format!("{:?} {what}", String::from_utf8_lossy(&path))));
        }
    }
    Ok(None)
}

/// What a layer's tar leads to. The whole tar is read, also what is behind its end.
fn wanted(tar: File) -> io::Result<BTreeMap<Vec<u8>, Wanted>> {
    let mut source = BufReader::with_capacity(64 << 10, tar);
    let mut all = BTreeMap::new();
    let mut reader = TarReader::new(&mut source);
    // A tar that breaks off is told of by whoever writes it.
    while let Ok(Some(entry)) = reader.next_entry() {
        take(&mut all, &entry);
    }
    drop(reader);
    io::copy(&mut source, &mut io::sink())?;
    Ok(all)
}

fn take(all: &mut BTreeMap<Vec<u8>, Wanted>, entry: &Entry) {
    let Some(path) = plain(&entry.path) else { return };
    let name_at = path.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1);
    if let Some(hidden) = path[name_at..].strip_prefix(b".wh.") {
        // A whiteout does nothing to its own layer.
        if !hidden.starts_with(b".wh.") {
            all.entry([&path[..name_at], hidden].concat()).or_insert(Wanted::Something);
        }
        return;
    }
    let wanted = match entry.kind {
        EntryKind::File => Wanted::File(entry.size),
        EntryKind::Symlink => Wanted::Symlink(entry.link.clone()),
        EntryKind::Directory => Wanted::Directory,
        EntryKind::Fifo => Wanted::Fifo,
        EntryKind::HardLink if plain(&entry.link).is_some_and(|link| all.contains_key(&link)) => Wanted::Something,
        // Devices are not made without root, and a link may lead to one.
        EntryKind::HardLink | EntryKind::Char | EntryKind::Block => {
            all.remove(&path);
            return;
        }
    };
    if all.get(&path).is_some_and(|known| (*known == Wanted::Directory) != (wanted == Wanted::Directory)) {
        let below = [&path[..], b"/"].concat();
        all.retain(|known, _| !known.starts_with(&below));
    }
    all.insert(path, wanted);
}

/// The path without what means nothing in it; none for the top, or where it climbs.
fn plain(path: &[u8]) -> Option<Vec<u8>> {
    let parts: Vec<&[u8]> = path.split(|byte| *byte == b'/').filter(|part| !part.is_empty() && *part != b".").collect();
    (!parts.is_empty() && !parts.contains(&&b".."[..])).then(|| parts.join(&b'/'))
}

fn differs(root: &OwnedFd, path: &[u8], wanted: &Wanted) -> io::Result<Option<String>> {
    let (folder, name) = match path.iter().rposition(|byte| *byte == b'/') {
        Some(at) => (&path[..at], &path[at + 1..]),
        None => (&b"."[..], path),
    };
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let missing = || Ok(Some("is missing".to_owned()));
    let folder = match rustix::fs::openat2(root, folder, flags, Mode::empty(), ResolveFlags::IN_ROOT) {
        Ok(folder) => folder,
        Err(Errno::NOENT | Errno::NOTDIR) => return missing(),
        Err(errno) => return Err(errno.into()),
    };
    let stat = match rustix::fs::statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => stat,
        Err(Errno::NOENT) => return missing(),
        Err(errno) => return Err(errno.into()),
    };
    let kind = FileType::from_raw_mode(stat.st_mode);
    let is = match wanted {
        Wanted::Something => true,
        Wanted::File(_) => kind == FileType::RegularFile,
        Wanted::Symlink(_) => kind == FileType::Symlink,
        Wanted::Directory => kind == FileType::Directory,
        Wanted::Fifo => kind == FileType::Fifo,
    };
    if !is {
        return Ok(Some("is of another type".to_owned()));
    }
    Ok(match wanted {
        Wanted::File(size) if u64::try_from(stat.st_size) != Ok(*size) => {
            Some(format!("has {} bytes and not {size}", stat.st_size))
        }
        Wanted::Symlink(target) => {
            let found = rustix::fs::readlinkat(&folder, name, Vec::new())?;
            (found.to_bytes() != target.as_slice()).then(|| "leads elsewhere".to_owned())
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_made_plain() {
        for (path, wanted) in [("./a//b/", Some("a/b")), ("/a", Some("a")), (".", None), ("a/../b", None)] {
            assert_eq!(plain(path.as_bytes()), wanted.map(|text| text.as_bytes().to_vec()), "{path}");
        }
    }
}
