//! `coracle restart`.

use super::start::started;
use super::stop::patience;
use super::targets::{Choice, Names, choose, each, open_engine};
use crate::cli::error::CliError;
use crate::model::Status;
use clap::Args;

/// Stop containers, where they run, and start them again
#[derive(Debug, Args)]
pub struct RestartArgs {
    /// How many seconds to wait before SIGKILL; 0 kills at once, -1 waits for ever
    #[arg(short, long, visible_alias = "timeout", value_name = "SECONDS", allow_negative_numbers = true)]
    time: Option<i64>,
    /// Every container, running or not
    #[arg(short, long)]
    all: bool,
    /// Every running container
    #[arg(long)]
    running: bool,
    /// Containers that match KEY=VALUE; the keys are those of ps
    #[arg(short, long, value_name = "FILTER")]
    filter: Vec<String>,
    #[command(flatten)]
    names: Names,
}

/// Restarts the containers.
///
/// # Errors
/// A container is not known.
pub fn run(args: &RestartArgs) -> Result<i32, CliError> {
    let mut engine = open_engine()?;
    let choice = Choice { all: args.all || args.running, filters: &args.filter, ignore: false };
    let only_running = args.running;
    let targets = choose(&engine, &args.names, choice, |state| !only_running || state.status == Status::Running)?;
    each(&targets, |config| {
        started(engine.restart(config, patience(config, args.time))?);
        Ok(())
    })
}
