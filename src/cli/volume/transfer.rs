//! `coracle volume export` and `coracle volume import`.

use crate::cli::container::targets::open_engine;
use crate::cli::error::CliError;
use crate::cli::output_file::OutputFile;
use crate::cli::ui;
use clap::Args;
use std::fs::File;
use std::io::{self, IsTerminal as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::PathBuf;

/// Write the files of a volume as a tar
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Write to this file, not to standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// A name
    volume: String,
}

/// Put the files of a tar into a volume
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// A name
    volume: String,
    /// The tar, compressed by gzip, zstd, bzip2 or xz perhaps; - is standard input
    source: PathBuf,
}

/// Exports.
///
/// # Errors
/// There is no such volume, or the archive cannot be written.
pub fn export(args: &ExportArgs) -> Result<i32, CliError> {
    let file = args.output.as_deref().map(OutputFile::begin).transpose()?;
    let out: OwnedFd = match &file {
        Some(file) => file.as_fd().try_clone_to_owned().map_err(ui::output_error)?,
        None if io::stdout().is_terminal() => {
            return Err(CliError::Usage("a tar is nothing for a terminal: redirect it, or use --output FILE".to_owned()));
        }
        None => io::stdout().as_fd().try_clone_to_owned().map_err(ui::output_error)?,
    };
    let left_out = open_engine()?.export_volume(&args.volume, &out)?;
    file.map_or(Ok(()), OutputFile::keep)?;
    if left_out > 0 {
        ui::note(format!("Note: {left_out} sockets or devices are not in the archive"));
    }
    Ok(0)
}

/// Imports.
///
/// # Errors
/// There is no such volume, or the archive cannot be read.
pub fn import(args: &ImportArgs) -> Result<i32, CliError> {
    let engine = open_engine()?;
    let input: OwnedFd = if args.source.as_os_str() == "-" {
        io::stdin().as_fd().try_clone_to_owned().map_err(|error| CliError::Usage(format!("read standard input: {error}")))?
    } else {
        File::open(&args.source).map_err(|error| CliError::Usage(format!("open {}: {error}", args.source.display())))?.into()
    };
    let done = engine.import_volume(&args.volume, &input)?;
    for (count, what) in
        [(done.devices_skipped, "devices were left out"), (done.owners_replaced, "owners are not yours and were replaced")]
    {
        if count > 0 {
            ui::note(format!("Note: {count} {what}"));
        }
    }
    Ok(0)
}
