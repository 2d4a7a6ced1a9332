//! `coracle healthcheck run`.

use super::targets::open_engine;
use crate::cli::error::CliError;
use crate::engine::container::health::Asker;
use crate::model::HealthStatus;
use clap::{Args, Subcommand};

/// Look after the health of containers
#[derive(Debug, Subcommand)]
pub enum HealthcheckCommand {
    Run(HealthcheckRunArgs),
}

/// Check a container's health now: 0 for healthy, 1 for a failure, 125 where there is no check or the container does not run
#[derive(Debug, Args)]
pub struct HealthcheckRunArgs {
    /// The exit code is 0 also when the check fails and does not make the container unhealthy yet
    #[arg(long)]
    ignore_result: bool,
    /// Name or id
    container: String,
}

/// Makes one check; what it finds is noted as if the monitor had made it.
///
/// # Errors
/// The container is not known, has no check or does not run.
pub fn run(command: HealthcheckCommand) -> Result<i32, CliError> {
    let HealthcheckCommand::Run(args) = command;
    let mut engine = open_engine()?;
    let config = engine.container(&args.container)?;
    let checked = engine.check_health(&config, Asker::User)?;
    if checked.outcome.exit_code == 0 || args.ignore_result {
        return Ok(0);
    }
    // Podman prints the state that the failure leaves, in this one word.
    let word = if checked.status == HealthStatus::Healthy { "" } else { checked.status.as_str() };
    if !word.is_empty() {
        crate::cli::ui::print_line(word)?;
    }
    Ok(1)
}
