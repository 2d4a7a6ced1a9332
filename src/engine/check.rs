//! `system check`: is what the database says there, and what it was; and the removal of what is not.

use super::image::RemoveImagesRequest;
use super::{Engine, EngineError};
use crate::model::{DiffId, ImageId, ImageRecord};
use crate::storage::{blob, check, gc, layer};
use std::collections::{HashMap, HashSet};

/// How to check.
#[derive(Clone, Copy, Debug, Default)]
pub struct CheckRequest {
    /// Contents are not read: only whether everything is there.
    pub quick: bool,
    /// Images that are damaged are removed.
    pub repair: bool,
    /// Also those that containers use, with the containers.
    pub force: bool,
}

/// What was found.
#[derive(Debug, Default)]
pub struct CheckReport {
    /// What is damaged, in words.
    pub damage: Vec<String>,
    /// Ids of images that were removed.
    pub removed: Vec<String>,
    /// Ids of containers that were removed with them.
    pub containers: Vec<String>,
    /// Why something stays.
    pub errors: Vec<EngineError>,
}

/// What a repair removes.
#[derive(Default)]
struct Damaged {
    images: Vec<ImageId>,
    /// Layers without a folder that no image names.
    rows: Vec<DiffId>,
}

impl Engine {
    /// Checks every image, layer and document of the store, and removes what is damaged if that is asked for. Runs as root of the
    /// session.
    ///
    /// # Errors
    /// The database or a folder of the store cannot be read.
    pub fn check(&mut self, request: &CheckRequest) -> Result<CheckReport, EngineError> {
        let mut report = CheckReport::default();
        let damaged = {
            // Layers must not be deleted while they are read.
            let _lock = gc::lock_shared(&self.paths)?;
            self.find_damage(request.quick, &mut report)?
        };
        if !request.repair || report.damage.is_empty() {
            return Ok(report);
        }
        self.db.forget_layers(&damaged.rows)?;
        if damaged.images.is_empty() {
            return Ok(report);
        }
        let images = damaged.images.iter().map(|id| id.hex().to_owned()).collect();
        let request = RemoveImagesRequest {
            images,
            force: true,
            containers: request.force,
            ignore: true,
            ..RemoveImagesRequest::default()
        };
        let removed = self.remove_images(&request)?;
        report.removed = removed.deleted;
        report.containers = removed.containers;
        report.errors = removed.errors;
        Ok(report)
    }

    fn find_damage(&self, quick: bool, report: &mut CheckReport) -> Result<Damaged, EngineError> {
        let images = self.db.images()?;
        let rows: HashSet<DiffId> = self.db.layers()?.into_iter().map(|(diff_id, _)| diff_id).collect();
        let mut bad_layers: HashMap<DiffId, bool> = HashMap::new();
        let mut damaged = Damaged::default();
        for image in &images {
            let mut is_bad = false;
            for diff_id in &image.layers {
                let bad = match bad_layers.get(diff_id) {
                    Some(known) => *known,
                    None => {
                        let what = match check::layer(&self.paths, diff_id, quick)? {
                            None if !rows.contains(diff_id) => Some("the database does not know it".to_owned()),
                            what => what,
                        };
                        report.damage.extend(what.iter().map(|what| format!("layer {diff_id}: {what}")));
                        bad_layers.insert(diff_id.clone(), what.is_some());
                        what.is_some()
                    }
                };
                is_bad |= bad;
            }
            if let Some(what) = self.damaged_documents(image) {
                report.damage.push(format!("image {}: {what}", image.id));
                is_bad = true;
            } else if is_bad {
                let names = if image.names.is_empty() { String::new() } else { format!(" ({})", image.names.join(", ")) };
                report.damage.push(format!("image {}{names}: it has damaged layers", image.id));
            }
            if is_bad {
                damaged.images.push(image.id.clone());
            }
        }
        let used: HashSet<&DiffId> = images.iter().flat_map(|image| &image.layers).collect();
        for diff_id in rows.iter().filter(|diff_id| !used.contains(diff_id) && !layer::exists(&self.paths, diff_id)) {
            report.damage.push(format!("layer {diff_id}: its folder is missing"));
            damaged.rows.push(diff_id.clone());
        }
        Ok(damaged)
    }

    fn damaged_documents(&self, image: &ImageRecord) -> Option<String> {
        for (what, digest) in [("config", image.id.digest()), ("manifest", &image.manifest)] {
            match blob::read(&self.paths, digest) {
                Ok(bytes) if what == "config" && bytes != image.config.as_bytes() => {
                    return Some("the database has another config".to_owned());
                }
                Ok(_) => {}
                Err(error) => return Some(format!("its {what}: {error}")),
            }
        }
        None
    }
}
