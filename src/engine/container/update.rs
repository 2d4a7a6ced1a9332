//! `update`: other limits for a container, also for one that runs.

use super::ContainerError;
use crate::cgroup::home;
use crate::engine::{Engine, EngineError};
use crate::events::Status;
use crate::model::{ContainerConfig, Limits};
use rustix::fs::FlockOperation;
use std::path::Path;

impl Engine {
    /// Sets the limits that `newer` names; the others stay. Those of a running container count at once, and all of them at the next
    /// start, too.
    ///
    /// # Errors
    /// Limits contradict each other, the container runs without a cgroup of its own, or the kernel refuses: then nothing is changed.
    pub fn update(&mut self, config: &ContainerConfig, newer: &Limits) -> Result<(), EngineError> {
        // A start reads the limits before it gives the lock back.
        let lock = self.lock(config, FlockOperation::LockExclusive)?;
        let config = self.container(config.id.as_str())?;
        let mut limits = config.limits.clone();
        limits.update(newer);
        limits.check().map_err(|source| ContainerError::Limits { source })?;
        let state = self.status(&config);
        if let Some(run) = state.run.as_ref().filter(|_| state.status.is_alive()) {
            let cgroup = run.cgroup.as_deref().ok_or_else(|| ContainerError::NoCgroup { name: config.name.clone() })?;
            home::adjust(Path::new(cgroup), &config.limits, &limits).map_err(|error| ContainerError::Cgroup(Box::new(error)))?;
        }
        self.db.set_limits(&config.id, &limits)?;
        drop(lock);
        self.tell(&config, Status::Update);
        Ok(())
    }
}
