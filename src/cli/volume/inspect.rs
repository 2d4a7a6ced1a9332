//! `coracle volume inspect`.

use super::object;
use crate::cli::container::targets::open_engine;
use crate::cli::error::CliError;
use crate::cli::format::Format;
use crate::cli::objects;
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
    let all = if args.all { engine.volumes(&[])? } else { Vec::new() };
    let named = args.volumes.iter().map(|name| Ok(object(&engine.inspect_volume(name)?, whole)));
    objects::show(all.iter().map(|row| Ok(object(row, whole))).chain(named), format)
}
