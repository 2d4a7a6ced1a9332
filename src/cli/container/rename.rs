//! `coracle rename`.

use super::targets::open_engine;
use crate::cli::error::CliError;
use clap::Args;

/// Give a container another name
#[derive(Debug, Args)]
pub struct RenameArgs {
    /// Name or id
    container: String,
    /// The new name
    name: String,
}

/// Renames the container; prints nothing, as Podman.
///
/// # Errors
/// It is not known, the name is none or another container's.
pub fn run(args: &RenameArgs) -> Result<i32, CliError> {
    let mut engine = open_engine()?;
    let config = engine.container(&args.container)?;
    engine.rename(&config, &args.name)?;
    Ok(0)
}
