//! `coracle rmi`.

use super::in_session;
use crate::cli::error::CliError;
use crate::cli::ui;
use crate::engine::image::{RemoveImagesReport, RemoveImagesRequest};
use crate::engine::{Engine, EngineError, Kind};
use crate::model::ContainerConfig;
use clap::Args;

/// Remove images
///
/// An image with several names loses the one that is given; the last one takes the image along. Exit code 1: no such image;
/// 2: a container uses it.
#[derive(Debug, Args)]
pub struct RmiArgs {
    /// Names or ids
    #[arg(required_unless_present = "all", conflicts_with = "all", value_name = "IMAGE")]
    images: Vec<String>,
    /// All images that no container uses
    #[arg(short, long)]
    all: bool,
    /// Also an image with several names, when it is given by id, and one that containers use: they are stopped and removed, too.
    /// One that is not there is no error
    #[arg(short, long)]
    force: bool,
    /// An image that is not there is no error
    #[arg(short, long)]
    ignore: bool,
    /// Taken for the sake of scripts: no other image is ever removed along with one
    #[arg(long)]
    no_prune: bool,
}

/// Removes the images and prints what went.
///
/// # Errors
/// The store cannot be used. What happens to single images is printed.
pub fn run(args: RmiArgs) -> Result<i32, CliError> {
    let request = RemoveImagesRequest {
        images: args.images,
        all: args.all,
        force: args.force,
        containers: args.force,
        ignore: args.ignore || args.force,
    };
    in_session(|engine| show(engine.remove_images(&request)?))
}

/// Prints what went, and why the rest did not.
pub(super) fn show(report: RemoveImagesReport) -> Result<i32, CliError> {
    for id in &report.containers {
        ui::note(format!("Removed container {id}"));
    }
    for name in &report.untagged {
        ui::print_line(&format!("Untagged: {name}"))?;
    }
    for id in &report.deleted {
        ui::print_line(&format!("Deleted: {id}"))?;
    }
    let mut worst = 0;
    for error in report.errors {
        worst = worst.max(code(&error));
        ui::note(CliError::from(error).text());
    }
    Ok(worst)
}

/// Removes the image of a container that was run with `--rmi`, without a word; one that other containers use stays.
///
/// # Errors
/// The store cannot be used.
pub(in crate::cli) fn after_run(engine: Engine, config: &ContainerConfig) -> Result<(), CliError> {
    // A database connection does not pass the fork.
    drop(engine);
    let request = RemoveImagesRequest { images: vec![config.image_name.clone()], ignore: true, ..RemoveImagesRequest::default() };
    in_session(|engine| {
        for error in engine.remove_images(&request)?.errors {
            if error.kind() != Kind::InUse {
                ui::note(CliError::from(error).text());
            }
        }
        Ok(0)
    })
    .map(drop)
}

fn code(error: &EngineError) -> i32 {
    match error {
        EngineError::NoSuchImage { .. } => 1,
        error if error.kind() == Kind::InUse => 2,
        _ => 125,
    }
}
