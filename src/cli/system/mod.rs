//! Commands about the whole installation.

pub mod check;
pub mod df;
pub mod events;
pub mod info;
pub mod prune;
pub mod reset;
pub mod unshare;
mod yaml;

use crate::cli::error::CliError;
use clap::Subcommand;

/// Manage the installation
#[derive(Debug, Subcommand)]
pub enum SystemCommand {
    Check(check::CheckArgs),
    Df(df::DfArgs),
    Events(events::EventsArgs),
    Info(info::InfoArgs),
    Prune(prune::PruneArgs),
    Reset(reset::ResetArgs),
}

/// Runs one of them.
///
/// # Errors
/// See the command.
pub fn dispatch(command: SystemCommand) -> Result<i32, CliError> {
    match command {
        SystemCommand::Check(args) => check::run(&args),
        SystemCommand::Df(args) => df::run(&args),
        SystemCommand::Events(args) => events::run(&args),
        SystemCommand::Info(args) => info::run(&args),
        SystemCommand::Prune(args) => prune::run(&args),
        SystemCommand::Reset(args) => reset::run(&args),
    }
}
