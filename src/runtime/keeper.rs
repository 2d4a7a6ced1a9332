//! K, the keeper of an exec session that outlives its command line: starts the session's process and becomes its monitor.
//!
//! # Theory of operation
//!
//! The CLI forks K, which is in the host's namespaces like the CLI, leads a session of its own, starts P as the CLI itself would
//! ([`exec::start`]) and executes `coracle-monitor` in the session's folder. P is K's child and ends with it. That P's program runs
//! is told to the CLI by the report, as always; how it ended the monitor writes to `exit.json`.

use super::exec::{self, Session};
use super::launch::to_dev_null;
use super::message::{Failure, Stage};
use super::terminal;
use crate::monitor::args::{MonitorArgs, Output};
use crate::sys::{exec as sys_exec, fd, process};
use std::os::fd::{AsFd as _, AsRawFd, OwnedFd};
use std::path::PathBuf;

/// What K needs.
#[derive(Debug)]
pub struct Keep {
    pub session: Session,
    /// Where the terminal's master arrives; with a terminal.
    pub console: Option<OwnedFd>,
    /// A client that is attached from the beginning.
    pub client: Option<OwnedFd>,
    /// The session's folder, absolute.
    pub folder: PathBuf,
    /// The `coracle-monitor` program.
    pub monitor: PathBuf,
    pub orders: MonitorArgs,
}

/// Runs in K. Returns (an exit code) only when the session could not be made or the monitor not be executed.
#[must_use]
pub fn keep(keep: Keep) -> i32 {
    let Ok(report) = keep.session.report.try_clone() else { return 125 };
    match try_keep(keep) {
        Ok(()) => {}
        Err(failure) => failure.send(&report),
    }
    125
}

/// Returns well where the container could not be joined: that was reported.
fn try_keep(keep: Keep) -> Result<(), Failure> {
    let Keep { mut session, console, client, folder, monitor, orders } = keep;
    let at = |stage| Failure::at(stage, "");
    rustix::process::setsid().map_err(|errno| at(Stage::Clone)(errno.into()))?;
    session.guardian = Some(process::own_pidfd().map_err(at(Stage::Clone))?);
    let Some(child) = exec::start(session).map_err(at(Stage::Clone))? else { return Ok(()) };
    let master = match console {
        Some(socket) => match terminal::receive(socket.as_fd()).map_err(at(Stage::Terminal))? {
            Some(master) => Some(master),
            None => return Ok(()),
        },
        None => None,
    };
    let record = process::pid_ref(child.pid).map_err(at(Stage::Record))?;
    let record = serde_json::to_vec(&record).map_err(|error| at(Stage::Record)(error.into()))?;
    std::fs::write(folder.join("run.json"), record).map_err(at(Stage::Record))?;
    let args = MonitorArgs {
        init_pid: child.pid,
        init_pidfd: Some(child.pidfd.as_raw_fd()),
        output: master.as_ref().map_or(Output::Elsewhere, |master| Output::Pty(master.as_raw_fd())),
        clients: client.iter().map(AsRawFd::as_raw_fd).collect(),
        ..orders
    };
    for fd in [Some(&child.pidfd), master.as_ref(), client.as_ref()].into_iter().flatten() {
        fd::keep_on_exec(fd).map_err(at(Stage::Monitor))?;
    }
    to_dev_null().map_err(at(Stage::Monitor))?;
    rustix::process::chdir(&folder).map_err(|errno| at(Stage::Monitor)(errno.into()))?;
    let argv = args.argv().map_err(|_| Failure::text(Stage::Monitor, "a path holds a zero byte"))?;
    Err(at(Stage::Monitor)(sys_exec::execve(&monitor, &argv, &[])))
}
