//! `coracle volume prune`.

use super::filters;
use crate::cli::container::targets::open_engine;
use crate::cli::error::CliError;
use crate::cli::ui;
use clap::Args;
use std::io::BufRead as _;

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
        ui::print_line(warning)?;
        if candidates.is_empty() {
            ui::print_line("No dangling volumes found")?;
            return Ok(0);
        }
        for volume in candidates {
            ui::print_line(&volume.name)?;
        }
        ui::out("Are you sure you want to continue? [y/N] ")?;
        let mut answer = String::new();
        let read = std::io::stdin().lock().read_line(&mut answer);
        if read.is_err() || !answer.trim().to_ascii_lowercase().starts_with('y') {
            return Ok(0);
        }
    }
    for name in engine.prune_volumes(&filters)? {
        ui::print_line(&name)?;
    }
    Ok(0)
}
