//! `--cidfile`: a file for an id, which must not be there before.

use crate::cli::error::CliError;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The file. Dropped before [`Cidfile::keep`], it is removed again.
#[derive(Debug)]
pub(super) struct Cidfile {
    file: File,
    path: PathBuf,
    kept: bool,
}

impl Cidfile {
    /// Makes the file with the caller's umask. To be called before the store is opened, which changes that.
    ///
    /// # Errors
    /// There is one: scripts take it for the id of the container that they have just made.
    pub(super) fn begin(path: &Path) -> Result<Self, CliError> {
        let made = File::create_new(path).map_err(|error| {
            let mend = if error.kind() == std::io::ErrorKind::AlreadyExists {
                " (remove it first, or is another container using it?)"
            } else {
                ""
            };
            CliError::Usage(format!("make the cidfile {}: {error}{mend}", path.display()))
        });
        Ok(Self { file: made?, path: path.to_owned(), kept: false })
    }

    /// Writes the id into it.
    ///
    /// # Errors
    /// The disk is full, or the like; what the id names is there all the same, and so is the file.
    pub(super) fn keep(mut self, id: &str) -> Result<(), CliError> {
        self.kept = true;
        let written = self.file.write_all(id.as_bytes());
        written.map_err(|error| CliError::Usage(format!("write the id to the cidfile {}: {error}", self.path.display())))
    }
}

impl Drop for Cidfile {
    fn drop(&mut self) {
        if !self.kept {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Cidfile;

    #[test]
    fn an_id_that_never_came_leaves_no_file() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("cid");
        drop(Cidfile::begin(&path).unwrap());
        assert!(!path.exists());
        Cidfile::begin(&path).unwrap().keep("abc").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"abc");
        assert!(Cidfile::begin(&path).unwrap_err().to_string().contains("remove it first"));
        assert_eq!(std::fs::read(&path).unwrap(), b"abc");
    }
}
