//! `coracle container exists`.

use super::targets::open_engine;
use crate::cli::error::CliError;
use crate::engine::EngineError;
use clap::Args;

/// Tell by the exit code whether a container exists: 0 it does, 1 it does not
#[derive(Debug, Args)]
pub struct ExistsArgs {
    /// Containers of other tools count, too; there are none in this store, so this changes nothing
    #[arg(long)]
    external: bool,
    /// Name or id
    container: String,
}

/// Looks for the container.
///
/// # Errors
/// The store fails, or an id's beginning fits several containers.
pub fn run(args: &ExistsArgs) -> Result<i32, CliError> {
    match open_engine()?.container(&args.container) {
        Ok(_) => Ok(0),
        Err(EngineError::NoSuchContainer { .. }) => Ok(1),
        Err(error) => Err(error.into()),
    }
}
