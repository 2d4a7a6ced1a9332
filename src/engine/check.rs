//! `system check`: is what the database says there, and what it was; and the mending of what is not.
//!
//! An image that was pulled is mended by pulling it again, by its manifest's digest: only what was damaged is fetched, and its names and
//! containers stay. Any other is removed.

use super::container::status::State;
use super::image::remove::uses;
use super::image::{Plan, PullPolicy, PullRequest, RemoveImagesRequest, Silent};
use super::{Engine, EngineError};
use crate::image::{ImageConfig, Reference};
use crate::model::{DiffId, Digest, ImageId, ImageRecord};
use crate::storage::{blob, check, gc, layer};
use std::collections::{HashMap, HashSet};

/// How to check.
#[derive(Clone, Debug, Default)]
pub struct CheckRequest {
    /// Contents are not read: only whether everything is there.
    pub quick: bool,
    /// Images that are damaged are pulled again, or else removed.
    pub repair: bool,
    /// How to pull what an earlier check has named in `sources`.
    pub plans: Vec<(ImageId, Plan)>,
    /// Also those that containers use, with the containers.
    pub force: bool,
}

/// What was found.
#[derive(Debug, Default)]
pub struct CheckReport {
    /// What is damaged, in words.
    pub damage: Vec<String>,
    /// Where damaged images can be had again: name and digest.
    pub sources: Vec<(ImageId, String)>,
    /// Ids of images that were made whole by pulling what was damaged.
    pub mended: Vec<String>,
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
    images: Vec<ImageRecord>,
    layers: HashSet<DiffId>,
    /// Configs and manifests.
    documents: Vec<Digest>,
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
        for image in &damaged.images {
            let repository = self.db.pulled_names(&image.id)?.into_iter().find_map(|name| Reference::parse_local(&name).ok());
            report
                .sources
                .extend(repository.map(|name| (image.id.clone(), name.with_digest(image.manifest.clone()).to_string())));
        }
        if !request.repair || report.damage.is_empty() {
            return Ok(report);
        }
        self.db.forget_layers(&damaged.rows)?;
        let mut images = Vec::new();
        for image in &damaged.images {
            let plan = request.plans.iter().find(|(id, _)| *id == image.id).map(|(_, plan)| plan);
            match plan.map(|plan| self.mend(image, plan, &damaged)) {
                Some(Ok(())) => report.mended.push(image.id.hex().to_owned()),
                Some(Err(error @ EngineError::ImageInUse { .. })) => report.errors.push(error),
                // The registry has it no more, or cannot be reached: it goes as one that came from nowhere.
                Some(Err(_)) | None => images.push(image.id.hex().to_owned()),
            }
        }
        if images.is_empty() {
            return Ok(report);
        }
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
        report.errors.extend(removed.errors);
        Ok(report)
    }

    /// Fetches what is damaged of an image anew.
    fn mend(&mut self, image: &ImageRecord, plan: &Plan, damaged: &Damaged) -> Result<(), EngineError> {
        let runs = |state: &State| state.status.is_alive();
        let users: Vec<_> = self.containers()?.into_iter().filter(|(user, state)| uses(user, image) && runs(state)).collect();
        if !users.is_empty() {
            let containers: Vec<_> = users.iter().map(|(container, _)| container.id.short()).collect();
            return Err(EngineError::ImageInUse { image: image.id.short().to_owned(), containers: containers.join(" ") });
        }
        for diff_id in image.layers.iter().filter(|diff_id| damaged.layers.contains(diff_id)) {
            // One that two images have may be mended already.
            if check::layer(&self.paths, diff_id, false)?.is_some() || self.db.layer_size(diff_id)?.is_none() {
                self.db.forget_damaged_layer(diff_id)?;
                layer::remove(&self.paths, diff_id)?;
            }
        }
        for digest in [image.id.digest(), &image.manifest].into_iter().filter(|digest| damaged.documents.contains(digest)) {
            blob::remove(&self.paths, digest)?;
        }
        let platform = ImageConfig::parse(image.config.as_bytes())?.platform;
        let request = PullRequest { plan: plan.clone(), policy: PullPolicy::Always, platform };
        let names: HashSet<_> = image.names.iter().cloned().collect();
        self.pull(&request, &mut Silent)?;
        for name in plan.names().into_iter().filter(|name| !names.contains(name)) {
            self.db.remove_image_name(&name)?;
        }
        Ok(())
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
                        if what.is_some() {
                            damaged.layers.insert(diff_id.clone());
                        }
                        bad_layers.insert(diff_id.clone(), what.is_some());
                        what.is_some()
                    }
                };
                is_bad |= bad;
            }
            if let Some((digest, what)) = self.damaged_documents(image) {
                damaged.documents.push(digest);
                report.damage.push(format!("image {}: {what}", image.id));
                is_bad = true;
            } else if is_bad {
                let names = if image.names.is_empty() { String::new() } else { format!(" ({})", image.names.join(", ")) };
                report.damage.push(format!("image {}{names}: it has damaged layers", image.id));
            }
            if is_bad {
                damaged.images.push(image.clone());
            }
        }
        let used: HashSet<&DiffId> = images.iter().flat_map(|image| &image.layers).collect();
        for diff_id in rows.iter().filter(|diff_id| !used.contains(diff_id) && !layer::exists(&self.paths, diff_id)) {
            report.damage.push(format!("layer {diff_id}: its folder is missing"));
            damaged.rows.push(diff_id.clone());
        }
        Ok(damaged)
    }

    fn damaged_documents(&self, image: &ImageRecord) -> Option<(Digest, String)> {
        for (what, digest) in [("config", image.id.digest()), ("manifest", &image.manifest)] {
            match blob::read(&self.paths, digest) {
                Ok(bytes) if what == "config" && bytes != image.config.as_bytes() => {
                    return Some((digest.clone(), "the database has another config".to_owned()));
                }
                Ok(_) => {}
                Err(error) => return Some((digest.clone(), format!("its {what}: {error}"))),
            }
        }
        None
    }
}
