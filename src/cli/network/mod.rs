//! The commands for networks.

mod connect;
mod create;
mod inspect;
mod ls;
mod prune;
mod reload;
mod rm;
mod update;

pub(in crate::cli) use inspect::object;

use super::container::targets::open_engine;
use super::error::CliError;
use crate::engine::network::NetworkFilter;
use clap::{Args, Subcommand};

/// Manage networks
#[derive(Debug, Subcommand)]
pub enum NetworkCommand {
    Connect(connect::ConnectArgs),
    Create(create::CreateArgs),
    Disconnect(connect::DisconnectArgs),
    Exists(ExistsArgs),
    Inspect(inspect::InspectArgs),
    #[command(visible_alias = "list")]
    Ls(ls::LsArgs),
    Prune(prune::PruneArgs),
    Reload(reload::ReloadArgs),
    #[command(visible_alias = "remove")]
    Rm(rm::RmArgs),
    Update(update::UpdateArgs),
}

/// Check whether a network exists: exit code 0 or 1
#[derive(Debug, Args)]
pub struct ExistsArgs {
    /// Name, or the beginning of an id
    network: String,
}

impl NetworkCommand {
    /// Tells whether the texts of `create`'s options are understood: this is for tests/fuzz.
    pub(in crate::cli) fn understood(self) -> bool {
        match self {
            Self::Create(args) => create::request(args).is_ok(),
            _ => true,
        }
    }
}

/// Runs a command of the group.
///
/// # Errors
/// As the command.
pub fn run(command: NetworkCommand) -> Result<i32, CliError> {
    match command {
        NetworkCommand::Connect(args) => connect::run(args),
        NetworkCommand::Create(args) => create::run(args),
        NetworkCommand::Disconnect(args) => connect::run_disconnect(&args),
        NetworkCommand::Exists(args) => Ok(i32::from(!open_engine()?.network_exists(&args.network)?)),
        NetworkCommand::Inspect(args) => inspect::run(&args),
        NetworkCommand::Ls(args) => ls::run(&args),
        NetworkCommand::Prune(args) => prune::run(&args),
        NetworkCommand::Reload(args) => reload::run(&args),
        NetworkCommand::Rm(args) => rm::run(&args),
        NetworkCommand::Update(args) => update::run(&args),
    }
}

/// Reads the filters of `ls` and `prune`; `known` are the keys that the command takes.
fn filters(texts: &[String], known: &[&str]) -> Result<Vec<NetworkFilter>, CliError> {
    let now = crate::sys::stamp::now();
    let moment = |text: &str| crate::engine::container::moment::moment(text, now);
    let parse = |text: &String| {
        let key = text.split('=').next().unwrap_or_default();
        if !known.contains(&key) {
            return Err(CliError::Usage(format!("invalid filter {key:?} (use {})", known.join("=, ") + "=")));
        }
        NetworkFilter::parse(text, moment).map_err(|error| CliError::Usage(error.to_string()))
    };
    texts.iter().map(parse).collect()
}
