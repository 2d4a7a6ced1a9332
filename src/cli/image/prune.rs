//! `coracle image prune`.

use super::in_session;
use crate::cli::container::prune::{parse_filters, show};
use crate::cli::error::CliError;
use crate::cli::ui;
use clap::Args;

/// Remove images without a name that no container uses
#[derive(Debug, Args)]
pub struct PruneArgs {
    /// Also those with names
    #[arg(short, long)]
    all: bool,
    /// Taken for the sake of scripts: no other tool has containers in this store
    #[arg(long)]
    external: bool,
    /// Taken for the sake of scripts: no cache of builds is kept here
    #[arg(long)]
    build_cache: bool,
    /// Only images that match KEY=VALUE: label, label!, until
    #[arg(long, value_name = "FILTER")]
    filter: Vec<String>,
    /// Do not ask
    #[arg(short, long)]
    force: bool,
}

/// Removes the images and prints their ids.
///
/// # Errors
/// A filter is none, or the store fails.
pub fn run(args: &PruneArgs) -> Result<i32, CliError> {
    let filters = parse_filters(&args.filter)?;
    let which = if args.all { "all images without at least one container associated with them" } else { "all dangling images" };
    if !args.force && !ui::confirm(&format!("WARNING! This command removes {which}."))? {
        return Ok(0);
    }
    in_session(|engine| {
        let pruned = engine.prune_images(args.all, &filters)?;
        let code = show(&pruned, None)?;
        ui::note(format!("Total reclaimed space: {}", ui::human_size_compact(pruned.bytes)));
        Ok(code)
    })
}
