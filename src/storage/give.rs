//! A layer's tar, given back: byte for byte where that can be done, else made anew from the layer's files.

use super::digest::Summing;
use super::error::io_error;
use super::pack::{self, Form, Options, PackError};
use super::tar::TarWriter;
use super::{StorageError, layer, split};
use crate::config::Paths;
use crate::model::DiffId;
use rustix::fd::AsFd as _;
use rustix::fs::{Mode, OFlags};
use std::io::{self, Write};

/// How a layer can be given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerTar {
    /// What the store calls the layer.
    pub stored: DiffId,
    /// Of the tar that is written; another one than `stored` where the tar cannot be what it was.
    pub diff_id: DiffId,
    /// Bytes of the tar.
    pub size: u64,
    kept: bool,
}

impl LayerTar {
    /// Finds out how to give a layer back. `size` is what the database says of the tar; where nothing does, it is written once to
    /// nowhere.
    ///
    /// # Errors
    /// The layer is gone or cannot be read.
    pub fn find(paths: &Paths, stored: &DiffId, size: Option<u64>) -> Result<Self, StorageError> {
        let kept = split::exists(paths, stored);
        let mut tar = Self { stored: stored.clone(), diff_id: stored.clone(), size: size.unwrap_or(0), kept };
        if !kept || size.is_none_or(|size| size == 0) {
            let mut sums = Summing::new(io::sink());
            tar.write(paths, &mut sums)?;
            let (_, digest, size) = sums.finish();
            (tar.size, tar.diff_id) = (size, DiffId::new(digest));
        }
        Ok(tar)
    }

    /// Writes the tar.
    ///
    /// # Errors
    /// The layer was changed in the store, cannot be read, or `out` does not take it.
    pub fn write(&self, paths: &Paths, out: &mut dyn Write) -> Result<(), StorageError> {
        if self.kept { split::replay(paths, &self.stored, out) } else { repack(paths, &self.stored, out) }
    }
}

fn repack(paths: &Paths, diff_id: &DiffId, out: &mut dyn Write) -> Result<(), StorageError> {
    let diff = layer::path(paths, diff_id);
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let root = rustix::fs::open(&diff, flags, Mode::empty()).map_err(io_error("open folder", &diff))?;
    let mut writer = TarWriter::new(out);
    let options = Options { form: Form::Layer, top: b"", skip: &|_| false };
    let packed = pack::folder(&mut writer, root.as_fd(), &options).and_then(|_| writer.finish().map_err(PackError::Write));
    packed.map(drop).map_err(|error| match error {
        PackError::Write(source) => StorageError::Write { what: "a layer's tar", source },
        source => StorageError::Pack { diff_id: diff_id.clone(), source },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_without_a_record_is_made_anew_and_says_its_own_digest() {
        let temp = tempfile::tempdir().unwrap();
        let paths = Paths::at(temp.path().join("data"), temp.path().join("run"));
        paths.prepare().unwrap();
        let stored = DiffId::new(crate::storage::digest::of(b"as it came"));
        let diff = layer::path(&paths, &stored);
        std::fs::create_dir_all(&diff).unwrap();
        std::fs::write(diff.join("file"), "text").unwrap();
        let found = LayerTar::find(&paths, &stored, Some(1)).unwrap();
        assert_ne!(found.diff_id, stored);
        let mut bytes = Vec::new();
        found.write(&paths, &mut bytes).unwrap();
        assert_eq!(bytes.len() as u64, found.size);
        assert_eq!(DiffId::new(crate::storage::digest::of(&bytes)), found.diff_id);
        assert!(LayerTar::find(&paths, &DiffId::new(crate::storage::digest::of(b"none")), None).is_err());
    }
}
