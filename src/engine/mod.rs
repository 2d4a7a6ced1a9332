//! The use cases. A request comes in, a report goes out; nothing here prints, exits or reads the environment.

pub mod container;
pub mod error;
pub mod events;
pub mod image;
pub mod info;
pub mod prune;
mod reset;
pub mod secret;
pub mod session;
pub mod usage;
pub mod volume;

pub use error::{EngineError, Kind};

use crate::config::Paths;
use crate::state::Db;
use std::path::PathBuf;

/// The open store of one user: its folders and its database.
#[derive(Debug)]
pub struct Engine {
    pub(crate) paths: Paths,
    pub(crate) db: Db,
    /// Descriptors of the caller's for the next container that is started, with their numbers there.
    pub(crate) handed: Vec<(i32, std::os::fd::OwnedFd)>,
    /// The socket of the service manager that started us, to which a start is told.
    pub notify: Option<PathBuf>,
}

impl Engine {
    /// Opens the calling user's store, making it where there is none.
    ///
    /// # Errors
    /// The folders or the database cannot be used.
    pub fn open(paths: Paths) -> Result<Self, EngineError> {
        // Everything in the store is the user's alone, whatever the caller's umask; what containers see gets its mode explicitly.
        rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
        paths.prepare()?;
        let db = Db::open(&paths.database())?;
        Ok(Self { paths, db, handed: Vec::new(), notify: None })
    }

    /// Hands descriptors to the next container that is started, with the numbers that they are to have there, from 3 up.
    pub fn hand_on(&mut self, descriptors: Vec<(i32, std::os::fd::OwnedFd)>) {
        self.handed = descriptors;
    }

    /// Where the files are.
    #[must_use]
    pub fn paths(&self) -> &Paths {
        &self.paths
    }
}
