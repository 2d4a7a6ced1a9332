//! Health checks: one check, and what it means for the container.
//!
//! The container's monitor calls `coracle internal check` when it is time, a user calls `coracle healthcheck run`; both come here.
//! The state is in `health.json` in the container's folder. It belongs to one start: a record of an earlier one counts as none,
//! which is what a container has that was just started. Whoever checks holds a lock beside it, so that two do not count one
//! failure twice or lose one.

mod judge;
mod probe;

use super::ContainerError;
use super::status::{self, State};
use crate::engine::events::subject;
use crate::engine::{Engine, EngineError};
use crate::events::{self, Event};
use crate::model::{ContainerConfig, Health, HealthOutcome, HealthRecord, HealthStatus, OnFailure, RunRecord, Status};
use crate::monitor::supervise::{Action, Verdict};
use crate::sys::replace::replace;
use crate::sys::stamp::now;
use judge::Judgement;
pub(super) use judge::first_phase;
use rustix::fs::FlockOperation;
use std::fs::File;
use std::io;
use std::path::Path;

const RECORD: &str = "health.json";

/// A check that was made.
#[derive(Debug)]
pub struct Checked {
    pub outcome: HealthOutcome,
    pub status: HealthStatus,
    /// For the monitor.
    pub verdict: Verdict,
}

/// Who asks for the check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker {
    User,
    /// It acts by itself on what is found.
    Monitor,
}

impl Engine {
    /// The health of a container that has a check: of this run, or of the last one where it does not run.
    #[must_use]
    pub fn health(&self, config: &ContainerConfig, state: &State) -> Option<HealthRecord> {
        config.supervision.health.as_ref()?;
        let started = state.run.as_ref().map(|run| run.started_at).or(state.exit.as_ref().map(|exit| exit.started_at));
        Some(read(&self.paths.container(&config.id), started.unwrap_or(0)))
    }

    /// Makes the check that is next, notes its outcome, and does what is to be done when the container is unhealthy.
    ///
    /// # Errors
    /// There is no check, the container does not run, or the check's command cannot be started for want of something of ours.
    pub fn check_health(&mut self, config: &ContainerConfig, asker: Asker) -> Result<Checked, EngineError> {
        let none = || ContainerError::NoHealthCheck { name: config.name.clone() };
        let health = config.supervision.health.clone().ok_or_else(none)?;
        let run = self.running(config)?;
        let folder = self.paths.container(&config.id);
        let _lock = lock(&self.paths.container_run(&config.id))?;
        let mut record = read(&folder, run.started_at);
        let startup = judge::in_startup(&health, &record);
        let probe = health.startup.as_ref().filter(|_| startup).map_or(&health.probe, |check| &check.probe);
        let outcome = self.probe(config, probe, limit(health.log.size))?;
        // It has ended or was stopped meanwhile: the failure is not the container's.
        let run = self.running(config)?;
        let before = record.status;
        let judgement = judge::judge(&health, &mut record, outcome.exit_code == 0, now());
        self.keep(&folder, config, &health, &mut record, &outcome)?;
        if record.status != before || health.log.destination == "events_logger" {
            self.tell_health(config, record.status);
        }
        let Judgement { verdict, becomes_unhealthy } = judgement;
        if asker == Asker::User && (becomes_unhealthy || verdict.action == Action::Restart) {
            self.act(config, verdict.action, &run)?;
        }
        Ok(Checked { outcome, status: record.status, verdict })
    }

    fn running(&self, config: &ContainerConfig) -> Result<RunRecord, EngineError> {
        let state = self.status(config);
        let cannot = "can only check the health of running containers";
        let wrong = || ContainerError::WrongState { name: config.name.clone(), status: state.status, cannot };
        Ok(state.run.clone().filter(|_| state.status == Status::Running).ok_or_else(wrong)?)
    }

    fn act(&mut self, config: &ContainerConfig, action: Action, run: &RunRecord) -> Result<(), EngineError> {
        let patience = std::time::Duration::from_secs(config.stop_timeout.into());
        match action {
            Action::None => Ok(()),
            Action::Kill => Ok(super::stop::signal(config, run.init, libc::SIGKILL)?),
            Action::Stop => self.stop(config, patience).map(drop),
            Action::Restart => {
                self.stop(config, patience)?;
                self.start(config, false, None).map(drop)
            }
        }
    }

    fn tell_health(&self, config: &ContainerConfig, status: HealthStatus) {
        let subject = subject(config);
        let event = Event { health: Some(status.as_str()), ..Event::new(&subject, events::Status::HealthStatus) };
        let _ = events::append(&self.paths.events(), &event);
    }

    /// Writes the record, with the outcome among the last ones.
    fn keep(
        &self,
        folder: &Path,
        config: &ContainerConfig,
        health: &Health,
        record: &mut HealthRecord,
        outcome: &HealthOutcome,
    ) -> Result<(), ContainerError> {
        let most = limit(health.log.count);
        let push = |log: &mut Vec<HealthOutcome>| {
            log.push(outcome.clone());
            log.drain(..log.len().saturating_sub(most));
        };
        match health.log.destination.as_str() {
            "local" => push(&mut record.log),
            "events_logger" => {}
            other => {
                // A file of the user's beside the record: the same shape, so that the same tools read it.
                let path = Path::new(other).join(format!("{}-healthcheck.log", config.id));
                let mut copy: HealthRecord = status::read(&path).unwrap_or_default();
                copy.status = record.status;
                copy.failing_streak = record.failing_streak;
                push(&mut copy.log);
                write(&path, &copy).map_err(|source| ContainerError::File { action: "write the health log", path, source })?;
            }
        }
        let path = folder.join(RECORD);
        write(&path, record).map_err(|source| ContainerError::File { action: "write", path, source })
    }
}

/// Zero is no limit.
fn limit(number: u32) -> usize {
    if number == 0 { usize::MAX } else { usize::try_from(number).unwrap_or(usize::MAX) }
}

/// The action that a user has asked for.
fn action(on_failure: OnFailure) -> Action {
    match on_failure {
        OnFailure::None => Action::None,
        OnFailure::Kill => Action::Kill,
        OnFailure::Restart => Action::Restart,
        OnFailure::Stop => Action::Stop,
    }
}

fn read(folder: &Path, started_at: i64) -> HealthRecord {
    let record: Option<HealthRecord> = status::read(&folder.join(RECORD));
    let fresh = HealthRecord { started_at, ..HealthRecord::default() };
    record.filter(|record| record.started_at == started_at).unwrap_or(fresh)
}

fn write(path: &Path, record: &HealthRecord) -> io::Result<()> {
    replace(path, &serde_json::to_vec(record)?)
}

fn lock(run_folder: &Path) -> Result<File, ContainerError> {
    let path = run_folder.join("health.lock");
    let fail = |source| ContainerError::File { action: "lock", path: path.clone(), source };
    let file = File::create(&path).map_err(fail)?;
    rustix::io::retry_on_intr(|| rustix::fs::flock(&file, FlockOperation::LockExclusive)).map_err(|errno| fail(errno.into()))?;
    Ok(file)
}
