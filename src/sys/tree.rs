//! Removal of a whole folder, whatever a container put into it.
//!
//! Every step goes through a descriptor of the folder it happens in, and no link is followed, so nothing outside can be
//! reached. Folders without permission bits are given them first. The depth is bounded: a folder that lies deeper than
//! [`MAX_DEPTH`] is moved up to the top of the tree and removed from there, so neither descriptors nor stack run out.

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;
use std::ffi::{CStr, CString};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

/// How many folders are held open at a time.
const MAX_DEPTH: usize = 64;

/// The entry that could not be removed.
#[derive(Debug, thiserror::Error)]
#[error("remove {}", path.display())]
pub struct RemoveError {
    /// The entry's own name.
    path: PathBuf,
    #[source]
    source: Errno,
}

impl RemoveError {
    /// The system's reason.
    #[must_use]
    pub fn errno(&self) -> Errno {
        self.source
    }
}

/// Removes the file or folder `name` of the folder `parent` with all that is in it; one that is not there counts as removed.
///
/// # Errors
/// The first entry that the system refuses to remove; what was removed before it stays removed.
pub fn remove(parent: BorrowedFd<'_>, name: &CStr) -> Result<(), RemoveError> {
    match rustix::fs::unlinkat(parent, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => return Ok(()),
        Err(Errno::ISDIR | Errno::PERM) => {}
        Err(source) => return Err(fail(name, source)),
    }
    match open_dir(parent, name)? {
        Some(top) => Removal { top: top.as_fd(), moved: 0 }.remove_folder(parent, name, top.as_fd(), 0),
        None => Ok(()),
    }
}

struct Removal<'a> {
    top: BorrowedFd<'a>,
    /// Counts the folders that were moved up to the top.
    moved: u64,
}

impl Removal<'_> {
    /// Removes the folder `name` of `parent`, which is open as `dir`, with everything below it.
    ///
    /// Some file systems skip entries when others are removed during the reading, and folders are moved up to the top meanwhile:
    /// where the folder is not empty after a pass that found something, there is another.
    fn remove_folder(
        &mut self,
        parent: BorrowedFd<'_>,
        name: &CStr,
        dir: BorrowedFd<'_>,
        depth: usize,
    ) -> Result<(), RemoveError> {
        loop {
            let found = self.pass(dir, depth)?;
            match rustix::fs::unlinkat(parent, name, AtFlags::REMOVEDIR) {
                Ok(()) | Err(Errno::NOENT) => return Ok(()),
                Err(Errno::NOTEMPTY) if found => {}
                Err(source) => return Err(fail(name, source)),
            }
        }
    }

    /// Removes what one reading of `dir` shows; says whether it showed anything.
    fn pass(&mut self, dir: BorrowedFd<'_>, depth: usize) -> Result<bool, RemoveError> {
        let mut found = false;
        let listing = Dir::read_from(dir).map_err(|source| fail(c".", source))?;
        for entry in listing {
            let entry = entry.map_err(|source| fail(c".", source))?;
            let name = entry.file_name();
            if name == c"." || name == c".." {
                continue;
            }
            found = true;
            self.remove_entry(dir, name, entry.file_type(), depth)?;
        }
        Ok(found)
    }

    fn remove_entry(&mut self, dir: BorrowedFd<'_>, name: &CStr, kind: FileType, depth: usize) -> Result<(), RemoveError> {
        if kind != FileType::Directory {
            match rustix::fs::unlinkat(dir, name, AtFlags::empty()) {
                Ok(()) | Err(Errno::NOENT) => return Ok(()),
                // The file system does not tell kinds in its listing.
                Err(Errno::ISDIR) => {}
                Err(source) => return Err(fail(name, source)),
            }
        }
        if matches!(rustix::fs::unlinkat(dir, name, AtFlags::REMOVEDIR), Ok(()) | Err(Errno::NOENT)) {
            return Ok(());
        }
        let Some(folder) = open_dir(dir, name)? else { return Ok(()) };
        if depth + 1 >= MAX_DEPTH {
            return self.move_up(dir, name);
        }
        self.remove_folder(dir, name, folder.as_fd(), depth + 1)
    }

    /// Moves a folder to the top, where the next pass finds it.
    fn move_up(&mut self, dir: BorrowedFd<'_>, name: &CStr) -> Result<(), RemoveError> {
        loop {
            self.moved += 1;
            let new = CString::new(format!(".deep-{}", self.moved)).expect("digits hold no NUL");
            match rustix::fs::renameat(dir, name, self.top, &new) {
                Err(Errno::EXIST | Errno::NOTEMPTY | Errno::NOTDIR) => {}
                Ok(()) => return Ok(()),
                Err(source) => return Err(fail(name, source)),
            }
        }
    }
}

/// Opens a folder for emptying; nothing where it is gone.
fn open_dir(parent: BorrowedFd<'_>, name: &CStr) -> Result<Option<OwnedFd>, RemoveError> {
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let missing = rustix::fs::Access::READ_OK | rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK;
    match rustix::fs::openat(parent, name, flags | OFlags::RDONLY, Mode::empty()) {
        // Readable is not enough: entries go only with write and search permission.
        Ok(dir) if rustix::fs::accessat(&dir, c".", missing, AtFlags::EACCESS).is_ok() => Ok(Some(dir)),
        Ok(_) | Err(Errno::ACCESS) => {
            // By way of a path descriptor, because chmod by name would follow a link.
            let handle = rustix::fs::openat(parent, name, flags | OFlags::PATH, Mode::empty()).map_err(|e| fail(name, e))?;
            let itself = proc_fd(&handle);
            rustix::fs::chmodat(CWD, &itself, Mode::RWXU, AtFlags::empty()).map_err(|source| fail(name, source))?;
            let dir = rustix::fs::openat(parent, name, flags | OFlags::RDONLY, Mode::empty());
            dir.map(Some).map_err(|source| fail(name, source))
        }
        Err(Errno::NOENT) => Ok(None),
        Err(source) => Err(fail(name, source)),
    }
}

/// The path of an open descriptor for calls that take only paths.
fn proc_fd(fd: &OwnedFd) -> String {
    use std::os::fd::AsRawFd as _;
    format!("/proc/self/fd/{}", fd.as_raw_fd())
}

fn fail(name: &CStr, source: Errno) -> RemoveError {
    RemoveError { path: PathBuf::from(std::ffi::OsString::from_vec(name.to_bytes().to_vec())), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::Path;

    fn open(path: &Path) -> OwnedFd {
        rustix::fs::open(path, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).expect("open")
    }

    #[test]
    fn a_tree_with_closed_folders_links_and_odd_names_goes_and_nothing_outside_it() {
        let tmp = tempfile::tempdir().expect("tempdir");
        let outside = tmp.path().join("outside");
        std::fs::create_dir(&outside).expect("mkdir");
        std::fs::write(outside.join("kept"), "x").expect("write");
        let tree = tmp.path().join("tree");
        std::fs::create_dir_all(tree.join("a/b/c")).expect("mkdir");
        std::fs::write(tree.join("a/b/new\nline"), "x").expect("write");
        symlink(&outside, tree.join("a/link")).expect("symlink");
        symlink("/nowhere", tree.join("a/b/c/dangling")).expect("symlink");
        for closed in ["a/b/c", "a/b"] {
            std::fs::set_permissions(tree.join(closed), PermissionsExt::from_mode(0o000)).expect("chmod");
        }
        remove(open(tmp.path()).as_fd(), c"tree").expect("remove");
        assert!(!tree.exists());
        assert!(outside.join("kept").exists());
    }

    #[test]
    fn files_links_and_what_is_not_there_count_as_removed() {
        let tmp = tempfile::tempdir().expect("tempdir");
        std::fs::write(tmp.path().join("file"), "x").expect("write");
        symlink("file", tmp.path().join("link")).expect("symlink");
        let dir = open(tmp.path());
        remove(dir.as_fd(), c"link").expect("link");
        assert!(tmp.path().join("file").exists());
        remove(dir.as_fd(), c"file").expect("file");
        remove(dir.as_fd(), c"file").expect("nothing");
        assert_eq!(std::fs::read_dir(tmp.path()).expect("list").count(), 0);
    }

    #[test]
    fn depth_beyond_any_path_limit_is_no_obstacle() {
        let tmp = tempfile::tempdir().expect("tempdir");
        let mut dir = open(tmp.path());
        rustix::fs::mkdirat(&dir, c"tree", Mode::RWXU).expect("mkdir");
        let mut name = c"tree";
        for _ in 0..5_000 {
            dir = rustix::fs::openat(&dir, name, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).expect("open");
            name = c"deeper";
            rustix::fs::mkdirat(&dir, name, Mode::RWXU).expect("mkdir");
        }
        drop(dir);
        remove(open(tmp.path()).as_fd(), c"tree").expect("remove");
        assert!(!tmp.path().join("tree").exists());
    }
}
