//! `mount` and `unmount`: a container's root on a folder, for whoever is in the user namespace already (`coracle unshare`).
//!
//! The mount belongs to the caller's mount namespace and is gone with it; nothing is written down. What is mounted is read from the
//! kernel.

use super::ContainerError;
use crate::config::Paths;
use crate::engine::{Engine, EngineError};
use crate::events::Status;
use crate::model::{ContainerConfig, PidRef};
use crate::userns::session;
use rustix::io::Errno;
use rustix::mount::UnmountFlags;
use std::path::{Path, PathBuf};

impl Engine {
    /// Mounts a container's root, without its volumes and other mounts, in the mount namespace of this process; returns where.
    ///
    /// # Errors
    /// `NeedsUnshare` where this process may not mount, or the container is gone.
    pub fn mount(&self, config: &ContainerConfig) -> Result<PathBuf, EngineError> {
        if !rustix::process::geteuid().is_root() {
            return Err(ContainerError::NeedsUnshare.into());
        }
        let folder = self.mount_point(config);
        if self.mounted(config) {
            return Ok(folder);
        }
        let approach = self.approach(config)?;
        match std::fs::create_dir(&folder) {
            Err(source) if source.kind() != std::io::ErrorKind::AlreadyExists => {
                return Err(ContainerError::File { action: "make folder", path: folder, source }.into());
            }
            _ => {}
        }
        match approach.mount_on(self.paths.data(), format!("containers/{}/merged", config.id)) {
            Err(ContainerError::Launch(failure)) if failure.errno == libc::EPERM => {
                let _ = std::fs::remove_dir(&folder);
                return Err(ContainerError::NeedsUnshare.into());
            }
            done => done?,
        }
        self.tell(config, Status::Mount);
        Ok(folder)
    }

    /// Unmounts it; says whether it was mounted.
    ///
    /// # Errors
    /// Files of it are in use, unless `force`.
    pub fn unmount(&self, config: &ContainerConfig, force: bool) -> Result<bool, EngineError> {
        if !self.mounted(config) {
            return Ok(false);
        }
        unmount_folder(&self.mount_point(config), force)?;
        self.tell(config, Status::Unmount);
        Ok(true)
    }

    /// Tells whether the container is mounted in the mount namespace of this process.
    #[must_use]
    pub fn mounted(&self, config: &ContainerConfig) -> bool {
        is_mounted(&self.mount_point(config), &mount_end(config))
    }

    /// Refuses to use a container whose root another `unshare` session has mounted: of two overlays with one upper folder neither sees
    /// what the other writes, and the kernel promises nothing about either.
    pub(super) fn refuse_if_mounted(&self, config: &ContainerConfig) -> Result<(), ContainerError> {
        match holder(&self.paths, &self.mount_point(config), &mount_end(config)) {
            Some(PidRef { pid, .. }) => Err(ContainerError::MountedElsewhere { name: config.name.clone(), pid }),
            None => Ok(()),
        }
    }

    /// Where a container's root is mounted.
    #[must_use]
    pub fn mount_point(&self, config: &ContainerConfig) -> PathBuf {
        self.paths.container(&config.id).join("merged")
    }
}

/// The id is in it, so no other mount point ends as this one does, whatever the path before it looks like in the table.
fn mount_end(config: &ContainerConfig) -> String {
    format!("/containers/{}/merged", config.id)
}

/// Unmounts what a session mounted, and removes the folder that was made for it.
///
/// # Errors
/// Files of it are in use, unless `force`.
pub(in crate::engine) fn unmount_folder(folder: &Path, force: bool) -> Result<(), ContainerError> {
    let flags = if force { UnmountFlags::DETACH } else { UnmountFlags::NOFOLLOW };
    match rustix::mount::unmount(folder, flags) {
        Ok(()) => {}
        Err(Errno::PERM) => return Err(ContainerError::NeedsUnshare),
        Err(errno) => {
            return Err(ContainerError::File { action: "unmount", path: folder.to_owned(), source: errno.into() });
        }
    }
    // Another session may have it mounted.
    let _ = std::fs::remove_dir(folder);
    Ok(())
}

/// Tells whether something is mounted on `folder`, whose path ends so, in the mount namespace of this process.
pub(in crate::engine) fn is_mounted(folder: &Path, end: &str) -> bool {
    folder.exists() && has_mount("self", end)
}

/// A process of an `unshare` session that has something mounted on `folder`, whose path ends so.
pub(in crate::engine) fn holder(paths: &Paths, folder: &Path, end: &str) -> Option<PidRef> {
    // Made by a mount, and seldom there.
    if !folder.exists() {
        return None;
    }
    session::members(paths).into_iter().find(|member| has_mount(&member.pid.to_string(), end))
}

/// Tells whether a process, a pid or `self`, has a mount whose path ends so.
fn has_mount(process: &str, end: &str) -> bool {
    let table = std::fs::read_to_string(format!("/proc/{process}/mountinfo")).unwrap_or_default();
    table.lines().any(|line| line.split(' ').nth(4).is_some_and(|target| target.ends_with(end)))
}
