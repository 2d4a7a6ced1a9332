//! The commands for secrets.

mod create;
mod inspect;
mod ls;

use super::container::targets::open_engine;
use super::error::CliError;
use super::ui;
use crate::engine::secret::Secret;
use crate::engine::{EngineError, Kind};
use clap::{Args, Subcommand};

/// Manage secrets
#[derive(Debug, Subcommand)]
pub enum SecretCommand {
    Create(create::CreateArgs),
    Exists(ExistsArgs),
    Inspect(inspect::InspectArgs),
    #[command(visible_alias = "list")]
    Ls(ls::LsArgs),
    Rm(RmArgs),
}

/// Check whether there is a secret: exit code 0 or 1
#[derive(Debug, Args)]
pub struct ExistsArgs {
    /// A name or an id
    secret: String,
}

/// Remove secrets; containers keep what they were given
#[derive(Debug, Args)]
pub struct RmArgs {
    /// All secrets
    #[arg(short, long, conflicts_with = "secrets")]
    all: bool,
    /// No error where there is no such secret
    #[arg(short, long)]
    ignore: bool,
    /// Names or ids
    #[arg(value_name = "SECRET", required_unless_present = "all")]
    secrets: Vec<String>,
}

/// Runs a command of the group.
///
/// # Errors
/// As the command.
pub fn run(command: SecretCommand) -> Result<i32, CliError> {
    match command {
        SecretCommand::Create(args) => create::run(args),
        SecretCommand::Exists(args) => match open_engine()?.secret(&args.secret) {
            Ok(_) => Ok(0),
            Err(error) if error.kind() == Kind::NoSuch => Ok(1),
            Err(error) => Err(error.into()),
        },
        SecretCommand::Inspect(args) => inspect::run(&args),
        SecretCommand::Ls(args) => ls::run(&args),
        SecretCommand::Rm(args) => rm(&args),
    }
}

fn rm(args: &RmArgs) -> Result<i32, CliError> {
    let engine = open_engine()?;
    let remove = |secret: Secret| engine.remove_secret(&secret).map(|()| secret.id);
    let done: Vec<Result<String, EngineError>> = if args.all {
        engine.secrets()?.into_iter().map(remove).collect()
    } else {
        args.secrets.iter().map(|name| engine.secret(name).and_then(remove)).collect()
    };
    let mut code = 0;
    for result in done {
        match result {
            Ok(id) => ui::print_line(&id)?,
            Err(error) if args.ignore && error.kind() == Kind::NoSuch => {}
            Err(error) => {
                code = 125;
                ui::note(CliError::from(error).text());
            }
        }
    }
    Ok(code)
}

/// Writes a time in RFC 3339.
fn time(nanoseconds: i64) -> String {
    jiff::Timestamp::from_nanosecond(i128::from(nanoseconds)).unwrap_or_default().to_string()
}
