//! What a container's root file system is made of.

use super::ContainerError;
use super::join;
use crate::engine::{Engine, EngineError};
use crate::model::{ContainerConfig, DiffId};
use crate::runtime::init::Overlay;
use crate::storage::driver::{self, Driver};
use crate::storage::shifted::{Form, Shifted};
use std::path::Path;

impl Engine {
    /// The overlay of the image's layers, topmost first, and the container's own writable layer.
    pub(super) fn overlay(&self, config: &ContainerConfig) -> Result<Overlay, EngineError> {
        let own = format!("containers/{}", config.id);
        let rootfs = config.filesystem.rootfs.as_ref();
        // A layer may be there twice; an overlay takes each folder once, and only the topmost counts.
        let layers = match rootfs {
            Some(_) => Vec::new(),
            None => {
                let image = self.db.images_by_id_prefix(config.image.hex())?.pop();
                distinct(&image.ok_or_else(|| EngineError::NoSuchImage { name: config.image_name.clone() })?.layers)
            }
        };
        let mut lowers: Vec<String> = layers.iter().rev().map(|layer| format!("layers/{}/diff", layer.hex())).collect();
        lowers.extend(rootfs.map(|rootfs| rootfs.path.to_string_lossy().into_owned()));
        if lowers.is_empty() {
            // An image from scratch without a layer: an overlay needs one.
            let empty = self.paths.container(&config.id).join("empty");
            match std::fs::create_dir(&empty) {
                Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                    return Err(ContainerError::File { action: "make folder", path: empty, source: error }.into());
                }
                _ => lowers.push(format!("{own}/empty")),
            }
        }
        let driver = driver::remembered(&self.paths)?.unwrap_or_default();
        let (mut data, mut folder) = (Vec::new(), rootfs.filter(|rootfs| !rootfs.overlay).map(|rootfs| rootfs.path.clone()));
        // Also where the driver was another one when the container was made.
        let is_copy = || driver == Driver::Copy || self.paths.container(&config.id).join("root").is_dir();
        if rootfs.is_none() && is_copy() {
            folder = Some(self.copied_root(config, &layers)?);
        } else if let Some(map) = config.isolation.id_map.as_ref().filter(|map| !layers.is_empty() && join::needs_shift(map)) {
            let Shifted { folder, form } = self.shifted(&layers, map)?;
            let plain = std::mem::replace(&mut lowers, vec![folder]);
            if form == Form::Tree {
                data = plain;
            }
        }
        Ok(Overlay {
            base: self.paths.data().to_owned(),
            lowers,
            data,
            upper: format!("{own}/upper"),
            work: format!("{own}/work"),
            target: format!("{own}/upper"),
            folder,
            program: driver.program().map(Path::to_owned),
            volatile: config.auto_remove,
        })
    }
}

/// The layers of an image, bottom first, each once: where it is topmost.
fn distinct(layers: &[DiffId]) -> Vec<DiffId> {
    let mut distinct: Vec<DiffId> = Vec::with_capacity(layers.len());
    for layer in layers.iter().rev() {
        if !distinct.contains(layer) {
            distinct.push(layer.clone());
        }
    }
    distinct.reverse();
    distinct
}
