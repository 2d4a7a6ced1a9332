//! `mount` and `unmount`: a container's root on a folder, for whoever is in the user namespace already (`coracle unshare`).
//!
//! The mount belongs to the caller's mount namespace and is gone with it; nothing is written down. What is mounted is read from the
//! kernel.

use super::ContainerError;
use crate::engine::{Engine, EngineError};
use crate::events::Status;
use crate::model::{ContainerConfig, PidRef};
use crate::userns::session;
use rustix::io::Errno;
use rustix::mount::UnmountFlags;
use std::path::PathBuf;

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
        let folder = self.mount_point(config);
        let flags = if force { UnmountFlags::DETACH } else { UnmountFlags::NOFOLLOW };
        match rustix::mount::unmount(&folder, flags) {
            Ok(()) => {}
            Err(Errno::PERM) => return Err(ContainerError::NeedsUnshare.into()),
            Err(errno) => return Err(ContainerError::File { action: "unmount", path: folder, source: errno.into() }.into()),
        }
        let _ = std::fs::remove_dir(&folder);
        self.tell(config, Status::Unmount);
        Ok(true)
    }

    /// Tells whether the container is mounted in the mount namespace of this process.
    #[must_use]
    pub fn mounted(&self, config: &ContainerConfig) -> bool {
        // The id is in it, so no other mount point ends as this one does, whatever the path before it looks like in the table.
        self.mount_point(config).exists() && has_mount("self", &format!("/containers/{}/merged", config.id))
    }

    /// Refuses to use a container whose root another `unshare` session has mounted: of two overlays with one upper folder neither sees
    /// what the other writes, and the kernel promises nothing about either.
    pub(super) fn refuse_if_mounted(&self, config: &ContainerConfig) -> Result<(), ContainerError> {
        // Made by a mount, and seldom there.
        if !self.mount_point(config).exists() {
            return Ok(());
        }
        let end = format!("/containers/{}/merged", config.id);
        let has = |member: &PidRef| has_mount(&member.pid.to_string(), &end);
        match session::members(&self.paths).into_iter().find(has) {
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

/// Tells whether a process, a pid or `self`, has a mount whose path ends so.
pub(in crate::engine) fn has_mount(process: &str, end: &str) -> bool {
    let table = std::fs::read_to_string(format!("/proc/{process}/mountinfo")).unwrap_or_default();
    table.lines().any(|line| line.split(' ').nth(4).is_some_and(|target| target.ends_with(end)))
}
