//! `rename`: one statement on the row.

use super::ContainerError;
use crate::engine::events::subject;
use crate::engine::{Engine, EngineError};
use crate::events::{RENAMED, Status};
use crate::model::ContainerConfig;
use crate::model::id::is_valid_name;
use crate::state::StateError;
use crate::sys::replace::replace;

impl Engine {
    /// Gives a container another name. Of two that want the same one the second is refused. What a running container sees does not
    /// change.
    ///
    /// # Errors
    /// The name is none, or another container has it.
    pub fn rename(&mut self, config: &ContainerConfig, name: &str) -> Result<(), EngineError> {
        if !is_valid_name(name) {
            let why = "names are made of letters, digits, _ . and -, and begin with a letter or digit";
            return Err(ContainerError::Invalid { what: "the name", value: name.to_owned(), why }.into());
        }
        let renamed = match self.db.rename_container(&config.id, name) {
            Err(StateError::NameInUse { .. }) if self.forget_leftover(name)? => self.db.rename_container(&config.id, name)?,
            done => done?,
        };
        let renamed = renamed.ok_or_else(|| EngineError::NoSuchContainer { name: config.name.clone() })?;
        self.tell_monitor(&renamed);
        self.tell(&renamed, Status::Rename);
        Ok(())
    }

    /// Leaves the new name where the monitor looks; where that cannot be written, its events have the old one.
    fn tell_monitor(&self, config: &ContainerConfig) {
        if !self.status(config).status.is_alive() {
            return;
        }
        let folder = self.paths.container(&config.id);
        let _ = replace(&folder.join(RENAMED), subject(config).as_str().as_bytes());
    }
}
