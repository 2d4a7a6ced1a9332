//! `coracle exec`.

use super::attach::detach_keys;
use super::options::with_files;
use super::targets::open_engine;
use crate::cli::error::CliError;
use crate::cli::ui;
use crate::config::env;
use crate::engine::EngineError;
use crate::engine::container::attach::{RelayEnd, RelayOptions};
use crate::engine::container::exec::{ExecRequest, ExecStreams};
use crate::engine::container::session_relay::{relay_pipes, relay_pty};
use clap::Args;

/// Run a command in a running container
#[derive(Debug, Args)]
pub struct ExecArgs {
    /// Run in the background
    #[arg(short, long)]
    detach: bool,
    /// Set an environment variable: NAME=value, NAME to pass it on from here, PREFIX* to pass several on
    #[arg(short, long, value_name = "ENV")]
    env: Vec<String>,
    /// Read variables from a file, one a line; those of --env win
    #[arg(long, value_name = "FILE")]
    env_file: Vec<std::path::PathBuf>,
    /// Give the command every capability
    #[arg(long)]
    privileged: bool,
    /// Pass standard input on to the command
    #[arg(short, long)]
    interactive: bool,
    /// Give the command a terminal
    #[arg(short, long)]
    tty: bool,
    /// Run as this user of the container: name or number, with :group or without
    #[arg(short, long, value_name = "USER[:GROUP]")]
    user: Option<String>,
    /// Begin in this folder of the container
    #[arg(short, long, value_name = "DIR")]
    workdir: Option<String>,
    /// Name or id
    container: String,
    /// The command and its arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true, value_name = "COMMAND")]
    command: Vec<String>,
}

/// Runs the command; its exit code is ours.
///
/// # Errors
/// The container is not known or does not run, or the command cannot be executed.
pub fn run(args: ExecArgs) -> Result<i32, CliError> {
    // A session ends with its command line, which holds its terminal: there is nothing to detach from.
    let detach_keys = detach_keys(Some(""))?;
    let mut engine = open_engine()?;
    let config = engine.container(&args.container)?;
    let request = ExecRequest {
        command: args.command,
        env: with_files(&args.env, &args.env_file, &env::all())?,
        workdir: args.workdir,
        user: args.user,
        privileged: args.privileged,
        tty: args.tty,
        interactive: args.interactive,
        detached: args.detach,
        quiet: false,
        term: env::var("TERM"),
        window: ui::window(),
    };
    let session = engine.exec(&config, &request)?;
    let pidfd = || session.child.pidfd.try_clone().map_err(|source| EngineError::Wait { source });
    let options =
        RelayOptions { interactive: args.interactive, tty: args.tty, detach_keys, sig_proxy: true, init: Some(pidfd()?) };
    let end = match session.streams {
        ExecStreams::Detached => {
            ui::print_line(&session.child.pid.to_string())?;
            return Ok(0);
        }
        ExecStreams::Terminal(master) => relay_pty(master, pidfd()?, options),
        ExecStreams::Pipes { stdin, stdout, stderr } => relay_pipes(stdin, stdout, stderr, pidfd()?, options),
    };
    match end.map_err(EngineError::from)? {
        RelayEnd::Detached => Ok(0),
        RelayEnd::Interrupted(signal) => Ok(128 + signal),
        _ => {
            let code = session.child.wait().map_err(|source| EngineError::Wait { source })?;
            engine.exec_ended(&config, code);
            Ok(code)
        }
    }
}
