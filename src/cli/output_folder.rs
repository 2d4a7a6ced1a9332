//! A folder that a command makes: it appears whole or not at all.

use super::error::CliError;
use super::output_file::beside;
use rustix::fs::{CWD, Mode, OFlags, RenameFlags};
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// A folder on its way, beside its place. Dropped before [`OutputFolder::keep`], it leaves nothing behind.
#[derive(Debug)]
pub struct OutputFolder {
    beside: PathBuf,
    place: PathBuf,
    /// There is one at the place, which goes.
    replaces: bool,
}

impl OutputFolder {
    /// Begins a folder with the caller's umask. To be called before the store is opened, which changes that.
    ///
    /// # Errors
    /// There is something at its place already, or nothing may be made there.
    pub fn begin(place: &Path) -> Result<Self, CliError> {
        Self::instead_of(place, |_| false)
    }

    /// The same, at a place where a folder may be for which `may_go` says so.
    ///
    /// # Errors
    /// There is something else at its place, or nothing may be made there.
    pub fn instead_of(place: &Path, may_go: impl FnOnce(&Path) -> bool) -> Result<Self, CliError> {
        let is_free = match std::fs::read_dir(place) {
            Ok(mut entries) => entries.next().is_none(),
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        };
        let replaces = !is_free;
        if replaces && !may_go(place) {
            let place = place.display();
            return Err(CliError::Usage(format!(
                "{place} is there already and no empty folder: choose another place, or remove it"
            )));
        }
        if place.file_name().is_none() {
            return Err(CliError::Usage(format!("{} names no folder to make", place.display())));
        }
        let beside = beside(place);
        std::fs::create_dir(&beside).map_err(|source| CliError::File { path: place.to_owned(), source })?;
        Ok(Self { beside, place: place.to_owned(), replaces })
    }

    /// Opens it, to make files in it.
    ///
    /// # Errors
    /// It has gone.
    pub fn open(&self) -> Result<OwnedFd, CliError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        rustix::fs::open(&self.beside, flags, Mode::empty()).map_err(|errno| self.failed(errno.into()))
    }

    /// Puts it at its place, where an empty folder may be.
    ///
    /// # Errors
    /// Something else came there meanwhile.
    pub fn keep(self) -> Result<(), CliError> {
        if !self.replaces {
            return std::fs::rename(&self.beside, &self.place).map_err(|source| self.failed(source));
        }
        // What was there goes when this is dropped.
        let exchanged = rustix::fs::renameat_with(CWD, &self.beside, CWD, &self.place, RenameFlags::EXCHANGE);
        exchanged.map_err(|errno| self.failed(errno.into()))
    }

    fn failed(&self, source: io::Error) -> CliError {
        CliError::File { path: self.place.clone(), source }
    }
}

impl Drop for OutputFolder {
    fn drop(&mut self) {
        // Once it is kept there is nothing of that name, or the folder that it has replaced.
        let _ = std::fs::remove_dir_all(&self.beside);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_appears_whole_or_not_at_all() {
        let temp = tempfile::tempdir().unwrap();
        let place = temp.path().join("out");
        let begun = OutputFolder::begin(&place).unwrap();
        std::fs::write(begun.beside.join("half"), "").unwrap();
        drop(begun);
        assert_eq!(std::fs::read_dir(temp.path()).unwrap().count(), 0);
        std::fs::create_dir(&place).unwrap();
        let begun = OutputFolder::begin(&place).unwrap();
        std::fs::write(begun.beside.join("whole"), "").unwrap();
        begun.keep().unwrap();
        assert!(place.join("whole").exists());
        assert!(OutputFolder::begin(&place).is_err());
        let begun = OutputFolder::instead_of(&place, |old| old.join("whole").exists()).unwrap();
        std::fs::write(begun.beside.join("new"), "").unwrap();
        begun.keep().unwrap();
        assert!(place.join("new").exists() && !place.join("whole").exists());
        assert_eq!(std::fs::read_dir(temp.path()).unwrap().count(), 1, "the old one is gone");
        assert!(OutputFolder::begin(Path::new("/")).is_err());
    }
}
