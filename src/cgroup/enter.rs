//! Entering a container's cgroup from elsewhere.

use super::delegate::own_cgroup;
use super::{CgroupError, scope};
use crate::config::bus;
use rustix::fs::{Access, AtFlags, CWD, Mode, OFlags, accessat};
use std::os::fd::OwnedFd;
use std::path::Path;

/// Opens the folder of the cgroup `path`, for a child that is born there (`CLONE_INTO_CGROUP`); nothing where the kernel does not
/// let this process put one there: a login session's cgroup is root's, and so nobody else gets out of it.
///
/// The child has to be born there before it joins the container's cgroup namespace: with the mount option `nsdelegate`, which
/// systemd sets, nobody comes into a namespace's cgroups from outside of it.
#[must_use]
pub fn open_to_enter(path: &Path) -> Option<OwnedFd> {
    own_cgroup().filter(|own| may_move(own, path))?;
    rustix::fs::open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).ok()
}

/// Has systemd put the calling process into the cgroup `path`. For where the kernel does not let us.
///
/// # Errors
/// It is not below the user's systemd, or that refuses.
pub fn ask_to_enter(path: &Path) -> Result<(), CgroupError> {
    scope::join(path, &bus::user_manager())
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
