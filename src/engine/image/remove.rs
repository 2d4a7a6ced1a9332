//! `rmi`: names and images go, and with the last image of a layer the layer.
//!
//! Layers that no image has are those of a pull that broke off. The next pull takes them up; else the first removal of an image after
//! a day, any `prune` of images, or `rmi --all` deletes them.

use super::lookup::Found;
use crate::engine::{Engine, EngineError};
use crate::events::{Status, Subject};
use crate::model::{ContainerConfig, DiffId, ImageRecord, Mount, Origin};
use crate::storage::{gc, layer, reserve, shifted};
use std::collections::HashSet;
use std::time::Duration;

/// How long layers that no image has are kept for the next try of a pull.
const LEFTOVERS_STAY: Duration = Duration::from_secs(24 * 3600);

/// Which images to remove.
#[derive(Clone, Debug, Default)]
pub struct RemoveImagesRequest {
    /// Names or ids.
    pub images: Vec<String>,
    pub all: bool,
    /// Also images with several names, by id.
    pub force: bool,
    /// Containers that use an image are stopped and removed first.
    pub containers: bool,
    /// What is not there is no error.
    pub ignore: bool,
}

/// What was removed, and why the rest was not.
#[derive(Debug, Default)]
pub struct RemoveImagesReport {
    pub untagged: Vec<String>,
    /// Containers that used an image; full ids.
    pub containers: Vec<String>,
    /// Ids, 64 digits.
    pub deleted: Vec<String>,
    pub errors: Vec<EngineError>,
}

impl Engine {
    /// Removes images; goes on after an error. Runs as root of the session.
    ///
    /// # Errors
    /// The list of all images cannot be read. What happens to single images is in the report.
    pub fn remove_images(&mut self, request: &RemoveImagesRequest) -> Result<RemoveImagesReport, EngineError> {
        let mut report = RemoveImagesReport::default();
        reserve::give_up_if_full(&self.paths);
        let images = if request.all {
            self.db.images()?.into_iter().map(|image| image.id.hex().to_owned()).collect()
        } else {
            request.images.clone()
        };
        for name in &images {
            match self.find_image(name) {
                Ok(found) => {
                    if let Err(error) = self.remove_one(found, request, &mut report) {
                        report.errors.push(error);
                    }
                }
                Err(EngineError::NoSuchImage { .. }) if request.ignore => {}
                Err(error) => report.errors.push(error),
            }
        }
        let patience = if request.all { Duration::ZERO } else { LEFTOVERS_STAY };
        if (!report.deleted.is_empty() || request.all)
            && let Err(error) = self.sweep_store(patience)
        {
            report.errors.push(error);
        }
        Ok(report)
    }

    fn remove_one(
        &mut self,
        found: Found,
        request: &RemoveImagesRequest,
        report: &mut RemoveImagesReport,
    ) -> Result<(), EngineError> {
        let Found { image, name } = found;
        match name {
            Some(name) if image.names.len() > 1 => {
                self.db.remove_image_name(&name)?;
                self.tell_of(&Subject::image(image.id.hex(), &name), Status::Untag);
                report.untagged.push(name);
                return Ok(());
            }
            None if image.names.len() > 1 && !request.force && !request.all => {
                return Err(EngineError::ImageHasNames { image: image.id.short().to_owned(), names: image.names.join(", ") });
            }
            _ => {}
        }
        if request.containers {
            self.remove_users(&image, report)?;
        }
        self.refuse_if_used(&image)?;
        if !request.force {
            self.refuse_if_image_mounted(&image)?;
        }
        self.db.remove_image(&image.id)?;
        // Left by a session that ended without an unmount.
        let _ = std::fs::remove_dir(self.image_mount_point(&image));
        let name = image.names.first().map(String::as_str).unwrap_or_default();
        self.tell_of(&Subject::image(image.id.hex(), name), Status::Remove);
        report.untagged.extend(image.names);
        report.deleted.push(image.id.hex().to_owned());
        Ok(())
    }

    /// Stops and removes the containers that use an image, those first that others are required by.
    fn remove_users(&mut self, image: &ImageRecord, report: &mut RemoveImagesReport) -> Result<(), EngineError> {
        // Newest first: a container can only require older ones.
        for (container, _) in self.containers()?.into_iter().filter(|(container, _)| uses(container, image)) {
            let patience = Duration::from_secs(u64::from(container.stop_timeout));
            match self.remove_with_volumes(&container, Some(patience), true) {
                Ok(()) => report.containers.push(container.id.to_string()),
                // One that was run with --rm is faster.
                Err(EngineError::NoSuchContainer { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn refuse_if_used(&self, image: &ImageRecord) -> Result<(), EngineError> {
        let users: Vec<_> = self.containers()?.into_iter().filter(|(container, _)| uses(container, image)).collect();
        if users.is_empty() {
            return Ok(());
        }
        let containers: Vec<_> = users.iter().map(|(container, _)| container.id.short()).collect();
        Err(EngineError::ImageInUse { image: image.id.short().to_owned(), containers: containers.join(" ") })
    }

    /// Deletes what has no row: layers of removed images, and what killed commands left; and layers that no image has, for as long
    /// as `patience` at least. What cannot be deleted now, because an image comes in, the next sweep finds.
    pub(in crate::engine) fn sweep_store(&mut self, patience: Duration) -> Result<(), EngineError> {
        gc::sweep(&self.paths)?;
        let (paths, db) = (&self.paths, &mut self.db);
        gc::sweep_store(paths, || -> Result<gc::Live, EngineError> {
            let images = db.images()?;
            let used: HashSet<&DiffId> = images.iter().flat_map(|image| &image.layers).collect();
            let (mut layers, mut leftovers) = (HashSet::new(), Vec::new());
            for (diff_id, _) in db.layers()? {
                if used.contains(&diff_id) || layer::age(paths, &diff_id).is_some_and(|age| age < patience) {
                    layers.insert(diff_id);
                } else {
                    leftovers.push(diff_id);
                }
            }
            if !leftovers.is_empty() {
                db.forget_layers(&leftovers)?;
            }
            let blobs = images.iter().flat_map(|image| [image.id.digest().clone(), image.manifest.clone()]).collect();
            let stacks = images.iter().map(|image| shifted::stack_name(&image.layers)).collect();
            Ok(gc::Live { layers, blobs, stacks })
        })
    }
}

/// Tells whether a container was made from an image or mounts its files.
pub(in crate::engine) fn uses(container: &ContainerConfig, image: &ImageRecord) -> bool {
    let mounts = |mount: &Mount| matches!(&mount.from, Origin::Image { image: Some(id), .. } if *id == image.id);
    container.image == image.id || container.mounts.iter().any(mounts)
}
