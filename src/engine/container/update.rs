//! `update`: other limits for a container, also for one that runs; another restart policy, health check or environment.

use super::{ContainerError, again, environment, supervision};
use crate::cgroup::home;
use crate::engine::{Engine, EngineError};
use crate::events::Status;
use crate::model::{ContainerConfig, HealthRequest, Limits, RestartPolicy};
use rustix::fs::FlockOperation;
use std::path::Path;

/// What is to change; what is not named stays.
#[derive(Clone, Debug, Default)]
pub struct UpdateRequest {
    pub limits: Limits,
    pub restart: Option<RestartPolicy>,
    pub health: HealthRequest,
    /// `NAME=value`.
    pub env: Vec<String>,
    pub unset_env: Vec<String>,
}

/// What an update has done.
#[derive(Clone, Copy, Debug, Default)]
pub struct Updated {
    /// The container runs, and something counts only from its next start.
    pub later: bool,
}

impl Engine {
    /// Changes a container. Limits of a running one count at once, and all of them at the next start, too. What its monitor or its
    /// program was told when they began counts from the next start; but a container that is not to be started again is not.
    ///
    /// # Errors
    /// Limits contradict each other, the container runs without a cgroup of its own, or the kernel refuses: then nothing is changed.
    pub fn update(&mut self, config: &ContainerConfig, request: &UpdateRequest) -> Result<Updated, EngineError> {
        // A start reads the limits before it gives the lock back.
        let lock = self.lock(config, FlockOperation::LockExclusive)?;
        let config = self.container_of(&config.id)?;
        let mut newer = config.clone();
        newer.limits.update(&request.limits);
        newer.limits.check().map_err(|source| ContainerError::Limits { source })?;
        supervision::change(&mut newer, request.restart, &request.health)?;
        environment::change(&mut newer.env, &request.env, &request.unset_env);
        let state = self.status(&config);
        let run = state.run.as_ref().filter(|_| state.status.is_alive());
        if let Some(run) = run.filter(|_| newer.limits != config.limits || request.limits != Limits::default()) {
            let cgroup = run.cgroup.as_deref().ok_or_else(|| ContainerError::NoCgroup { name: config.name.clone() })?;
            let adjusted = home::adjust(Path::new(cgroup), &config.limits, &newer.limits);
            adjusted.map_err(|error| ContainerError::Cgroup(Box::new(error)))?;
        }
        self.db.update_container(&newer)?;
        let mut later = run.is_some() && (newer.env != config.env || newer.supervision != config.supervision);
        match (run.is_some(), newer.supervision.may_restart()) {
            // The mark by which its monitor knows that nobody wants it started again.
            (true, false) if config.supervision.may_restart() => {
                self.mark_stopped(&config)?;
                later = newer.env != config.env || newer.supervision.health != config.supervision.health;
            }
            (true, true) if request.restart.is_some() => again::unmark(&self.paths.container(&config.id)),
            _ => {}
        }
        drop(lock);
        self.tell(&config, Status::Update);
        Ok(Updated { later })
    }
}
