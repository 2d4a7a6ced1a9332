//! `stop` and `kill`: signals to init, and waiting for the monitor.

use super::ContainerError;
use super::pause::resume;
use super::status::State;
use crate::engine::{Engine, EngineError};
use crate::events;
use crate::model::{ContainerConfig, PidRef, RunRecord, Status};
use crate::sys::process;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

/// How long SIGKILL may take: longer only for a process in uninterruptible sleep.
const KILL_PATIENCE: Duration = Duration::from_secs(10);

/// How a container came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopOutcome {
    /// It ended on its stop signal.
    Stopped,
    /// It did not, and was killed.
    Killed,
    /// There was nothing to stop.
    NotRunning,
}

impl Engine {
    /// Sends the container's stop signal, waits up to `patience`, then kills.
    ///
    /// # Errors
    /// It is paused, may not be signalled, or does not die.
    pub fn stop(&mut self, config: &ContainerConfig, patience: Duration) -> Result<StopOutcome, EngineError> {
        let status = self.status(config).status;
        if status == Status::Paused {
            let cannot = "unpause it before it is stopped, or kill it";
            return Err(ContainerError::WrongState { name: config.name.clone(), status, cannot }.into());
        }
        let outcome = self.end(config, patience)?;
        if outcome != StopOutcome::NotRunning {
            self.tell(config, events::Status::Stop);
        }
        Ok(outcome)
    }

    /// Stops a container as [`Engine::stop`] does, also one that is paused.
    pub(super) fn end(&mut self, config: &ContainerConfig, patience: Duration) -> Result<StopOutcome, EngineError> {
        self.mark_stopped(config)?;
        self.end_back_off(config)?;
        let state = self.status(config);
        let Some(run) = state.run.as_ref().filter(|_| state.status.is_alive()) else { return Ok(StopOutcome::NotRunning) };
        if state.status == Status::Paused {
            resume(config, run)?;
        }
        if !patience.is_zero() {
            signal(config, run.init, config.stop_signal)?;
            if wait_gone(config, run, Some(patience))? {
                self.after_end(config)?;
                return Ok(StopOutcome::Stopped);
            }
        }
        self.kill_and_wait(config, &state)?;
        self.after_end(config)?;
        Ok(StopOutcome::Killed)
    }

    /// Sends a signal to init; waits for the end where it is SIGKILL.
    ///
    /// # Errors
    /// The container does not run, or may not be signalled.
    pub fn kill(&mut self, config: &ContainerConfig, number: i32) -> Result<(), EngineError> {
        if number == libc::SIGKILL || number == config.stop_signal {
            self.mark_stopped(config)?;
            if self.status(config).restarting().is_some() {
                return self.end_back_off(config);
            }
        }
        let state = self.status(config);
        let Some(run) = state.run.as_ref().filter(|_| state.status.is_alive()) else {
            let name = config.name.clone();
            return Err(
                ContainerError::WrongState { name, status: state.status, cannot: "can only kill running containers" }.into()
            );
        };
        signal(config, run.init, number)?;
        self.tell(config, events::Status::Kill);
        if number == libc::SIGKILL {
            // As in Podman: what comes next, an rm say, finds it ended.
            wait_gone(config, run, Some(KILL_PATIENCE))?;
        }
        Ok(())
    }

    /// Kills everything in the container and waits until its monitor has cleaned up.
    pub(super) fn kill_and_wait(&mut self, config: &ContainerConfig, state: &State) -> Result<(), EngineError> {
        let Some(run) = &state.run else { return Ok(()) };
        // SIGKILL ends also what is frozen or stopped (cgroup-v2.rst "cgroup.freeze").
        signal(config, run.init, libc::SIGKILL)?;
        if wait_gone(config, run, Some(KILL_PATIENCE))? {
            return Ok(());
        }
        Err(ContainerError::Unkillable { name: config.name.clone() }.into())
    }

    /// A `--rm` container that has ended: its row goes too.
    fn after_end(&mut self, config: &ContainerConfig) -> Result<(), EngineError> {
        if config.auto_remove { self.forget_removed(config) } else { Ok(()) }
    }
}

/// Sends a signal to a process of the container; one that has just ended is no error.
pub(super) fn signal(config: &ContainerConfig, to: PidRef, signal: i32) -> Result<(), ContainerError> {
    let fail = |source| ContainerError::Signal { name: config.name.clone(), source };
    let Some(pidfd) = process::open_pidfd(to).map_err(fail)? else { return Ok(()) };
    match process::send_signal(&pidfd, signal) {
        Err(error) if error.raw_os_error() != Some(libc::ESRCH) => Err(fail(error)),
        _ => Ok(()),
    }
}

/// Waits until init and the monitor are gone; the monitor goes last, when everything is cleaned up. Says whether they are.
pub(super) fn wait_gone(config: &ContainerConfig, run: &RunRecord, patience: Option<Duration>) -> Result<bool, ContainerError> {
    let fail = |source| ContainerError::Wait { name: config.name.clone(), source };
    let begin = std::time::Instant::now();
    for process in [run.init, run.monitor] {
        let Some(pidfd) = process::open_pidfd(process).map_err(fail)? else { continue };
        let left = patience.map(|patience| patience.saturating_sub(begin.elapsed()));
        if !wait_readable(&pidfd, left).map_err(fail)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Waits until one process is gone. Says whether it is.
pub(super) fn wait_gone_one(
    config: &ContainerConfig,
    process: PidRef,
    patience: Option<Duration>,
) -> Result<bool, ContainerError> {
    let fail = |source| ContainerError::Wait { name: config.name.clone(), source };
    match process::open_pidfd(process).map_err(fail)? {
        Some(pidfd) => wait_readable(&pidfd, patience).map_err(fail),
        None => Ok(true),
    }
}

/// Waits until a descriptor is readable; says whether it is by the time that `patience` is over.
fn wait_readable(fd: &OwnedFd, patience: Option<Duration>) -> io::Result<bool> {
    let begin = std::time::Instant::now();
    loop {
        let left = patience.map(|patience| Timespec::try_from(patience.saturating_sub(begin.elapsed())).unwrap_or_default());
        match poll(&mut [PollFd::new(fd, PollFlags::IN)], left.as_ref()) {
            Ok(count) => return Ok(count > 0),
            Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}
