//! `coracle system check`.

use crate::cli::error::CliError;
use crate::cli::image::registry::RegistryArgs;
use crate::cli::image::{in_session, told_by_session};
use crate::cli::ui;
use crate::engine::check::CheckRequest;
use crate::model::{Digest, ImageId};
use clap::Args;

/// Check that the images in the store are whole and unchanged
///
/// Every layer is read and hashed. Exit code 125: something is damaged.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Only look whether everything is there; read no contents
    #[arg(short, long)]
    quick: bool,
    /// Pull again what is damaged of images that were pulled, and remove other images that are damaged
    #[arg(short, long)]
    repair: bool,
    /// Remove them also where containers use them, with the containers
    #[arg(short, long, requires = "repair")]
    force: bool,
    #[command(flatten)]
    registry: RegistryArgs,
}

/// Checks and says what is damaged and what was done about it.
///
/// # Errors
/// The store cannot be read.
pub fn run(args: &CheckArgs) -> Result<i32, CliError> {
    let mut request = CheckRequest { quick: args.quick, repair: args.repair, force: args.force, plans: Vec::new() };
    if args.repair {
        // Out here, as a helper that keeps credentials is the user's.
        let look = CheckRequest { repair: false, ..request.clone() };
        let found = told_by_session(|engine| {
            let sources = engine.check(&look)?.sources;
            Ok(sources.iter().map(|(id, name)| format!("sha256:{} {name}\n", id.hex())).collect())
        })?;
        let mut planner = args.registry.planner();
        for (id, name) in found.lines().filter_map(|line| line.split_once(' ')) {
            let id = Digest::parse(id).ok().map(ImageId::new);
            request.plans.extend(id.zip(planner.plan(name).ok()));
        }
    }
    in_session(|engine| {
        let report = engine.check(&request)?;
        for line in &report.damage {
            ui::print_line(&ui::escape_for_terminal(line))?;
        }
        for id in &report.mended {
            ui::print_line(&format!("Pulled what was damaged of image {id}"))?;
        }
        for id in &report.containers {
            ui::print_line(&format!("Removed container {id}"))?;
        }
        for id in &report.removed {
            ui::print_line(&format!("Removed image {id}"))?;
        }
        for error in &report.errors {
            ui::note(CliError::describe(error));
        }
        let is_well = report.damage.is_empty() || (request.repair && report.errors.is_empty());
        if !is_well && !request.repair {
            ui::note(
                "Error: the store is damaged\nHint: mend it with `coracle system check --repair`: what was pulled is pulled again, other images that are damaged are removed",
            );
        }
        Ok(if is_well { 0 } else { 125 })
    })
}
