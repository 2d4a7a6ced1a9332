//! The helper's program, however long after the start it is needed.
//!
//! Its path is tried first: where an upgrade has put another program, that one is meant. Else the file that stood there when the
//! monitor began is found where it was moved to. Of one that was deleted the file is still there for us; who looks at the process
//! must not write to it, so a sealed copy is executed, which exists as long as that process.

use super::args::Helper;
use crate::sys::exec;
use rustix::fs::{Access, AtFlags, CWD, Mode, OFlags, accessat, openat, readlinkat};
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// The program of a helper.
#[derive(Debug)]
pub(super) struct Program {
    path: PathBuf,
    /// `O_PATH`: it holds up neither an upgrade nor an unmount of anything but its file system.
    file: Option<OwnedFd>,
}

impl Program {
    pub(super) fn of(helper: &Helper) -> Self {
        let open = |path: &Path| openat(CWD, path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty());
        // The descriptor that is kept has its owner already.
        let kept = |number| open(Path::new(&format!("/proc/self/fd/{number}"))).ok();
        Self { path: helper.program.clone(), file: open(&helper.program).ok().or_else(|| helper.file.and_then(kept)) }
    }

    /// Where it stands now.
    fn place(&self) -> Option<PathBuf> {
        let stands = |path: &Path| accessat(CWD, path, Access::EXEC_OK, AtFlags::empty()).is_ok();
        if stands(&self.path) {
            return Some(self.path.clone());
        }
        let link = format!("/proc/self/fd/{}", self.file.as_ref()?.as_raw_fd());
        let moved = readlinkat(CWD, link, Vec::new()).ok()?;
        Some(PathBuf::from(OsStr::from_bytes(moved.as_bytes()))).filter(|path| stands(path))
    }

    /// Opens it for a process at which the container may look. The text is the process's first argument: `/proc/self/exe` does not
    /// tell it where it stands.
    ///
    /// # Errors
    /// It is gone, or the kernel refuses.
    pub(super) fn open_unwritable(&self) -> io::Result<(OsString, OwnedFd)> {
        let placed = self.place().ok_or_else(|| io::ErrorKind::NotFound.into());
        let opened = placed.and_then(|path| exec::open_unwritable(&path).map(|fd| (path.into(), fd)));
        match (opened, &self.file) {
            // Also where it went between the look and the opening.
            (Err(_), Some(file)) => exec::sealed_copy(file.as_fd()).map(|fd| (self.path.clone().into(), fd)),
            (opened, _) => opened,
        }
    }

    /// The same for a process at which nobody looks.
    ///
    /// # Errors
    /// It is gone, or the kernel refuses.
    pub(super) fn open(self) -> io::Result<(OsString, OwnedFd)> {
        let placed = self.place().ok_or_else(|| io::ErrorKind::NotFound.into());
        let opened = placed.and_then(|path| {
            let fd = openat(CWD, &path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
            Ok((path.into(), fd))
        });
        match (opened, self.file) {
            (Err(_), Some(file)) => Ok((self.path.into(), file)),
            (opened, _) => opened,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_program_is_found_where_it_is_or_was_moved_to() {
        let tmp = tempfile::tempdir().expect("a folder");
        let path = |name: &str| tmp.path().join(name);
        let write = |name: &str, text: &str| {
            std::fs::write(path(name), text).expect("write a program");
            std::fs::set_permissions(path(name), std::fs::Permissions::from_mode(0o755)).expect("chmod");
        };
        write("a", "first");
        let program = Program::of(&Helper { program: path("a"), file: None, words: Vec::new() });
        assert_eq!(program.place(), Some(path("a")));
        std::fs::rename(path("a"), path("b")).expect("move it");
        assert_eq!(program.place(), Some(path("b")));
        write("a", "other");
        assert_eq!(program.place(), Some(path("a")));
        std::fs::remove_file(path("a")).expect("remove it");
        std::fs::remove_file(path("b")).expect("remove it");
        assert_eq!(program.place(), None);
        let (name, copy) = program.open_unwritable().expect("a copy of what was deleted");
        assert_eq!(name, path("a").into_os_string());
        let mut text = [0; 9];
        assert_eq!(rustix::io::pread(&copy, &mut text, 0), Ok(5));
        assert_eq!(&text[..5], b"first");
        assert_eq!(rustix::io::write(&copy, b"x"), Err(rustix::io::Errno::PERM));
    }
}
