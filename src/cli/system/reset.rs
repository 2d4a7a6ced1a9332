//! `coracle system reset`.

use crate::cli::container::targets::open_engine;
use crate::cli::error::CliError;
use crate::cli::ui;
use clap::Args;

/// Remove every container and image, and all files of this program that hold them
///
/// Running containers are killed.
#[derive(Debug, Args)]
pub struct ResetArgs {
    /// Do not ask
    #[arg(short, long)]
    force: bool,
}

/// Removes everything.
///
/// # Errors
/// A container does not end, or a file cannot be deleted.
pub fn run(args: &ResetArgs) -> Result<i32, CliError> {
    let engine = open_engine()?;
    if !args.force {
        let paths = engine.paths();
        let warning = format!(
            "WARNING! This will remove:\n        - all containers\n        - all images\n        - all volumes\n        \
             - the graphRoot directory: {:?}\n        - the runRoot directory: {:?}",
            paths.data().display(),
            paths.run().display()
        );
        if !ui::confirm(&warning)? {
            return Ok(0);
        }
    }
    engine.reset()?;
    Ok(0)
}
