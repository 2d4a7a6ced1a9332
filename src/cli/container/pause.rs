//! `coracle pause` and `coracle unpause`.

use super::targets::{Choice, Names, choose, each, open_engine};
use crate::cli::error::CliError;
use crate::model::Status;
use clap::Args;

/// Stop every process of containers where it is
///
/// By the freezer of the container's cgroup; where containers have none, by SIGSTOP.
#[derive(Debug, Args)]
pub struct PauseArgs {
    /// Every running container
    #[arg(short, long)]
    all: bool,
    /// Running containers that match KEY=VALUE; the keys are those of ps
    #[arg(short, long, value_name = "FILTER")]
    filter: Vec<String>,
    #[command(flatten)]
    names: Names,
}

/// Let the processes of paused containers go on
#[derive(Debug, Args)]
pub struct UnpauseArgs {
    /// Every paused container
    #[arg(short, long)]
    all: bool,
    /// Paused containers that match KEY=VALUE; the keys are those of ps
    #[arg(short, long, value_name = "FILTER")]
    filter: Vec<String>,
    #[command(flatten)]
    names: Names,
}

/// Pauses the containers.
///
/// # Errors
/// A container is not known.
pub fn run(args: &PauseArgs) -> Result<i32, CliError> {
    let mut engine = open_engine()?;
    let choice = Choice { all: args.all, filters: &args.filter, ignore: false };
    let targets = choose(&engine, &args.names, choice, |state| state.status == Status::Running)?;
    each(&targets, |config| Ok(engine.pause(config)?))
}

/// Lets the containers go on.
///
/// # Errors
/// A container is not known.
pub fn run_unpause(args: &UnpauseArgs) -> Result<i32, CliError> {
    let mut engine = open_engine()?;
    let choice = Choice { all: args.all, filters: &args.filter, ignore: false };
    let targets = choose(&engine, &args.names, choice, |state| state.status == Status::Paused)?;
    each(&targets, |config| Ok(engine.unpause(config)?))
}
