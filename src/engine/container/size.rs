//! How much a container has written.

use crate::engine::{Engine, EngineError, session};
use crate::model::ContainerConfig;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Bytes of a container's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Written by the container: its own layer.
    pub own: u64,
    /// With the layers of its image.
    pub total: u64,
}

impl Engine {
    /// Adds up the container's files. Folders that only their owner may read, a subordinate id, take the root of the session.
    ///
    /// # Errors
    /// The session cannot be made or the folder cannot be read.
    pub fn container_size(&self, config: &ContainerConfig) -> Result<Size, EngineError> {
        let upper = self.paths.container(&config.id).join("upper");
        let own = self.folder_size(&upper)?;
        let image = self.db.images_by_id_prefix(config.image.hex())?.first().map_or(0, |image| image.size);
        Ok(Size { own, total: own + image })
    }

    /// Adds up the files below a folder of the store, as root of the session where it has to be.
    pub(in crate::engine) fn folder_size(&self, folder: &Path) -> Result<u64, EngineError> {
        tree_size(folder).or_else(|_| self.size_within(folder))
    }

    fn size_within(&self, upper: &Path) -> Result<u64, EngineError> {
        let fail = |source| super::ContainerError::File { action: "add up the files of", path: upper.to_owned(), source };
        let (reader, writer) = io::pipe().map_err(fail)?;
        session::within(&self.paths, || match tree_size(upper) {
            Ok(size) => i32::from((&writer).write_all(&size.to_le_bytes()).is_err()),
            Err(_) => 1,
        })?;
        drop(writer);
        let mut bytes = [0; 8];
        (&reader).read_exact(&mut bytes).map_err(|_| fail(io::Error::from(io::ErrorKind::PermissionDenied)))?;
        Ok(u64::from_le_bytes(bytes))
    }
}

/// Follows no link. Entries that vanish while we look, in a running container, do not count.
fn tree_size(top: &Path) -> io::Result<u64> {
    let mut size = 0;
    let mut folders = vec![top.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        for entry in entries.flatten() {
            match entry.metadata() {
                Ok(meta) if meta.is_dir() => folders.push(entry.path()),
                Ok(meta) => size += meta.size(),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_of_all_files_count_and_links_are_not_followed() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(at("a/b")).expect("folders");
        std::fs::write(at("a/one"), [0; 10]).expect("a file");
        std::fs::write(at("a/b/two"), [0; 5]).expect("a file");
        std::os::unix::fs::symlink("..", at("a/up")).expect("a link");
        assert_eq!(tree_size(folder.path()).expect("readable"), 15 + 2);
        assert_eq!(tree_size(&at("nothing")).expect("an absent folder is empty"), 0);
    }
}
