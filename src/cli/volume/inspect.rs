//! `coracle volume inspect`.

use super::object;
use crate::cli::container::targets::open_engine;
use crate::cli::error::CliError;
use crate::cli::format::{self, Format};
use crate::cli::ui;
use clap::Args;

/// Show everything about volumes
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// Every volume
    #[arg(short, long, conflicts_with = "volumes")]
    all: bool,
    /// json, or a Go template that is run for each volume
    #[arg(short, long, value_name = "FORMAT")]
    format: Option<String>,
    /// Names
    #[arg(value_name = "VOLUME", required_unless_present = "all")]
    volumes: Vec<String>,
}

/// Prints what is found as one array, then an error for each name that is not.
///
/// # Errors
/// The template is none, or the store fails.
pub fn run(args: &InspectArgs) -> Result<i32, CliError> {
    let format = args.format.as_deref().map_or(Ok(Format::Json), Format::parse)?;
    let engine = open_engine()?;
    let whole = args.format.is_some() && format != Format::Json;
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    if args.all {
        found.extend(engine.volumes(&[])?.iter().map(|row| object(row, whole)));
    }
    for name in &args.volumes {
        match engine.inspect_volume(name) {
            Ok(row) => found.push(object(&row, whole)),
            Err(error) => errors.push(CliError::from(error)),
        }
    }
    let text = match format {
        Format::Json => format::json_text(&found, 5)?,
        other => format::render(&found, &other, &[], true)?,
    };
    ui::out(&text)?;
    for error in &errors {
        ui::note(error.text());
    }
    Ok(errors.last().map_or(0, CliError::code))
}
