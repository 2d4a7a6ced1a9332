//! `coracle unshare`: a program in the session user namespace.

use crate::cli::error::CliError;
use crate::config::{Paths, env};
use crate::engine::{EngineError, session};
use clap::Args;
use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;

/// Run a program in the user namespace in which your containers live, as its root
///
/// Files that containers own look there as they do in a container, and `coracle mount` works. What is mounted is gone at the end. Without a command, starts $SHELL.
#[derive(Debug, Args)]
pub struct UnshareArgs {
    /// The program and its arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// Runs the command; its exit code is the program's, 126 or 127 when it cannot be started.
///
/// # Errors
/// There is no user namespace to be had.
pub fn run(args: UnshareArgs) -> Result<i32, CliError> {
    let paths = Paths::from_env().map_err(EngineError::from)?;
    paths.prepare().map_err(EngineError::from)?;
    let mut words = args.command.into_iter();
    let program = words.next().or_else(|| env::var_os("SHELL")).unwrap_or_else(|| OsString::from("/bin/sh"));
    let done = session::within(&paths, || {
        // Where that cannot be had, only mounting fails.
        let _ = session::own_mounts();
        let error = std::process::Command::new(&program).args(words).exec();
        crate::cli::ui::note(format!("Error: run {}: {error}", program.display()));
        if error.kind() == std::io::ErrorKind::NotFound { 127 } else { 126 }
    })?;
    if let Some(why) = done.why_single {
        crate::cli::ui::note(format!("Note: {}", why.note()));
    }
    Ok(done.code)
}
