//! What is different between two trees that need not stand on one another.

use super::{Change, Difference, look, names, open};
use crate::storage::pack::PackError;
use rustix::fd::{BorrowedFd, OwnedFd};
use rustix::fs::{FileType, Stat};
use std::ffi::CString;
use std::os::fd::AsFd;

/// Compares the tree `new` with the tree `old`, sorted by path. Files are the same when owner, mode, size and time are; a folder counts
/// as changed when itself is, or something in it.
///
/// # Errors
/// A folder cannot be read.
pub fn compare_trees(new: BorrowedFd<'_>, old: BorrowedFd<'_>) -> Result<Vec<Difference>, PackError> {
    let mut found = Vec::new();
    folder(new, old, &mut Vec::new(), &mut found)?;
    found.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    let difference =
        |(path, change): (Vec<u8>, Change)| Difference { path: format!("/{}", String::from_utf8_lossy(&path)), change };
    Ok(found.into_iter().map(difference).collect())
}

/// Compares what is in a folder that both trees have; says whether anything in it differs.
fn folder(
    new: BorrowedFd<'_>,
    old: BorrowedFd<'_>,
    path: &mut Vec<u8>,
    found: &mut Vec<(Vec<u8>, Change)>,
) -> Result<bool, PackError> {
    let failed = |errno| crate::storage::pack::failed("open folder", path)(errno);
    let (here, there) = (open(new, path).map_err(failed)?, open(old, path).map_err(failed)?);
    let (mut mine, theirs) = (names(&here, path)?, names(&there, path)?);
    mine.sort_unstable();
    let mut differs = false;
    for name in &theirs {
        if mine.binary_search(name).is_err() {
            differs = true;
            found.push((joined(path, name), Change::Deleted));
        }
    }
    // Where the folders below are entered no descriptor of this one is needed any more: trees may be deep.
    let mut below = Vec::new();
    for name in mine {
        let whole = joined(path, &name);
        let Some(stat) = look(here.as_fd(), &name, &whole)? else { continue };
        let before = look(there.as_fd(), &name, &whole)?;
        let is_folder = is_folder(&stat);
        match before {
            None => {
                differs = true;
                found.push((whole.clone(), Change::Added));
                if is_folder {
                    added(new, whole, found)?;
                }
            }
            Some(before) => {
                let changed = !same(&here, &there, &name, &stat, &before);
                match is_folder && self::is_folder(&before) {
                    true => below.push((whole, changed)),
                    false if changed => {
                        differs = true;
                        found.push((whole.clone(), Change::Changed));
                        if is_folder {
                            added(new, whole, found)?;
                        }
                    }
                    false => {}
                }
            }
        }
    }
    drop((here, there));
    for (whole, changed) in below {
        let length = path.len();
        path.clone_from(&whole);
        let inside = folder(new, old, path, found)?;
        path.truncate(length);
        if changed || inside {
            differs = true;
            found.push((whole, Change::Changed));
        }
    }
    Ok(differs)
}

/// All that is in a folder which the old tree does not have.
fn added(tree: BorrowedFd<'_>, top: Vec<u8>, found: &mut Vec<(Vec<u8>, Change)>) -> Result<(), PackError> {
    let mut folders = vec![top];
    while let Some(path) = folders.pop() {
        let fd = open(tree, &path).map_err(|errno| crate::storage::pack::failed("open folder", &path)(errno))?;
        for name in names(&fd, &path)? {
            let whole = joined(&path, &name);
            if look(fd.as_fd(), &name, &whole)?.is_some_and(|stat| is_folder(&stat)) {
                folders.push(whole.clone());
            }
            found.push((whole, Change::Added));
        }
    }
    Ok(())
}

fn is_folder(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::Directory
}

fn same(new: &OwnedFd, old: &OwnedFd, name: &[u8], a: &Stat, b: &Stat) -> bool {
    let owner = (a.st_mode, a.st_uid, a.st_gid) == (b.st_mode, b.st_uid, b.st_gid);
    let contents = match FileType::from_raw_mode(a.st_mode) {
        // The time of a folder changes with what is in it.
        FileType::Directory => true,
        FileType::Symlink => link(new, name) == link(old, name),
        FileType::CharacterDevice | FileType::BlockDevice => a.st_rdev == b.st_rdev,
        _ => (a.st_size, a.st_mtime, a.st_mtime_nsec) == (b.st_size, b.st_mtime, b.st_mtime_nsec),
    };
    owner && contents
}

fn link(folder: &impl AsFd, name: &[u8]) -> Option<Vec<u8>> {
    rustix::fs::readlinkat(folder, name, Vec::new()).ok().map(CString::into_bytes)
}

fn joined(path: &[u8], name: &[u8]) -> Vec<u8> {
    if path.is_empty() { name.to_vec() } else { [path, b"/", name].concat() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{Mode, OFlags};
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::path::Path;

    fn fill(root: &Path, extra: bool) {
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1);
        fs::create_dir_all(root.join("a/b")).unwrap();
        for (name, text) in [("a/same", "x"), ("a/b/deep", "y"), ("grown", "1")] {
            fs::write(root.join(name), text).unwrap();
            fs::File::options().append(true).open(root.join(name)).unwrap().set_modified(time).unwrap();
        }
        symlink(if extra { "new" } else { "old" }, root.join("link")).unwrap();
        fs::create_dir(root.join("mode")).unwrap();
        fs::set_permissions(root.join("mode"), fs::Permissions::from_mode(if extra { 0o700 } else { 0o755 })).unwrap();
        if extra {
            fs::write(root.join("grown"), "12").unwrap();
            fs::create_dir(root.join("a/new")).unwrap();
            fs::write(root.join("a/new/file"), "").unwrap();
        } else {
            fs::write(root.join("a/b/gone"), "").unwrap();
        }
    }

    #[test]
    fn trees_are_compared_by_what_files_are() {
        let temp = tempfile::tempdir().unwrap();
        let tree = |name: &str, extra| {
            fill(&temp.path().join(name), extra);
            rustix::fs::open(temp.path().join(name), OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty()).unwrap()
        };
        let (old, new) = (tree("old", false), tree("new", true));
        let list = compare_trees(new.as_fd(), old.as_fd()).unwrap();
        let text: Vec<_> = list.iter().map(|one| format!("{:?} {}", one.change, one.path)).collect();
        assert_eq!(
            text,
            [
                "Changed /a",
                "Changed /a/b",
                "Deleted /a/b/gone",
                "Added /a/new",
                "Added /a/new/file",
                "Changed /grown",
                "Changed /link",
                "Changed /mode"
            ]
        );
        assert_eq!(compare_trees(new.as_fd(), new.as_fd()).unwrap(), []);
    }
}
