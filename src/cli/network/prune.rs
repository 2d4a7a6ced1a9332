//! `coracle network prune`.

use super::filters;
use crate::cli::container::prune::show;
use crate::cli::container::targets::open_engine;
use crate::cli::error::CliError;
use crate::cli::ui;
use clap::Args;

/// Remove all networks that no container is joined to
#[derive(Debug, Args)]
pub struct PruneArgs {
    /// Do not ask first
    #[arg(short, long)]
    force: bool,
    /// Only networks that fit: label=, label!=, until=TIME
    #[arg(long, value_name = "FILTER")]
    filter: Vec<String>,
}

/// Asks, removes, and prints the names of those that went.
///
/// # Errors
/// A filter is none, or the store fails.
pub(super) fn run(args: &PruneArgs) -> Result<i32, CliError> {
    let filters = filters(&args.filter, &["label", "label!", "until"])?;
    if !args.force && !ui::confirm("WARNING! This will remove all networks not used by at least one container.")? {
        return Ok(0);
    }
    let mut engine = open_engine()?;
    engine.sweep()?;
    show(&engine.prune_networks(&filters)?, None)
}
