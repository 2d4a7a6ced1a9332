//! `coracle stop`.

use super::targets::{Choice, Names, choose, each, open_engine};
use crate::cli::error::CliError;
use crate::cli::ui;
use crate::engine::Engine;
use crate::engine::container::stop::StopOutcome;
use crate::model::{ContainerConfig, Status, signal};
use clap::Args;
use std::time::Duration;

/// Stop containers: the stop signal first, SIGKILL when it did not help
#[derive(Debug, Args)]
pub struct StopArgs {
    /// How many seconds to wait before SIGKILL; 0 kills at once, -1 waits for ever
    #[arg(short, long, visible_alias = "timeout", value_name = "SECONDS", allow_negative_numbers = true)]
    time: Option<i64>,
    /// A container that does not exist is no error
    #[arg(short, long)]
    ignore: bool,
    /// Stop every running container
    #[arg(short, long)]
    all: bool,
    /// Running containers that match KEY=VALUE; the keys are those of ps
    #[arg(short, long, value_name = "FILTER")]
    filter: Vec<String>,
    #[command(flatten)]
    names: Names,
}

/// Stops the containers; one that does not run counts as stopped.
///
/// # Errors
/// A container is not known.
pub fn run(args: StopArgs) -> Result<i32, CliError> {
    let mut engine = open_engine()?;
    let choice = Choice { all: args.all, filters: &args.filter, ignore: args.ignore };
    let targets = choose(&engine, &args.names, choice, |state| state.status == Status::Running)?;
    each(&targets, |config| stop(&mut engine, config, args.time))
}

/// Stops one container and says where it had to be killed. `seconds`: as of `--time`; without it the container's own.
pub(super) fn stop(engine: &mut Engine, config: &ContainerConfig, seconds: Option<i64>) -> Result<(), CliError> {
    let patience = patience(config, seconds);
    if engine.stop(config, patience)? == StopOutcome::Killed && !patience.is_zero() {
        let (name, seconds) = (signal::name(config.stop_signal), patience.as_secs());
        ui::note(format!("Note: {} did not end on {name} within {seconds} seconds and was killed", config.name));
    }
    Ok(())
}

/// A negative number is no bound, as in Podman: a time that nobody lives to see.
pub(super) fn patience(config: &ContainerConfig, seconds: Option<i64>) -> Duration {
    const FOR_EVER: Duration = Duration::from_secs(u32::MAX as u64);
    match seconds {
        Some(seconds) => u64::try_from(seconds).map_or(FOR_EVER, Duration::from_secs),
        None => Duration::from_secs(u64::from(config.stop_timeout)),
    }
}
