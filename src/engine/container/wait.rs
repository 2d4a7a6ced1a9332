//! `wait`: until a container has ended.

use super::stop::wait_gone;
use crate::engine::{Engine, EngineError};
use crate::model::ContainerConfig;

impl Engine {
    /// Waits until the container does not run and returns its exit code; 0 for one that never ran.
    ///
    /// # Errors
    /// Its processes cannot be watched.
    pub fn wait(&mut self, config: &ContainerConfig) -> Result<i32, EngineError> {
        let state = self.status(config);
        let Some(run) = &state.run else { return Ok(state.exit.map_or(0, |exit| exit.code)) };
        // With --rm the record of the end goes with the container: only the monitor can say the code, while it is there.
        let told = if config.auto_remove { self.exit_code_from_monitor(config) } else { None };
        wait_gone(config, run, None)?;
        if let Some(code) = told {
            return Ok(code);
        }
        Ok(self.status(config).exit.map_or(0, |exit| exit.code))
    }

    /// Asks the monitor; nothing where it cannot be reached.
    fn exit_code_from_monitor(&self, config: &ContainerConfig) -> Option<i32> {
        let socket = super::attach::connect(&self.paths, &config.id).ok()?;
        super::attach::wait_exit(socket).ok().flatten()
    }
}
