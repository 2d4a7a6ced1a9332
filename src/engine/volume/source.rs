//! What a start needs to know of the volumes and overlays of a container.

use super::{VolumeError, options};
use crate::engine::container::ContainerError;
use crate::engine::{Engine, EngineError, session};
use crate::model::{Backing, ContainerConfig, ImageId, Mount, Origin, Volume};
use crate::runtime::spec::mounts::{Sources, VolumeSource};
use crate::storage::{layer, volume};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

impl Engine {
    /// Finds what the container's mounts come from, and makes what is missing of it. Costs nothing for bind mounts.
    ///
    /// # Errors
    /// A volume cannot be used, an image is gone, or the store fails.
    pub(in crate::engine) fn mount_sources(&mut self, config: &ContainerConfig) -> Result<Sources, EngineError> {
        if config.mounts.iter().all(|mount| matches!(mount.from, Origin::Bind { .. } | Origin::Tmpfs { .. })) {
            return Ok(Sources::default());
        }
        refuse_without_caller(config)?;
        self.make_volumes_of(config)?;
        let mut sources = self.volume_sources(config)?;
        let overlays = self.paths.container(&config.id).join("overlays");
        // What was written into them at the last start is not wanted any more.
        if overlays.exists() {
            session::delete_tree(&self.paths, &overlays)?;
        }
        for (at, mount) in config.mounts.iter().enumerate() {
            let own = overlays.join(at.to_string());
            match &mount.from {
                Origin::Overlay { upper: Some(upper), work, .. } => {
                    let work = match work {
                        Some(work) => work.clone(),
                        None => make_folder(&own, "work", 0o700)?,
                    };
                    sources.uppers.insert(mount.target.clone(), (upper.clone(), work));
                }
                Origin::Overlay { source, upper: None, .. } => {
                    sources.uppers.insert(mount.target.clone(), own_upper(&own, mode_of(source))?);
                }
                Origin::Image { image: Some(image), .. } => {
                    let mut lowers = self.layers_of(image)?;
                    if mount.read_only && lowers.len() < 2 {
                        // Without an upper layer an overlay takes no fewer than two.
                        lowers.push(make_folder(&own, "empty", 0o755)?);
                    }
                    if !mount.read_only {
                        sources.uppers.insert(mount.target.clone(), own_upper(&own, 0o755)?);
                    }
                    sources.images.insert(mount.target.clone(), lowers);
                }
                _ => {}
            }
        }
        Ok(sources)
    }

    /// Finds the volumes of a container.
    ///
    /// # Errors
    /// A volume cannot be used, or the store fails.
    pub(in crate::engine) fn volume_sources(&self, config: &ContainerConfig) -> Result<Sources, EngineError> {
        let mut sources = Sources::default();
        for name in config.mounts.iter().filter_map(|mount| mount.volume()) {
            if let Some(found) = self.db.volume(name)? {
                sources.volumes.insert(name.to_owned(), self.volume_source(config, &found)?);
            }
        }
        Ok(sources)
    }

    fn volume_source(&self, config: &ContainerConfig, found: &Volume) -> Result<VolumeSource, EngineError> {
        match found.backing() {
            Backing::Store => Ok(VolumeSource::Store(volume::data(&self.paths, &found.name), options::attributes(found))),
            Backing::Folder(device) => {
                let fail = |source| VolumeError::Device { name: found.name.clone(), device: device.to_owned(), source };
                std::fs::metadata(device).map_err(fail)?;
                Ok(VolumeSource::Folder(PathBuf::from(device), options::attributes(found)))
            }
            Backing::Tmpfs => {
                for id in self.db.containers_of_volume(&found.name)?.iter().filter(|id| *id != config.id.as_str()) {
                    let Some(other) = self.db.containers_by_id_prefix(id)?.pop() else { continue };
                    if self.status(&other).status.is_alive() {
                        return Err(VolumeError::MemoryInUse { name: found.name.clone(), container: other.name }.into());
                    }
                }
                Ok(VolumeSource::Tmpfs(options::memory(found)))
            }
        }
    }

    /// The folders of an image's layers, topmost first, each once.
    fn layers_of(&self, image: &ImageId) -> Result<Vec<PathBuf>, EngineError> {
        let found = self.db.images_by_id_prefix(image.hex())?.pop();
        let found = found.ok_or_else(|| EngineError::NoSuchImage { name: image.short().to_owned() })?;
        let mut lowers: Vec<PathBuf> = Vec::new();
        for diff in found.layers.iter().rev() {
            let path = layer::path(&self.paths, diff);
            if !lowers.contains(&path) {
                lowers.push(path);
            }
        }
        Ok(lowers)
    }
}

/// What is written over the caller's files needs the caller's rights: where the caller has no id in the container, nobody in there has
/// them.
fn refuse_without_caller(config: &ContainerConfig) -> Result<(), VolumeError> {
    let map = config.isolation.id_map.as_ref();
    if map.is_none_or(|map| map.uids.to_container(0).is_some()) {
        return Ok(());
    }
    let ours = |mount: &&Mount| match mount.from {
        Origin::Overlay { .. } => true,
        Origin::Image { .. } => !mount.read_only,
        _ => false,
    };
    match config.mounts.iter().find(ours) {
        Some(mount) => Err(VolumeError::CallerNotMapped { target: mount.target.clone() }),
        None => Ok(()),
    }
}

fn mode_of(source: &Path) -> u32 {
    std::fs::metadata(source).map_or(0o755, |meta| std::os::unix::fs::MetadataExt::mode(&meta) & 0o7777)
}

/// The root of an overlay has the mode of its upper folder.
fn own_upper(own: &Path, mode: u32) -> Result<(PathBuf, PathBuf), EngineError> {
    Ok((make_folder(own, "upper", mode)?, make_folder(own, "work", 0o700)?))
}

fn make_folder(own: &Path, name: &str, mode: u32) -> Result<PathBuf, EngineError> {
    let path = own.join(name);
    let fail = |source| ContainerError::File { action: "make folder", path: path.clone(), source };
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&path).map_err(fail)?;
    rustix::fs::chmod(&path, rustix::fs::Mode::from_raw_mode(mode)).map_err(|errno| fail(errno.into()))?;
    Ok(path)
}
