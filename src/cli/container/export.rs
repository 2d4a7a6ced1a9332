//! `coracle export`.

use super::targets::open_engine;
use crate::cli::error::CliError;
use crate::cli::output_file::OutputFile;
use crate::cli::ui;
use crate::engine::EngineError;
use crate::engine::container::ContainerError;
use crate::engine::container::copy::CopyError;
use clap::Args;
use std::io::IsTerminal as _;
use std::os::fd::AsFd as _;
use std::path::PathBuf;

/// Write the files of a container as a tar
///
/// Volumes and other mounts are left out; of a running container it is what is there at the moment.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Write to this file and not to standard output; it appears when it is whole
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Name or id
    container: String,
}

/// Writes the archive.
///
/// # Errors
/// The container is not known, a file cannot be read, or the archive not be written.
pub fn run(args: &ExportArgs) -> Result<i32, CliError> {
    let stdout = std::io::stdout();
    if args.output.is_none() && stdout.is_terminal() {
        return Err(CliError::Usage(
            "refusing to export to a terminal: use --output FILE, or redirect standard output".to_owned(),
        ));
    }
    let file = args.output.as_deref().map(OutputFile::begin).transpose()?;
    let engine = open_engine()?;
    let config = engine.container(&args.container)?;
    let out = file.as_ref().map_or(stdout.as_fd(), OutputFile::as_fd);
    let left_out = match engine.export(&config, out) {
        Err(EngineError::Container(ContainerError::Copy(CopyError::ReaderGone))) => {
            return Err(CliError::Code(128 + libc::SIGPIPE));
        }
        done => done?,
    };
    if left_out > 0 {
        ui::note(format!("Note: {left_out} socket(s) were left out"));
    }
    file.map_or(Ok(()), OutputFile::keep)?;
    Ok(0)
}
