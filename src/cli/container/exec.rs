//! `coracle exec`.

use super::attach::detach_keys;
use super::cidfile::Cidfile;
use super::descriptors::Preserve;
use super::options::with_files;
use super::targets::{latest, open_engine};
use crate::cli::error::CliError;
use crate::cli::ui;
use crate::config::env;
use crate::engine::container::attach::{Outputs, RelayEnd, RelayOptions, relay};
use crate::engine::container::exec::{ExecRequest, ExecStreams, KeptSession};
use crate::engine::container::session_relay::{relay_pipes, relay_pty};
use crate::engine::{Engine, EngineError, Handed};
use crate::model::ContainerConfig;
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
    /// The keys that leave the command running and return here, with a terminal; "" for none
    #[arg(long, value_name = "KEYS")]
    detach_keys: Option<String>,
    /// With --detach: write the session's id to this file, which must not exist
    #[arg(long, value_name = "FILE", requires = "detach")]
    cidfile: Option<std::path::PathBuf>,
    /// Keep no record of the session while it runs: `inspect` does not show it
    #[arg(long, conflicts_with_all = ["detach", "tty"])]
    no_session: bool,
    #[command(flatten)]
    preserve: Preserve,
    /// In the container that was made last
    #[arg(short, long)]
    latest: bool,
    /// Name or id, unless --latest, then the command and its arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true, value_name = "CONTAINER COMMAND")]
    words: Vec<String>,
}

impl ExecArgs {
    /// The container and the command.
    fn target(&self, engine: &Engine) -> Result<(ContainerConfig, Vec<String>), CliError> {
        let no_command = || CliError::Usage("you must provide a command to execute in the container".to_owned());
        if self.latest {
            return Ok((latest(engine)?.config, self.words.clone()));
        }
        match self.words.split_first() {
            Some((name, command)) if !command.is_empty() => Ok((engine.container(name)?, command.to_vec())),
            _ => Err(no_command()),
        }
    }
}

/// Runs the command; its exit code is ours.
///
/// # Errors
/// The container is not known or does not run, or the command cannot be executed.
pub fn run(args: ExecArgs) -> Result<i32, CliError> {
    // First of all: what we open ourselves from here on could take the number of one that is not open.
    let descriptors = args.preserve.take()?;
    let detach_keys = detach_keys(args.detach_keys.as_deref())?;
    let cidfile = args.cidfile.as_deref().map(Cidfile::begin).transpose()?;
    let mut engine = open_engine()?;
    engine.hand_on(Handed { descriptors, listening: None });
    let (config, command) = args.target(&engine)?;
    let request = ExecRequest {
        command,
        env: with_files(&args.env, &args.env_file, &env::all())?,
        workdir: args.workdir,
        user: args.user,
        privileged: args.privileged,
        tty: args.tty,
        interactive: args.interactive,
        detached: args.detach,
        quiet: false,
        unlisted: args.no_session,
        term: env::var("TERM"),
        window: ui::window(),
    };
    if args.detach {
        let id = engine.exec_kept(&config, &request)?.id;
        cidfile.map_or(Ok(()), |file| file.keep(&id))?;
        ui::print_line(&id)?;
        return Ok(0);
    }
    let options = |init| RelayOptions {
        interactive: args.interactive,
        outputs: Outputs::BOTH,
        tty: args.tty,
        detach_keys,
        sig_proxy: true,
        init,
    };
    if args.tty {
        let KeptSession { process, client, monitor, .. } = engine.exec_kept(&config, &request)?;
        let Some(client) = client else { return Ok(0) };
        let end = relay(client, options(process), &mut || {}).map_err(EngineError::from)?;
        return Ok(match end {
            RelayEnd::Detached => 0,
            RelayEnd::Interrupted(signal) => 128 + signal,
            RelayEnd::Exited(code) => {
                let _ = monitor.wait();
                code
            }
            RelayEnd::MonitorGone => 137,
        });
    }
    let session = engine.exec(&config, &request)?;
    let pidfd = || session.child.pidfd.try_clone().map_err(|source| EngineError::Wait { source });
    let options = options(Some(pidfd()?));
    let end = match session.streams {
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
