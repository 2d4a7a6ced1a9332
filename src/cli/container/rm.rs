//! `coracle rm`.

use super::targets::{choose, each, open_engine};
use crate::cli::error::CliError;
use crate::engine::EngineError;
use crate::engine::container::ContainerError;
use clap::Args;

/// Remove containers
#[derive(Debug, Args)]
pub struct RmArgs {
    /// Kill a running container first
    #[arg(short, long)]
    force: bool,
    /// Every container
    #[arg(short, long)]
    all: bool,
    /// A container that does not exist is no error
    #[arg(short, long)]
    ignore: bool,
    /// Names or ids
    #[arg(value_name = "CONTAINER")]
    containers: Vec<String>,
}

/// Removes the containers; exit code 1 for one that does not exist, 2 for one that runs.
///
/// # Errors
/// A name is ambiguous or the store fails.
pub fn run(args: RmArgs) -> Result<i32, CliError> {
    let mut engine = open_engine()?;
    engine.sweep()?;
    // With --force a container that is not there is what was wished for.
    let ignore = args.ignore || args.force;
    let targets = match choose(&engine, &args.containers, args.all, ignore, |_| true) {
        Err(CliError::Engine(error @ EngineError::NoSuchContainer { .. })) => return Err(CliError::WithCode(error, 1)),
        other => other?,
    };
    each(&targets, &args.containers, |config| match engine.remove(config, args.force) {
        Err(error @ EngineError::Container(ContainerError::RemoveAlive { .. })) => Err(CliError::WithCode(error, 2)),
        other => Ok(other?),
    })
}
