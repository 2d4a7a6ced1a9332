//! Deleting a folder and everything in it, whatever somebody put there.

use super::StorageError;
use super::error::io_error;
use rustix::fd::{AsFd as _, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;
use std::path::Path;

/// Folders below this depth are moved up to the top of the tree and deleted from there: descriptors and stack stay bounded.
const MAX_DEPTH: u32 = 128;

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Deletes `path` and everything below it. No symlink is followed; what is not there is no error.
///
/// As root of the session user namespace it deletes what belongs to any mapped id.
///
/// # Errors
/// Something cannot be deleted, for example because it is a mount point.
pub fn remove_tree(path: &Path) -> Result<(), StorageError> {
    let fail = || io_error("delete", path);
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(fail()(Errno::INVAL));
    };
    let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
    match rustix::fs::openat(CWD, parent, FOLDER.difference(OFlags::NOFOLLOW), Mode::empty()) {
        Ok(parent) => remove_at(parent.as_fd(), name.as_encoded_bytes()).map_err(fail()),
        Err(Errno::NOENT) => Ok(()),
        Err(errno) => Err(fail()(errno)),
    }
}

/// Deletes the entry `name` of the folder `parent` and everything below it.
pub(super) fn remove_at(parent: BorrowedFd<'_>, name: &[u8]) -> Result<(), Errno> {
    match rustix::fs::unlinkat(parent, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => return Ok(()),
        Err(Errno::ISDIR | Errno::PERM) => {}
        Err(errno) => return Err(errno),
    }
    let top = open_folder(parent, name)?;
    let mut moved = 0;
    loop {
        empty(top.as_fd(), top.as_fd(), 0, &mut moved)?;
        match rustix::fs::unlinkat(parent, name, AtFlags::REMOVEDIR) {
            // A folder that is read while it shrinks may hide entries; and deep folders were moved up.
            Err(Errno::NOTEMPTY) => {}
            Err(Errno::NOENT) => return Ok(()),
            done => return done,
        }
    }
}

fn empty(folder: BorrowedFd<'_>, top: BorrowedFd<'_>, depth: u32, moved: &mut u32) -> Result<(), Errno> {
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if name == b"." || name == b".." {
            continue;
        }
        if entry.file_type() != FileType::Directory {
            match rustix::fs::unlinkat(folder, name, AtFlags::empty()) {
                Ok(()) | Err(Errno::NOENT) => continue,
                Err(Errno::ISDIR) => {}
                Err(Errno::ACCESS) => {
                    open_up(folder)?;
                    rustix::fs::unlinkat(folder, name, AtFlags::empty())?;
                    continue;
                }
                Err(errno) => return Err(errno),
            }
        }
        remove_folder(folder, name, top, depth, moved)?;
    }
    Ok(())
}

fn remove_folder(folder: BorrowedFd<'_>, name: &[u8], top: BorrowedFd<'_>, depth: u32, moved: &mut u32) -> Result<(), Errno> {
    // Most folders of a container's tree are empty or small: try without a look inside.
    match rustix::fs::unlinkat(folder, name, AtFlags::REMOVEDIR) {
        Ok(()) | Err(Errno::NOENT) => return Ok(()),
        Err(Errno::NOTEMPTY | Errno::EXIST) => {}
        Err(Errno::ACCESS) => open_up(folder)?,
        Err(errno) => return Err(errno),
    }
    if depth >= MAX_DEPTH {
        loop {
            *moved += 1;
            let free = format!(".deep-{moved}");
            match rustix::fs::renameat_with(folder, name, top, free.as_bytes(), rustix::fs::RenameFlags::NOREPLACE) {
                Err(Errno::EXIST) => {}
                done => return done,
            }
        }
    }
    let inner = open_folder(folder, name)?;
    empty(inner.as_fd(), top, depth + 1, moved)?;
    match rustix::fs::unlinkat(folder, name, AtFlags::REMOVEDIR) {
        // The next look at the top finds it again.
        Ok(()) | Err(Errno::NOENT | Errno::NOTEMPTY) => Ok(()),
        Err(errno) => Err(errno),
    }
}

/// Opens a folder to read it; one without permissions is given some first, for callers who are not root.
fn open_folder(parent: BorrowedFd<'_>, name: &[u8]) -> Result<OwnedFd, Errno> {
    match rustix::fs::openat(parent, name, FOLDER, Mode::empty()) {
        Err(Errno::ACCESS) => {
            let path = rustix::fs::openat(parent, name, FOLDER.union(OFlags::PATH), Mode::empty())?;
            open_up_path(&path)?;
            rustix::fs::openat(parent, name, FOLDER, Mode::empty())
        }
        done => done,
    }
}

fn open_up(folder: BorrowedFd<'_>) -> Result<(), Errno> {
    rustix::fs::fchmod(folder, Mode::RWXU)
}

/// `fchmod` refuses an `O_PATH` descriptor; the way through `/proc/self/fd` does not follow a symlink of the tree.
fn open_up_path(folder: &OwnedFd) -> Result<(), Errno> {
    use std::os::fd::AsRawFd as _;
    rustix::fs::chmod(format!("/proc/self/fd/{}", folder.as_raw_fd()), Mode::RWXU)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    #[test]
    fn a_tree_goes_and_what_its_links_point_at_stays() {
        let temp = tempfile::tempdir().unwrap();
        let outside = temp.path().join("outside");
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("keep"), "x").unwrap();
        let tree = temp.path().join("tree");
        fs::create_dir_all(tree.join("a/b/c")).unwrap();
        fs::write(tree.join("a/b/file"), "x").unwrap();
        symlink(&outside, tree.join("a/link")).unwrap();
        symlink("nowhere", tree.join("dangling")).unwrap();
        fs::create_dir(tree.join("closed")).unwrap();
        fs::write(tree.join("closed/inside"), "x").unwrap();
        fs::set_permissions(tree.join("closed"), fs::Permissions::from_mode(0)).unwrap();
        remove_tree(&tree).unwrap();
        assert!(!tree.exists());
        assert!(outside.join("keep").exists());
        remove_tree(&tree).unwrap();
        symlink(&outside, &tree).unwrap();
        remove_tree(&tree).unwrap();
        assert!(outside.join("keep").exists());
    }

    #[test]
    fn a_tree_deeper_than_the_descriptors_goes() {
        let temp = tempfile::tempdir().unwrap();
        let tree = temp.path().join("tree");
        fs::create_dir(&tree).unwrap();
        let mut at = rustix::fs::open(&tree, FOLDER, Mode::empty()).unwrap();
        for _ in 0..3000 {
            rustix::fs::mkdirat(&at, "d", Mode::RWXU).unwrap();
            at = rustix::fs::openat(&at, "d", FOLDER, Mode::empty()).unwrap();
        }
        drop(at);
        remove_tree(&tree).unwrap();
        assert!(!tree.exists());
    }
}
