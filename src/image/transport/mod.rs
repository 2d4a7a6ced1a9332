//! Images on disk: archives of `docker save`, OCI layouts, both in one, and `dir:` folders.

mod archive;
mod dir;
mod docker_archive;
mod name;
mod oci_layout;

pub use archive::{Archive, Part, open_tar};
pub use name::{BadTransport, Form, Local};

use super::error::ImageError;
use super::manifest;
use super::platform::Platform;
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

/// Which images of an archive are meant.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    pub platform: &'a Platform,
    /// Nothing: whatever it is.
    pub form: Option<Form>,
    /// Nothing: all of them. See [`Local::select`].
    pub select: Option<&'a str>,
}

/// Finds the images in an archive, and says what form it has.
///
/// # Errors
/// It holds none, has another form than is wanted, or cannot be understood.
pub fn find_images(archive: &Archive, wanted: &Wanted<'_>) -> Result<(Form, Vec<FoundImage>), ImageError> {
    let docker = archive.read_small("manifest.json", docker_archive::MAX_MANIFEST)?;
    // Docker 25 writes `"manifests": null` beside its own manifest.json; a real index says more than that.
    let index = archive
        .read_small("index.json", manifest::MAX_DOCUMENT)?
        .filter(|index| docker.is_none() || wanted.form != Some(Form::DockerArchive) && oci_layout::has_manifests(index));
    let form = match (&index, &docker) {
        (Some(_), _) if archive.is_folder() => Form::Oci,
        (Some(_), _) => Form::OciArchive,
        (None, Some(manifest)) if dir::is_manifest(manifest) => Form::Dir,
        (None, Some(_)) => Form::DockerArchive,
        (None, None) if archive.has("repositories") => {
            return Err(archive.refuse(
                "an archive of a Docker before 1.10: it has only a \"repositories\" file and no manifest.json (load it with such a Docker and save it with a current one)",
            ));
        }
        (None, None) => {
            return Err(archive.refuse("no image archive: it has neither manifest.json (docker save) nor index.json (OCI)"));
        }
    };
    if let Some(other) = wanted.form.filter(|wanted| *wanted != form) {
        return Err(archive.refuse(format!("it is read as {}:, not as {}:", form.name(), other.name())));
    }
    let found = match (index, docker) {
        (Some(index), docker) => oci_layout::find(archive, &index, docker.as_deref(), wanted)?,
        (None, Some(manifest)) if form == Form::Dir => dir::find(archive, &manifest)?,
        (None, Some(manifest)) => docker_archive::find(archive, &manifest, wanted.select)?,
        (None, None) => Vec::new(),
    };
    Ok((form, found))
}

/// The number in `@N`.
fn number(select: &str) -> Option<usize> {
    select.strip_prefix('@')?.parse().ok()
}

/// Says which images there are instead of the one that was asked for.
fn no_such(archive: &Archive, select: &str, names: &[String]) -> ImageError {
    let names = if names.is_empty() { "images without names".to_owned() } else { names.join(", ") };
    archive.refuse(format!("no image {select:?} in it; it has {names}"))
}
