//! `coracle container prune`.

use super::targets::open_engine;
use crate::cli::error::CliError;
use crate::cli::ui;
use crate::engine::EngineError;
use crate::engine::prune::{PruneFilter, Pruned};
use crate::sys::stamp;
use clap::Args;

/// Remove all containers that do not run
#[derive(Debug, Args)]
pub struct PruneArgs {
    /// Only containers that match KEY=VALUE: label, label!, until
    #[arg(long, value_name = "FILTER")]
    filter: Vec<String>,
    /// Do not ask
    #[arg(short, long)]
    force: bool,
}

/// Removes the containers and prints their ids.
///
/// # Errors
/// A filter is none, or the store fails.
pub fn run(args: &PruneArgs) -> Result<i32, CliError> {
    let filters = parse_filters(&args.filter)?;
    if !args.force && !ui::confirm("WARNING! This will remove all non running containers.")? {
        return Ok(0);
    }
    let mut engine = open_engine()?;
    engine.sweep()?;
    let pruned = engine.prune_containers(&filters)?;
    let code = show(&pruned, None)?;
    ui::note(format!("Total reclaimed space: {}", ui::human_size_compact(pruned.bytes)));
    Ok(code)
}

/// Reads the filters of a prune.
///
/// # Errors
/// One of them is none.
pub(in crate::cli) fn parse_filters(texts: &[String]) -> Result<Vec<PruneFilter>, CliError> {
    let now = stamp::now();
    let filters = texts.iter().map(|text| PruneFilter::parse(text, now)).collect::<Result<_, _>>();
    Ok(filters.map_err(EngineError::from)?)
}

/// Prints what has gone, under a heading where there is one, and why the rest has not.
///
/// # Errors
/// Standard output is closed.
pub(in crate::cli) fn show(pruned: &Pruned, heading: Option<&str>) -> Result<i32, CliError> {
    if let Some(heading) = heading.filter(|_| !pruned.ids.is_empty()) {
        ui::print_line(heading)?;
    }
    pruned.ids.iter().try_for_each(|id| ui::print_line(id))?;
    for error in &pruned.errors {
        ui::note(CliError::describe(error));
    }
    Ok(if pruned.errors.is_empty() { 0 } else { 125 })
}
