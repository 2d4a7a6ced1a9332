//! `volume export` and `volume import`: the files of a volume as a tar.

use super::VolumeError;
use crate::engine::session::worker;
use crate::engine::{Engine, EngineError};
use crate::events::{Status, Subject};
use crate::model::{Backing, Volume};
use crate::storage::extract::{self, Extracted, Names, Owner, Reach, Rules, Target};
use crate::storage::pack::{self, Form, Options};
use crate::storage::tar::{TarReader, TarWriter};
use crate::storage::{decompress, volume};
use rustix::fs::{Mode, OFlags};
use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::PathBuf;

impl Engine {
    /// Writes the files of a volume to `out` as a tar; returns how many could not be kept (sockets and devices).
    ///
    /// # Errors
    /// There is no such volume, its files are in memory, or they cannot be read or written.
    pub fn export_volume(&self, name: &str, out: &OwnedFd) -> Result<u64, EngineError> {
        let found = self.volume(name)?;
        let path = self.files_of(&found)?;
        let fail = |source| VolumeError::Transfer { action: "export", name: found.name.clone(), source };
        let work = worker(&self.paths, &[out.as_fd()], |_| {
            let top = open(&path).map_err(|error| fail(error.into()))?;
            let out = out.try_clone().map_err(|error| fail(error.into()))?;
            let mut writer = TarWriter::new(BufWriter::with_capacity(1 << 17, File::from(out)));
            let options = Options { form: Form::Copy, top: b"", skip: &|_| false };
            let packed = pack::folder(&mut writer, top.as_fd(), &options).map_err(|error| fail(error.into()))?;
            writer.finish().map_err(|error| fail(error.into()))?;
            Ok(packed.left_out)
        })?;
        let left_out = work.finish()?;
        self.tell_of(&Subject::volume(&found.name), Status::Export);
        Ok(left_out)
    }

    /// Puts the files of a tar, compressed perhaps, into a volume; files of the same names are replaced.
    ///
    /// # Errors
    /// There is no such volume, its files are in memory, or the archive is unsound.
    pub fn import_volume(&self, name: &str, input: &OwnedFd) -> Result<Extracted, EngineError> {
        let found = self.volume(name)?;
        let path = self.files_of(&found)?;
        let paths = &self.paths;
        let fail = |source| VolumeError::Transfer { action: "import", name: found.name.clone(), source };
        let work = worker(paths, &[input.as_fd()], |_| {
            let top = open(&path).map_err(|error| fail(error.into()))?;
            let input = input.try_clone().map_err(|error| fail(error.into()))?;
            let (_, plain) =
                decompress(BufReader::with_capacity(1 << 17, File::from(input))).map_err(|error| fail(error.into()))?;
            let target = Target { root: top.as_fd(), reach: Reach::Root, folder: Vec::new(), names: Names::Keep };
            let rules = Rules { owner: Owner::Archive, overwrite: true, set_id: true };
            let mut tar = TarReader::new(BufReader::with_capacity(1 << 17, plain));
            let first = tar.next_entry().map_err(|error| fail(error.into()))?;
            let done = extract::extract(&mut tar, first, &target, rules).map_err(|error| fail(error.into()))?;
            volume::is_filled(paths, &found.name).map_err(VolumeError::from)?;
            Ok(done)
        })?;
        let done = work.finish()?;
        self.tell_of(&Subject::volume(&found.name), Status::Import);
        Ok(done)
    }

    /// Where the files of a volume are on the host.
    ///
    /// # Errors
    /// They are in the memory of the container that mounts it.
    pub fn files_of(&self, found: &Volume) -> Result<PathBuf, EngineError> {
        match found.backing() {
            Backing::Store => Ok(volume::data(&self.paths, &found.name)),
            Backing::Folder(device) => Ok(PathBuf::from(device)),
            Backing::Tmpfs => Err(VolumeError::InMemory { name: found.name.clone() }.into()),
        }
    }
}

fn open(path: &PathBuf) -> std::io::Result<OwnedFd> {
    Ok(rustix::fs::open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?)
}
