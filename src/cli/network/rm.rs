//! `coracle network rm`.

use crate::cli::container::targets::open_engine;
use crate::cli::error::CliError;
use crate::cli::objects;
use clap::Args;
use std::time::Duration;

/// Remove networks
///
/// Exit code 1: no such network; 2: a container is joined to it.
#[derive(Debug, Args)]
pub struct RmArgs {
    /// Remove the containers that are joined to it first, running ones too; a network that is not there is no error
    #[arg(short, long)]
    force: bool,
    /// With --force, send the stop signal first and wait this many seconds before SIGKILL
    #[arg(short, long, visible_alias = "timeout", value_name = "SECONDS", requires = "force")]
    time: Option<u32>,
    /// Names, or beginnings of ids
    #[arg(value_name = "NETWORK", required = true)]
    networks: Vec<String>,
}

/// Removes the networks and prints the names of those that went.
///
/// # Errors
/// The store cannot be used. What happens to single networks is printed.
pub(super) fn run(args: &RmArgs) -> Result<i32, CliError> {
    let mut engine = open_engine()?;
    engine.sweep()?;
    let patience = args.force.then(|| Duration::from_secs(u64::from(args.time.unwrap_or(10))));
    objects::remove(&args.networks, args.force, |name| engine.remove_network(name, patience))
}
