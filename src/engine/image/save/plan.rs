//! What goes into an archive: each image once with all its names, each layer once.

use super::SaveRequest;
use crate::engine::image::progress::{LayerInfo, Progress, Step};
use crate::engine::{Engine, EngineError};
use crate::image::manifest::{self, Document};
use crate::image::{ImageError, Platform, Reference};
use crate::model::{DiffId, Digest, ImageId, ImageRecord};
use crate::storage::give::LayerTar;
use crate::storage::{blob, digest};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// An image on its way out.
#[derive(Debug)]
pub(super) struct Outgoing {
    /// What the store calls it.
    pub(super) stored: ImageId,
    /// Full names that it has in the archive.
    pub(super) names: Vec<String>,
    pub(super) config: Vec<u8>,
    /// Of `config`; another one than `stored` where a layer cannot be what it was.
    pub(super) id: Digest,
    /// Places in `Plan::layers`, bottom first.
    pub(super) layers: Vec<usize>,
    /// Of the manifest.
    pub(super) annotations: Option<BTreeMap<String, String>>,
}

/// Images and the layers of them all.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) images: Vec<Outgoing>,
    pub(super) layers: Vec<LayerTar>,
}

impl Plan {
    /// Finds the images and how each layer can be given back.
    pub(super) fn of(engine: &Engine, request: &SaveRequest, progress: &mut dyn Progress) -> Result<Self, EngineError> {
        let mut plan = Self::default();
        for (image, names) in chosen(engine, request)? {
            match plan.images.iter_mut().find(|known| known.stored == image.id) {
                Some(known) => known.names.extend(names),
                None => plan.add(engine, &image, names)?,
            }
        }
        for one in &mut plan.images {
            let mut seen = std::collections::HashSet::new();
            one.names.retain(|name| seen.insert(name.clone()));
            if one.id != *one.stored.digest() {
                progress.step(&Step::Note {
                    text: format!(
                        "image {} was brought in by an older version, which did not keep its layers' archives: they are made anew, \
                         so the saved image has the id {} (to keep the id, remove the image and pull it again)",
                        one.stored.short(),
                        one.id.short()
                    ),
                });
            }
        }
        let info = |layer: &LayerTar| LayerInfo {
            name: layer.diff_id.digest().short().to_owned(),
            size: Some(layer.size),
            present: false,
        };
        progress.layers(&plan.layers.iter().map(info).collect::<Vec<_>>());
        Ok(plan)
    }

    fn add(&mut self, engine: &Engine, image: &ImageRecord, names: Vec<String>) -> Result<(), EngineError> {
        let mut layers = Vec::new();
        for diff_id in &image.layers {
            let known = self.layers.iter().position(|layer| layer.stored == *diff_id);
            layers.push(match known {
                Some(at) => at,
                None => {
                    self.layers.push(LayerTar::find(&engine.paths, diff_id, engine.db.layer_size(diff_id)?)?);
                    self.layers.len() - 1
                }
            });
        }
        let config = blob::read(&engine.paths, image.id.digest())?;
        let changed = layers.iter().any(|at| self.layers[*at].diff_id != self.layers[*at].stored);
        let config = if changed {
            let diff_ids: Vec<_> = layers.iter().map(|at| &self.layers[*at].diff_id).collect();
            with_diff_ids(&config, &diff_ids)?
        } else {
            config
        };
        let annotations = match manifest::parse(&blob::read(&engine.paths, &image.manifest)?)? {
            Document::Manifest(manifest) => manifest.annotations,
            Document::Index(_) => None,
        };
        let id = digest::of(&config);
        self.images.push(Outgoing { stored: image.id.clone(), names, config, id, layers, annotations });
        Ok(())
    }
}

/// Finds the images that are asked for, with the names that each was asked for by.
fn chosen(engine: &Engine, request: &SaveRequest) -> Result<Vec<(ImageRecord, Vec<String>)>, EngineError> {
    let mut found = Vec::new();
    if let (Some(names), [only]) = (&request.names, &request.images[..]) {
        return Ok(vec![(engine.runnable_image(only)?, names.clone())]);
    }
    for (at, text) in request.images.iter().enumerate() {
        if at == 0 || request.several {
            let one = engine.find_image(text)?;
            // A name with a digest is none that another store could give.
            let name = one.name.filter(|name| !name.contains('@'));
            found.push((engine.instance(one.image, &Platform::host())?, name.into_iter().collect::<Vec<_>>()));
        } else {
            let reference = Reference::parse_local(text).map_err(ImageError::from)?.or_latest();
            if reference.digest().is_some() {
                return Err(EngineError::TagWithDigest { name: text.clone() });
            }
            if let Some((_, names)) = found.first_mut() {
                names.push(reference.stored());
            }
        }
    }
    Ok(found)
}

/// The config with other diffIDs; all else stays as it is.
fn with_diff_ids(config: &[u8], diff_ids: &[&DiffId]) -> Result<Vec<u8>, ImageError> {
    let what = "the image config";
    let parse = |source| ImageError::Parse { what, source };
    let mut config: Value = serde_json::from_slice(config).map_err(parse)?;
    config["rootfs"]["diff_ids"] = json!(diff_ids);
    serde_json::to_vec(&config).map_err(parse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_diff_ids_of_a_config_change() {
        let old = br#"{"zebra":1,"rootfs":{"type":"layers","diff_ids":["sha256:old"]},"config":{"Cmd":["a"]}}"#;
        let new = DiffId::new(digest::of(b"new"));
        let text = String::from_utf8(with_diff_ids(old, &[&new]).unwrap()).unwrap();
        assert_eq!(text, format!(r#"{{"zebra":1,"rootfs":{{"type":"layers","diff_ids":["{new}"]}},"config":{{"Cmd":["a"]}}}}"#));
    }
}
