//! `system reset`: everything of ours goes.

use super::{Engine, EngineError, session};
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
        session::delete_tree(&paths, paths.data())?;
        let run = paths.run();
        match std::fs::remove_dir_all(run) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(failed(run, source)),
            _ => Ok(()),
        }
    }
}

fn failed(path: &Path, source: io::Error) -> EngineError {
    EngineError::Reset { path: path.to_owned(), source }
}
