//! The root of a container that has no mount namespace of its own: it is mounted in the caller's, or in the one that it joins, so it
//! does not go with the container's processes.

use crate::runtime::message::{Failure, Stage};
use crate::sys::clone::{self, CloneFlags};
use crate::sys::namespace;
use rustix::mount::UnmountFlags;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io;
use std::os::fd::AsFd as _;
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
        // To init nothing above its root can be seen.
        let text = std::fs::read_to_string(format!("/proc/{init}/mountinfo"))?;
        let mount = mounts(&text).filter(|(_, point)| *point == "/").last().map(|(id, _)| id);
        let mount = mount.ok_or(io::ErrorKind::NotFound)?;
        Ok(Self { namespace: namespace.map(Path::to_owned), mount, path: path.to_owned() })
    }

    /// Unmounts it with all that is below.
    ///
    /// # Errors
    /// The namespace cannot be entered, or it cannot be unmounted.
    pub fn unmount(&self) -> Result<(), Failure> {
        let fail = || Failure::at(Stage::Rootfs, self.path.to_string_lossy());
        let Some(path) = &self.namespace else { return self.unmount_here().map_err(fail()) };
        let namespace = match File::open(path) {
            Ok(file) => file,
            // It has ended, and its mounts with it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(fail()(error)),
        };
        let child = clone::spawn(CloneFlags::empty(), None, || {
            let done = namespace::join(namespace.as_fd(), CloneFlags::NEWNS).and_then(|()| self.unmount_here());
            done.err().and_then(|error| error.raw_os_error()).map_or(0, |errno| errno & 0xff)
        });
        match child.and_then(|child| child.wait()).map_err(fail())? {
            0 => Ok(()),
            errno => Err(fail()(io::Error::from_raw_os_error(errno))),
        }
    }

    fn unmount_here(&self) -> io::Result<()> {
        let text = std::fs::read_to_string("/proc/self/mountinfo")?;
        // Whoever has unmounted it may have mounted something else there, or the number may be another's by now.
        let name = self.path.to_string_lossy();
        let on_top = mounts(&text).filter(|(_, point)| *point == name).last();
        if on_top.is_some_and(|(id, _)| id == self.mount) {
            rustix::mount::unmount(&self.path, UnmountFlags::DETACH | UnmountFlags::NOFOLLOW)?;
        }
        Ok(())
    }
}

/// The mounts of a mountinfo file: numbers and places (proc_pid_mountinfo(5)).
fn mounts(text: &str) -> impl Iterator<Item = (u64, &str)> {
    text.lines().filter_map(|line| {
        let mut fields = line.split(' ');
        let id = fields.next()?.parse().ok()?;
        fields.nth(3).map(|point| (id, point))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_are_read_by_their_fields() {
        let text = "21 1 0:20 / /proc rw - proc proc rw\nodd\n30 21 8:1 /sub /a\\040b rw,relatime shared:1 - ext4 /dev/x rw\n";
        assert_eq!(mounts(text).collect::<Vec<_>>(), [(21, "/proc"), (30, "/a\\040b")]);
    }
}
