//! Deleting folders of the store, by `sys::tree`.

use super::StorageError;
use super::error::io_error;
use crate::sys::tree;
use rustix::fd::BorrowedFd;
use rustix::io::Errno;
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// Deletes `path` and everything below it. No symlink is followed; what is not there is no error.
///
/// As root of the session user namespace it deletes what belongs to any mapped id.
///
/// # Errors
/// Something cannot be deleted, for example because it is a mount point.
pub fn remove_tree(path: &Path) -> Result<(), StorageError> {
    remove_at(rustix::fs::CWD, path.as_os_str().as_bytes()).map_err(|errno| io_error("delete", path)(errno))
}

/// Deletes the entry `name` of the folder `parent` and everything below it.
pub(super) fn remove_at(parent: BorrowedFd<'_>, name: &[u8]) -> Result<(), Errno> {
    let name = CString::new(name).map_err(|_| Errno::INVAL)?;
    tree::remove(parent, &name).map_err(|error| error.errno())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{Mode, OFlags};
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    const FOLDER: OFlags = OFlags::DIRECTORY.union(OFlags::CLOEXEC);

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
        fs::set_permissions(tree.join("closed"), fs::Permissions::from_mode(0o000)).unwrap();
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
