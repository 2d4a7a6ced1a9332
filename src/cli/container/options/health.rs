//! Health checks.

use crate::cli::error::CliError;
use crate::engine::container::create::CreateRequest;
use crate::engine::container::moment::span;
use crate::model::{HealthLog, OnFailure, Probe, Startup};
use clap::Args;

/// Options about the health of a container.
#[derive(Debug, Args)]
pub(in crate::cli::container) struct HealthOptions {
    /// Check the container's health by this command: a text for its shell, or a JSON array of words; none for no check
    #[arg(long, value_name = "COMMAND")]
    health_cmd: Option<String>,
    /// The time between two checks (30s); disable to check only by `healthcheck run`
    #[arg(long, value_name = "TIME")]
    health_interval: Option<String>,
    /// How long a check may take (30s)
    #[arg(long, value_name = "TIME")]
    health_timeout: Option<String>,
    /// How many failures in a row make the container unhealthy (3)
    #[arg(long, value_name = "NUMBER")]
    health_retries: Option<u32>,
    /// For so long after the start failures do not count
    #[arg(long, value_name = "TIME")]
    health_start_period: Option<String>,
    /// The time between two checks during the start period (5s, or the interval where that is shorter)
    #[arg(long, value_name = "TIME")]
    health_start_interval: Option<String>,
    /// What to do when the container is unhealthy: none, kill, restart, stop
    #[arg(long, value_name = "ACTION")]
    health_on_failure: Option<String>,
    /// No health check, also where the image has one
    #[arg(long, conflicts_with = "health_cmd")]
    no_healthcheck: bool,
    /// Check by this command first, until it succeeds
    #[arg(long, value_name = "COMMAND")]
    health_startup_cmd: Option<String>,
    /// The time between two startup checks (30s)
    #[arg(long, value_name = "TIME", requires = "health_startup_cmd")]
    health_startup_interval: Option<String>,
    /// How many failures of the startup check start the container anew; 0 for none
    #[arg(long, value_name = "NUMBER", requires = "health_startup_cmd")]
    health_startup_retries: Option<u32>,
    /// How many successes in a row the startup check needs
    #[arg(long, value_name = "NUMBER", requires = "health_startup_cmd")]
    health_startup_success: Option<u32>,
    /// How long a startup check may take (30s)
    #[arg(long, value_name = "TIME", requires = "health_startup_cmd")]
    health_startup_timeout: Option<String>,
    /// Where outcomes are kept: local (with the container), events_logger, or a folder
    #[arg(long, value_name = "WHERE")]
    health_log_destination: Option<String>,
    /// How many outcomes are kept (5); 0 for all
    #[arg(long, value_name = "NUMBER")]
    health_max_log_count: Option<u32>,
    /// How many bytes of each outcome's output are kept (500); 0 for all
    #[arg(long, value_name = "BYTES")]
    health_max_log_size: Option<u32>,
}

impl HealthOptions {
    /// Puts what was asked into the request.
    ///
    /// # Errors
    /// An option's text cannot be read.
    pub(in crate::cli::container) fn apply(&self, request: &mut CreateRequest) -> Result<(), CliError> {
        let health = &mut request.health;
        health.disabled = self.no_healthcheck;
        health.test = self.health_cmd.as_deref().map(|text| test("--health-cmd", text)).transpose()?;
        health.interval_ms = time("--health-interval", self.health_interval.as_deref())?;
        health.timeout_ms = time("--health-timeout", self.health_timeout.as_deref())?;
        if health.timeout_ms == Some(0) {
            return Err(CliError::Usage("invalid --health-timeout: it has to be longer than 0".to_owned()));
        }
        health.retries = self.health_retries;
        health.start_period_ms = time("--health-start-period", self.health_start_period.as_deref())?;
        health.start_interval_ms = time("--health-start-interval", self.health_start_interval.as_deref())?;
        health.on_failure = self.health_on_failure.as_deref().map(on_failure).transpose()?;
        health.startup = self.startup()?;
        health.log = self.log()?;
        Ok(())
    }

    fn startup(&self) -> Result<Option<Startup>, CliError> {
        let Some(command) = &self.health_startup_cmd else { return Ok(None) };
        let test = test("--health-startup-cmd", command)?;
        let timeout_ms = time("--health-startup-timeout", self.health_startup_timeout.as_deref())?.unwrap_or(30_000);
        Ok(Some(Startup {
            probe: Probe { test, timeout_ms },
            interval_ms: time("--health-startup-interval", self.health_startup_interval.as_deref())?.unwrap_or(30_000),
            retries: self.health_startup_retries.unwrap_or(0),
            successes: self.health_startup_success.unwrap_or(0),
        }))
    }

    fn log(&self) -> Result<Option<HealthLog>, CliError> {
        if (&self.health_log_destination, self.health_max_log_count, self.health_max_log_size) == (&None, None, None) {
            return Ok(None);
        }
        let usual = HealthLog::default();
        let destination = match self.health_log_destination.as_deref() {
            None | Some("local") => usual.destination,
            Some("events_logger") => "events_logger".to_owned(),
            Some(path) => {
                let folder = std::fs::canonicalize(path).ok().filter(|folder| folder.is_dir());
                let folder = folder.and_then(|folder| folder.into_os_string().into_string().ok());
                folder.ok_or_else(|| {
                    let kinds = "choose local, events_logger or an existing folder";
                    CliError::Usage(format!("invalid --health-log-destination {path:?}: {kinds}"))
                })?
            }
        };
        let count = self.health_max_log_count.unwrap_or(usual.count);
        Ok(Some(HealthLog { destination, count, size: self.health_max_log_size.unwrap_or(usual.size) }))
    }
}

/// Reads a command: `none`; `CMD` or `CMD-SHELL` before the rest; a JSON array; else a text for the shell.
fn test(option: &str, text: &str) -> Result<Vec<String>, CliError> {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(CliError::Usage(format!("invalid {option}: it is empty (write none for no check)")));
    }
    if trimmed.eq_ignore_ascii_case("none") {
        return Ok(words(&["NONE"]));
    }
    if trimmed.starts_with('[')
        && let Ok(list) = serde_json::from_str::<Vec<String>>(trimmed)
    {
        return match list.split_first() {
            None => Err(CliError::Usage(format!("invalid {option}: the list is empty"))),
            Some((kind, _)) if ["NONE", "CMD", "CMD-SHELL"].contains(&kind.as_str()) => Ok(list),
            Some((command, [])) => Ok(words(&["CMD-SHELL", command])),
            Some(_) => Ok(["CMD".to_owned()].into_iter().chain(list).collect()),
        };
    }
    match trimmed.split_once(char::is_whitespace) {
        Some(("CMD", rest)) => Ok(words(&["CMD"]).into_iter().chain(rest.split_whitespace().map(str::to_owned)).collect()),
        Some(("CMD-SHELL", rest)) => Ok(words(&["CMD-SHELL", rest.trim_start()])),
        _ => Ok(words(&["CMD-SHELL", text])),
    }
}

/// Reads a time in Go's spelling, in milliseconds; `disable` is zero.
fn time(option: &str, text: Option<&str>) -> Result<Option<u64>, CliError> {
    let Some(text) = text else { return Ok(None) };
    if text == "disable" && option.ends_with("interval") || text == "0" {
        return Ok(Some(0));
    }
    let milliseconds = span(text).and_then(|time| u64::try_from(time).ok()).map(|time| time.div_ceil(1_000_000));
    let bad = || CliError::Usage(format!("invalid {option} {text:?}: write a time like 30s or 1m30s"));
    milliseconds.map(Some).ok_or_else(bad)
}

fn on_failure(text: &str) -> Result<OnFailure, CliError> {
    let all = [OnFailure::None, OnFailure::Kill, OnFailure::Restart, OnFailure::Stop];
    let found = all.into_iter().find(|action| action.as_str() == text.to_ascii_lowercase());
    found.ok_or_else(|| CliError::Usage(format!("invalid --health-on-failure {text:?}: choose none, kill, restart or stop")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_in_every_spelling() {
        for (text, expected) in [
            ("curl -f x || exit 1", vec!["CMD-SHELL", "curl -f x || exit 1"]),
            ("CMD curl -f x", vec!["CMD", "curl", "-f", "x"]),
            ("CMD-SHELL curl  x", vec!["CMD-SHELL", "curl  x"]),
            (r#"["CMD","a","b c"]"#, vec!["CMD", "a", "b c"]),
            (r#"["a","b c"]"#, vec!["CMD", "a", "b c"]),
            (r#"["a b"]"#, vec!["CMD-SHELL", "a b"]),
            ("[ -f /x ]", vec!["CMD-SHELL", "[ -f /x ]"]),
            ("none", vec!["NONE"]),
        ] {
            assert_eq!(test("--health-cmd", text).expect(text), expected, "{text}");
        }
        assert!(test("--health-cmd", " ").is_err() && test("--health-cmd", "[]").is_err());
    }

    #[test]
    fn times_are_read_in_milliseconds() {
        for (text, expected) in
            [("30s", Some(30_000)), ("1m30s", Some(90_000)), ("500ms", Some(500)), ("1us", Some(1)), ("0", Some(0))]
        {
            assert_eq!(time("--health-interval", Some(text)).ok().flatten(), expected, "{text}");
        }
        assert_eq!(time("--health-interval", Some("disable")).ok().flatten(), Some(0));
        assert!(time("--health-timeout", Some("disable")).is_err() && time("--health-timeout", Some("5")).is_err());
    }
}
