//! One run of a check's command.

use crate::engine::container::exec::{ExecRequest, ExecSession, ExecStreams};
use crate::engine::{Engine, EngineError, Kind};
use crate::model::{ContainerConfig, HealthOutcome, Probe};
use crate::sys::process::send_signal;
use crate::sys::stamp::now;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process_group};
use std::io;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

/// The code of a check that took too long, as in Podman.
const TOO_LONG: i32 = -1;

impl Engine {
    /// Runs the command in the container and returns how it went, with at most `most` bytes of its output.
    pub(super) fn probe(&mut self, config: &ContainerConfig, probe: &Probe, most: usize) -> Result<HealthOutcome, EngineError> {
        let begin = now();
        let request = ExecRequest { command: probe.command(), quiet: true, ..ExecRequest::default() };
        let patience = Duration::from_millis(probe.timeout_ms);
        let (exit_code, mut output) = match self.exec(config, &request) {
            Ok(session) => watch(&session, patience, most).map_err(|source| EngineError::Wait { source })?,
            // A command that is not there is a failed check, and not a failure to check.
            Err(error) if error.kind() == Kind::CommandNotFound => (127, error.to_string().into_bytes()),
            Err(error) if error.kind() == Kind::NotExecutable => (126, error.to_string().into_bytes()),
            Err(error) => return Err(error),
        };
        if exit_code == TOO_LONG {
            output = format!("the check did not end within {} ms and was killed", probe.timeout_ms).into_bytes();
        }
        output.truncate(most);
        let time = |at: i64| jiff::Timestamp::from_nanosecond(i128::from(at)).map(|at| at.to_string()).unwrap_or_default();
        let output = String::from_utf8_lossy(&output).into_owned();
        Ok(HealthOutcome { start: time(begin), end: time(now()), exit_code, output })
    }
}

/// Reads the output until the command ends or the time is over; then it is killed.
fn watch(session: &ExecSession, patience: Duration, most: usize) -> io::Result<(i32, Vec<u8>)> {
    let ExecStreams::Pipes { stdout, stderr, .. } = &session.streams else { return Ok((session.child.wait()?, Vec::new())) };
    let mut outputs = [Some(stdout), Some(stderr)];
    for fd in outputs.iter().flatten() {
        rustix::io::ioctl_fionbio(fd, true)?;
    }
    let end = Instant::now() + patience;
    let mut text = Vec::new();
    loop {
        let left = Timespec::try_from(end.saturating_duration_since(Instant::now())).unwrap_or_default();
        let mut fds = vec![PollFd::new(&session.child.pidfd, PollFlags::IN)];
        fds.extend(outputs.iter().flatten().map(|fd| PollFd::new(*fd, PollFlags::IN)));
        match poll(&mut fds, Some(&left)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        let ended = !fds[0].revents().is_empty();
        for output in &mut outputs {
            if output.is_some_and(|fd| !drain(fd, &mut text, most)) {
                *output = None;
            }
        }
        if ended {
            return Ok((session.child.wait()?, text));
        }
        // By the clock, not by poll's answer: a command that never stops writing is always ready.
        if Instant::now() >= end {
            kill_all(session);
            session.child.wait()?;
            return Ok((TOO_LONG, text));
        }
    }
}

/// Kills the command and all that it has started and that is in its process group still: it leads one. It is not waited for yet, so
/// the number is nobody else's.
fn kill_all(session: &ExecSession) {
    let group = Pid::from_raw(session.child.pid).map(|pid| kill_process_group(pid, Signal::KILL));
    if group != Some(Ok(())) {
        let _ = send_signal(&session.child.pidfd, libc::SIGKILL);
    }
}

/// How many reads one turn makes: a command that writes without pause must not keep the time limit from being looked at.
const READS: usize = 32;

/// Takes what is there, or some of it; false at the end.
fn drain(fd: &OwnedFd, text: &mut Vec<u8>, most: usize) -> bool {
    let mut room = [0; 4096];
    for _ in 0..READS {
        match rustix::io::read(fd, &mut room) {
            Ok(0) => return false,
            // What goes beyond the bound is read all the same, so that the command does not wait.
            Ok(count) => text.extend_from_slice(&room[..count.min(most.saturating_sub(text.len()))]),
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => return true,
            Err(_) => return false,
        }
    }
    true
}
