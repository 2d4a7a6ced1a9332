//! The use cases. A request comes in, a report goes out; nothing here prints, exits or reads the environment.

pub mod check;
pub mod container;
pub mod error;
pub mod events;
pub mod image;
pub mod info;
pub mod netd;
pub mod network;
pub mod oci;
pub mod prune;
mod reset;
pub mod secret;
pub mod session;
pub mod usage;
pub mod volume;

pub use error::{EngineError, Kind};

use crate::config::Paths;
use crate::net::netd::client;
use crate::state::Db;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

/// The open store of one user: its folders and its database.
#[derive(Debug)]
pub struct Engine {
    pub(crate) paths: Paths,
    pub(crate) db: Db,
    /// For the next container that is started.
    pub(crate) handed: Handed,
    /// The socket of the service manager that started us, to which a start is told.
    pub notify: Option<PathBuf>,
}

/// Descriptors of the caller's for a program in a container.
#[derive(Debug, Default)]
pub struct Handed {
    /// With the numbers that they are to have there, from 3 up.
    pub descriptors: Vec<(i32, OwnedFd)>,
    /// They are sockets to listen on, which the program is told in `LISTEN_FDS` and `LISTEN_PID`: their names, or nothing.
    pub listening: Option<String>,
}

impl Handed {
    /// Copies the descriptors.
    ///
    /// # Errors
    /// No descriptors are left.
    pub fn try_clone(&self) -> std::io::Result<Self> {
        let copy = |(number, fd): &(i32, OwnedFd)| Ok((*number, fd.try_clone()?));
        let descriptors = self.descriptors.iter().map(copy).collect::<std::io::Result<_>>()?;
        Ok(Self { descriptors, listening: self.listening.clone() })
    }

    /// The same for a program that is process 1.
    #[must_use]
    pub fn variables_for_first(&self) -> Vec<String> {
        let mut variables = self.variables();
        if !variables.is_empty() {
            variables.push("LISTEN_PID=1".to_owned());
        }
        variables
    }

    /// What the program is told of the sockets, but for its own pid.
    pub(crate) fn variables(&self) -> Vec<String> {
        let Some(names) = &self.listening else { return Vec::new() };
        let mut variables = vec![format!("LISTEN_FDS={}", self.descriptors.len())];
        if !names.is_empty() {
            variables.push(format!("LISTEN_FDNAMES={names}"));
        }
        variables
    }
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
        // Names and ports of containers that run come back with the next command; one that cannot start it does its own work all the same.
        let _ = client::revive(&paths);
        let db = Db::open(&paths.database())?;
        Ok(Self { paths, db, handed: Handed::default(), notify: None })
    }

    /// Hands descriptors to the next container that is started; not to those that it requires.
    pub fn hand_on(&mut self, handed: Handed) {
        self.handed = handed;
    }

    /// Where the files are.
    #[must_use]
    pub fn paths(&self) -> &Paths {
        &self.paths
    }
}
