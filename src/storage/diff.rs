//! What a layer changes in those below it, read from its folder.
//!
//! The layers below are one folder for this: the only one, or an overlay of them. Folders are opened by path, below the top and
//! without following links, so that a tree of any depth costs no descriptors.

mod trees;

pub use trees::compare_trees;

use super::marks::{is_device_whiteout, is_xattr_whiteout, opaque};
use super::pack::walk::open_folder;
use super::pack::{PackError, failed};
use rustix::fd::{AsFd as _, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, Dir, FileType, Stat};
use rustix::io::Errno;
use std::collections::HashMap;

/// How a path differs from the layers below.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Change {
    Changed,
    Added,
    Deleted,
}

/// A path that differs.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Difference {
    /// Absolute; as text, whatever bytes it has.
    pub path: String,
    pub change: Change,
}

/// Compares the layer in the folder `top` with what is below it, sorted by path. A folder counts as changed when itself is, or
/// something in it. What `hidden` tells by its path (relative to the top) is left out, but not what is below it.
///
/// # Errors
/// A folder cannot be read.
pub fn compare(
    top: BorrowedFd<'_>,
    below: Option<BorrowedFd<'_>>,
    hidden: &dyn Fn(&[u8]) -> bool,
) -> Result<Vec<Difference>, PackError> {
    let mut compare = Compare { top, below, found: HashMap::new() };
    let mut folders = vec![(Vec::new(), below.is_some())];
    while let Some((path, has_below)) = folders.pop() {
        compare.folder(&path, has_below, &mut folders)?;
    }
    let mut paths: Vec<_> = compare.found.into_iter().filter(|(path, _)| !hidden(path)).collect();
    let shown: Vec<Vec<u8>> = paths.iter().filter_map(|(path, found)| found.map(|_| path.clone())).collect();
    // The folders above a change have changed, too.
    let mut above = std::collections::HashSet::new();
    for path in &shown {
        for (at, _) in path.iter().enumerate().filter(|(_, byte)| **byte == b'/') {
            above.insert(path[..at].to_vec());
        }
    }
    paths.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    let list = paths.into_iter().filter_map(|(path, found)| {
        let change = found.or_else(|| above.contains(&path).then_some(Change::Changed))?;
        Some(Difference { path: format!("/{}", String::from_utf8_lossy(&path)), change })
    });
    Ok(list.collect())
}

struct Compare<'a> {
    top: BorrowedFd<'a>,
    below: Option<BorrowedFd<'a>>,
    /// Every path of the layer; without a change, a folder that is as the one below.
    found: HashMap<Vec<u8>, Option<Change>>,
}

impl Compare<'_> {
    fn folder(&mut self, path: &[u8], has_below: bool, more: &mut Vec<(Vec<u8>, bool)>) -> Result<(), PackError> {
        let fd = match open(self.top, path) {
            Ok(fd) => fd,
            // It went away meanwhile, or something else took its place.
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(()),
            Err(errno) => return Err(failed("open folder", path)(errno)),
        };
        let lower = match self.below.filter(|_| has_below) {
            Some(below) => open(below, path).ok(),
            None => None,
        };
        let mark = opaque(&fd).map_err(failed("read the marks of", path))?;
        let names = names(&fd, path)?;
        for name in &names {
            let whole = if path.is_empty() { name.clone() } else { [path, b"/", name].concat() };
            let Some(stat) = look(fd.as_fd(), name, &whole)? else { continue };
            let old = match &lower {
                Some(lower) => look(lower.as_fd(), name, &whole)?,
                None => None,
            };
            let kind = FileType::from_raw_mode(stat.st_mode);
            let gone = is_device_whiteout(&stat) || (mark == Some(b'x') && is_xattr_whiteout(fd.as_fd(), &name[..], &stat));
            let was_folder = old.as_ref().is_some_and(|old| FileType::from_raw_mode(old.st_mode) == FileType::Directory);
            let change = match (&old, gone) {
                (None, true) => continue,
                (Some(_), true) => Some(Change::Deleted),
                (None, false) => Some(Change::Added),
                (Some(old), false) if kind == FileType::Directory && was_folder => {
                    let same = (stat.st_mode, stat.st_uid, stat.st_gid) == (old.st_mode, old.st_uid, old.st_gid);
                    (!same).then_some(Change::Changed)
                }
                (Some(_), false) => Some(Change::Changed),
            };
            if kind == FileType::Directory && !gone {
                more.push((whole.clone(), was_folder));
            }
            self.found.insert(whole, change);
        }
        // An opaque folder hides all that it does not have itself.
        if let (Some(b'y'), Some(lower)) = (mark, &lower) {
            for name in self::names(lower, path)?.into_iter().filter(|name| !names.contains(name)) {
                let whole = if path.is_empty() { name } else { [path, b"/", &name].concat() };
                self.found.insert(whole, Some(Change::Deleted));
            }
        }
        Ok(())
    }
}

fn open(top: BorrowedFd<'_>, path: &[u8]) -> Result<OwnedFd, Errno> {
    open_folder(top, if path.is_empty() { b"." } else { path })
}

fn look(folder: BorrowedFd<'_>, name: &[u8], path: &[u8]) -> Result<Option<Stat>, PackError> {
    match rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(Some(stat)),
        Err(Errno::NOENT) => Ok(None),
        Err(errno) => Err(failed("look at", path)(errno)),
    }
}

fn names(folder: &OwnedFd, path: &[u8]) -> Result<Vec<Vec<u8>>, PackError> {
    let mut names = Vec::new();
    for entry in Dir::read_from(folder).map_err(failed("read folder", path))? {
        let entry = entry.map_err(failed("read folder", path))?;
        let name = entry.file_name().to_bytes();
        // fuse-overlayfs marks opaque folders by a file, too.
        if name != b"." && name != b".." && name != b".wh..wh..opq" {
            names.push(name.to_vec());
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{Mode, OFlags, XattrFlags};
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;

    fn tree(top: &Path, files: &[&str]) -> OwnedFd {
        for file in files {
            fs::create_dir_all(top.join(file).parent().unwrap()).unwrap();
            fs::write(top.join(file), "x").unwrap();
        }
        rustix::fs::open(top, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty()).unwrap()
    }

    #[test]
    fn changes_are_told_with_the_folders_above_them() {
        let temp = tempfile::tempdir().unwrap();
        let (low, up) = (temp.path().join("low"), temp.path().join("up"));
        let below = tree(&low, &["a/file", "a/gone", "a/kept", "b/x/y", "opaque/old", "opaque/new", "same/f", "mode/f", "was/f"]);
        let top = tree(&up, &["a/file", "a/new", "opaque/new", "was", "c/d/e"]);
        rustix::fs::mknodat(&top, "a/gone", FileType::CharacterDevice, Mode::empty(), 0).unwrap();
        rustix::fs::mknodat(&top, "b", FileType::CharacterDevice, Mode::empty(), 0).unwrap();
        rustix::fs::mknodat(&top, "never", FileType::CharacterDevice, Mode::empty(), 0).unwrap();
        rustix::fs::setxattr(up.join("opaque"), "user.overlay.opaque", b"y", XattrFlags::empty()).unwrap();
        fs::create_dir(up.join("same")).unwrap();
        fs::create_dir(up.join("mode")).unwrap();
        fs::set_permissions(up.join("mode"), fs::Permissions::from_mode(0o700)).unwrap();
        fs::set_permissions(up.join("same"), fs::metadata(low.join("same")).unwrap().permissions()).unwrap();
        let hidden = |path: &[u8]| path == b"c";
        let shown: Vec<_> = compare(top.as_fd(), Some(below.as_fd()), &hidden)
            .unwrap()
            .into_iter()
            .map(|one| format!("{:?} {}", one.change, one.path))
            .collect();
        assert_eq!(
            shown,
            [
                "Changed /a",
                "Changed /a/file",
                "Deleted /a/gone",
                "Added /a/new",
                "Deleted /b",
                "Added /c/d",
                "Added /c/d/e",
                "Changed /mode",
                "Changed /opaque",
                "Changed /opaque/new",
                "Deleted /opaque/old",
                "Changed /was"
            ]
        );
        assert!(compare(top.as_fd(), None, &hidden).unwrap().iter().all(|one| one.change == Change::Added));
    }
}
