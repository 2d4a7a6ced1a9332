//! The root file system: an overlay of the image's layers below the container's own writable layer.

use super::message::{Failure, Stage};
use crate::sys::mount::{self, Attributes, Parameter, Propagation};
use crate::sys::root::SafeRoot;
use rustix::fs::{Mode, OFlags};
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
    /// Nothing of the upper layer has to survive a crash: the kernel need not sync it when the container ends.
    pub volatile: bool,
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
    let mut parameters: Vec<Parameter<'_>> = vec![Parameter::Flag("userxattr")];
    // lowerdir+ (Linux 6.5) takes one layer at a time, so any number of layers fits.
    parameters.extend(overlay.lowers.iter().map(|lower| Parameter::Value("lowerdir+", lower)));
    parameters.extend(overlay.data.iter().map(|data| Parameter::Value("datadir+", data)));
    parameters.push(Parameter::Value("upperdir", &overlay.upper));
    parameters.push(Parameter::Value("workdir", &overlay.work));
    if overlay.volatile {
        parameters.push(Parameter::Flag("volatile"));
    }
    match mount::new_filesystem("overlay", &parameters, Attributes::empty()) {
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) && overlay.data.is_empty() => older_kernel(overlay),
        other => other.map_err(at(&overlay.target)),
    }
}

/// Before Linux 6.5 all lower layers are one string; a colon in a path cannot be, and there is none in ours.
fn older_kernel(overlay: &Overlay) -> Result<OwnedFd, Failure> {
    let lowers = overlay.lowers.join(":");
    let mut parameters = vec![
        Parameter::Flag("userxattr"),
        Parameter::Value("lowerdir", &lowers),
        Parameter::Value("upperdir", &overlay.upper),
        Parameter::Value("workdir", &overlay.work),
    ];
    if overlay.volatile {
        parameters.push(Parameter::Flag("volatile"));
    }
    mount::new_filesystem("overlay", &parameters, Attributes::empty())
        .map_err(Failure::at(Stage::Overlay, overlay.target.clone()))
}
