//! `image mount` and `image unmount`: an image's files on a folder, read-only, for whoever is in the user namespace already
//! (`coracle unshare`).
//!
//! The mount belongs to the caller's mount namespace and is gone with it; what is mounted is read from the kernel.
//!
//! ```text
//! mounts/<image id>   empty, the mount point
//! ```

use crate::engine::container::ContainerError;
use crate::engine::container::mount::{holder, is_mounted, unmount_folder};
use crate::engine::{Engine, EngineError};
use crate::events::{Status, Subject};
use crate::model::{ImageRecord, PidRef};
use crate::runtime::view;
use std::path::PathBuf;

impl Engine {
    /// Mounts an image in the mount namespace of this process; returns where.
    ///
    /// # Errors
    /// `NeedsUnshare` where this process may not mount; or the image has no files.
    pub fn mount_image(&self, image: &ImageRecord) -> Result<PathBuf, EngineError> {
        if !rustix::process::geteuid().is_root() {
            return Err(ContainerError::NeedsUnshare.into());
        }
        let folder = self.image_mount_point(image);
        if self.image_is_mounted(image) {
            return Ok(folder);
        }
        let stack = self.stack_of(image)?;
        if stack.lowers.is_empty() {
            return Err(EngineError::NoLayers { image: image.id.short().to_owned() });
        }
        let failed = |source| ContainerError::File { action: "make folder", path: folder.clone(), source };
        std::fs::create_dir_all(&folder).map_err(failed)?;
        match view::layers_on(&stack, format!("mounts/{}", image.id)) {
            Err(failure) if failure.errno == libc::EPERM => {
                let _ = std::fs::remove_dir(&folder);
                return Err(ContainerError::NeedsUnshare.into());
            }
            done => done.map_err(ContainerError::Launch)?,
        }
        self.tell_of_mount(image, Status::Mount);
        Ok(folder)
    }

    /// Unmounts it; says whether it was mounted.
    ///
    /// # Errors
    /// Files of it are in use, unless `force`.
    pub fn unmount_image(&self, image: &ImageRecord, force: bool) -> Result<bool, EngineError> {
        if !self.image_is_mounted(image) {
            return Ok(false);
        }
        unmount_folder(&self.image_mount_point(image), force)?;
        self.tell_of_mount(image, Status::Unmount);
        Ok(true)
    }

    /// Tells whether the image is mounted in the mount namespace of this process.
    #[must_use]
    pub fn image_is_mounted(&self, image: &ImageRecord) -> bool {
        is_mounted(&self.image_mount_point(image), &mount_end(image))
    }

    /// Where an image is mounted.
    #[must_use]
    pub fn image_mount_point(&self, image: &ImageRecord) -> PathBuf {
        self.paths.data().join("mounts").join(image.id.hex())
    }

    /// Refuses to remove an image that an `unshare` session has mounted.
    pub(super) fn refuse_if_image_mounted(&self, image: &ImageRecord) -> Result<(), EngineError> {
        match holder(&self.paths, &self.image_mount_point(image), &mount_end(image)) {
            Some(PidRef { pid, .. }) => Err(EngineError::ImageMounted { image: image.id.short().to_owned(), pid }),
            None => Ok(()),
        }
    }

    fn tell_of_mount(&self, image: &ImageRecord, status: Status) {
        let name = image.names.first().map(String::as_str).unwrap_or_default();
        self.tell_of(&Subject::image(image.id.hex(), name), status);
    }
}

/// The id is in it, so no other mount point ends as this one does, whatever the path before it looks like in the table.
fn mount_end(image: &ImageRecord) -> String {
    format!("/mounts/{}", image.id)
}
