//! Mounts and the root file system.

use super::mounts;
use crate::cli::error::CliError;
use crate::engine::container::create::CreateRequest;
use clap::Args;
use std::path::Path;

/// Options about the file system.
#[derive(Debug, Args)]
pub(super) struct FilesystemOptions {
    /// Mount a folder or file of the host: HOST-PATH:CONTAINER-PATH[:OPTIONS]
    ///
    /// Options: ro, rw; rbind (default), bind; rprivate (default), private, rslave, slave, rshared, shared; noexec, nosuid, nodev.
    #[arg(short, long, value_name = "VOLUME")]
    volume: Vec<String>,
}

impl FilesystemOptions {
    /// Puts what was asked into the request; `cwd` is what a relative source begins at.
    ///
    /// # Errors
    /// An option's text cannot be read, or a source is missing.
    pub(super) fn apply(&self, request: &mut CreateRequest, cwd: &Path) -> Result<(), CliError> {
        request.mounts = mounts::parse_all(&self.volume, cwd)?;
        Ok(())
    }
}
