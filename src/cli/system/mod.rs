//! Commands about the whole installation.

pub mod events;
pub mod unshare;

use crate::cli::error::CliError;
use clap::Subcommand;

/// Manage the installation
#[derive(Debug, Subcommand)]
pub enum SystemCommand {
    Events(events::EventsArgs),
}

/// Runs one of them.
///
/// # Errors
/// See the command.
pub fn dispatch(command: SystemCommand) -> Result<i32, CliError> {
    match command {
        SystemCommand::Events(args) => events::run(&args),
    }
}
