//! `coracle wait`.

use super::targets::{Names, latest, open_engine};
use crate::cli::error::CliError;
use crate::cli::ui;
use crate::engine::container::wait::{Condition, NO_CODE, WaitRequest};
use crate::engine::{Engine, EngineError};
use crate::model::{ContainerConfig, HealthStatus, Status};
use clap::Args;
use std::time::Duration;

/// Wait for containers to end and print their exit codes
#[derive(Debug, Args)]
pub struct WaitArgs {
    /// Wait for this state: stopped (default), exited, running, paused, created, configured, removing, healthy, unhealthy
    ///
    /// May be given several times; one of them is enough. What is printed for states other than the end is -1.
    #[arg(long, value_name = "STATE", value_parser = condition)]
    condition: Vec<Condition>,
    /// Return when the first of the containers is in a wanted state, and print its code alone
    #[arg(long)]
    exit_first_match: bool,
    /// A container that does not exist is no error; its code is -1
    #[arg(long)]
    ignore: bool,
    /// Look again after this time also where nothing was told: 250ms, 2s; a number alone is milliseconds
    #[arg(short, long, value_name = "TIME", value_parser = interval)]
    interval: Option<Duration>,
    #[command(flatten)]
    names: Names,
}

/// Waits for the containers.
///
/// # Errors
/// A container is not known.
pub fn run(args: WaitArgs) -> Result<i32, CliError> {
    let mut engine = open_engine()?;
    let named = named(&engine, &args)?;
    if !args.exit_first_match && args.condition.is_empty() && args.interval.is_none() {
        for config in &named {
            let code = config.as_ref().map_or(Ok(NO_CODE), |config| engine.wait(config))?;
            ui::print_line(&code.to_string())?;
        }
        return Ok(0);
    }
    let request = WaitRequest { conditions: args.condition, first: args.exit_first_match, interval: args.interval };
    let known: Vec<ContainerConfig> = named.iter().flatten().cloned().collect();
    let missing = known.len() < named.len();
    let codes = if request.first && missing { vec![None; known.len()] } else { engine.wait_for(&known, &request)? };
    if request.first {
        let code = codes.into_iter().flatten().next().unwrap_or(NO_CODE);
        ui::print_line(&code.to_string())?;
        return Ok(0);
    }
    let mut codes = codes.into_iter();
    for config in &named {
        let code = config.as_ref().and_then(|_| codes.next().flatten()).unwrap_or(NO_CODE);
        ui::print_line(&code.to_string())?;
    }
    Ok(0)
}

/// The containers in their order; nothing for one that is not there and may be.
fn named(engine: &Engine, args: &WaitArgs) -> Result<Vec<Option<ContainerConfig>>, CliError> {
    if args.names.latest {
        return Ok(vec![Some(latest(engine)?.config)]);
    }
    let names = args.names.typed(args.ignore)?;
    if names.is_empty() {
        return Err(CliError::Usage("you must provide at least one name or id (or --latest, --cidfile)".to_owned()));
    }
    let find = |name: String| match engine.container(&name) {
        Ok(config) => Ok(Some(config)),
        Err(EngineError::NoSuchContainer { .. }) if args.ignore => Ok(None),
        Err(error) => Err(error.into()),
    };
    names.into_iter().map(find).collect()
}

fn condition(text: &str) -> Result<Condition, String> {
    Ok(match text {
        "stopped" | "exited" => Condition::Status(Status::Exited),
        "running" => Condition::Status(Status::Running),
        "healthy" => Condition::Health(HealthStatus::Healthy),
        "unhealthy" => Condition::Health(HealthStatus::Unhealthy),
        "paused" => Condition::Status(Status::Paused),
        "created" | "configured" => Condition::Status(Status::Created),
        "removing" => Condition::Removed,
        _ => {
            return Err("the states are stopped, exited, running, paused, created, configured, healthy, unhealthy and removing"
                .to_owned());
        }
    })
}

fn interval(text: &str) -> Result<Duration, String> {
    let bad = || "it has to be a span of time, like 250ms or 2s".to_owned();
    if let Ok(milliseconds) = text.parse() {
        return Ok(Duration::from_millis(milliseconds));
    }
    // A moment so long before zero is the span.
    let nanoseconds = crate::engine::container::moment::moment(text, 0).filter(|moment| *moment <= 0).ok_or_else(bad)?;
    Ok(Duration::from_nanos(nanoseconds.unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_spans_or_milliseconds() {
        for (text, milliseconds) in [("250", 250), ("2s", 2000), ("1m30s", 90_000), ("0", 0)] {
            assert_eq!(interval(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        for bad in ["", "soon", "-1s", "2026-11-21"] {
            assert!(interval(bad).is_err(), "{bad}");
        }
    }
}
