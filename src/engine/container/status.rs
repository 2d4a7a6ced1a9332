//! What a container is doing, read from its folder and from the kernel.

use crate::model::{ExitRecord, PidRef, RunRecord, Status};
use crate::sys::process;
use serde::de::DeserializeOwned;
use std::path::Path;

/// The exit code that is shown when nobody was there to see the real one: the monitor was killed, or the machine.
const UNSEEN: i32 = 137;

/// A container's state at one moment.
#[derive(Clone, Debug)]
pub struct State {
    pub status: Status,
    /// The living processes; only while it runs.
    pub run: Option<RunRecord>,
    /// How the last run ended; only while it does not run.
    pub exit: Option<ExitRecord>,
}

impl State {
    /// Reads the state; `boot` is this boot's id.
    #[must_use]
    pub fn read(folder: &Path, boot: &str) -> Self {
        let exit: Option<ExitRecord> = read(&folder.join("exit.json"));
        if exit.is_some() {
            return Self { status: Status::Exited, run: None, exit };
        }
        let Some(run) = run_record(folder) else {
            return Self { status: Status::Created, run: None, exit: None };
        };
        if run.boot == boot && (process::is_alive(run.init) || process::is_alive(run.monitor)) {
            let status = if is_frozen(&run) { Status::Paused } else { Status::Running };
            return Self { status, run: Some(run), exit: None };
        }
        // The monitor may have written the end between the two looks.
        if let Some(exit) = read(&folder.join("exit.json")) {
            return Self { status: Status::Exited, run: None, exit: Some(exit) };
        }
        let started_at = run.started_at;
        let exit = ExitRecord {
            code: UNSEEN,
            started_at,
            finished_at: started_at,
            oom_killed: false,
            restarts: run.restarts,
            restarting: None,
        };
        Self { status: Status::Exited, run: None, exit: Some(exit) }
    }
}

impl State {
    /// The monitor that is about to start the container again, which has ended.
    #[must_use]
    pub fn restarting(&self) -> Option<PidRef> {
        self.exit.as_ref().and_then(|exit| exit.restarting).filter(|monitor| process::is_alive(*monitor))
    }

    /// How often the monitor has started it again since somebody started it.
    #[must_use]
    pub fn restarts(&self) -> u32 {
        let exit = self.exit.as_ref().map(|exit| exit.restarts);
        self.run.as_ref().map(|run| run.restarts).or(exit).unwrap_or(0)
    }
}

/// The record of the container's last start.
pub(super) fn run_record(folder: &Path) -> Option<RunRecord> {
    read(&folder.join("run.json"))
}

/// Reads a record; nothing where there is none, or none that is whole.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

fn is_frozen(run: &RunRecord) -> bool {
    // Without a cgroup a pause is SIGSTOP to everyone, and init, which nobody in the container can stop, gets it last.
    let Some(cgroup) = &run.cgroup else { return process::is_stopped(run.init) };
    std::fs::read(Path::new(cgroup).join("cgroup.events")).is_ok_and(|events| events.windows(8).any(|line| line == b"frozen 1"))
}
