//! A look into a container's root from outside: for `cp`, `export`, `commit`.
//!
//! # Theory of operation
//!
//! Always in a child that does nothing else. Of a running container it joins the mount namespace (and the user namespace, where
//! that is the container's own) through init's pidfd, so that it sees what the container sees, its volumes and tmpfs included. Of
//! one that does not run it mounts the overlay, and the bind mounts of the configuration, in a mount namespace of its own, which
//! ends with it. Either way the root is a descriptor, and every path goes through it; nothing is ever executed or loaded here, and
//! the child is not dumpable, so that nobody in the container can look into it (CVE-2018-15664, CVE-2019-14271).

use super::message::{Failure, Stage};
use super::rootfs::{self, Overlay};
use super::{mounts, terminal};
use crate::model::IdMap;
use crate::sys::clone::{self, CloneFlags};
use crate::sys::mount::{self, Attributes, Propagation};
use crate::sys::root::SafeRoot;
use crate::sys::{namespace, process, socket};
use oci_spec::runtime::Spec;
use rustix::fs::{Mode, OFlags};
use rustix::process::DumpableBehavior;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;

/// Joins a running container by its init's pidfd and opens its root. To be called in a single-threaded child of `parent`, a pidfd.
///
/// # Errors
/// Init has ended, or its namespaces may not be joined.
pub fn join(init: &OwnedFd, parent: &OwnedFd) -> Result<SafeRoot, Failure> {
    hide()?;
    // A user namespace that one is in cannot be joined (setns(2), EINVAL): most containers share the session's.
    match namespace::join(init.as_fd(), CloneFlags::NEWUSER | CloneFlags::NEWNS) {
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => namespace::join(init.as_fd(), CloneFlags::NEWNS),
        // What is made here must have an owner that the container has: of others nobody may change the owner.
        Ok(()) => {
            super::process::become_root()?;
            hide()?;
            Ok(())
        }
        failed => failed,
    }
    .map_err(Failure::at(Stage::Join, ""))?;
    // A change of the user namespace has taken the wish back (prctl(2), PR_SET_PDEATHSIG).
    process::die_with(parent).map_err(Failure::at(Stage::Join, ""))?;
    mounts::own_root().map_err(Failure::at(Stage::Join, ""))
}

/// Mounts the root of a container that does not run, with what `spec` binds from the host for that user, whose ids `map` gives where
/// the container is not in S. To be called in a child in the session namespace; its working directory changes.
///
/// # Errors
/// The overlay or a bind mount cannot be mounted.
pub fn mount(overlay: &Overlay, spec: Option<(&Spec, &str, Option<&IdMap>)>) -> Result<SafeRoot, Failure> {
    hide()?;
    namespace::unshare(CloneFlags::NEWNS).map_err(Failure::at(Stage::Clone, ""))?;
    // Nothing of ours may pass to the namespace that this one is a copy of.
    let host = rustix::fs::open("/", OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
    let host = host.map_err(|errno| Failure::at(Stage::Rootfs, "/")(errno.into()))?;
    mount::set_propagation(host.as_fd(), Propagation::Private, true).map_err(Failure::at(Stage::Rootfs, "/"))?;
    let root = rootfs::mount(overlay)?;
    if let Some((spec, user, map)) = spec {
        mounts::mount_binds(&root, spec, user, map)?;
    }
    Ok(root)
}

/// Opens what lies below a container's own layer: the only layer of its image, or an overlay of them. To be called in a child in
/// the session namespace; its working directory changes.
///
/// # Errors
/// A layer is gone, or the overlay cannot be mounted.
pub fn lowers(overlay: &Overlay) -> Result<OwnedFd, Failure> {
    if let ([only], true) = (&overlay.lowers[..], overlay.data.is_empty()) {
        let at = || Failure::at(Stage::Overlay, overlay.base.to_string_lossy());
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        return rustix::fs::open(overlay.base.join(only), flags, Mode::empty()).map_err(|errno| at()(errno.into()));
    }
    namespace::unshare(CloneFlags::NEWNS).map_err(Failure::at(Stage::Clone, ""))?;
    stack(overlay)
}

/// Mounts the layers of an image, read-only, on `target`, relative to the overlay's base, for as long as the caller's mount namespace
/// lives. The caller's working directory changes.
///
/// # Errors
/// The caller may not mount here, or a layer is gone.
pub fn layers_on(overlay: &Overlay, target: String) -> Result<(), Failure> {
    let mount = match &overlay.lowers[..] {
        [only] => {
            let at = || Failure::at(Stage::Overlay, overlay.base.to_string_lossy());
            rustix::process::chdir(&overlay.base).map_err(|errno| at()(errno.into()))?;
            mount::clone_tree(Path::new(only), false).map_err(at())?
        }
        _ => stack(overlay)?,
    };
    mount::set_attributes(mount.as_fd(), Attributes::MOUNT_ATTR_RDONLY, Attributes::empty(), false)
        .map_err(Failure::at(Stage::Rootfs, &target))?;
    rootfs::attach(mount, &target).map(drop)
}

/// Makes a detached mount of the lower layers. The caller's working directory changes.
fn stack(overlay: &Overlay) -> Result<OwnedFd, Failure> {
    let at = || Failure::at(Stage::Overlay, overlay.base.to_string_lossy());
    rustix::process::chdir(&overlay.base).map_err(|errno| at()(errno.into()))?;
    rootfs::lowers(overlay).map_err(at())
}

/// Makes a copy of the root's own mount, without what is mounted on it: the container's layers and nothing else.
///
/// # Errors
/// The kernel refuses.
pub fn without_mounts(root: &SafeRoot) -> Result<SafeRoot, Failure> {
    mount::clone_tree_at(root.as_fd(), false).map(SafeRoot::new).map_err(Failure::at(Stage::Rootfs, "/"))
}

/// Gives the calling process a mount namespace of its own, into which the host's later mounts still come.
///
/// # Errors
/// The caller is not root of the user namespace.
pub fn own_mounts() -> Result<(), Failure> {
    namespace::unshare(CloneFlags::NEWNS).map_err(Failure::at(Stage::Clone, ""))?;
    let root = rustix::fs::open("/", OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
    let root = root.map_err(|errno| Failure::at(Stage::Rootfs, "/")(errno.into()))?;
    mount::set_propagation(root.as_fd(), Propagation::Slave, true).map_err(Failure::at(Stage::Rootfs, "/"))
}

/// Mounts the root of a container that does not run on `target`, relative to the overlay's base, for as long as the caller's mount
/// namespace lives. The caller's working directory changes.
///
/// # Errors
/// The caller may not mount here, or the overlay cannot be mounted.
pub fn mount_on(overlay: &Overlay, target: String) -> Result<(), Failure> {
    rootfs::mount(&Overlay { target, ..overlay.clone() }).map(drop)
}

/// Mounts the root of a running container, without what is mounted on it, on `target`: a child in the container makes a copy of the
/// mount and sends it.
///
/// # Errors
/// The container cannot be joined, or the caller may not mount here.
pub fn lend_on(init: &OwnedFd, target: &Path) -> Result<(), Failure> {
    let at = || Failure::at(Stage::Rootfs, target.to_string_lossy());
    let (here, there) = socket::seqpacket_pair().map_err(at())?;
    let own = process::own_pidfd().map_err(at())?;
    let child = clone::spawn(CloneFlags::empty(), None, || {
        let sent = join(init, &own).and_then(|root| without_mounts(&root)).and_then(|copy| {
            copy.as_fd().try_clone_to_owned().and_then(|fd| crate::sys::fdpass::send(there.as_fd(), fd.as_fd())).map_err(at())
        });
        i32::from(sent.is_err())
    })
    .map_err(at())?;
    drop(there);
    let copy = terminal::receive(here.as_fd()).map_err(at())?;
    child.wait().map_err(at())?;
    let copy = copy.ok_or_else(|| Failure::text(Stage::Join, "the container cannot be joined"))?;
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let folder = rustix::fs::open(target, flags, Mode::empty()).map_err(|errno| at()(errno.into()))?;
    mount::attach(copy.as_fd(), folder.as_fd()).map_err(at())
}

fn hide() -> Result<(), Failure> {
    rustix::process::umask(Mode::empty());
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .map_err(|errno| Failure::at(Stage::Join, "")(errno.into()))
}
