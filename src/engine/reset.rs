//! `system reset`: everything of ours goes.

use super::{Engine, EngineError, session};
use crate::config::Paths;
use crate::storage::remove_tree;
use std::io;
use std::path::Path;
use std::time::Duration;

impl Engine {
    /// Kills and removes every container, then deletes the data folder and the runtime folder.
    ///
    /// # Errors
    /// A container does not end, or a file cannot be deleted; a second call goes on where this one has ended.
    pub fn reset(mut self) -> Result<(), EngineError> {
        for (config, _) in self.containers()? {
            match self.remove_with_dependents(&config, Some(Duration::ZERO), false) {
                // One that went with another one.
                Ok(_) | Err(EngineError::NoSuchContainer { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        self.sweep()?;
        let Self { paths, db, .. } = self;
        // Nobody has the database open while its file goes.
        drop(db);
        remove_data(&paths)?;
        let run = paths.run();
        match std::fs::remove_dir_all(run) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(failed(run, source)),
            _ => Ok(()),
        }
    }
}

/// Files that belong to subordinate ids take the root of the session to delete.
fn remove_data(paths: &Paths) -> Result<(), EngineError> {
    let data = paths.data();
    if remove_tree(data).is_ok() {
        return Ok(());
    }
    let done = session::within(paths, || i32::from(remove_tree(data).is_err()))?;
    if done.code == 0 { Ok(()) } else { Err(failed(data, io::Error::from(io::ErrorKind::PermissionDenied))) }
}

fn failed(path: &Path, source: io::Error) -> EngineError {
    EngineError::Reset { path: path.to_owned(), source }
}
