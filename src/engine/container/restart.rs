//! `restart`: a stop and a start.

use super::ContainerError;
use super::start::StartOutcome;
use crate::engine::{Engine, EngineError};
use crate::events;
use crate::model::{ContainerConfig, Status};
use std::time::Duration;

impl Engine {
    /// Stops a container that runs, as [`Engine::stop`] does, and starts it. One that does not run is started.
    ///
    /// # Errors
    /// It is paused, does not end, or cannot be started.
    pub fn restart(&mut self, config: &ContainerConfig, patience: Duration) -> Result<StartOutcome, EngineError> {
        let status = self.status(config).status;
        if status == Status::Paused {
            let cannot = "unpause it before it is restarted";
            return Err(ContainerError::WrongState { name: config.name.clone(), status, cannot }.into());
        }
        if config.auto_remove && status == Status::Running {
            let cannot = "it was made with --rm, so it goes when it stops, and nothing is left to start";
            return Err(ContainerError::WrongState { name: config.name.clone(), status, cannot }.into());
        }
        self.stop(config, patience)?;
        let started = self.start(config, false, None)?;
        self.tell(config, events::Status::Restart);
        Ok(started)
    }
}
