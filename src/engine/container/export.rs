//! `export`: the root of a container as a tar.

use super::ContainerError;
use super::copy::CopyError;
use crate::engine::session::worker;
use crate::engine::{Engine, EngineError};
use crate::events;
use crate::model::ContainerConfig;
use crate::storage::pack::{self, Form, Options, PackError};
use crate::storage::tar::TarWriter;
use std::fs::File;
use std::io::{self, BufWriter};
use std::os::fd::{AsFd as _, BorrowedFd};

/// Small writes are put together up to so many bytes.
const BUFFER: usize = 128 << 10;

impl Engine {
    /// Writes the files of a container, its image's layers included and its volumes not, to `out`. Owners are the container's ids.
    /// Returns how many sockets were left out.
    ///
    /// # Errors
    /// The container is gone, a file cannot be read, or `out` does not take it.
    pub fn export(&self, config: &ContainerConfig, out: BorrowedFd<'_>) -> Result<u64, EngineError> {
        let approach = self.approach(config)?;
        let mut keep = approach.descriptors();
        keep.push(out);
        let approach = &approach;
        let done: Option<u64> = worker(&self.paths, &keep, |parent| {
            let out = out.try_clone_to_owned().map_err(|source| ContainerError::from(CopyError::Pipe(source)))?;
            let root = approach.open_layers(parent)?;
            let mut writer = TarWriter::new(BufWriter::with_capacity(BUFFER, File::from(out)));
            let options = Options { form: Form::Root, top: b"", skip: &|_| false };
            let packed = pack::folder(&mut writer, root.as_fd(), &options)
                .and_then(|packed| writer.finish().map(|_| packed).map_err(PackError::Write));
            match packed {
                Ok(packed) => Ok(Some(packed.left_out)),
                Err(PackError::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(None),
                Err(source) => Err(ContainerError::from(CopyError::Pack { path: config.name.clone(), source }).into()),
            }
        })?
        .finish()?;
        let left_out = done.ok_or_else(|| ContainerError::from(CopyError::ReaderGone))?;
        self.tell(config, events::Status::Export);
        Ok(left_out)
    }
}
