//! What the monitor does for a container beside waiting for it.

use super::health::Health;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Restarts, health checks, time limits and the log, as asked for. A field that an older row does not have gets its default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Supervision {
    pub log: LogOptions,
    pub restart: RestartPolicy,
    pub health: Option<Health>,
    /// The container is killed after so many seconds; zero for never.
    pub timeout: u32,
    pub notify: SdNotify,
    /// Where the pid of process 1, as the host sees it, is written at each start.
    pub pidfile: Option<PathBuf>,
    /// Where the monitor's pid is written at each start.
    pub conmon_pidfile: Option<PathBuf>,
}

/// `--log-opt`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LogOptions {
    /// In bytes; zero for no limit.
    pub max_size: u64,
    /// How many files of that size are kept; zero where nothing was said.
    pub max_files: u32,
    /// In place of `ctr.log` in the container's folder; absolute.
    pub path: Option<PathBuf>,
    /// For the journal's `CONTAINER_TAG`.
    pub tag: String,
    /// `NAME=value`: further fields of each entry of the journal.
    pub labels: Vec<String>,
}

/// `--restart`: when a container that has ended is started again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RestartPolicy {
    #[default]
    No,
    Always,
    /// As always; the two differ after a boot.
    UnlessStopped,
    /// With another exit code than 0, at most so many times; zero for any number.
    OnFailure(u32),
}

impl RestartPolicy {
    /// Returns the word that `--restart` takes.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Always => "always",
            Self::UnlessStopped => "unless-stopped",
            Self::OnFailure(_) => "on-failure",
        }
    }

    /// The number after `on-failure:`.
    #[must_use]
    pub fn most(self) -> u32 {
        if let Self::OnFailure(most) = self { most } else { 0 }
    }

    /// Reads `no`, `never`, `always`, `unless-stopped`, `on-failure` or `on-failure:N`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "" | "no" | "never" => Self::No,
            "always" => Self::Always,
            "unless-stopped" => Self::UnlessStopped,
            "on-failure" => Self::OnFailure(0),
            _ => Self::OnFailure(text.strip_prefix("on-failure:")?.parse().ok()?),
        })
    }
}

/// `--sdnotify`: who tells the service manager that the container is ready.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SdNotify {
    /// The program in the container.
    #[default]
    Container,
    /// The command that starts it, as soon as it runs.
    Conmon,
    /// The monitor, when it is healthy.
    Healthy,
    /// Nobody.
    Ignore,
}

impl SdNotify {
    /// Returns the word that `--sdnotify` takes.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Container => "container",
            Self::Conmon => "conmon",
            Self::Healthy => "healthy",
            Self::Ignore => "ignore",
        }
    }
}

impl Supervision {
    /// Tells whether the monitor may start the container again by itself.
    #[must_use]
    pub fn may_restart(&self) -> bool {
        self.restart != RestartPolicy::No
            || self.health.as_ref().is_some_and(|health| {
                health.on_failure == super::health::OnFailure::Restart
                    || health.startup.as_ref().is_some_and(|check| check.retries > 0)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_read() {
        for (text, policy) in [
            ("no", Some(RestartPolicy::No)),
            ("never", Some(RestartPolicy::No)),
            ("always", Some(RestartPolicy::Always)),
            ("unless-stopped", Some(RestartPolicy::UnlessStopped)),
            ("on-failure", Some(RestartPolicy::OnFailure(0))),
            ("on-failure:3", Some(RestartPolicy::OnFailure(3))),
            ("on-failure:x", None),
            ("always:3", None),
            ("sometimes", None),
        ] {
            assert_eq!(RestartPolicy::parse(text), policy, "{text}");
        }
    }
}
