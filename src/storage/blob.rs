//! Manifests and image configs, by digest. Layers are not kept as blobs.

use super::error::io_error;
use super::staging::Staging;
use super::{StorageError, digest};
use crate::config::Paths;
use crate::model::Digest;
use std::fs;
use std::path::Path;

/// Puts `bytes` into the store and returns their digest. They are visible whole or not at all.
///
/// # Errors
/// They cannot be written.
pub fn write(paths: &Paths, bytes: &[u8]) -> Result<Digest, StorageError> {
    let digest = digest::of(bytes);
    let place = paths.blobs().join(digest.hex());
    if place.exists() {
        return Ok(digest);
    }
    let staging = Staging::new(paths)?;
    let path = staging.path().join("blob");
    fs::write(&path, bytes).map_err(io_error("write", &path))?;
    fs::File::open(&path).and_then(|file| file.sync_data()).map_err(io_error("write to disk", &path))?;
    fs::rename(&path, &place).map_err(io_error("make the blob visible as", &place))?;
    Ok(digest)
}

/// Reads a blob and checks it.
///
/// # Errors
/// It is not there, or its content is not what its name says.
pub fn read(paths: &Paths, digest: &Digest) -> Result<Vec<u8>, StorageError> {
    let place = paths.blobs().join(digest.hex());
    let bytes = fs::read(&place).map_err(io_error("read blob", &place))?;
    let found = digest::of(&bytes);
    if found == *digest { Ok(bytes) } else { Err(StorageError::WrongDigest { expected: digest.clone(), found }) }
}

/// Deletes a blob; one that is not there is no error.
///
/// # Errors
/// It cannot be deleted.
pub fn remove(paths: &Paths, digest: &Digest) -> Result<(), StorageError> {
    let place = paths.blobs().join(digest.hex());
    match fs::remove_file(&place) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => Err(io_error("delete blob", &place)(source)),
        _ => Ok(()),
    }
}

/// Returns every blob.
///
/// # Errors
/// The folder of blobs cannot be read.
pub fn list(paths: &Paths) -> Result<Vec<Digest>, StorageError> {
    digests_in(&paths.blobs())
}

/// Returns what is in a folder of things named by digest.
pub(super) fn digests_in(folder: &Path) -> Result<Vec<Digest>, StorageError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(io_error("read folder", folder))? {
        let name = entry.map_err(io_error("read folder", folder))?.file_name();
        found.extend(name.to_str().and_then(|hex| Digest::parse(&format!("sha256:{hex}")).ok()));
    }
    Ok(found)
}
