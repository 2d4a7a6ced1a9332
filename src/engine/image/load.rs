//! `load`: images from an archive or a folder.

use super::arriving::LayerSource;
use super::incoming::Incoming;
use super::progress::Progress;
use crate::engine::{Engine, EngineError};
use crate::events::{Status, Subject};
use crate::image::transport::{Archive, FoundLayer, Input, find_images};
use crate::image::{ImageError, Platform};
use crate::model::ImageId;
use crate::storage::intake::Expected;
use std::io::BufRead;

/// Which archive to load.
#[derive(Clone, Debug)]
pub struct LoadRequest {
    pub input: Input,
    pub platform: Platform,
}

/// What was loaded.
#[derive(Clone, Debug, Default)]
pub struct LoadReport {
    /// Each image with the names that it got; an image without a name is dangling.
    pub images: Vec<(ImageId, Vec<String>)>,
}

impl Engine {
    /// Loads all images of a docker-archive, an OCI archive or an OCI layout folder. Runs as root of the session.
    ///
    /// # Errors
    /// The archive holds no image, is damaged, or the store cannot take it. Images before the bad one stay.
    pub fn load(&mut self, request: &LoadRequest, progress: &mut dyn Progress) -> Result<LoadReport, EngineError> {
        let lock = self.begin_intake()?;
        let archive = Archive::open(&self.paths, &request.input)?;
        let mut report = LoadReport::default();
        for found in find_images(&archive, &request.platform)? {
            let expected = |layer: &FoundLayer| Expected { digest: layer.digest.clone(), size: layer.size, diff_id: None };
            let source = Members { archive: &archive, layers: &found.layers };
            let incoming = Incoming {
                names: found.names,
                config: found.config,
                manifest: found.manifest,
                layers: found.layers.iter().map(expected).collect(),
            };
            let image = self.take_in(incoming, &source, &lock, progress)?.image;
            let name = image.names.first().map(String::as_str).unwrap_or_default();
            self.tell_of(&Subject::image(image.id.hex(), name), Status::Load);
            report.images.push((image.id, image.names));
        }
        Ok(report)
    }
}

struct Members<'a> {
    archive: &'a Archive,
    layers: &'a [FoundLayer],
}

impl LayerSource for Members<'_> {
    fn open(&self, layer: usize) -> Result<Box<dyn BufRead + Send + '_>, ImageError> {
        Ok(Box::new(self.archive.member(&self.layers[layer].member)?))
    }
}
