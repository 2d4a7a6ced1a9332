//! `save`: images to archives and folders that other tools read.
//!
//! ```text
//! docker-archive   <diffID>.tar …  <id>.json …  manifest.json
//! oci              blobs/sha256/…  oci-layout  index.json           (as a tar, or as a folder)
//! docker-dir       version  <digest> …  manifest.json               (one image)
//! ```
//! The documents that name the rest come last: what was cut short is no archive. Layers are written as they came in (`storage::give`).

mod compress;
mod documents;
mod plan;
mod sink;

use super::progress::Progress;
use crate::engine::{Engine, EngineError};
use crate::events::{Status, Subject};
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
    DockerDir,
}

impl SaveFormat {
    /// Tells whether it is a folder and not one file.
    #[must_use]
    pub fn is_folder(self) -> bool {
        matches!(self, Self::OciDir | Self::DockerDir)
    }

    /// How messages call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::DockerArchive => "docker-archive",
            Self::OciArchive => "oci-archive",
            Self::OciDir => "oci-dir",
            Self::DockerDir => "docker-dir",
        }
    }
}

/// What to save.
#[derive(Clone, Debug)]
pub struct SaveRequest {
    /// An image and more names that it gets in the archive; with `several`, images.
    pub images: Vec<String>,
    pub several: bool,
    pub format: SaveFormat,
    /// Layers are compressed by gzip; a docker-archive has none that are.
    pub compress: bool,
}

/// Where it goes.
#[derive(Debug)]
pub enum SaveTarget {
    Stream(File),
    /// An empty folder, open.
    Folder(OwnedFd),
}

impl Engine {
    /// Saves images. Runs as root of the session.
    ///
    /// # Errors
    /// An image is not there, a layer cannot be given back, or the target does not take it.
    pub fn save(&mut self, request: &SaveRequest, target: SaveTarget, progress: &mut dyn Progress) -> Result<(), EngineError> {
        // Layers must not be deleted while they are read.
        let _lock = self.begin_intake()?;
        let plan = Plan::of(self, request, progress)?;
        let mut sink = Sink::new(target);
        match request.format {
            SaveFormat::DockerArchive => documents::docker_archive(self, &plan, &mut sink, progress)?,
            SaveFormat::OciArchive | SaveFormat::OciDir => {
                let blobs = compress::blobs(&self.paths, &plan.layers, request.compress, progress)?;
                documents::oci(self, &plan, blobs, &mut sink)?;
            }
            SaveFormat::DockerDir => {
                let blobs = compress::blobs(&self.paths, &plan.layers, request.compress, progress)?;
                documents::docker_dir(self, &plan, blobs, &mut sink)?;
            }
        }
        sink.finish()?;
        for one in &plan.images {
            let name = one.names.first().map(String::as_str).unwrap_or_default();
            self.tell_of(&Subject::image(one.stored.hex(), name), Status::Save);
        }
        Ok(())
    }
}
