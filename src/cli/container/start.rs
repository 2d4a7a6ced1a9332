//! `coracle start`, and what `run` shares with it: staying in the foreground.

use super::attach::{code, detach_keys};
use super::descriptors::listening;
use super::targets::{Choice, Names, Target, choose, each, open_engine};
use crate::cli::error::CliError;
use crate::cli::ui;
use crate::engine::Engine;
use crate::engine::container::attach::{AttachRequest, Outputs, RelayEnd};
use crate::engine::container::start::{StartOutcome, Started};
use crate::model::ContainerConfig;
use clap::Args;

/// Start containers that do not run
#[derive(Debug, Args)]
pub struct StartArgs {
    /// Stay in the foreground: show output, return the exit code
    #[arg(short, long)]
    attach: bool,
    /// Pass standard input on to the container
    #[arg(short, long)]
    interactive: bool,
    /// The keys that leave the container running and return here; "" for none
    #[arg(long, value_name = "KEYS")]
    detach_keys: Option<String>,
    /// Pass signals on to the container
    #[arg(long, value_name = "BOOL", default_value_t = true, default_missing_value = "true", num_args = 0..=1, require_equals = true, action = clap::ArgAction::Set)]
    sig_proxy: bool,
    /// Start every container that does not run
    #[arg(long)]
    all: bool,
    /// Containers that match KEY=VALUE and do not run; the keys are those of ps
    #[arg(short, long, value_name = "FILTER")]
    filter: Vec<String>,
    #[command(flatten)]
    names: Names,
}

/// Starts the containers; prints the names, or with `--attach` relays one.
///
/// # Errors
/// A container is not known, or (with one name) cannot be started.
pub fn run(args: StartArgs) -> Result<i32, CliError> {
    // First of all: what we open ourselves from here on must not be taken for a socket of the service manager's.
    let handed = listening()?;
    let detach_keys = detach_keys(args.detach_keys.as_deref())?;
    let mut engine = open_engine()?;
    let choice = Choice { all: args.all, filters: &args.filter, ignore: false };
    let targets = choose(&engine, &args.names, choice, |state| !state.status.is_alive())?;
    if !(args.attach || args.interactive) {
        return each(&targets, |config| {
            let copy =
                handed.try_clone().map_err(|error| CliError::Usage(format!("copy the descriptors of LISTEN_FDS: {error}")))?;
            engine.hand_on(copy);
            started(engine.start(config, false, None)?);
            Ok(())
        });
    }
    let [Target { config, .. }] = &targets[..] else {
        return Err(CliError::Usage("only one container can be attached to at a time".to_owned()));
    };
    engine.hand_on(handed);
    let request = AttachRequest { no_stdin: !args.interactive, outputs: Outputs::BOTH, detach_keys, sig_proxy: args.sig_proxy };
    match started(engine.start(config, true, ui::window())?) {
        Some(started) => foreground(&mut engine, config, started, &request),
        None => {
            let end = engine.attach(config, &request)?;
            code(&mut engine, config, end)
        }
    }
}

/// Tells the user what is to be told about a start; nothing when the container ran already.
pub(super) fn started(outcome: StartOutcome) -> Option<Started> {
    match outcome {
        StartOutcome::AlreadyRunning => None,
        StartOutcome::Started(started) => {
            if let Some(why) = &started.why_single {
                ui::note(format!("Note: {}", why.note()));
            }
            if let Some(note) = &started.note {
                ui::note(format!("Note: {note}"));
            }
            Some(*started)
        }
    }
}

/// Relays a container that was just started until it ends or the user detaches.
pub(super) fn foreground(
    engine: &mut Engine,
    config: &ContainerConfig,
    started: Started,
    request: &AttachRequest,
) -> Result<i32, CliError> {
    let Some(client) = started.client else { return Ok(0) };
    let end = engine.relay(config, started.run.init, client, request)?;
    if matches!(end, RelayEnd::Exited(_) | RelayEnd::MonitorGone) {
        // The monitor is our child: it would stay a zombie for as long as whoever inherits it does not look.
        let _ = started.monitor.wait();
    }
    code(engine, config, end)
}
