//! `coracle kill`.

use super::options::parse_signal;
use super::targets::{Choice, Names, choose, each, open_engine};
use crate::cli::error::CliError;
use clap::Args;

/// Send a signal to containers' first processes
#[derive(Debug, Args)]
pub struct KillArgs {
    /// The signal: a name or a number
    #[arg(short, long, default_value = "KILL", value_name = "SIGNAL")]
    signal: String,
    /// Every running container
    #[arg(short, long)]
    all: bool,
    #[command(flatten)]
    names: Names,
}

/// Sends the signal.
///
/// # Errors
/// A container is not known, or the signal is none.
pub fn run(args: KillArgs) -> Result<i32, CliError> {
    let signal = parse_signal(&args.signal)?;
    let mut engine = open_engine()?;
    let choice = Choice { all: args.all, ..Choice::default() };
    let targets = choose(&engine, &args.names, choice, |state| state.status.is_alive())?;
    each(&targets, |config| Ok(engine.kill(config, signal)?))
}
