//! What images are written to.

use crate::cli::error::CliError;
use crate::cli::output_file::OutputFile;
use crate::cli::output_folder::OutputFolder;
use crate::engine::image::SaveTarget;
use std::fs::File;
use std::os::fd::AsFd as _;
use std::path::Path;

/// A place on disk that appears whole or not at all.
#[derive(Debug)]
pub(super) enum Output {
    File(OutputFile),
    Folder(OutputFolder),
    /// It was there before.
    Given,
}

impl Output {
    /// A file. To be called before the store is opened, which changes the umask.
    pub(super) fn file(path: &Path) -> Result<(Self, SaveTarget), CliError> {
        let begun = OutputFile::begin(path)?;
        let own = begun.as_fd().try_clone_to_owned().map_err(|source| CliError::File { path: path.to_owned(), source })?;
        Ok((Self::File(begun), SaveTarget::Stream(File::from(own))))
    }

    pub(super) fn folder(begun: OutputFolder) -> Result<(Self, SaveTarget), CliError> {
        let target = SaveTarget::Folder(begun.open()?);
        Ok((Self::Folder(begun), target))
    }

    /// Puts it at its place.
    pub(super) fn keep(self) -> Result<(), CliError> {
        match self {
            Self::File(file) => file.keep(),
            Self::Folder(folder) => folder.keep(),
            Self::Given => Ok(()),
        }
    }
}
