//! `import`: an image of one layer from a root tar.

use super::incoming::Incoming;
use super::progress::{LayerInfo, Progress, Step};
use crate::engine::{Engine, EngineError};
use crate::events::{Status, Subject};
use crate::image::config::{History, RootFs};
use crate::image::transport::{Input, open_tar};
use crate::image::{ImageConfig, ImageError, Platform, Reference, change};
use crate::model::ImageId;
use crate::storage::intake::{self, Expected};
use crate::storage::unpack::Limits;
use crate::storage::{borrow, layer};

/// What to import, and what to make of it.
#[derive(Clone, Debug)]
pub struct ImportRequest {
    /// A tar, compressed perhaps.
    pub input: Input,
    /// Nothing: the image gets no name.
    pub reference: Option<String>,
    /// Containerfile instructions.
    pub changes: Vec<String>,
    pub message: Option<String>,
    pub platform: Platform,
}

impl Engine {
    /// Makes an image from a root tar. Runs as root of the session.
    ///
    /// # Errors
    /// The input is no tar, a change is not understood, or the store cannot take it.
    pub fn import(&mut self, request: &ImportRequest, progress: &mut dyn Progress) -> Result<ImageId, EngineError> {
        let name = request.reference.as_deref().map(|text| Reference::parse_local(text).map(Reference::or_latest));
        let name = name.transpose().map_err(ImageError::from)?;
        let mut config = ImageConfig { platform: request.platform.clone(), ..ImageConfig::default() };
        for text in &request.changes {
            change::apply(&mut config.config, text).map_err(ImageError::from)?;
        }
        self.settle_driver(progress)?;
        let _lock = self.begin_intake()?;
        let source = open_tar(&request.input)?;
        let what = request.input.path().display().to_string();
        progress.layers(&[LayerInfo { name: what.clone(), size: None, present: false }]);
        let mut received = intake::receive(&self.paths, source, &Expected::default(), &Limits::default())?;
        borrow::settle(&self.paths, vec![&mut received.layer], std::slice::from_ref(&received.diff_id))?;
        progress.done(0);
        let now = jiff::Timestamp::now().to_string();
        config.created = Some(now.clone());
        config.rootfs = RootFs { kind: "layers".to_owned(), diff_ids: vec![received.diff_id.clone()] };
        config.history = vec![History {
            created: Some(now),
            created_by: Some(format!("coracle import {what}")),
            comment: request.message.clone(),
            ..History::default()
        }];
        progress.step(&Step::Storing);
        let sizes = [(received.diff_id.clone(), received.tar_size)];
        layer::commit(&self.paths, vec![received.layer])?;
        let bytes = serde_json::to_vec(&config).map_err(|source| ImageError::Parse { what: "the image config", source })?;
        let incoming =
            Incoming { names: name.iter().map(Reference::stored).collect(), config: bytes, manifest: None, layers: Vec::new() };
        let image = self.record_image(incoming, &config, &sizes)?;
        let name = image.names.first().map(String::as_str).unwrap_or_default();
        self.tell_of(&Subject::image(image.id.hex(), name), Status::Import);
        Ok(image.id)
    }
}
