//! `image inspect`: all that is known of an image, with Podman's field names.

use super::lookup::repo_digests;
use crate::engine::{Engine, EngineError};
use crate::image::manifest::OCI_MANIFEST;
use crate::image::{ImageConfig, ImageError};
use crate::model::ImageRecord;
use crate::storage::{blob, driver, layer};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What `image inspect` prints.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ImageDetails {
    pub id: String,
    pub digest: String,
    pub repo_tags: Vec<String>,
    pub repo_digests: Vec<String>,
    pub parent: String,
    pub comment: String,
    pub created: String,
    /// The config's runtime part, as it is in the image.
    pub config: Value,
    pub version: String,
    pub author: String,
    pub architecture: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub variant: String,
    pub os: String,
    /// Bytes of all layers, uncompressed.
    pub size: u64,
    pub virtual_size: u64,
    pub graph_driver: Value,
    #[serde(rename = "RootFS")]
    pub root_fs: Value,
    pub labels: BTreeMap<String, String>,
    pub annotations: BTreeMap<String, String>,
    pub manifest_type: String,
    pub user: String,
    /// As it is in the image's config.
    pub history: Value,
    pub names_history: Vec<String>,
    /// Files whose owner or group the user namespace does not have, and that belong to another here; not a field of Podman's.
    pub owners_replaced: u64,
}

impl Engine {
    /// Returns all that is known of an image.
    ///
    /// # Errors
    /// There is no such image, or its documents are damaged.
    pub fn inspect_image(&self, name: &str) -> Result<ImageDetails, EngineError> {
        let image = self.runnable_image(name)?;
        let config = self.image_config(&image)?;
        let raw: Value =
            serde_json::from_str(&image.config).map_err(|source| ImageError::Parse { what: "the image config", source })?;
        let manifest = blob::read(&self.paths, &image.manifest)?;
        let manifest: Value =
            serde_json::from_slice(&manifest).map_err(|source| ImageError::Parse { what: "the manifest", source })?;
        let media_type = manifest["mediaType"].as_str().unwrap_or(OCI_MANIFEST);
        let uppers: Vec<_> = image.layers.iter().rev().map(|layer| layer::path(&self.paths, layer)).collect();
        let (upper, lower) = uppers.split_first().map_or((String::new(), String::new()), |(upper, lower)| {
            let lower: Vec<_> = lower.iter().map(|path| path.display().to_string()).collect();
            (upper.display().to_string(), lower.join(":"))
        });
        Ok(ImageDetails {
            id: image.id.hex().to_owned(),
            digest: image.manifest.to_string(),
            repo_tags: image.names.iter().filter(|name| !name.contains('@')).cloned().collect(),
            repo_digests: repo_digests(&image),
            parent: String::new(),
            comment: config.history.iter().rev().find_map(|step| step.comment.clone()).unwrap_or_default(),
            created: config.created.clone().unwrap_or_else(|| "1970-01-01T00:00:00Z".to_owned()),
            config: raw.get("config").filter(|value| value.is_object()).cloned().unwrap_or_else(|| json!({})),
            version: raw["docker_version"].as_str().unwrap_or_default().to_owned(),
            author: config.author.clone().unwrap_or_default(),
            architecture: config.platform.architecture.clone(),
            variant: config.platform.variant.clone().unwrap_or_default(),
            os: config.platform.os.clone(),
            size: image.size,
            virtual_size: image.size,
            graph_driver: json!({"Name": driver::remembered(&self.paths)?.unwrap_or_default().name(), "Data": {"UpperDir": upper, "LowerDir": lower}}),
            root_fs: json!({"Type": "layers", "Layers": image.layers}),
            labels: config.config.labels.clone(),
            annotations: serde_json::from_value(manifest["annotations"].clone()).unwrap_or_default(),
            manifest_type: media_type.to_owned(),
            user: config.config.user.clone(),
            history: raw.get("history").filter(|value| value.is_array()).cloned().unwrap_or_else(|| json!([])),
            owners_replaced: image.layers.iter().map(|layer| layer::replaced_owners(&self.paths, layer)).sum(),
            names_history: image.names.clone(),
        })
    }

    /// Returns what an image's config says.
    ///
    /// # Errors
    /// The config is damaged.
    pub fn image_config(&self, image: &ImageRecord) -> Result<ImageConfig, EngineError> {
        Ok(ImageConfig::parse(image.config.as_bytes())?)
    }
}
