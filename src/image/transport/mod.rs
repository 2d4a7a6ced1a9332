//! Images on disk: archives of `docker save`, OCI layouts, both in one, and `dir:` folders.

mod archive;
mod dir;
mod docker_archive;
mod oci_layout;

pub use archive::{Archive, Part, open_tar};

use super::error::ImageError;
use super::manifest;
use crate::model::Digest;
use std::path::PathBuf;

/// Where an archive comes from.
#[derive(Clone, Debug)]
pub enum Input {
    Stdin,
    /// A file, a pipe or a folder.
    Path(PathBuf),
}

impl Input {
    /// How messages call it.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        match self {
            Self::Stdin => PathBuf::from("standard input"),
            Self::Path(path) => path.clone(),
        }
    }
}

/// A layer inside an archive.
#[derive(Clone, Debug)]
pub struct FoundLayer {
    /// Its name in the archive.
    pub member: String,
    /// What a manifest promises; a docker-archive promises nothing but the diffID.
    pub digest: Option<Digest>,
    pub size: Option<u64>,
}

/// An image inside an archive.
#[derive(Clone, Debug)]
pub struct FoundImage {
    /// Full names, with tag.
    pub names: Vec<String>,
    pub config: Vec<u8>,
    /// As it is in the archive; a docker-archive has none.
    pub manifest: Option<Vec<u8>>,
    pub layers: Vec<FoundLayer>,
}

/// Finds the images in an archive.
///
/// # Errors
/// It holds none, or cannot be understood.
pub fn find_images(archive: &Archive, wanted: &super::Platform) -> Result<Vec<FoundImage>, ImageError> {
    let docker = archive.read_small("manifest.json", docker_archive::MAX_MANIFEST)?;
    if let Some(index) = archive.read_small("index.json", manifest::MAX_DOCUMENT)? {
        // Docker 25 writes `"manifests": null` beside its own manifest.json; a real index says more than that.
        if docker.is_none() || oci_layout::has_manifests(&index) {
            return oci_layout::find(archive, &index, docker.as_deref(), wanted);
        }
    }
    match docker {
        Some(manifest) if dir::is_manifest(&manifest) => dir::find(archive, &manifest),
        Some(manifest) => docker_archive::find(archive, &manifest),
        None if archive.has("repositories") => Err(archive.refuse(
            "an archive of a Docker before 1.10: it has only a \"repositories\" file and no manifest.json (load it with such a Docker and save it with a current one)",
        )),
        None => Err(archive.refuse("no image archive: it has neither manifest.json (docker save) nor index.json (OCI)")),
    }
}
