//! `pause` and `unpause`. What the kernel does is the state: nothing is written down.

use super::ContainerError;
use crate::cgroup::{self, CgroupError};
use crate::engine::{Engine, EngineError};
use crate::events;
use crate::model::{ContainerConfig, RunRecord, Status};
use crate::runtime::everyone;
use crate::sys::process;
use rustix::fs::FlockOperation;
use std::path::Path;

impl Engine {
    /// Stops every process of a running container where it is.
    ///
    /// # Errors
    /// It does not run or is paused, or there is no cgroup and no pid namespace of its own.
    pub fn pause(&mut self, config: &ContainerConfig) -> Result<(), EngineError> {
        // A start holds the lock until the program is executed: a process that stops before that would keep the command waiting.
        let lock = self.lock(config, FlockOperation::LockShared)?;
        let run = self.run_of(config, Status::Running, "only a running container can be paused")?;
        match &run.cgroup {
            Some(path) => cgroup::freeze(Path::new(path)).map_err(freezer(config))?,
            None => signal_everyone(config, &run, libc::SIGSTOP)?,
        }
        drop(lock);
        self.tell(config, events::Status::Pause);
        Ok(())
    }

    /// Lets the processes of a paused container go on.
    ///
    /// # Errors
    /// It is not paused.
    pub fn unpause(&mut self, config: &ContainerConfig) -> Result<(), EngineError> {
        let run = self.run_of(config, Status::Paused, "only a paused container can be unpaused")?;
        resume(config, &run)?;
        self.tell(config, events::Status::Unpause);
        Ok(())
    }

    fn run_of(&self, config: &ContainerConfig, wanted: Status, cannot: &'static str) -> Result<RunRecord, ContainerError> {
        let state = self.status(config);
        let status = state.status;
        let wrong = || ContainerError::WrongState { name: config.name.clone(), status, cannot };
        state.run.filter(|_| status == wanted).ok_or_else(wrong)
    }
}

/// Undoes what a pause has done.
pub(super) fn resume(config: &ContainerConfig, run: &RunRecord) -> Result<(), ContainerError> {
    match &run.cgroup {
        Some(path) => cgroup::thaw(Path::new(path)).map_err(freezer(config)),
        None => signal_everyone(config, run, libc::SIGCONT),
    }
}

fn freezer(config: &ContainerConfig) -> impl Fn(CgroupError) -> ContainerError {
    |source| ContainerError::Freezer { name: config.name.clone(), source: Box::new(source) }
}

fn signal_everyone(config: &ContainerConfig, run: &RunRecord, signal: i32) -> Result<(), ContainerError> {
    let fail = |source| ContainerError::Signal { name: config.name.clone(), source };
    let Some(init) = process::open_pidfd(run.init).map_err(fail)? else { return Ok(()) };
    // In the namespace of another container it would be for that one, too.
    if !config.isolation.pid.is_private() {
        return Err(ContainerError::NoFreezer { name: config.name.clone() });
    }
    let reached = if signal == libc::SIGSTOP { everyone::stop(&init, run.init) } else { everyone::signal(&init, signal) };
    match reached.map_err(fail)? {
        everyone::Reach::All => Ok(()),
        everyone::Reach::SharedNamespace => Err(ContainerError::NoFreezer { name: config.name.clone() }),
    }
}
