//! The way of an image into the store, wherever it comes from.
//!
//! ```text
//! layers that the store lacks, three at a time ──▶ tmp/ ──▶ syncfs ──▶ layers/ and their rows ──▶ blobs/ ──▶ the image's rows
//! ```
//! The image's rows come last: an image that is seen is whole. Killed before, it leaves whole layers, which the next pull takes up, and
//! folders in `tmp/` that the next command sweeps.

use super::arriving::{LayerSource, ReceivedBlob};
use super::progress::{LayerInfo, Progress, Step};
use crate::engine::{Engine, EngineError};
use crate::image::manifest::{Descriptor, MAX_DOCUMENT, Manifest, OCI_CONFIG, OCI_LAYER, OCI_MANIFEST};
use crate::image::{ImageConfig, ImageError};
use crate::model::{DiffId, ImageId, ImageRecord};
use crate::storage::intake::Expected;
use crate::storage::unpack::Unpacked;
use crate::storage::{blob, digest, driver, gc, reserve};
use std::collections::HashSet;

/// An image that is known but for its layers.
#[derive(Debug)]
pub(in crate::engine) struct Incoming {
    /// Full names that it gets.
    pub(in crate::engine) names: Vec<String>,
    pub(in crate::engine) config: Vec<u8>,
    /// Nothing: made from the config and the layers.
    pub(in crate::engine) manifest: Option<Vec<u8>>,
    /// What is known of each layer but its diffID, bottom first.
    pub(in crate::engine) layers: Vec<Expected>,
}

/// An image that is in the store now.
#[derive(Debug)]
pub(super) struct TakenIn {
    pub(super) image: ImageRecord,
    /// The blobs that came for it; those of layers that were there are not among them.
    pub(super) blobs: Vec<ReceivedBlob>,
}

impl Engine {
    /// Sweeps what killed commands left, and keeps layers from being deleted meanwhile.
    pub(in crate::engine) fn begin_intake(&self) -> Result<gc::StoreLock, EngineError> {
        // Best effort: what cannot be swept is no reason to refuse an image.
        let _ = gc::sweep(&self.paths);
        Ok(gc::lock_shared(&self.paths)?)
    }

    /// Finds out with the first image how this store stacks layers, and whether it can hold any. Before there are threads.
    ///
    /// # Errors
    /// The file system cannot hold layers, or what is wanted does not work there.
    pub(super) fn settle_driver(&self, progress: &mut dyn Progress) -> Result<(), EngineError> {
        let (_, note) = driver::settle(&self.paths)?;
        reserve::keep(&self.paths);
        if let Some(text) = note {
            progress.step(&Step::Note { text });
        }
        Ok(())
    }

    /// Brings an image in. `lock` proves that its layers cannot be deleted under it.
    pub(super) fn take_in(
        &mut self,
        mut incoming: Incoming,
        source: &dyn LayerSource,
        _lock: &gc::StoreLock,
        progress: &mut dyn Progress,
    ) -> Result<TakenIn, EngineError> {
        let config = ImageConfig::parse(&incoming.config)?;
        let diff_ids = config.rootfs.diff_ids.clone();
        if diff_ids.len() != incoming.layers.len() {
            return Err(ImageError::LayerCount { layers: incoming.layers.len(), diff_ids: diff_ids.len() }.into());
        }
        for (expected, diff_id) in incoming.layers.iter_mut().zip(&diff_ids) {
            expected.diff_id = Some(diff_id.clone());
        }
        let (missing, infos) = self.missing_layers(&incoming.layers, &diff_ids)?;
        progress.layers(&infos);
        let arrived = self.bring_layers(&incoming.layers, missing, &diff_ids, source, progress)?;
        let image = self.record_image(incoming, &config, &[])?;
        if let Some(text) = losses(&arrived.unpacked) {
            progress.step(&Step::Note { text });
        }
        Ok(TakenIn { image, blobs: arrived.blobs })
    }

    /// Writes the documents and the rows. The layers are in the store.
    pub(in crate::engine) fn record_image(
        &mut self,
        incoming: Incoming,
        config: &ImageConfig,
        new_layers: &[(DiffId, u64)],
    ) -> Result<ImageRecord, EngineError> {
        let mut sizes = Vec::new();
        for diff_id in &config.rootfs.diff_ids {
            let new = new_layers.iter().find(|(known, _)| known == diff_id).map(|(_, size)| *size);
            let size = match new {
                Some(size) => size,
                None => self.db.layer_size(diff_id)?.unwrap_or(0),
            };
            sizes.push((diff_id.clone(), size));
        }
        let manifest = match incoming.manifest {
            Some(manifest) => manifest,
            None => make_manifest(&incoming.config, &sizes, [OCI_MANIFEST, OCI_CONFIG, OCI_LAYER])?,
        };
        let id = ImageId::new(blob::write(&self.paths, &incoming.config)?);
        let image = ImageRecord {
            id,
            manifest: blob::write(&self.paths, &manifest)?,
            names: incoming.names,
            created: config.created_ns(),
            size: sizes.iter().map(|(_, size)| size).sum(),
            layers: config.rootfs.diff_ids.clone(),
            config: String::from_utf8(incoming.config)
                .map_err(|_| ImageError::NotAnImage { what: "its config is not UTF-8".to_owned() })?,
        };
        self.db.put_image(&image, &sizes)?;
        Ok(image)
    }

    /// Returns the places of the layers that have to come in, each diffID once, and what to show of all.
    fn missing_layers(&self, layers: &[Expected], diff_ids: &[DiffId]) -> Result<(Vec<usize>, Vec<LayerInfo>), EngineError> {
        let (mut missing, mut infos, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
        for (at, (expected, diff_id)) in layers.iter().zip(diff_ids).enumerate() {
            let present = !seen.insert(diff_id) || self.has_layer(diff_id)?;
            if !present {
                missing.push(at);
            }
            infos.push(LayerInfo { name: name(expected, diff_id).to_owned(), size: expected.size, present });
        }
        Ok((missing, infos))
    }
}

/// Twelve digits that a layer is shown by.
pub(super) fn name<'a>(expected: &'a Expected, diff_id: &'a DiffId) -> &'a str {
    expected.digest.as_ref().map_or(&diff_id.hex()[..12], |digest| digest.short())
}

/// Makes a manifest of uncompressed layers, for an image that came without one. `types` are those of the manifest, the config and
/// the layers.
pub(in crate::engine) fn make_manifest(
    config: &[u8],
    layers: &[(DiffId, u64)],
    types: [&str; 3],
) -> Result<Vec<u8>, EngineError> {
    let [manifest_type, config_type, layer_type] = types;
    let config_size = config.len() as u64;
    let layer = |(diff_id, size): &(DiffId, u64)| Descriptor::new(layer_type, diff_id.digest().clone(), *size);
    let manifest = Manifest {
        schema_version: 2,
        media_type: Some(manifest_type.to_owned()),
        config: Descriptor::new(config_type, digest::of(config), config_size),
        layers: layers.iter().map(layer).collect(),
        annotations: None,
    };
    let bytes = serde_json::to_vec(&manifest).map_err(|source| ImageError::Parse { what: "the manifest", source })?;
    let found = bytes.len() as u64;
    if found > MAX_DOCUMENT {
        return Err(ImageError::TooBig { what: "the manifest", found, limit: MAX_DOCUMENT }.into());
    }
    Ok(bytes)
}

/// Says what could not be kept, if that matters.
fn losses(unpacked: &Unpacked) -> Option<String> {
    (unpacked.owners_replaced > 0).then(|| {
        format!(
            "{} file(s) belong to users or groups that your user namespace does not have and were given to others \
             (add more subordinate ids to /etc/subuid and /etc/subgid, then pull again)",
            unpacked.owners_replaced
        )
    })
}
