//! `load`: images from an archive or a folder.

use super::arriving::LayerSource;
use super::incoming::Incoming;
use super::progress::Progress;
use crate::config::policy::Policy;
use crate::engine::{Engine, EngineError};
use crate::events::{Status, Subject};
use crate::image::transport::{Archive, Form, FoundLayer, Input, Local, Wanted, find_images};
use crate::image::{ImageError, Platform};
use crate::model::ImageId;
use crate::storage::intake::Expected;
use std::io::BufRead;
use std::path::PathBuf;

/// Which archive to load.
#[derive(Clone, Debug)]
pub struct LoadRequest {
    pub input: Input,
    pub platform: Platform,
    /// Nothing: whatever it is.
    pub form: Option<Form>,
    /// See [`Local::select`]; nothing: all images.
    pub select: Option<String>,
    /// More than one image is too many.
    pub one: bool,
    /// Says whether images may be taken from there at all.
    pub policy: Policy,
}

impl LoadRequest {
    /// All images of what lies there, whatever its form.
    #[must_use]
    pub fn all(input: Input, platform: Platform, policy: Policy) -> Self {
        Self { input, platform, form: None, select: None, one: false, policy }
    }

    /// What a name with a transport means.
    #[must_use]
    pub fn of(local: Local, platform: Platform, policy: Policy) -> Self {
        // Docker's archives are taken whole, as Podman does; of an OCI layout one has to be chosen.
        let one = local.form != Form::DockerArchive;
        Self { input: Input::Path(local.path), platform, form: Some(local.form), select: local.select, one, policy }
    }
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
        self.settle_driver(progress)?;
        let lock = self.begin_intake()?;
        let archive = Archive::open(&self.paths, &request.input)?;
        let wanted = Wanted { platform: &request.platform, form: request.form, select: request.select.as_deref() };
        let (form, images) = find_images(&archive, &wanted)?;
        check_policy(request, form)?;
        if let (true, [_, _, ..]) = (request.one, &images[..]) {
            let names = images.into_iter().flat_map(|image| image.names).collect();
            return Err(ImageError::SeveralImages { path: request.input.path(), names }.into());
        }
        let mut report = LoadReport::default();
        for found in images {
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

/// Asks policy.json about the place that the images come from. A docker-archive has no scopes but that of the transport.
fn check_policy(request: &LoadRequest, form: Form) -> Result<(), ImageError> {
    let path = match &request.input {
        Input::Path(path) if form != Form::DockerArchive => {
            std::fs::canonicalize(path).map_err(|source| ImageError::Open { path: path.clone(), source })?
        }
        _ => PathBuf::new(),
    };
    let refused = |source| ImageError::Policy { name: format!("{}:{}", form.name(), request.input.path().display()), source };
    request.policy.check_path(form.name(), &path.to_string_lossy()).map_err(refused)
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
