//! `coracle cp`.

use super::targets::open_engine;
use crate::cli::error::CliError;
use crate::cli::ui;
use crate::engine::container::ContainerError;
use crate::engine::container::copy::{CopyError, CopyReport, CopyRequest, Place};
use crate::engine::{Engine, EngineError, Kind};
use clap::{ArgAction, Args};
use std::ffi::{OsStr, OsString};
use std::io::IsTerminal as _;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// Copy files between the host and a container, or between containers
///
/// A source that is a folder goes into a destination that is one; with /. at its end, only what is in it does. A destination that
/// does not exist is made from the source. Links at the end of the source are followed. - is a tar on standard input or output.
#[derive(Debug, Args)]
pub struct CpArgs {
    /// Give what comes into a container to its user; --archive=false keeps the owners of the source
    #[arg(short, long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value_t = true, default_missing_value = "true", action = ArgAction::Set)]
    archive: bool,
    /// Let a file take the place of a folder, and a folder that of a file
    #[arg(long)]
    overwrite: bool,
    /// Changes nothing: a container that runs need not be paused
    #[arg(long, hide = true, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value_t = true, default_missing_value = "true", action = ArgAction::Set)]
    pause: bool,
    /// What to copy: a path, CONTAINER:PATH or -
    #[arg(value_name = "[CONTAINER:]SOURCE")]
    source: OsString,
    /// Where to: a path, CONTAINER:PATH or -
    #[arg(value_name = "[CONTAINER:]DESTINATION")]
    destination: OsString,
}

/// Copies.
///
/// # Errors
/// A container is not known, a path is not there, or something cannot be read or made.
pub fn run(args: &CpArgs) -> Result<i32, CliError> {
    let engine = open_engine()?;
    let (from, to) =
        (place(&engine, &args.source, std::io::stdin().as_fd())?, place(&engine, &args.destination, std::io::stdout().as_fd())?);
    if matches!(to, Place::Stream(_)) && std::io::stdout().is_terminal() {
        return Err(CliError::Usage("refusing to write an archive to a terminal: redirect standard output".to_owned()));
    }
    let request = CopyRequest { from, to, give_to_user: args.archive, overwrite: args.overwrite };
    match engine.copy(&request) {
        Ok(report) => {
            note(&report);
            Ok(0)
        }
        Err(EngineError::Container(ContainerError::Copy(CopyError::ReaderGone))) => Err(CliError::Code(128 + libc::SIGPIPE)),
        Err(error) => Err(error.into()),
    }
}

fn note(report: &CopyReport) {
    let left_out = report.left_out + report.extracted.devices_skipped;
    if left_out > 0 {
        ui::note(format!("Note: {left_out} socket(s) or device(s) were left out"));
    }
    if report.extracted.owners_replaced > 0 {
        ui::note(format!(
            "Note: {} file(s) belong to users or groups that the container does not have and were given to others",
            report.extracted.owners_replaced
        ));
    }
}

/// Tells what an argument names. As in Podman, what begins with `.` or `/` is a path of the host, whatever colons it holds.
fn place(engine: &Engine, text: &OsStr, stream: BorrowedFd<'_>) -> Result<Place, CliError> {
    let bytes = text.as_bytes();
    if bytes == b"-" {
        return Ok(Place::Stream(stream.try_clone_to_owned().map_err(|source| CliError::Output { source })?));
    }
    if bytes.is_empty() {
        return Err(CliError::Usage("a path is empty".to_owned()));
    }
    let colon = bytes.iter().position(|byte| *byte == b':').filter(|_| !matches!(bytes[0], b'.' | b'/'));
    let Some(colon) = colon else { return Ok(Place::Host(PathBuf::from(text))) };
    let (name, path) = (String::from_utf8_lossy(&bytes[..colon]), Path::new(OsStr::from_bytes(&bytes[colon + 1..])));
    if path.as_os_str().is_empty() {
        return Err(CliError::Usage(format!("{} names no path in the container: write {name}:PATH", text.display())));
    }
    match engine.container(&name) {
        Ok(config) => Ok(Place::Container { config: Box::new(config), path: path.to_owned() }),
        // A file whose name has a colon in it.
        Err(error) if error.kind() == Kind::NoSuch && Path::new(text).symlink_metadata().is_ok() => {
            Ok(Place::Host(PathBuf::from(text)))
        }
        Err(error) => Err(error.into()),
    }
}
