//! Health checks.

use serde::{Deserialize, Serialize};

/// How a container's health is looked at. Times are in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    pub probe: Probe,
    /// Zero: only when a user asks for it.
    pub interval_ms: u64,
    /// How many failures in a row make the container unhealthy.
    pub retries: u32,
    /// For so long after a start failures do not count.
    pub start_period_ms: u64,
    /// The interval during that time.
    pub start_interval_ms: u64,
    pub on_failure: OnFailure,
    /// Has to succeed before the other one begins.
    pub startup: Option<Startup>,
    pub log: HealthLog,
}

/// One command that says by its exit code whether all is well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// `CMD` and the words of a command, or `CMD-SHELL` and one text for `/bin/sh -c`.
    pub test: Vec<String>,
    pub timeout_ms: u64,
}

impl Probe {
    /// Returns the command to execute; empty where there is none.
    #[must_use]
    pub fn command(&self) -> Vec<String> {
        match self.test.split_first() {
            Some((kind, [text])) if kind == "CMD-SHELL" => vec!["/bin/sh".to_owned(), "-c".to_owned(), text.clone()],
            Some((kind, words)) if kind == "CMD" => words.to_vec(),
            _ => Vec::new(),
        }
    }
}

/// The check while the container starts up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Startup {
    pub probe: Probe,
    pub interval_ms: u64,
    /// After so many failures the container is started anew; zero for never.
    pub retries: u32,
    /// How many successes it takes; zero counts as one.
    pub successes: u32,
}

/// What is done when a container becomes unhealthy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnFailure {
    #[default]
    None,
    Kill,
    Restart,
    Stop,
}

impl OnFailure {
    /// Returns the word that `--health-on-failure` takes.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Kill => "kill",
            Self::Restart => "restart",
            Self::Stop => "stop",
        }
    }
}

/// Where the outcomes of the last checks are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HealthLog {
    /// `local` (with the container), `events_logger` (the journal of events), or a folder.
    pub destination: String,
    /// How many outcomes are kept; zero for all.
    pub count: u32,
    /// How many bytes of each output are kept; zero for all.
    pub size: u32,
}

impl Default for HealthLog {
    fn default() -> Self {
        Self { destination: "local".to_owned(), count: 5, size: 500 }
    }
}

/// What a user asks for; what is left out comes from the image, or is usual. Times are in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HealthRequest {
    /// `--no-healthcheck`.
    pub disabled: bool,
    pub test: Option<Vec<String>>,
    pub interval_ms: Option<u64>,
    pub timeout_ms: Option<u64>,
    pub retries: Option<u32>,
    pub start_period_ms: Option<u64>,
    pub start_interval_ms: Option<u64>,
    pub on_failure: Option<OnFailure>,
    pub startup: Option<Startup>,
    pub log: Option<HealthLog>,
}

/// The state of a container's health.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HealthStatus {
    #[default]
    Starting,
    Healthy,
    Unhealthy,
}

impl HealthStatus {
    /// Returns Podman's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Healthy => "healthy",
            Self::Unhealthy => "unhealthy",
        }
    }
}

/// `containers/<id>/health.json`, with Podman's names where it has them; appears by rename.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct HealthRecord {
    pub status: HealthStatus,
    /// Failures in a row.
    pub failing_streak: u32,
    pub log: Vec<HealthOutcome>,
    /// The start that this is about, in nanoseconds since the epoch: a record of another start says nothing.
    pub started_at: i64,
    /// How often the startup check has succeeded.
    pub startup_successes: u32,
    /// How often it has failed since it last succeeded.
    pub startup_failures: u32,
}

/// One outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct HealthOutcome {
    /// RFC 3339.
    pub start: String,
    pub end: String,
    pub exit_code: i32,
    pub output: String,
}
