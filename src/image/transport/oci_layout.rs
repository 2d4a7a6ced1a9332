//! An OCI image layout (image-spec image-layout.md), as a folder or as a tar.

use super::{Archive, FoundImage, FoundLayer, Wanted, docker_archive};
use crate::image::config::ImageConfig;
use crate::image::error::ImageError;
use crate::image::manifest::{self, Descriptor, Document, Index, MAX_DOCUMENT};
use crate::image::platform::Platform;
use crate::image::reference::Reference;
use crate::model::Digest;
use crate::storage::{StorageError, digest};
use serde_json::Value;

/// Images of one layout that are taken; each is read and checked before the first one comes in.
const MAX_IMAGES: usize = 1000;
const MAX_DOCUMENTS: usize = 64 << 20;
/// Indexes in indexes that are followed.
const MAX_DEPTH: usize = 4;

/// The names that containerd and the specification give to an image in an index.
const NAME_KEYS: [&str; 2] = ["io.containerd.image.name", "org.opencontainers.image.ref.name"];

/// Tells whether index.json names anything.
pub(super) fn has_manifests(index: &[u8]) -> bool {
    let value: Value = serde_json::from_slice(index).unwrap_or_default();
    value.get("manifests").and_then(Value::as_array).is_some_and(|list| !list.is_empty())
}

/// Finds the images: those that have names, else the one that serves the platform best.
pub(super) fn find(
    archive: &Archive,
    index: &[u8],
    docker: Option<&[u8]>,
    wanted: &Wanted<'_>,
) -> Result<Vec<FoundImage>, ImageError> {
    let Document::Index(index) = manifest::parse(index)? else {
        return Err(archive.refuse("no OCI layout: its index.json is no index"));
    };
    let named: Vec<_> = index.images().filter(|descriptor| name(descriptor).is_some()).collect();
    let chosen = match wanted.select {
        Some(select) => vec![selected(archive, &index, select)?],
        None if named.is_empty() => vec![choose(&index, wanted.platform)?],
        None => named,
    };
    if chosen.len() > MAX_IMAGES {
        return Err(archive.refuse(format!("no layout to take: it has more than {MAX_IMAGES} images")));
    }
    let mut found: Vec<FoundImage> = Vec::new();
    let mut refusal = None;
    let mut read = 0;
    for descriptor in chosen {
        match image(archive, descriptor, wanted.platform, MAX_DEPTH) {
            Ok((mut image, config)) => {
                read += image.config.len() + image.manifest.as_ref().map_or(0, Vec::len);
                if read > MAX_DOCUMENTS {
                    return Err(archive
                        .refuse(format!("no layout to take: its manifests and configs have more than {MAX_DOCUMENTS} bytes")));
                }
                image.names = match name(descriptor) {
                    Some(name) => vec![name],
                    None => {
                        docker.map_or(Ok(Vec::new()), |docker| docker_archive::names_of_config(archive, docker, config.hex()))?
                    }
                };
                match found.iter_mut().find(|known| known.manifest == image.manifest) {
                    Some(known) => known.names.append(&mut image.names),
                    None => found.push(image),
                }
            }
            // Signatures and other artifacts lie beside images; only if there is nothing else are they an error.
            Err(error @ (ImageError::NotAnImage { .. } | ImageError::NoPlatform { .. })) => refusal = refusal.or(Some(error)),
            Err(error) => return Err(error),
        }
    }
    match refusal {
        Some(error) if found.is_empty() => Err(error),
        _ => Ok(found),
    }
}

/// The entry of a number, or of a name, which is compared as it is written.
fn selected<'a>(archive: &Archive, index: &'a Index, select: &str) -> Result<&'a Descriptor, ImageError> {
    let is_meant = |descriptor: &&Descriptor| NAME_KEYS.iter().any(|key| descriptor.annotation(key) == Some(select));
    let found = match super::number(select) {
        Some(at) => index.manifests.get(at),
        None => index.manifests.iter().find(is_meant),
    };
    found.ok_or_else(|| {
        let names = index.manifests.iter().filter_map(|one| NAME_KEYS.iter().find_map(|key| one.annotation(key)));
        super::no_such(archive, select, &names.map(str::to_owned).collect::<Vec<_>>())
    })
}

/// Follows indexes down to a manifest.
fn image(
    archive: &Archive,
    descriptor: &Descriptor,
    wanted: &Platform,
    depth: usize,
) -> Result<(FoundImage, Digest), ImageError> {
    let bytes = blob(archive, descriptor)?;
    let manifest = match manifest::parse(&bytes)? {
        Document::Index(_) if depth == 0 => return Err(archive.refuse("its indexes lie too deep in one another")),
        Document::Index(index) => return image(archive, choose(&index, wanted)?, wanted, depth - 1),
        Document::Manifest(manifest) => manifest,
    };
    let config = blob(archive, &manifest.config)?;
    // Some artifacts call an empty object an image config.
    if let Err(ImageError::Parse { .. }) = ImageConfig::parse(&config) {
        return Err(ImageError::NotAnImage {
            what: "its config is no image config (an artifact that is not meant to run)".to_owned(),
        });
    }
    let layer = |layer: &Descriptor| FoundLayer {
        member: member(&layer.digest),
        digest: Some(layer.digest.clone()),
        size: Some(layer.size),
    };
    let layers = manifest.layers.iter().map(layer).collect();
    Ok((FoundImage { names: Vec::new(), config, manifest: Some(bytes), layers }, manifest.config.digest))
}

/// What is in an archive was put there on purpose: a single image is taken also if it is for another platform.
fn choose<'a>(index: &'a Index, wanted: &Platform) -> Result<&'a Descriptor, ImageError> {
    index.choose(wanted).or_else(|error| {
        let mut images = index.images();
        match (images.next(), images.next()) {
            (Some(only), None) => Ok(only),
            _ => Err(error),
        }
    })
}

/// Reads a small blob and checks it.
fn blob(archive: &Archive, descriptor: &Descriptor) -> Result<Vec<u8>, ImageError> {
    let name = member(&descriptor.digest);
    let bytes =
        archive.read_small(&name, MAX_DOCUMENT)?.ok_or_else(|| archive.refuse(format!("incomplete: {name:?} is missing")))?;
    let (size, found) = (bytes.len() as u64, digest::of(&bytes));
    let expected = descriptor.digest.clone();
    if found != expected {
        return Err(StorageError::WrongDigest { expected, found }.into());
    }
    match size {
        size if size > descriptor.size => Err(StorageError::TooLong { digest: expected, expected: descriptor.size }.into()),
        size if size < descriptor.size => {
            Err(StorageError::Truncated { digest: expected, expected: descriptor.size, found: size }.into())
        }
        _ => Ok(bytes),
    }
}

fn member(digest: &Digest) -> String {
    format!("blobs/sha256/{}", digest.hex())
}

/// A name that is none is as good as no name: index annotations are free text.
fn name(descriptor: &Descriptor) -> Option<String> {
    let text = NAME_KEYS.iter().find_map(|key| descriptor.annotation(key))?;
    Reference::parse_local(text).ok().map(|reference| reference.or_latest().stored())
}
