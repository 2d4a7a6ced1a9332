//! `wait`: until containers are in a state.
//!
//! What a running container waits for is its processes' end and, for everything else, the journal of events: who changes a state
//! tells it there afterwards. The state itself is looked at each time, never concluded from an event.

use super::attach;
use super::status::State;
use super::stop::wait_gone;
use crate::engine::{Engine, EngineError};
use crate::events::Follower;
use crate::model::{ContainerConfig, HealthStatus, Status};
use crate::sys::{fd, process};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::os::fd::OwnedFd;
use std::time::Duration;

/// What may be waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    Status(Status),
    /// What its health check has found.
    Health(HealthStatus),
    /// It is not there any more.
    Removed,
}

/// What to wait for.
#[derive(Clone, Debug, Default)]
pub struct WaitRequest {
    /// One of them is enough; none: the end.
    pub conditions: Vec<Condition>,
    /// Return as soon as one container is ready.
    pub first: bool,
    /// Look again after this time also where nothing was told.
    pub interval: Option<Duration>,
}

impl WaitRequest {
    fn is_for_end(&self) -> bool {
        self.conditions.is_empty() || self.conditions.contains(&Condition::Status(Status::Exited))
    }
}

/// The code of a wait that did not end with a container's exit.
pub const NO_CODE: i32 = -1;

/// A container that is waited for.
struct Waiting<'a> {
    config: &'a ContainerConfig,
    /// Its processes: readable when they have ended.
    processes: Vec<OwnedFd>,
    /// The monitor of a `--rm` container, which alone will know the exit code.
    monitor: Option<OwnedFd>,
    code: Option<i32>,
}

impl Engine {
    /// Waits until the container does not run and returns its exit code; 0 for one that never ran.
    ///
    /// # Errors
    /// Its processes cannot be watched, or it was removed before its code could be read.
    pub fn wait(&mut self, config: &ContainerConfig) -> Result<i32, EngineError> {
        let state = self.status(config);
        let Some(run) = &state.run else { return self.code_of(config, &state) };
        if config.supervision.may_restart() {
            // Its monitor does not end with it: what is told in the journal counts.
            let codes = self.wait_for(std::slice::from_ref(config), &WaitRequest::default())?;
            return Ok(codes.into_iter().flatten().next().unwrap_or(0));
        }
        // With --rm the record of the end goes with the container: only the monitor can say the code, while it is there.
        let told = if config.auto_remove { self.exit_code_from_monitor(config) } else { None };
        wait_gone(config, run, None)?;
        if let Some(code) = told {
            return Ok(code);
        }
        self.code_of(config, &self.status(config))
    }

    /// The code of a container that does not run. The state was read before: without a record of the end there may be no container any
    /// more.
    fn code_of(&self, config: &ContainerConfig, state: &State) -> Result<i32, EngineError> {
        match &state.exit {
            Some(exit) => Ok(exit.code),
            None if self.is_leftover(config) => Err(EngineError::NoSuchContainer { name: config.name.clone() }),
            None => Ok(0),
        }
    }

    /// Asks the monitor; nothing where it cannot be reached.
    fn exit_code_from_monitor(&self, config: &ContainerConfig) -> Option<i32> {
        let socket = attach::connect(&self.paths, &config.id).ok()?;
        attach::wait_exit(socket).ok().flatten()
    }

    /// Waits until each container (or one, as the request says) meets a condition, and returns for each its exit code where it has
    /// ended and -1 else; nothing for those that were not ready when the first was.
    ///
    /// # Errors
    /// The journal or the processes cannot be watched.
    pub fn wait_for(&self, configs: &[ContainerConfig], request: &WaitRequest) -> Result<Vec<Option<i32>>, EngineError> {
        let folder = self.paths.events();
        let fail = |source| EngineError::Journal { path: folder.clone(), source };
        // Before the first look, so that no change is missed.
        let follower = Follower::open(&folder, false, true).map_err(fail)?;
        let mut all: Vec<Waiting<'_>> = configs
            .iter()
            .map(|config| Waiting { config, processes: Vec::new(), monitor: self.monitor_of(config, request), code: None })
            .collect();
        loop {
            for waiting in all.iter_mut().filter(|waiting| waiting.code.is_none()) {
                self.look(waiting, request);
            }
            let ready = all.iter().filter(|waiting| waiting.code.is_some()).count();
            if ready == all.len() || (request.first && ready > 0) {
                return Ok(all.into_iter().map(|waiting| waiting.code).collect());
            }
            let mut polled: Vec<PollFd<'_>> =
                follower.watch().into_iter().map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)).collect();
            for waiting in all.iter().filter(|waiting| waiting.code.is_none()) {
                polled.extend(waiting.processes.iter().chain(&waiting.monitor).map(|fd| PollFd::new(fd, PollFlags::IN)));
            }
            let timeout = request.interval.map(|interval| Timespec::try_from(interval).unwrap_or_default());
            match poll(&mut polled, timeout.as_ref()) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(errno) => return Err(fail(errno.into())),
            }
            drop(polled);
            follower.wait(Some(Duration::ZERO)).map_err(fail)?;
        }
    }

    /// A connection to the monitor that gets the exit code, where nobody else will have it.
    fn monitor_of(&self, config: &ContainerConfig, request: &WaitRequest) -> Option<OwnedFd> {
        if !(config.auto_remove && request.is_for_end() && self.status(config).status.is_alive()) {
            return None;
        }
        let socket = attach::connect(&self.paths, &config.id).ok()?;
        attach::quiet(&socket).ok().map(|()| socket)
    }

    fn look(&self, waiting: &mut Waiting<'_>, request: &WaitRequest) {
        let config = waiting.config;
        if let Some(monitor) = &waiting.monitor {
            if !fd::is_readable(monitor).unwrap_or(false) {
                return;
            }
            let code = waiting.monitor.take().and_then(|monitor| attach::hear_exit(monitor).ok().flatten());
            waiting.code = Some(code.unwrap_or(NO_CODE));
            return;
        }
        let state = self.status(config);
        // After the state was read: a folder that goes meanwhile looks like that of a container that never ran.
        if state.run.is_none() && state.exit.is_none() && self.is_leftover(config) {
            waiting.code = Some(NO_CODE);
            return;
        }
        waiting.code = met(&state, request).or_else(|| self.met_health(config, &state, request));
        let living = state.run.iter().flat_map(|run| [run.init, run.monitor]);
        waiting.processes = living.filter_map(|process| process::open_pidfd(process).ok().flatten()).collect();
    }
}

impl Engine {
    /// A health that is waited for and there.
    fn met_health(&self, config: &ContainerConfig, state: &State, request: &WaitRequest) -> Option<i32> {
        if !request.conditions.iter().any(|condition| matches!(condition, Condition::Health(_))) {
            return None;
        }
        let health = self.health(config, state).map(|record| record.status).filter(|_| state.status.is_alive());
        health.is_some_and(|health| request.conditions.contains(&Condition::Health(health))).then_some(NO_CODE)
    }
}

fn met(state: &State, request: &WaitRequest) -> Option<i32> {
    if request.is_for_end() && !state.status.is_alive() {
        return Some(state.exit.as_ref().map_or(0, |exit| exit.code));
    }
    request.conditions.contains(&Condition::Status(state.status)).then_some(NO_CODE)
}
