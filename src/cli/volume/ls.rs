//! `coracle volume ls`.

use super::{filters, object};
use crate::cli::container::targets::open_engine;
use crate::cli::error::CliError;
use crate::cli::format::{self, Format};
use crate::cli::ui;
use clap::Args;

/// List volumes
#[derive(Debug, Args)]
pub struct LsArgs {
    /// Only names
    #[arg(short, long)]
    quiet: bool,
    /// No line of headers
    #[arg(short, long)]
    noheading: bool,
    /// Only volumes that fit: name=, driver=, scope=, label=, label!=, opt=, dangling=BOOL, anonymous=BOOL, until=TIME, since=VOLUME
    #[arg(short, long, value_name = "FILTER")]
    filter: Vec<String>,
    /// json, or a Go template
    #[arg(long, value_name = "FORMAT")]
    format: Option<String>,
}

const HEADERS: [(&str, &str); 2] = [("Driver", "DRIVER"), ("Name", "VOLUME NAME")];

/// Prints the volumes.
///
/// # Errors
/// A filter or the template is none, or the store cannot be read.
pub fn run(args: &LsArgs) -> Result<i32, CliError> {
    let filters = filters(&args.filter)?;
    let format = args.format.as_deref().map_or(Ok(Format::DefaultTable), Format::parse)?;
    let mut engine = open_engine()?;
    // Those of a container with --rm that ended in the background go with its row.
    engine.sweep()?;
    let rows = engine.volumes(&filters)?;
    if args.quiet {
        ui::out(rows.iter().map(|row| row.volume.name.clone() + "\n").collect::<String>())?;
        return Ok(0);
    }
    let text = match format {
        Format::Json => format::json_text(&rows.iter().map(|row| object(row, false)).collect::<Vec<_>>(), 2)?,
        // As Podman: nothing at all where there is none.
        Format::DefaultTable if rows.is_empty() => String::new(),
        other => {
            let values: Vec<_> = rows.iter().map(|row| object(row, true)).collect();
            format::render(&values, &other, &HEADERS, !args.noheading)?
        }
    };
    ui::out(text)?;
    Ok(0)
}
