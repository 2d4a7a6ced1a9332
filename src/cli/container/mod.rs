//! Commands about containers.

pub mod attach;
mod cidfile;
pub mod clone;
pub mod commit;
pub mod cp;
pub mod create;
pub(super) mod descriptors;
pub mod diff;
pub mod exec;
pub mod exists;
pub mod export;
pub mod healthcheck;
pub mod init;
pub mod inspect;
pub mod kill;
pub mod logs;
pub mod mount;
mod options;
pub mod pause;
pub mod port;
pub mod prune;
pub mod ps;
pub mod rename;
pub mod restart;
pub mod rm;
pub mod run;
pub(super) mod runtime;
pub mod start;
pub mod stats;
pub mod stop;
pub(super) mod targets;
pub mod top;
pub mod update;
pub mod wait;

use crate::cli::error::CliError;
use clap::Subcommand;

/// Manage containers
#[derive(Debug, Subcommand)]
pub enum ContainerCommand {
    Attach(attach::AttachArgs),
    Clone(clone::CloneArgs),
    Commit(commit::CommitArgs),
    Cp(cp::CpArgs),
    Create(create::CreateArgs),
    Diff(diff::DiffArgs),
    Exec(exec::ExecArgs),
    Exists(exists::ExistsArgs),
    Export(export::ExportArgs),
    Init(init::InitArgs),
    Inspect(inspect::InspectArgs),
    Kill(kill::KillArgs),
    #[command(visible_aliases = ["ls", "ps"])]
    List(ps::PsArgs),
    Logs(logs::LogsArgs),
    Mount(mount::MountArgs),
    Pause(pause::PauseArgs),
    Port(port::PortArgs),
    Prune(prune::PruneArgs),
    Rename(rename::RenameArgs),
    Restart(restart::RestartArgs),
    Rm(rm::RmArgs),
    Run(run::RunArgs),
    Start(start::StartArgs),
    Stats(stats::StatsArgs),
    Stop(stop::StopArgs),
    Top(top::TopArgs),
    #[command(visible_alias = "umount")]
    Unmount(mount::UnmountArgs),
    Unpause(pause::UnpauseArgs),
    Update(update::UpdateArgs),
    Wait(wait::WaitArgs),
}

impl ContainerCommand {
    /// Has a new container made by another runtime.
    pub(in crate::cli) fn use_runtime(&mut self, runtime: crate::model::OtherRuntime) {
        match self {
            Self::Run(args) => args.use_runtime(runtime),
            Self::Create(args) => args.use_runtime(runtime),
            _ => {}
        }
    }
}

/// Runs one of them.
///
/// # Errors
/// See the command.
pub fn dispatch(command: ContainerCommand) -> Result<i32, CliError> {
    match command {
        ContainerCommand::Attach(args) => attach::run(args),
        ContainerCommand::Clone(args) => clone::run(args),
        ContainerCommand::Init(args) => init::run(&args),
        ContainerCommand::Commit(args) => commit::run(args),
        ContainerCommand::Cp(args) => cp::run(&args),
        ContainerCommand::Create(args) => create::run(args),
        ContainerCommand::Diff(args) => diff::run(&args),
        ContainerCommand::Exec(args) => exec::run(args),
        ContainerCommand::Exists(args) => exists::run(&args),
        ContainerCommand::Export(args) => export::run(&args),
        ContainerCommand::Inspect(args) => inspect::run(&args),
        ContainerCommand::Kill(args) => kill::run(args),
        ContainerCommand::List(args) => ps::run(&args),
        ContainerCommand::Logs(args) => logs::run(args),
        ContainerCommand::Mount(args) => mount::run(&args),
        ContainerCommand::Unmount(args) => mount::run_unmount(&args),
        ContainerCommand::Pause(args) => pause::run(&args),
        ContainerCommand::Port(args) => port::run(&args),
        ContainerCommand::Prune(args) => prune::run(&args),
        ContainerCommand::Rename(args) => rename::run(&args),
        ContainerCommand::Restart(args) => restart::run(&args),
        ContainerCommand::Top(args) => top::run(&args),
        ContainerCommand::Unpause(args) => pause::run_unpause(&args),
        ContainerCommand::Update(args) => update::run(&args),
        ContainerCommand::Rm(args) => rm::run(args),
        ContainerCommand::Run(args) => run::run(args),
        ContainerCommand::Start(args) => start::run(args),
        ContainerCommand::Stats(args) => stats::run(&args),
        ContainerCommand::Stop(args) => stop::run(args),
        ContainerCommand::Wait(args) => wait::run(args),
    }
}
