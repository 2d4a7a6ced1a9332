//! Manifests and image configs, by digest. Layers are not kept as blobs.

use super::error::io_error;
use super::staging::Staging;
use super::{StorageError, digest};
use crate::config::Paths;
use crate::model::Digest;
use std::fs;

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
