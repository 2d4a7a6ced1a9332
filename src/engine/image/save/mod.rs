//! `save`: images to archives and folders that other tools read.
//!
//! ```text
//! docker-archive   <diffID>.tar …  <id>.json …  manifest.json
//! oci              blobs/sha256/…  oci-layout  index.json           (as a tar, or as a folder)
//! docker-dir       version  <digest> …  manifest.json               (one image; with an OCI manifest for `dir:`)
//! ```
//! The documents that name the rest come last: what was cut short is no archive. Layers are written as they came in (`storage::give`).

mod compress;
mod documents;
mod list;
mod plan;
mod sink;

use super::encode::Encoding;
use super::progress::Progress;
use super::push::ManifestFormat;
use crate::engine::{Engine, EngineError};
use crate::events::{Status, Subject};
use crate::model::Digest;
use documents::Kinds;
pub(super) use list::ListSink;
use plan::Plan;
use sink::Sink;
use std::fs::File;
use std::os::fd::OwnedFd;

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaveFormat {
    DockerArchive,
    OciArchive,
    OciDir,
    /// The `dir:` of skopeo and Podman, with a manifest of this kind.
    Dir(ManifestFormat),
}

impl SaveFormat {
    /// Tells whether it is a folder and not one file.
    #[must_use]
    pub fn is_folder(self) -> bool {
        matches!(self, Self::OciDir | Self::Dir(_))
    }

    /// How messages call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::DockerArchive => "docker-archive",
            Self::OciArchive => "oci-archive",
            Self::OciDir => "oci-dir",
            Self::Dir(_) => "docker-dir",
        }
    }
}

/// What to save.
#[derive(Clone, Debug)]
pub struct SaveRequest {
    /// An image and more names that it gets in the archive; with `several`, images.
    pub images: Vec<String>,
    pub several: bool,
    /// What the only image is called there, instead of the names that it was asked for by. In an OCI layout they may be any text.
    pub names: Option<Vec<String>>,
    pub format: SaveFormat,
    /// Of the layers; a docker-archive has none that are compressed.
    pub encoding: Encoding,
}

/// Where it goes.
#[derive(Debug)]
pub enum SaveTarget {
    Stream(File),
    /// An empty folder, open.
    Folder(OwnedFd),
    /// An OCI layout that the image is put into; images of the same names lose them.
    Layout(OwnedFd),
}

impl Engine {
    /// Saves images; returns the digests of their manifests. Runs as root of the session.
    ///
    /// # Errors
    /// An image is not there, a layer cannot be given back, or the target does not take it.
    pub fn save(
        &mut self,
        request: &SaveRequest,
        target: SaveTarget,
        progress: &mut dyn Progress,
    ) -> Result<Vec<Digest>, EngineError> {
        // Layers must not be deleted while they are read.
        let _lock = self.begin_intake()?;
        let plan = Plan::of(self, request, progress)?;
        let mut sink = Sink::new(target)?;
        let manifests = match request.format {
            SaveFormat::DockerArchive => documents::docker_archive(self, &plan, &mut sink, progress)?,
            SaveFormat::OciArchive | SaveFormat::OciDir => {
                let blobs = compress::blobs(&self.paths, &plan.layers, request.encoding, progress)?;
                documents::oci(self, &plan, blobs, request.encoding.compression, &mut sink)?
            }
            SaveFormat::Dir(manifest) => {
                let blobs = compress::blobs(&self.paths, &plan.layers, request.encoding, progress)?;
                let kinds = Kinds::of(manifest, request.encoding.compression);
                documents::dir(self, &plan, blobs, &kinds, &mut sink)?
            }
        };
        sink.finish()?;
        for one in &plan.images {
            let name = one.names.first().map(String::as_str).unwrap_or_default();
            self.tell_of(&Subject::image(one.stored.hex(), name), Status::Save);
        }
        Ok(manifests)
    }
}
