//! Secrets in a container: files of a small file system in memory, which is in no layer and goes with the container.

use super::message::{Failure, Stage};
use crate::sys::mount::{self, Attributes, Parameter};
use crate::sys::root::{Leaf, SafeRoot};
use rustix::fs::{AtFlags, Gid, Mode, OFlags, Uid};
use std::io::{self, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Path, PathBuf};

/// Where secrets lie.
const FOLDER: &str = "run/secrets";

/// A secret as a file.
#[derive(Clone)]
pub struct SecretFile {
    /// Absolute, in the container.
    pub target: PathBuf,
    pub data: Vec<u8>,
    /// Of the container.
    pub uid: u32,
    pub gid: u32,
    pub mode: u32,
}

impl std::fmt::Debug for SecretFile {
    /// Shows everything but the secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecretFile").field("target", &self.target).finish_non_exhaustive()
    }
}

/// Mounts `/run/secrets` with the files in it. One with a target elsewhere is mounted there, and nowhere else to be seen.
pub(super) fn place(root: &SafeRoot, secrets: &[SecretFile]) -> Result<(), Failure> {
    if secrets.is_empty() {
        return Ok(());
    }
    let closed = Attributes::MOUNT_ATTR_NOSUID | Attributes::MOUNT_ATTR_NODEV | Attributes::MOUNT_ATTR_NOEXEC;
    let at = || Failure::at(Stage::Mount, "tmpfs on /run/secrets");
    let memory = mount::new_filesystem("tmpfs", &[Parameter::Value("mode", "755")], closed).map_err(at())?;
    let folder = root.make(Path::new(FOLDER), Leaf::Folder).map_err(Failure::at(Stage::Target, "/run/secrets"))?;
    // Attached first: before Linux 6.15 only what is attached can be copied to another place.
    mount::attach(memory.as_fd(), folder.as_fd()).map_err(at())?;
    let memory = SafeRoot::new(memory);
    for (number, secret) in secrets.iter().enumerate() {
        let at = || {
            let target = secret.target.to_string_lossy().into_owned();
            move |error: io::Error| Failure::text(Stage::User, format!("put a secret on {target}: {error}"))
        };
        let relative = secret.target.strip_prefix("/").unwrap_or(&secret.target);
        if let Ok(name) = relative.strip_prefix(FOLDER) {
            write(&memory, name, secret).map_err(at())?;
            continue;
        }
        let name = format!(".{number}");
        let file = write(&memory, Path::new(&name), secret).map_err(at())?;
        let copy = mount::clone_tree_at(file.as_fd(), false).map_err(at())?;
        mount::set_attributes(copy.as_fd(), Attributes::MOUNT_ATTR_RDONLY, Attributes::empty(), false).map_err(at())?;
        let target = root.make(relative, Leaf::File).map_err(at())?;
        mount::attach(copy.as_fd(), target.as_fd()).map_err(at())?;
        rustix::fs::unlinkat(memory.as_fd(), name.as_str(), AtFlags::empty()).map_err(|errno| at()(errno.into()))?;
    }
    mount::set_attributes(memory.as_fd(), Attributes::MOUNT_ATTR_RDONLY, Attributes::empty(), false).map_err(at())
}

/// Makes the file and returns it, open as a path.
fn write(memory: &SafeRoot, name: &Path, secret: &SecretFile) -> io::Result<OwnedFd> {
    let path = memory.make(name, Leaf::File)?;
    let file = memory.open(name, OFlags::WRONLY | OFlags::TRUNC)?;
    let mut file = std::fs::File::from(file);
    file.write_all(&secret.data)?;
    rustix::fs::fchown(&file, Some(Uid::from_raw(secret.uid)), Some(Gid::from_raw(secret.gid)))?;
    rustix::fs::fchmod(&file, Mode::from_raw_mode(secret.mode))?;
    Ok(path)
}
