//! What the user may do with cgroups, found by looking.

use super::{CgroupError, control, scope};
use crate::config::bus::BusAddress;
use rustix::fs::{Access, AtFlags, Mode, OFlags, accessat, open};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// `CGROUP2_SUPER_MAGIC` of linux/magic.h.
const CGROUP2: i64 = 0x6367_7270;

/// Where the processes of a cgroup are moved that has to be divided.
pub const ASIDE: &str = "coracle-callers";

/// A cgroup below which the caller may make others and start processes in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delegation {
    path: PathBuf,
}

/// A cgroup that was made for a container.
#[derive(Debug)]
pub struct Cgroup {
    path: PathBuf,
    folder: OwnedFd,
}

impl Cgroup {
    /// Opens the cgroup at `path`, made where it is not there with those above it. Tells whether it was made.
    ///
    /// # Errors
    /// The kernel refuses.
    pub(super) fn open_or_make(path: PathBuf) -> Result<(Self, bool), CgroupError> {
        let fail = |source| CgroupError::Make { path: path.clone(), source };
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(fail)?;
        }
        let made = match std::fs::create_dir(&path) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
            Err(error) => return Err(fail(error)),
        };
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = open(&path, flags, Mode::empty()).map_err(|errno| fail(errno.into()))?;
        Ok((Self { path, folder }, made))
    }

    /// The folder, absolute.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the folder's path and the open folder.
    #[must_use]
    pub fn into_parts(self) -> (PathBuf, OwnedFd) {
        (self.path, self.folder)
    }
}

impl AsFd for Cgroup {
    /// The open folder: what `CLONE_INTO_CGROUP` takes.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.folder.as_fd()
    }
}

impl Delegation {
    /// Finds the caller's own cgroup, if it was delegated to the caller.
    ///
    /// A process may be put into another cgroup by who can write `cgroup.procs` there and in the nearest ancestor that both have
    /// (cgroups(7), "Delegation containment"). The ancestor of our children and ourselves is our own cgroup.
    ///
    /// Where a start has moved the processes of a cgroup aside, it is the cgroup that they were in.
    #[must_use]
    pub fn find() -> Option<Self> {
        let own = own_cgroup()?;
        let aside = own.file_name().is_some_and(|name| name == ASIDE);
        Self::at(if aside { own.parent()?.to_owned() } else { own })
    }

    /// Tells whether the cgroup whose folder is `path` was delegated to the caller, who has to be in there.
    pub(super) fn at(path: PathBuf) -> Option<Self> {
        let folder = open(&path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).ok()?;
        accessat(&folder, ".", Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS).ok()?;
        accessat(&folder, "cgroup.procs", Access::WRITE_OK, AtFlags::EACCESS).ok()?;
        Some(Self { path })
    }

    /// The folder, absolute.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The cgroup `relative` below this one, made with those above it where it is not there.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn below(&self, relative: &Path) -> Result<Self, CgroupError> {
        let path = self.path.join(relative);
        std::fs::create_dir_all(&path).map_err(|source| CgroupError::Make { path: path.clone(), source })?;
        Ok(Self { path })
    }

    /// Tells whether whoever manages the machine's cgroups has left this one to us: systemd's mark on a unit of the system with
    /// `Delegate=`, the same property of a unit of the user's, or the root of a cgroup namespace, above which nobody sees.
    #[must_use]
    pub fn is_ours_to_divide(&self, addresses: &[BusAddress]) -> bool {
        let mut mark = [0; 8];
        let length = rustix::fs::getxattr(&self.path, "user.delegate", &mut mark[..]).unwrap_or(0);
        mount_point().is_some_and(|root| root == self.path)
            || &mark[..length] == b"1"
            || scope::is_delegated(&self.path, addresses)
    }

    /// Moves the processes of this cgroup, the caller among them, into one below it: a cgroup that has controllers for its children
    /// holds no processes itself (cgroups(7), "no internal processes"). Once: one that is forked meanwhile shows by a later EBUSY.
    ///
    /// # Errors
    /// The kernel refuses, or a process is out of our sight.
    pub fn move_aside(&self) -> Result<(), CgroupError> {
        let aside = self.path.join(ASIDE);
        let failed = |source| CgroupError::MoveAside { path: self.path.clone(), source };
        match std::fs::create_dir(&aside) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(error)),
            _ => {}
        }
        for pid in std::fs::read_to_string(self.path.join("cgroup.procs")).map_err(failed)?.lines() {
            match control::write(&aside, "cgroup.procs", pid) {
                // It has ended meanwhile.
                Err(error) if error.raw_os_error() == Some(libc::ESRCH) => {}
                done => done.map_err(failed)?,
            }
        }
        Ok(())
    }

    /// Makes the cgroup `name`; nothing where the kernel does not let us (a bound on their number, say).
    ///
    /// One that is left of an earlier run is removed first, with what lives in it.
    #[must_use]
    pub fn create(&self, name: &str) -> Option<Cgroup> {
        let path = self.path.join(name);
        match std::fs::create_dir(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                control::kill(&path).ok()?;
                control::remove(&path, Duration::from_secs(2)).ok()?;
                std::fs::create_dir(&path).ok()?;
            }
            Err(_) => return None,
        }
        let folder = open(&path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).ok()?;
        Some(Cgroup { path, folder })
    }
}

/// Where the v2 hierarchy is mounted; hybrid machines have the second.
pub(super) fn mount_point() -> Option<&'static Path> {
    let mounts = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].into_iter();
    mounts.map(Path::new).find(|path| rustix::fs::statfs(*path).is_ok_and(|stat| stat.f_type == CGROUP2))
}

/// The folder of the cgroup that the calling process is in.
pub(super) fn own_cgroup() -> Option<PathBuf> {
    let own = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    // "" would end the path with a slash.
    let relative = own_path(&own)?;
    let mount = mount_point()?;
    Some(if relative.is_empty() { mount.to_owned() } else { mount.join(relative) })
}

/// Reads the v2 line of `/proc/self/cgroup`: the path below the mount. Nothing where it lies outside of what we see.
pub(super) fn own_path(text: &str) -> Option<&str> {
    let path = text.lines().find_map(|line| line.strip_prefix("0::/"))?;
    // "/../x": above the root of our cgroup namespace. " (deleted)": somebody has removed it under us.
    (!path.split('/').any(|part| part == "..") && !path.ends_with(" (deleted)")).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_cgroup_is_the_v2_line() {
        for (text, wanted) in [
            ("0::/\n", Some("")),
            ("0::/user.slice/a b.scope\n", Some("user.slice/a b.scope")),
            ("9:name=systemd:/x\n1:cpu:/y\n0::/z\n", Some("z")),
            ("9:name=systemd:/x\n", None),
            ("0::/../other\n", None),
            ("0::/gone (deleted)\n", None),
            ("", None),
        ] {
            assert_eq!(own_path(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn a_folder_without_the_file_is_not_delegated() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Delegation::at(folder.path().to_owned()), None);
        assert_eq!(Delegation::at(folder.path().join("none")), None);
        std::fs::write(folder.path().join("cgroup.procs"), "").unwrap();
        assert!(Delegation::at(folder.path().to_owned()).is_some());
    }
}
