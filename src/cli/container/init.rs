//! `coracle init`, which there is nothing to do for.

use super::targets::open_engine;
use crate::cli::error::CliError;
use clap::Args;

/// Prepare containers without starting them: not supported, and the refusal says what to use
///
/// A container here is created or it runs. Its mounts and its network live in its own namespaces, which its first process keeps
/// and which are made in the milliseconds of a start.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// Names or ids
    #[arg(value_name = "CONTAINER", required = true)]
    containers: Vec<String>,
}

/// Refuses.
///
/// # Errors
/// Always; a container that is not known is told first.
pub fn run(args: &InitArgs) -> Result<i32, CliError> {
    let engine = open_engine()?;
    for name in &args.containers {
        engine.container(name)?;
    }
    Err(CliError::Usage(
        "a container cannot be prepared without being started: its namespaces live with its first process \
         (use `coracle start`, or `coracle mount` in `coracle unshare` to look at its files)"
            .to_owned(),
    ))
}
