//! The root file system: an overlay of the image's layers below the container's own writable layer.

use super::message::{Failure, Stage};
use crate::sys::mount::{self, Attributes, Propagation};
use crate::sys::overlay::{self, Stack};
use crate::sys::root::SafeRoot;
use rustix::fs::{Mode, OFlags};
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::PathBuf;

/// Where the root comes from. Paths of an overlay are relative to `base`, because the kernel takes at most 255 bytes for each
/// (fsconfig(2), `FSCONFIG_SET_STRING`).
#[derive(Clone, Debug)]
pub struct Overlay {
    /// The data folder.
    pub base: PathBuf,
    /// `layers/<diffID>/diff`, topmost first; not empty.
    pub lowers: Vec<String>,
    /// Folders that the lowest of `lowers` takes the contents of its files from, topmost first (data-only layers).
    pub data: Vec<String>,
    /// `containers/<id>/upper`.
    pub upper: String,
    /// `containers/<id>/work`.
    pub work: String,
    /// `containers/<id>/upper` too: any folder of the container's that holds no mount source. The overlay is attached there, in the
    /// container's own mount namespace, where nobody looks below it again.
    pub target: String,
    /// A folder of the host that is the root itself, in the place of the overlay.
    pub folder: Option<PathBuf>,
    /// A program that stacks the layers where the kernel does not (`sys::overlay`).
    pub program: Option<PathBuf>,
    /// Nothing of the upper layer has to survive a crash: the kernel need not sync it when the container ends.
    pub volatile: bool,
}

impl Overlay {
    /// Tells whether the root is a folder of the user's own; one below the data folder holds copies of the layers for this container.
    pub(super) fn is_the_users(&self) -> bool {
        self.folder.as_ref().is_some_and(|folder| !folder.starts_with(&self.base))
    }
}

/// Mounts and attaches the overlay; returns its root. The caller's working directory changes to the data folder.
pub(super) fn mount(overlay: &Overlay) -> Result<SafeRoot, Failure> {
    let mount = new_overlay(overlay)?;
    attach(mount, &overlay.target)
}

/// Attaches the root file system on `target` of the caller's mount namespace, from where it is made the root.
pub(super) fn attach(mount: OwnedFd, target: &str) -> Result<SafeRoot, Failure> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let folder = rustix::fs::open(target, flags, Mode::empty());
    let folder = folder.map_err(|errno| Failure::at(Stage::Overlay, target)(errno.into()))?;
    mount::attach(mount.as_fd(), folder.as_fd()).map_err(Failure::at(Stage::Rootfs, target))?;
    Ok(SafeRoot::new(mount))
}

/// Makes a detached mount of the overlay. The caller's working directory changes to the data folder.
pub(super) fn new_overlay(overlay: &Overlay) -> Result<OwnedFd, Failure> {
    let at = |what: &str| Failure::at(Stage::Overlay, what.to_owned());
    rustix::process::chdir(&overlay.base).map_err(|errno| at(&overlay.base.to_string_lossy())(errno.into()))?;
    if let Some(folder) = &overlay.folder {
        let copy = mount::clone_tree(folder, true).map_err(Failure::at(Stage::Source, folder.to_string_lossy()))?;
        mount::set_propagation(copy.as_fd(), Propagation::Private, true).map_err(Failure::at(Stage::Rootfs, "/"))?;
        return Ok(copy);
    }
    stack(overlay, Some((&overlay.upper, &overlay.work))).map_err(at(&overlay.target))
}

/// Makes a detached mount of the layers below the container's own. The caller's working directory is the data folder.
pub(super) fn lowers(overlay: &Overlay) -> io::Result<OwnedFd> {
    stack(overlay, None)
}

fn stack(overlay: &Overlay, upper: Option<(&str, &str)>) -> io::Result<OwnedFd> {
    let stack = Stack {
        lowers: overlay.lowers.iter().map(String::as_str).collect(),
        data: overlay.data.iter().map(String::as_str).collect(),
        upper,
        volatile: overlay.volatile && upper.is_some(),
    };
    match &overlay.program {
        // Where there are data-only layers the kernel has shown that it can.
        Some(program) if overlay.data.is_empty() => overlay::mount_by(program, &stack, Attributes::empty())
            .map_err(|source| io::Error::other(format!("{}: {source}", program.display()))),
        _ => overlay::mount(&stack, Attributes::empty()),
    }
}
