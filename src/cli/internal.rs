//! `coracle internal`: what a container's monitor calls; hidden, and not for users.

use super::error::CliError;
use crate::config::Paths;
use crate::engine::container::again::Inherited;
use crate::engine::container::health::Asker;
use crate::engine::container::orders::Begin;
use crate::engine::{Engine, EngineError, netd};
use crate::model::ContainerConfig;
use crate::sys::inherit::adopt;
use clap::{Args, Subcommand};
use std::os::fd::RawFd;
use std::path::PathBuf;
use std::time::Duration;

/// Called by monitors
#[derive(Debug, Subcommand)]
pub enum InternalCommand {
    /// Start a container again in this process, which is its monitor
    Restart(RestartArgs),
    /// Check a container's health; the code says what the monitor has to do
    Check(CheckArgs),
    /// Remove what is left of containers that are gone
    Sweep(CheckArgs),
    /// Answer for names and published ports
    Netd(NetdArgs),
    /// Join the session network namespace to the host anew
    WayOut(WayOutArgs),
}

#[derive(Debug, Args)]
pub struct NetdArgs {
    #[arg(long)]
    data: PathBuf,
    #[arg(long)]
    run: PathBuf,
    #[arg(long)]
    report: RawFd,
    #[arg(long)]
    session_entry: PathBuf,
    /// Milliseconds
    #[arg(long)]
    idle: Option<u64>,
}

#[derive(Debug, Args)]
pub struct WayOutArgs {
    #[arg(long)]
    namespace: RawFd,
    #[arg(long)]
    route: RawFd,
    #[arg(long)]
    collar: RawFd,
}

#[derive(Debug, Args)]
pub struct CheckArgs {
    #[command(flatten)]
    subject: Subject,
}

/// The container.
#[derive(Debug, Args)]
pub struct Subject {
    #[arg(long)]
    data: PathBuf,
    #[arg(long)]
    run: PathBuf,
    id: String,
}

impl Subject {
    fn find(self) -> Result<(Engine, ContainerConfig), CliError> {
        let engine = Engine::open(Paths::at(self.data, self.run))?;
        let config = engine.container(&self.id)?;
        Ok((engine, config))
    }
}

#[derive(Debug, Args)]
pub struct RestartArgs {
    #[command(flatten)]
    subject: Subject,
    #[arg(long)]
    restarts: u32,
    #[arg(long)]
    backoff: u64,
    #[arg(long)]
    listen: Option<RawFd>,
    #[arg(long)]
    client: Vec<RawFd>,
    /// The monitor's own program
    #[arg(long)]
    monitor: Option<RawFd>,
    #[arg(long)]
    notify: Option<PathBuf>,
    #[arg(long)]
    session_entry: PathBuf,
}

/// Does what the monitor asks for.
///
/// # Errors
/// It cannot be done. Nobody reads the message; the code is what counts.
pub fn run(command: InternalCommand) -> Result<i32, CliError> {
    match command {
        InternalCommand::Restart(args) => restart(args),
        InternalCommand::Check(args) => {
            let (mut engine, config) = args.subject.find()?;
            Ok(engine.check_health(&config, Asker::Monitor)?.verdict.code())
        }
        InternalCommand::Sweep(CheckArgs { subject }) => {
            Engine::open(Paths::at(subject.data, subject.run))?.sweep()?;
            Ok(0)
        }
        InternalCommand::Netd(args) => {
            let report = handed(args.report)?;
            let idle = args.idle.map(Duration::from_millis);
            netd::run(Paths::at(args.data, args.run), report, args.session_entry, idle)?;
            Ok(0)
        }
        InternalCommand::WayOut(args) => {
            let (namespace, route, collar) = (handed(args.namespace)?, handed(args.route)?, handed(args.collar)?);
            netd::way_out(&namespace, route, &collar, handed(1)?)?;
            Ok(0)
        }
    }
}

/// Takes a descriptor over; to be called before anything is opened.
fn handed(number: RawFd) -> Result<std::os::fd::OwnedFd, CliError> {
    Ok(adopt(number).map_err(|source| EngineError::Wait { source })?)
}

fn restart(args: RestartArgs) -> Result<i32, CliError> {
    // Before anything is opened: these numbers were handed down.
    let adopt = |number| adopt(number).map_err(|source| EngineError::Wait { source });
    let listen = args.listen.map(adopt).transpose()?;
    let clients = args.client.into_iter().map(adopt).collect::<Result<_, _>>()?;
    let monitor = args.monitor.map(adopt).transpose()?;
    let begin = Begin { restarts: args.restarts, backoff_ms: args.backoff, manager: args.notify };
    let (mut engine, config) = args.subject.find()?;
    match engine.start_again(&config, Inherited { listen, clients, monitor, session_entry: args.session_entry, begin })? {}
}
