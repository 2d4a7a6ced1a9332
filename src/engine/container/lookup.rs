//! Finding containers by name or id.

use super::status::State;
use crate::engine::{Engine, EngineError, session};
use crate::model::id::is_lower_hex;
use crate::model::{ContainerConfig, ContainerId};

impl Engine {
    /// Finds a container by its full name, its id, or a prefix of its id that no other id has.
    ///
    /// # Errors
    /// `NoSuchContainer`, `Ambiguous`, or the database fails.
    pub fn container(&self, name: &str) -> Result<ContainerConfig, EngineError> {
        let key = name.strip_prefix('/').unwrap_or(name);
        let found = match self.db.container_by_name(key)? {
            Some(config) => Some(config),
            None => self.by_prefix(key)?,
        };
        found.filter(|config| !self.is_leftover(config)).ok_or_else(|| EngineError::NoSuchContainer { name: name.to_owned() })
    }

    /// Reads a container's row anew. Another one may have this id as its name, so it is not to be looked up as what a user types.
    ///
    /// # Errors
    /// `NoSuchContainer`, or the database fails.
    pub fn container_of(&self, id: &ContainerId) -> Result<ContainerConfig, EngineError> {
        let found = self.db.containers_by_id_prefix(id.as_str())?.pop();
        found.filter(|config| !self.is_leftover(config)).ok_or_else(|| EngineError::NoSuchContainer { name: id.to_string() })
    }

    fn by_prefix(&self, prefix: &str) -> Result<Option<ContainerConfig>, EngineError> {
        if !is_lower_hex(prefix) || prefix.len() > 64 {
            return Ok(None);
        }
        let mut found = self.db.containers_by_id_prefix(prefix)?;
        if found.len() > 1 {
            return Err(EngineError::Ambiguous { what: "container", prefix: prefix.to_owned() });
        }
        Ok(found.pop())
    }

    /// Returns every container with its state, newest first.
    ///
    /// # Errors
    /// The database fails.
    pub fn containers(&self) -> Result<Vec<(ContainerConfig, State)>, EngineError> {
        let boot = crate::sys::process::boot_id().unwrap_or_default();
        let all = self.db.containers()?.into_iter().filter(|config| !self.is_leftover(config));
        Ok(all
            .map(|config| {
                let state = State::read(&self.paths.container(&config.id), &boot);
                (config, state)
            })
            .collect())
    }

    /// Returns the state of one container.
    #[must_use]
    pub fn status(&self, config: &ContainerConfig) -> State {
        let boot = crate::sys::process::boot_id().unwrap_or_default();
        State::read(&self.paths.container(&config.id), &boot)
    }

    /// Tells whether a row is what a removal left that did not come to its end: the folder goes first, and a `--rm` container's
    /// monitor removes nothing else.
    pub(in crate::engine) fn is_leftover(&self, config: &ContainerConfig) -> bool {
        self.is_gone(&config.id)
    }

    fn is_gone(&self, id: &ContainerId) -> bool {
        std::fs::symlink_metadata(self.paths.container(id)).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
    }

    /// Removes rows whose folder is gone, and folders whose row never came or is gone: what killed commands left.
    ///
    /// # Errors
    /// The database fails.
    pub fn sweep(&mut self) -> Result<(), EngineError> {
        let (leftovers, rows): (Vec<_>, Vec<_>) = self.db.container_ids()?.into_iter().partition(|id| self.is_gone(id));
        for id in leftovers {
            let config = self.db.containers_by_id_prefix(id.as_str())?.pop();
            self.db.remove_container(&id)?;
            // Its monitor has removed the folder, and nothing else.
            if let Some(config) = config.filter(|config| config.auto_remove) {
                self.remove_anonymous_volumes(&config)?;
            }
        }
        let known: std::collections::HashSet<&str> = rows.iter().map(ContainerId::as_str).collect();
        let entries = std::fs::read_dir(self.paths.containers()).into_iter().flatten().flatten();
        let orphans: Vec<_> =
            entries.filter(|entry| entry.file_name().to_str().is_some_and(|name| !known.contains(name))).collect();
        for orphan in orphans {
            self.sweep_folder(&orphan.path())?;
        }
        self.sweep_removed();
        self.sweep_runtime();
        Ok(())
    }

    /// Deletes folders whose removal did not come to its end. What another command deletes at the same time is deleted either way.
    fn sweep_removed(&self) {
        let entries = std::fs::read_dir(self.paths.tmp()).into_iter().flatten().flatten();
        for path in entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|word| word == "rm")) {
            let _ = session::delete_tree(&self.paths, &path);
        }
    }

    /// Removes the runtime folders of containers that are gone: their monitor was killed.
    fn sweep_runtime(&self) {
        for entry in std::fs::read_dir(self.paths.run().join("containers")).into_iter().flatten().flatten() {
            if !self.paths.containers().join(entry.file_name()).exists() {
                let _ = std::fs::remove_dir_all(entry.path());
            }
        }
    }

    /// Removes a folder without a row, unless a `create` holds it and is about to write the row.
    fn sweep_folder(&self, folder: &std::path::Path) -> Result<(), EngineError> {
        let Ok(handle) = std::fs::File::open(folder) else { return Ok(()) };
        if rustix::fs::flock(&handle, rustix::fs::FlockOperation::NonBlockingLockExclusive).is_err() {
            return Ok(());
        }
        let id = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if self.db.containers_by_id_prefix(id)?.is_empty() {
            self.discard_folder(folder)?;
        }
        Ok(())
    }
}
