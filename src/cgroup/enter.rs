//! Entering a container's cgroup from elsewhere.

use super::delegate::own_cgroup;
use super::{CgroupError, scope};
use crate::config::bus;
use rustix::fs::{Access, AtFlags, CWD, Mode, OFlags, accessat};
use std::os::fd::OwnedFd;
use std::path::Path;

/// Makes ready that the next child is born in the cgroup `path`: returns the folder that `CLONE_INTO_CGROUP` takes, or nothing
/// where the calling process is in there itself now, put there by systemd (a login session's cgroup is root's, and so the kernel
/// lets nobody else out of it).
///
/// # Errors
/// The cgroup cannot be entered from here.
pub fn enter(path: &Path) -> Result<Option<OwnedFd>, CgroupError> {
    if own_cgroup().is_some_and(|own| may_move(&own, path)) {
        let folder = rustix::fs::open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty());
        return folder.map(Some).map_err(|errno| CgroupError::Enter { path: path.to_owned(), source: errno.into() });
    }
    scope::join(path, &bus::user_manager()).map(|()| None)
}

/// A process may be moved by who can write `cgroup.procs` of the nearest cgroup that both places lie in (cgroups(7), "Delegation
/// containment").
fn may_move(from: &Path, to: &Path) -> bool {
    let both = from.ancestors().find(|ancestor| to.starts_with(ancestor));
    both.is_some_and(|both| accessat(CWD, both.join("cgroup.procs"), Access::WRITE_OK, AtFlags::EACCESS).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_common_cgroup_decides() {
        let root = tempfile::tempdir().unwrap();
        for folder in ["a/b", "a/c"] {
            std::fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        let may = |from: &str, to: &str| may_move(&root.path().join(from), &root.path().join(to));
        assert!(!may("a/b", "a/c"));
        std::fs::write(root.path().join("a/cgroup.procs"), "").unwrap();
        assert!(may("a/b", "a/c") && may("a", "a/c"));
        assert!(!may("a/b", "d"));
    }
}
