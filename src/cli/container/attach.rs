//! `coracle attach`, and what it shares with `run`, `start` and `exec`.

use super::targets::{one, open_engine};
use crate::cli::conf::conf;
use crate::cli::error::CliError;
use crate::engine::Engine;
use crate::engine::container::attach::{AttachRequest, Outputs, RelayEnd};
use crate::engine::container::detach::DetachKeys;
use crate::model::ContainerConfig;
use clap::Args;

/// Join a running container: its output here, our input there
#[derive(Debug, Args)]
pub struct AttachArgs {
    /// The keys that leave the container running and return here; "" for none
    #[arg(long, value_name = "KEYS")]
    detach_keys: Option<String>,
    /// Pass no input on to the container
    #[arg(long)]
    no_stdin: bool,
    /// Pass signals on to the container
    #[arg(long, value_name = "BOOL", default_value_t = true, default_missing_value = "true", num_args = 0..=1, require_equals = true, action = clap::ArgAction::Set)]
    sig_proxy: bool,
    /// The container made last
    #[arg(short, long)]
    latest: bool,
    /// Name or id
    #[arg(required_unless_present = "latest")]
    container: Option<String>,
}

/// Relays until the container ends, whose exit code is ours then, or the user detaches.
///
/// # Errors
/// The container is not known or does not run.
pub fn run(args: AttachArgs) -> Result<i32, CliError> {
    let detach_keys = detach_keys(args.detach_keys.as_deref())?;
    let mut engine = open_engine()?;
    let config = one(&engine, args.container.as_deref(), args.latest)?.config;
    let request = AttachRequest { no_stdin: args.no_stdin, outputs: Outputs::BOTH, detach_keys, sig_proxy: args.sig_proxy };
    let end = engine.attach(&config, &request)?;
    code(&mut engine, &config, end)
}

/// Reads `--detach-keys`.
///
/// # Errors
/// The text names no keys.
pub(super) fn detach_keys(text: Option<&str>) -> Result<DetachKeys, CliError> {
    if let Some(text) = text {
        return text.parse().map_err(|error| CliError::Usage(format!("invalid --detach-keys: {error}")));
    }
    let conf = conf()?;
    let Some(text) = &conf.engine.detach_keys else { return Ok(DetachKeys::default()) };
    text.parse().map_err(|error| CliError::Usage(format!("{}: {error}", conf.origin("engine", "detach_keys"))))
}

/// The exit code of a command whose relay has ended so.
///
/// # Errors
/// What an ended container left cannot be tidied up.
pub(super) fn code(engine: &mut Engine, config: &ContainerConfig, end: RelayEnd) -> Result<i32, CliError> {
    let code = match end {
        RelayEnd::Detached => return Ok(0),
        RelayEnd::Interrupted(signal) => return Ok(128 + signal),
        RelayEnd::Exited(code) => code,
        // Killed: what it left tells more.
        RelayEnd::MonitorGone => engine.wait(config)?,
    };
    if config.auto_remove {
        engine.forget_removed(config)?;
    }
    Ok(code)
}
