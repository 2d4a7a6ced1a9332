//! What the monitor does by itself while the container runs and after its end.

use super::words::{ArgsError, Given, Words};
use std::ffi::OsString;
use std::os::fd::RawFd;
use std::path::PathBuf;

/// How a container is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StopRule {
    pub signal: i32,
    /// Then comes SIGKILL.
    pub seconds: u32,
}

impl Default for StopRule {
    fn default() -> Self {
        Self { signal: libc::SIGTERM, seconds: 10 }
    }
}

impl StopRule {
    pub(super) fn encode(self, words: &mut Words) {
        if self != Self::default() {
            words.number("--stop-signal", self.signal);
            words.number("--stop-seconds", self.seconds);
        }
    }

    pub(super) fn decode(given: &mut Given) -> Result<Self, ArgsError> {
        let usual = Self::default();
        let signal = given.number("--stop-signal")?.unwrap_or(usual.signal);
        Ok(Self { signal, seconds: given.number("--stop-seconds")?.unwrap_or(usual.seconds) })
    }
}

/// The `coracle` program: `PROGRAM internal VERB WORDS…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Helper {
    pub program: PathBuf,
    /// One of the descriptors that are kept, open on the program, where it stands nowhere any more.
    pub file: Option<RawFd>,
    /// Which container, in which folders.
    pub words: Vec<OsString>,
}

impl Helper {
    pub(super) fn encode(&self, words: &mut Words) {
        words.put("--helper", self.program.clone());
        words.some_number("--helper-file", self.file);
        self.words.iter().for_each(|word| words.put("--helper-word", word.clone()));
    }

    pub(super) fn decode(given: &mut Given) -> Result<Option<Self>, ArgsError> {
        let Some(program) = given.path("--helper") else { return Ok(None) };
        Ok(Some(Self { program, file: given.number("--helper-file")?, words: given.values("--helper-word") }))
    }
}

/// When a container that has ended is started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestartWhen {
    /// Only when somebody asks for it: the health check.
    Asked,
    Always,
    /// With another code than 0, at most so many times; zero for any number.
    Failure {
        most: u32,
    },
}

/// Restarting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestartRule {
    pub when: RestartWhen,
    /// How often it was started again since somebody started it.
    pub restarts: u32,
    /// How long the last wait before a start was.
    pub backoff_ms: u64,
}

impl RestartRule {
    pub(super) fn encode(&self, words: &mut Words) {
        match self.when {
            RestartWhen::Asked => words.put("--restart", "asked"),
            RestartWhen::Always => words.put("--restart", "always"),
            RestartWhen::Failure { most } => words.number("--restart", most),
        }
        words.number("--restarts", self.restarts);
        words.number("--backoff", self.backoff_ms);
    }

    pub(super) fn decode(given: &mut Given) -> Result<Option<Self>, ArgsError> {
        let Some(text) = given.value("--restart") else { return Ok(None) };
        let when = match text.to_str() {
            Some("asked") => RestartWhen::Asked,
            Some("always") => RestartWhen::Always,
            Some(most) => match most.parse() {
                Ok(most) => RestartWhen::Failure { most },
                Err(_) => return Err(ArgsError::BadValue("--restart", text)),
            },
            None => return Err(ArgsError::BadValue("--restart", text)),
        };
        let restarts = given.number("--restarts")?.unwrap_or(0);
        let backoff_ms = given.number::<i64>("--backoff")?.map_or(0, i64::unsigned_abs);
        Ok(Some(Self { when, restarts, backoff_ms }))
    }
}

/// When the health of the container is looked at. Which command does it, and what its outcome means, the helper knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HealthRule {
    /// The time from one check to the next in each phase; zero for none.
    pub interval_ms: [u64; 3],
    /// The phase to begin with.
    pub phase: usize,
    /// A check that takes longer is killed: more than its own time limit.
    pub limit_ms: u64,
}

impl HealthRule {
    pub(super) fn encode(&self, words: &mut Words) {
        self.interval_ms.iter().for_each(|ms| words.number("--health", ms));
        words.number("--health-phase", self.phase);
        words.number("--health-limit", self.limit_ms);
    }

    pub(super) fn decode(given: &mut Given) -> Result<Option<Self>, ArgsError> {
        let intervals: Vec<i64> = given.numbers("--health")?;
        if intervals.is_empty() {
            return Ok(None);
        }
        let intervals: [i64; 3] = intervals.try_into().map_err(|_| ArgsError::Missing("--health"))?;
        let phase = given.number("--health-phase")?.unwrap_or(0);
        let limit = given.number::<i64>("--health-limit")?.unwrap_or(0);
        Ok(Some(Self { interval_ms: intervals.map(i64::unsigned_abs), phase: phase.min(2), limit_ms: limit.unsigned_abs() }))
    }
}

/// Telling a service manager (sd_notify(3)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotifyRule {
    /// The service manager's socket; one that begins with `@` is abstract.
    pub socket: PathBuf,
    /// The socket to which the container speaks.
    pub proxy: Option<RawFd>,
    /// Tell that the container is ready when it is healthy.
    pub when_healthy: bool,
}

impl NotifyRule {
    pub(super) fn encode(&self, words: &mut Words) {
        words.put("--notify", self.socket.clone());
        words.some_number("--notify-proxy", self.proxy);
        if self.when_healthy {
            words.flag("--notify-healthy");
        }
    }

    pub(super) fn decode(given: &mut Given) -> Result<Option<Self>, ArgsError> {
        let Some(socket) = given.path("--notify") else { return Ok(None) };
        let proxy = given.number("--notify-proxy")?;
        Ok(Some(Self { socket, proxy, when_healthy: given.flag("--notify-healthy") }))
    }
}

/// The journal of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventsRule {
    pub folder: PathBuf,
    /// The container, in the words of `events::Subject`.
    pub subject: String,
    /// It is about an exec session of the container.
    pub session: bool,
}

impl EventsRule {
    pub(super) fn encode(&self, words: &mut Words) {
        words.put("--events", self.folder.clone());
        words.put("--event-subject", self.subject.clone());
        if self.session {
            words.flag("--event-session");
        }
    }

    pub(super) fn decode(given: &mut Given) -> Result<Option<Self>, ArgsError> {
        let Some(folder) = given.path("--events") else { return Ok(None) };
        let subject = given.value("--event-subject").ok_or(ArgsError::Missing("--event-subject"))?;
        let subject = subject.into_string().map_err(|text| ArgsError::BadValue("--event-subject", text))?;
        Ok(Some(Self { folder, subject, session: given.flag("--event-session") }))
    }
}
