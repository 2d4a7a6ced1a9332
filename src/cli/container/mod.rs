//! Commands about containers.

pub mod attach;
pub mod create;
pub mod exec;
pub mod inspect;
pub mod kill;
pub mod logs;
mod options;
pub mod ps;
pub mod rm;
pub mod run;
pub mod start;
pub mod stop;
pub(super) mod targets;
pub mod wait;

use crate::cli::error::CliError;
use clap::Subcommand;

/// Manage containers
#[derive(Debug, Subcommand)]
pub enum ContainerCommand {
    Attach(attach::AttachArgs),
    Create(create::CreateArgs),
    Exec(exec::ExecArgs),
    Inspect(inspect::InspectArgs),
    Kill(kill::KillArgs),
    #[command(visible_aliases = ["ls", "ps"])]
    List(ps::PsArgs),
    Logs(logs::LogsArgs),
    Rm(rm::RmArgs),
    Run(run::RunArgs),
    Start(start::StartArgs),
    Stop(stop::StopArgs),
    Wait(wait::WaitArgs),
}

/// Runs one of them.
///
/// # Errors
/// See the command.
pub fn dispatch(command: ContainerCommand) -> Result<i32, CliError> {
    match command {
        ContainerCommand::Attach(args) => attach::run(args),
        ContainerCommand::Create(args) => create::run(args),
        ContainerCommand::Exec(args) => exec::run(args),
        ContainerCommand::Inspect(args) => inspect::run(&args),
        ContainerCommand::Kill(args) => kill::run(args),
        ContainerCommand::List(args) => ps::run(&args),
        ContainerCommand::Logs(args) => logs::run(args),
        ContainerCommand::Rm(args) => rm::run(args),
        ContainerCommand::Run(args) => run::run(args),
        ContainerCommand::Start(args) => start::run(args),
        ContainerCommand::Stop(args) => stop::run(args),
        ContainerCommand::Wait(args) => wait::run(args),
    }
}
