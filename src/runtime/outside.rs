//! Mounts that are made outside of the container's own user namespace.
//!
//! In a child user namespace K of S root has no rights over the caller's files: the caller may not even be mapped there. So before I is
//! made, M forks H: root of S in a mount namespace of its own, a copy of the host's. H mounts the overlay of the root file system,
//! which so belongs to S, copies the sources of the bind mounts, fills new volumes and gives away what is to be given away, and passes
//! all of it on as detached mounts. I, in K, only attaches them. Setuid programs work in there, as K is below S (the kernel's `mnt_may_suid`).
//!
//! The same child, in the mount namespace of another container, brings that container's `/dev/shm` and `/dev/mqueue`.

use super::binds::{self, Image};
use super::birth::UserNamespace;
use super::init::Plan;
use super::message::{Failure, Stage};
use super::rootfs;
use crate::sys::clone::{self, CloneFlags};
use crate::sys::root::SafeRoot;
use crate::sys::{fdpass, mount, namespace, socket};
use oci_spec::runtime::Mount;
use rustix::fs::{Gid, Mode, OFlags, ResolveFlags, Uid};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Path, PathBuf};

/// What was made outside; all of it detached mounts.
#[derive(Debug, Default)]
pub struct Outside {
    pub(super) root: RefCell<Option<OwnedFd>>,
    /// What is to be mounted, by the targets.
    pub(super) trees: RefCell<BTreeMap<PathBuf, OwnedFd>>,
}

impl Outside {
    /// The root file system, once.
    pub(super) fn take_root(&self) -> Option<OwnedFd> {
        self.root.take()
    }

    /// What is to be mounted on `target`, once; nothing where init makes it itself.
    pub(super) fn take(&self, target: &Path) -> Option<OwnedFd> {
        self.trees.borrow_mut().remove(target)
    }
}

/// Makes everything for the plan of a container with a user namespace of its own; in M.
pub(super) fn prepare(plan: &Plan, userns: &UserNamespace, shared: Outside, report: &OwnedFd) -> Result<Outside, Failure> {
    let mut trees = shared.trees.into_inner();
    let wanted: Vec<&Mount> = (plan.spec.mounts().iter().flatten())
        .filter(|mount| binds::is_of_host(mount) && !trees.contains_key(mount.destination()))
        .collect();
    let mut fds = collect(report, wanted.len() + 1, |send| {
        namespace::unshare(CloneFlags::NEWNS).map_err(Failure::at(Stage::Overlay, ""))?;
        give(&plan.root.base.join(&plan.root.upper), userns.root)?;
        let root = rootfs::new_overlay(&plan.root)?;
        let copy = root.try_clone().map_err(Failure::at(Stage::Rootfs, "/"))?;
        send(root)?;
        let image = Image::alone(&plan.spec, &plan.user, SafeRoot::new(copy), Some(&userns.map));
        for mount in &wanted {
            send(binds::detached(mount, &image, &plan.root.work)?)?;
        }
        Ok(())
    })?
    .into_iter();
    let root = fds.next();
    trees.extend(wanted.into_iter().map(|mount| mount.destination().clone()).zip(fds));
    Ok(Outside { root: RefCell::new(root), trees: RefCell::new(trees) })
}

/// Makes the root file system alone: by a program, which is not to be a process of the container; in M.
pub(super) fn root(plan: &Plan, shared: Outside, report: &OwnedFd) -> Result<Outside, Failure> {
    let mut fds = collect(report, 1, |send| {
        namespace::unshare(CloneFlags::NEWNS).map_err(Failure::at(Stage::Overlay, ""))?;
        send(rootfs::new_overlay(&plan.root)?)
    })?;
    Ok(Outside { root: RefCell::new(fds.pop()), ..shared })
}

/// Copies `/dev/shm` and `/dev/mqueue` out of the container whose init `pidfd` names; in M.
pub(super) fn shared_memory(pidfd: &OwnedFd, report: &OwnedFd) -> Result<Outside, Failure> {
    let paths = ["/dev/shm", "/dev/mqueue"];
    let fds = collect(report, paths.len(), |send| {
        namespace::join(pidfd.as_fd(), CloneFlags::NEWNS).map_err(Failure::at(Stage::JoinOther, "its mount namespace"))?;
        for path in paths {
            // That container's own links lead nowhere but into itself; still they are not followed.
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let found = rustix::fs::openat2(rustix::fs::CWD, path, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS);
            let found =
                found.map_err(|errno| Failure::at(Stage::Source, format!("{path} of the other container"))(errno.into()))?;
            send(mount::clone_tree_at(found.as_fd(), false).map_err(Failure::at(Stage::Source, path))?)?;
        }
        Ok(())
    })?;
    Ok(Outside { root: RefCell::default(), trees: RefCell::new(paths.map(PathBuf::from).into_iter().zip(fds).collect()) })
}

/// The upper folder is the root folder of the container, so it belongs to the container's root.
fn give(upper: &Path, owner: (u32, u32)) -> Result<(), Failure> {
    let at = || Failure::at(Stage::Overlay, upper.to_string_lossy());
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let folder = rustix::fs::open(upper, flags, Mode::empty()).map_err(|errno| at()(errno.into()))?;
    let stat = rustix::fs::fstat(&folder).map_err(|errno| at()(errno.into()))?;
    // Only the first time: later it belongs to whom the container gave it.
    if (stat.st_uid, stat.st_gid) == (0, 0) && owner != (0, 0) {
        let (uid, gid) = (Uid::from_raw(owner.0), Gid::from_raw(owner.1));
        rustix::fs::fchown(&folder, Some(uid), Some(gid)).map_err(|errno| at()(errno.into()))?;
    }
    Ok(())
}

pub(super) type Send<'a> = &'a dyn Fn(OwnedFd) -> Result<(), Failure>;

/// Forks H, which does `work`, and returns the `count` descriptors that it sends. H reports itself what fails in it.
pub(super) fn collect(
    report: &OwnedFd,
    count: usize,
    work: impl FnOnce(Send<'_>) -> Result<(), Failure>,
) -> Result<Vec<OwnedFd>, Failure> {
    let at = || Failure::at(Stage::Clone, "");
    let (here, there) = socket::seqpacket_pair().map_err(at())?;
    let mut ends = Some((there, work));
    let child = clone::spawn(CloneFlags::empty(), None, || {
        let Some((there, work)) = ends.take() else { return 125 };
        let send = |fd: OwnedFd| fdpass::send(there.as_fd(), fd.as_fd()).map_err(Failure::at(Stage::Clone, ""));
        match work(&send) {
            Ok(()) => 0,
            Err(failure) => {
                failure.send(report);
                125
            }
        }
    })
    .map_err(at())?;
    drop(ends);
    let mut fds = Vec::with_capacity(count);
    while fds.len() < count {
        match fdpass::receive(here.as_fd()).map_err(at())? {
            Some(fd) => fds.push(fd),
            None => break,
        }
    }
    let code = child.wait().map_err(at())?;
    if code == 0 && fds.len() == count { Ok(fds) } else { Err(Failure::text(Stage::Clone, "the mounts could not be made")) }
}
