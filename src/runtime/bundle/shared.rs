//! The root of a container that has no mount namespace of its own: it is mounted in the caller's, or in the one that it joins, so it
//! does not go with the container's processes.

use crate::runtime::message::{Failure, Stage};
use crate::sys::clone::{self, CloneFlags};
use crate::sys::{mount, namespace};
use rustix::fs::{Mode, OFlags};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Path, PathBuf};

/// Where such a root is mounted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SharedRoot {
    /// The path of the mount namespace; none for the caller's own.
    namespace: Option<PathBuf>,
    /// The kernel's number of the mount.
    mount: u64,
    path: PathBuf,
}

impl SharedRoot {
    /// The root of init, which waits for its start; `path` is where it was mounted.
    ///
    /// # Errors
    /// Init has ended.
    pub fn of(init: i32, namespace: Option<&Path>, path: &Path) -> io::Result<Self> {
        let mount = mount::id_of(open(&PathBuf::from(format!("/proc/{init}/root")))?)?;
        Ok(Self { namespace: namespace.map(Path::to_owned), mount, path: path.to_owned() })
    }

    /// Unmounts it with all that is below.
    ///
    /// # Errors
    /// The namespace cannot be entered, or it cannot be unmounted.
    pub fn unmount(&self) -> Result<(), Failure> {
        let fail = || Failure::at(Stage::Rootfs, self.path.to_string_lossy());
        let namespace = match self.namespace.as_ref().map(File::open).transpose() {
            Ok(file) => file,
            // It has ended, and its mounts with it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(fail()(error)),
        };
        // Also in the caller's own namespace: the working directory changes.
        let child = clone::spawn(CloneFlags::empty(), None, || {
            let joined = namespace.as_ref().map_or(Ok(()), |namespace| namespace::join(namespace.as_fd(), CloneFlags::NEWNS));
            let done = joined.and_then(|()| self.unmount_here());
            done.err().and_then(|error| error.raw_os_error()).map_or(0, |errno| errno & 0xff)
        });
        match child.and_then(|child| child.wait()).map_err(fail())? {
            0 => Ok(()),
            errno => Err(fail()(io::Error::from_raw_os_error(errno))),
        }
    }

    fn unmount_here(&self) -> io::Result<()> {
        let root = match open(&self.path) {
            Ok(root) => root,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        // Whoever has unmounted it may have mounted something else there.
        if mount::id_of(&root)? == self.mount { mount::take_away(root.as_fd()) } else { Ok(()) }
    }
}

fn open(path: &Path) -> io::Result<OwnedFd> {
    Ok(rustix::fs::open(path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?)
}
