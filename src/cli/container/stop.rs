//! `coracle stop`.

use super::targets::{choose, each, open_engine};
use crate::cli::error::CliError;
use crate::cli::ui;
use crate::engine::container::stop::StopOutcome;
use crate::model::signal;
use clap::Args;
use std::time::Duration;

/// Stop containers: the stop signal first, SIGKILL when it did not help
#[derive(Debug, Args)]
pub struct StopArgs {
    /// How many seconds to wait before SIGKILL; 0 kills at once
    #[arg(short, long, visible_alias = "timeout", value_name = "SECONDS")]
    time: Option<u32>,
    /// A container that does not exist is no error
    #[arg(short, long)]
    ignore: bool,
    /// Stop every running container
    #[arg(short, long)]
    all: bool,
    /// Names or ids
    #[arg(value_name = "CONTAINER")]
    containers: Vec<String>,
}

/// Stops the containers; one that does not run counts as stopped.
///
/// # Errors
/// A container is not known.
pub fn run(args: StopArgs) -> Result<i32, CliError> {
    let mut engine = open_engine()?;
    let targets = choose(&engine, &args.containers, args.all, args.ignore, |state| state.status.is_alive())?;
    each(&targets, &args.containers, |config| {
        let patience = args.time.unwrap_or(config.stop_timeout);
        if engine.stop(config, Duration::from_secs(u64::from(patience)))? == StopOutcome::Killed && patience > 0 {
            let name = signal::name(config.stop_signal);
            ui::note(format!("Note: {} did not end on {name} within {patience} seconds and was killed", config.name));
        }
        Ok(())
    })
}
