//! What the monitor does by the clock: the time limit, stopping, health checks, and whether to start again.

use super::args::{HealthRule, Helper, MonitorArgs, RestartRule, RestartWhen, StopRule};
use super::exit::End;
use super::program::Program;
use crate::sys::clone::{self, Child, CloneFlags};
use crate::sys::{exec, process};
use rustix::fs::{Access, AtFlags, CWD, accessat};
use std::ffi::{CStr, CString, OsString};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt as _;
use std::time::{Duration, Instant};

/// The mark in the container's folder that a user has stopped it: then no rule starts it again.
pub const STOPPED: &CStr = c"stopped";

/// The first wait before a new start, and the longest; each is twice the one before.
const FIRST_BACKOFF_MS: u64 = 100;
const LONGEST_BACKOFF_MS: u64 = 60_000;

/// A container that has been up for so long begins with the first wait again.
const UP: Duration = Duration::from_secs(10);

/// What the outcome of a health check means for the monitor; the exit code of the helper.
///
/// ```text
/// 32 + phase (0–2) + 4 if the container is healthy from now on + 8 × action
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The phase that comes next; an index of [`HealthRule::interval_ms`].
    pub phase: usize,
    pub healthy: bool,
    pub action: Action,
}

/// What is done to a container that is not healthy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    None,
    Restart,
    Stop,
    Kill,
}

impl Verdict {
    const BASE: i32 = 32;
    const ACTIONS: [Action; 4] = [Action::None, Action::Restart, Action::Stop, Action::Kill];

    /// Returns the exit code.
    #[must_use]
    pub fn code(self) -> i32 {
        let action = Self::ACTIONS.iter().position(|known| *known == self.action).unwrap_or(0);
        let bits = self.phase.min(2) + 4 * usize::from(self.healthy) + 8 * action;
        Self::BASE + i32::try_from(bits).unwrap_or(0)
    }

    /// Reads an exit code; nothing for one that says nothing: the check could not be made.
    #[must_use]
    pub fn from_code(code: i32) -> Option<Self> {
        let bits = usize::try_from(code - Self::BASE).ok().filter(|bits| *bits < 32 && bits % 4 != 3)?;
        Some(Self { phase: bits % 4, healthy: bits & 4 != 0, action: Self::ACTIONS[bits / 8] })
    }
}

/// The rules and how far each has come.
#[derive(Debug)]
pub(super) struct Supervisor {
    started: Instant,
    stop: StopRule,
    helper: Option<(Helper, Program)>,
    restart: Option<RestartRule>,
    /// Somebody wants a new start, or none, whatever the rule says.
    asked: Option<bool>,
    kill_at: Option<Instant>,
    health: Option<HealthRule>,
    check_at: Option<Instant>,
    check: Option<Check>,
}

/// A health check that is being made.
#[derive(Debug)]
struct Check {
    child: Child,
    kill_at: Instant,
}

impl Supervisor {
    pub(super) fn new(args: &MonitorArgs) -> Self {
        let started = Instant::now();
        let mut supervisor = Self {
            started,
            stop: args.stop,
            helper: args.helper.clone().map(|helper| {
                let program = Program::of(&helper);
                (helper, program)
            }),
            restart: args.restart,
            asked: None,
            kill_at: args.timeout.filter(|seconds| *seconds > 0).map(|seconds| started + Duration::from_secs(seconds.into())),
            health: args.health,
            check_at: None,
            check: None,
        };
        supervisor.plan_check();
        supervisor
    }

    /// The time of the next thing to do.
    pub(super) fn deadline(&self) -> Option<Instant> {
        [self.kill_at, self.check_at, self.check.as_ref().map(|check| check.kill_at)].into_iter().flatten().min()
    }

    /// A descriptor of the health check that is being made; readable at its end.
    pub(super) fn check(&self) -> Option<BorrowedFd<'_>> {
        self.check.as_ref().map(|check| check.child.pidfd.as_fd())
    }

    /// Does what is due.
    pub(super) fn on_time(&mut self, init: &OwnedFd) {
        let now = Instant::now();
        let due = |at: &mut Option<Instant>| at.take_if(|at| *at <= now).is_some();
        if due(&mut self.kill_at) {
            let _ = process::send_signal(init, libc::SIGKILL);
        }
        if due(&mut self.check_at) {
            self.begin_check();
        }
        if let Some(check) = self.check.as_mut().filter(|check| check.kill_at <= now) {
            let _ = process::send_signal(&check.child.pidfd, libc::SIGKILL);
            // Its end comes by the descriptor; not to be killed at every turn until then.
            check.kill_at = now + Duration::from_secs(1);
        }
    }

    /// Takes the outcome of a check; says whether the container is healthy from now on.
    pub(super) fn check_ended(&mut self, init: &OwnedFd) -> bool {
        let Some(check) = self.check.take() else { return false };
        let verdict = check.child.wait().ok().and_then(Verdict::from_code);
        if let (Some(health), Some(verdict)) = (&mut self.health, verdict) {
            health.phase = verdict.phase;
        }
        self.plan_check();
        match verdict.map_or(Action::None, |verdict| verdict.action) {
            Action::None => {}
            Action::Restart => self.stop(init, true),
            Action::Stop => self.stop(init, false),
            Action::Kill => {
                let _ = process::send_signal(init, libc::SIGKILL);
            }
        }
        verdict.is_some_and(|verdict| verdict.healthy)
    }

    /// Stops the container as its user would; `restart` says whether it is to be started again.
    fn stop(&mut self, init: &OwnedFd, restart: bool) {
        self.asked = Some(restart);
        self.check_at = None;
        let _ = process::send_signal(init, self.stop.signal);
        let last = Instant::now() + Duration::from_secs(self.stop.seconds.into());
        self.kill_at = Some(self.kill_at.map_or(last, |at| at.min(last)));
    }

    /// No new start, whatever the rule says.
    pub(super) fn stay(&mut self) {
        self.asked = Some(false);
    }

    /// The container has ended: nothing is left to do but to decide how it goes on. Returns how long to wait before a new start;
    /// nothing where it is to stay as it is.
    pub(super) fn ended(&mut self, end: End) -> Option<Duration> {
        (self.kill_at, self.check_at) = (None, None);
        if let Some(check) = self.check.take() {
            let _ = process::send_signal(&check.child.pidfd, libc::SIGKILL);
            let _ = check.child.wait();
        }
        let rule = self.restart.as_mut().filter(|_| self.helper.is_some())?;
        if accessat(CWD, STOPPED, Access::EXISTS, AtFlags::empty()).is_ok() {
            return None;
        }
        let wanted = self.asked.unwrap_or(match rule.when {
            RestartWhen::Asked => false,
            RestartWhen::Always => true,
            RestartWhen::Failure { most } => end.code != 0 && (most == 0 || rule.restarts < most),
        });
        if !wanted {
            return None;
        }
        rule.backoff_ms = match rule.backoff_ms {
            _ if self.started.elapsed() >= UP => FIRST_BACKOFF_MS,
            0 => FIRST_BACKOFF_MS,
            last => last.saturating_mul(2).min(LONGEST_BACKOFF_MS),
        };
        rule.restarts = rule.restarts.saturating_add(1);
        Some(Duration::from_millis(rule.backoff_ms))
    }

    /// The program and the words after its name that start the container again in this process.
    pub(super) fn restart_command(&self) -> Option<(&Program, Vec<OsString>)> {
        let ((helper, program), rule) = (self.helper.as_ref()?, self.restart.as_ref()?);
        let mut words = internal("restart", helper);
        words.extend(["--restarts".into(), rule.restarts.to_string().into()]);
        words.extend(["--backoff".into(), rule.backoff_ms.to_string().into()]);
        Some((program, words))
    }

    /// The program and the words after its name that remove what is left of a container that is gone.
    pub(super) fn sweep_command(&mut self) -> Option<(Program, Vec<OsString>)> {
        let (helper, program) = self.helper.take()?;
        Some((program, internal("sweep", &helper)))
    }

    /// How often the container was started again, the start that is due included.
    pub(super) fn restarts(&self) -> u32 {
        self.restart.map_or(0, |rule| rule.restarts)
    }

    fn plan_check(&mut self) {
        let interval = self.health.map_or(0, |health| health.interval_ms[health.phase]);
        self.check_at = (interval > 0).then(|| Instant::now() + Duration::from_millis(interval));
    }

    fn begin_check(&mut self) {
        let (Some((helper, program)), Some(health)) = (&self.helper, self.health) else { return };
        let words = internal("check", helper);
        let made = clone::spawn(CloneFlags::empty(), None, || {
            process::default_signals();
            // The container sees the check's process before it is the check's program.
            if let Ok((name, fd)) = program.open_unwritable() {
                let _ = exec::execve_at(&fd, &argv(name, words.clone()), &[]);
            }
            125
        });
        match made {
            Ok(child) => {
                let kill_at = Instant::now() + Duration::from_millis(health.limit_ms);
                self.check = Some(Check { child, kill_at });
            }
            // For want of memory or processes now: the next time.
            Err(_) => self.plan_check(),
        }
    }
}

fn internal(verb: &str, helper: &Helper) -> Vec<OsString> {
    let words: [OsString; 2] = ["internal".into(), verb.into()];
    words.into_iter().chain(helper.words.iter().cloned()).collect()
}

/// The whole argument vector of the helper.
pub(super) fn argv(name: OsString, words: Vec<OsString>) -> Vec<CString> {
    // They came to us as C strings.
    std::iter::once(name).chain(words).filter_map(|word| CString::new(word.into_vec()).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_read_as_it_is_written() {
        for phase in 0..3 {
            for healthy in [false, true] {
                for action in Verdict::ACTIONS {
                    let verdict = Verdict { phase, healthy, action };
                    assert_eq!(Verdict::from_code(verdict.code()), Some(verdict));
                }
            }
        }
        for other in [0, 1, 31, 35, 64, 125, 137, 255, -1] {
            assert_eq!(Verdict::from_code(other), None, "{other}");
        }
    }
}
