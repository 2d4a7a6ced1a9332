//! `coracle update`.

use super::options::ResourceOptions;
use super::targets::open_engine;
use crate::cli::error::CliError;
use crate::cli::ui;
use clap::Args;

/// Change the limits of a container, also of one that runs
#[derive(Debug, Args)]
pub struct UpdateArgs {
    #[command(flatten)]
    resources: ResourceOptions,
    /// Name or id
    container: String,
}

/// Changes the limits that are given and prints the container's id.
///
/// # Errors
/// See `Engine::update`.
pub fn run(args: &UpdateArgs) -> Result<i32, CliError> {
    let limits = args.resources.limits()?;
    let mut engine = open_engine()?;
    let config = engine.container(&args.container)?;
    engine.update(&config, &limits)?;
    ui::print_line(config.id.as_str())?;
    Ok(0)
}
