//! `coracle volume prune`.

use super::filters;
use crate::cli::container::targets::open_engine;
use crate::cli::error::CliError;
use crate::cli::ui;
use clap::Args;

/// Remove all volumes that no container mounts
#[derive(Debug, Args)]
pub struct PruneArgs {
    /// Do not ask first
    #[arg(short, long)]
    force: bool,
    /// Only volumes that fit: label=, label!=, name=, anonymous=BOOL, until=TIME, since=VOLUME
    #[arg(long, value_name = "FILTER")]
    filter: Vec<String>,
}

/// Asks, removes, and prints the names of those that went.
///
/// # Errors
/// A filter is none, or the store fails.
pub fn run(args: &PruneArgs) -> Result<i32, CliError> {
    let filters = filters(&args.filter)?;
    let mut engine = open_engine()?;
    engine.sweep()?;
    if !args.force {
        let candidates = engine.prunable_volumes(&filters)?;
        let warning =
            "WARNING! This will remove all volumes not used by at least one container. The following volumes will be removed:";
        if candidates.is_empty() {
            ui::note("No dangling volumes found");
            return Ok(0);
        }
        let list: Vec<String> = candidates.into_iter().map(|volume| volume.name).collect();
        if !ui::confirm(&format!("{warning}\n{}", list.join("\n")))? {
            return Ok(0);
        }
    }
    for name in engine.prune_volumes(&filters)? {
        ui::print_line(&name)?;
    }
    Ok(0)
}
