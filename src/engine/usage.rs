//! `system df`: what the store takes on the disk.

use super::container::status::State;
use super::image::{ImageRow, ImagesRequest};
use super::{Engine, EngineError};
use crate::model::{ContainerConfig, DiffId};
use std::collections::{HashMap, HashSet};

/// An image's share.
#[derive(Clone, Debug)]
pub struct ImageUsage {
    pub row: ImageRow,
    /// Bytes of layers that other images have, too.
    pub shared: u64,
    /// Bytes of layers that it has alone.
    pub unique: u64,
}

/// A container's share.
#[derive(Clone, Debug)]
pub struct ContainerUsage {
    pub config: ContainerConfig,
    pub state: State,
    /// Bytes that it has written.
    pub own: u64,
}

/// A volume's share.
#[derive(Clone, Debug)]
pub struct VolumeUsage {
    pub name: String,
    /// The ids of the containers that mount it.
    pub containers: Vec<String>,
    /// Bytes of its files.
    pub bytes: u64,
}

/// A sum over one kind of thing; sizes in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    pub count: usize,
    /// In use: images and volumes with containers, containers that run.
    pub active: usize,
    pub size: u64,
    /// What a prune of all that is not in use would give back.
    pub reclaimable: u64,
}

/// What everything takes.
#[derive(Clone, Debug, Default)]
pub struct Usage {
    /// A row for each name.
    pub images: Vec<ImageUsage>,
    pub containers: Vec<ContainerUsage>,
    pub volumes: Vec<VolumeUsage>,
    pub image_total: Total,
    pub container_total: Total,
    pub volume_total: Total,
}

impl Engine {
    /// Adds up images, containers and volumes.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn usage(&self) -> Result<Usage, EngineError> {
        let sizes: HashMap<DiffId, u64> = self.db.layers()?.into_iter().collect();
        let rows = self.images(&ImagesRequest::default())?;
        // An image with two names has two rows and its layers once.
        let mut seen = HashSet::new();
        let images: Vec<&ImageRow> = rows.iter().filter(|row| seen.insert(row.image.id.clone())).collect();
        let (owners, image_total) = add_up(&images, &sizes);
        let bytes = |row: &ImageRow, shared: bool| -> u64 {
            let layers: HashSet<&DiffId> = row.image.layers.iter().collect();
            let wanted = layers.into_iter().filter(|layer| (owners[*layer] > 1) == shared);
            wanted.map(|layer| sizes.get(layer).copied().unwrap_or(0)).sum()
        };
        let images = rows.iter().map(|row| ImageUsage { row: row.clone(), shared: bytes(row, true), unique: bytes(row, false) });
        let mut usage = Usage { images: images.collect(), image_total, ..Usage::default() };
        for (config, state) in self.containers()? {
            let own = self.container_size(&config)?.own;
            let alive = state.status.is_alive();
            usage.container_total.count += 1;
            usage.container_total.active += usize::from(alive);
            usage.container_total.size += own;
            usage.container_total.reclaimable += if alive { 0 } else { own };
            usage.containers.push(ContainerUsage { config, state, own });
        }
        for row in self.volumes(&[])? {
            let bytes = self.folder_size(&row.mountpoint)?;
            let used = !row.containers.is_empty();
            usage.volume_total.count += 1;
            usage.volume_total.active += usize::from(used);
            usage.volume_total.size += bytes;
            usage.volume_total.reclaimable += if used { 0 } else { bytes };
            usage.volumes.push(VolumeUsage { name: row.volume.name, containers: row.containers, bytes });
        }
        Ok(usage)
    }
}

/// How many images have each layer, and the sum over all images.
fn add_up(images: &[&ImageRow], sizes: &HashMap<DiffId, u64>) -> (HashMap<DiffId, usize>, Total) {
    let mut owners: HashMap<DiffId, usize> = HashMap::new();
    let mut used: HashSet<&DiffId> = HashSet::new();
    for row in images {
        let layers: HashSet<&DiffId> = row.image.layers.iter().collect();
        for layer in layers {
            *owners.entry(layer.clone()).or_default() += 1;
            if row.containers > 0 {
                used.insert(layer);
            }
        }
    }
    let size_of = |layer: &DiffId| sizes.get(layer).copied().unwrap_or(0);
    let total = Total {
        count: images.len(),
        active: images.iter().filter(|row| row.containers > 0).count(),
        size: owners.keys().map(size_of).sum(),
        reclaimable: owners.keys().filter(|layer| !used.contains(layer)).map(size_of).sum(),
    };
    (owners, total)
}
