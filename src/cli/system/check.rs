//! `coracle system check`.

use crate::cli::error::CliError;
use crate::cli::image::in_session;
use crate::cli::ui;
use crate::engine::check::CheckRequest;
use clap::Args;

/// Check that the images in the store are whole and unchanged
///
/// Every layer is read and hashed. Exit code 125: something is damaged.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Only look whether everything is there; read no contents
    #[arg(short, long)]
    quick: bool,
    /// Remove the images that are damaged
    #[arg(short, long)]
    repair: bool,
    /// Remove them also where containers use them, with the containers
    #[arg(short, long, requires = "repair")]
    force: bool,
}

/// Checks and says what is damaged and what was done about it.
///
/// # Errors
/// The store cannot be read.
pub fn run(args: &CheckArgs) -> Result<i32, CliError> {
    let request = CheckRequest { quick: args.quick, repair: args.repair, force: args.force };
    in_session(|engine| {
        let report = engine.check(&request)?;
        for line in &report.damage {
            ui::print_line(&ui::escape_for_terminal(line))?;
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
                "Error: the store is damaged\nHint: remove what is damaged with `coracle system check --repair`, then pull it again",
            );
        }
        Ok(if is_well { 0 } else { 125 })
    })
}
