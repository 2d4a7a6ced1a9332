//! The command line: clap types to requests, reports to text. One file per command.

pub mod container;
pub mod error;
pub mod format;
pub mod generate;
pub mod image;
pub mod internal;
pub mod output_file;
pub mod output_folder;
pub mod prompt;
mod quick;
pub mod secret;
pub mod system;
pub mod ui;
pub mod volume;

use clap::{Parser, Subcommand};
use error::CliError;
use std::process::ExitCode;

/// Run containers as yourself: no daemon, no root.
#[derive(Debug, Parser)]
#[command(name = "coracle", version, disable_help_subcommand = true, max_term_width = 120)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Attach(container::attach::AttachArgs),
    #[command(subcommand)]
    Container(container::ContainerCommand),
    Commit(container::commit::CommitArgs),
    Cp(container::cp::CpArgs),
    Create(container::create::CreateArgs),
    Events(system::events::EventsArgs),
    Diff(container::diff::DiffArgs),
    Exec(container::exec::ExecArgs),
    Export(container::export::ExportArgs),
    #[command(hide = true)]
    Generate(generate::GenerateArgs),
    #[command(subcommand)]
    Healthcheck(container::healthcheck::HealthcheckCommand),
    History(image::history::HistoryArgs),
    Info(system::info::InfoArgs),
    Inspect(container::inspect::InspectArgs),
    Kill(container::kill::KillArgs),
    #[command(visible_aliases = ["ls", "list"])]
    Ps(container::ps::PsArgs),
    #[command(subcommand)]
    Image(image::ImageCommand),
    Images(image::images::ImagesArgs),
    #[command(subcommand, hide = true)]
    Internal(internal::InternalCommand),
    Import(image::import::ImportArgs),
    Load(image::load::LoadArgs),
    Login(image::login::LoginArgs),
    Logout(image::login::LogoutArgs),
    Logs(container::logs::LogsArgs),
    Mount(container::mount::MountArgs),
    Pause(container::pause::PauseArgs),
    Port(container::port::PortArgs),
    Pull(image::pull::PullArgs),
    Push(image::push::PushArgs),
    Rename(container::rename::RenameArgs),
    Restart(container::restart::RestartArgs),
    Rm(container::rm::RmArgs),
    Rmi(image::rmi::RmiArgs),
    Run(container::run::RunArgs),
    Save(image::save::SaveArgs),
    Search(image::search::SearchArgs),
    #[command(subcommand)]
    Secret(secret::SecretCommand),
    Start(container::start::StartArgs),
    Stats(container::stats::StatsArgs),
    Stop(container::stop::StopArgs),
    #[command(subcommand)]
    System(system::SystemCommand),
    Tag(image::tag::TagArgs),
    Top(container::top::TopArgs),
    Unpause(container::pause::UnpauseArgs),
    #[command(visible_alias = "umount")]
    Unmount(container::mount::UnmountArgs),
    Unshare(system::unshare::UnshareArgs),
    Untag(image::tag::UntagArgs),
    Update(container::update::UpdateArgs),
    Version(system::info::VersionArgs),
    #[command(subcommand)]
    Volume(volume::VolumeCommand),
    Wait(container::wait::WaitArgs),
}

/// Runs the command line of this process and returns its exit code.
#[must_use]
pub fn main() -> ExitCode {
    keep_own_rights();
    if let Some(command) = quick::parse(std::env::args_os()) {
        return finish(dispatch(command));
    }
    match Cli::try_parse() {
        Ok(cli) => finish(dispatch(cli.command)),
        // Podman ends with 125 where Docker's and clap's habit differ; help and version are no errors.
        Err(error) => {
            let _ = error.print();
            ExitCode::from(if error.use_stderr() { 125 } else { 0 })
        }
    }
}

/// A umask that takes the owner's rights away would close our own new files to us.
fn keep_own_rights() {
    use rustix::fs::Mode;
    let mask = rustix::process::umask(Mode::RWXG | Mode::RWXO);
    rustix::process::umask(mask - Mode::RWXU);
}

fn dispatch(command: Command) -> Result<i32, CliError> {
    match command {
        Command::Attach(args) => container::attach::run(args),
        Command::Container(command) => container::dispatch(command),
        Command::Commit(args) => container::commit::run(args),
        Command::Cp(args) => container::cp::run(&args),
        Command::Create(args) => container::create::run(args),
        Command::Events(args) => system::events::run(&args),
        Command::Diff(args) => container::diff::run(&args),
        Command::Exec(args) => container::exec::run(args),
        Command::Export(args) => container::export::run(&args),
        Command::Generate(args) => generate::run(&args),
        Command::Healthcheck(command) => container::healthcheck::run(command),
        Command::History(args) => image::history::run(&args),
        Command::Info(args) => system::info::run(&args),
        Command::Version(args) => system::info::run_version(&args),
        Command::Inspect(args) => container::inspect::run(&args),
        Command::Ps(args) => container::ps::run(&args),
        Command::Image(command) => image::run(command),
        Command::Images(args) => image::images::run(&args),
        Command::Internal(command) => internal::run(command),
        Command::Import(args) => image::import::run(args),
        Command::Load(args) => image::load::run(args),
        Command::Push(args) => image::push::run(&args),
        Command::Port(args) => container::port::run(&args),
        Command::Pull(args) => image::pull::run(args),
        Command::Rmi(args) => image::rmi::run(args),
        Command::Tag(args) => image::tag::run(&args),
        Command::Untag(args) => image::tag::run_untag(&args),
        Command::Update(args) => container::update::run(&args),
        Command::Kill(args) => container::kill::run(args),
        Command::Login(args) => image::login::run(&args),
        Command::Logout(args) => image::login::run_logout(&args),
        Command::Search(args) => image::search::run(&args),
        Command::Mount(args) => container::mount::run(&args),
        Command::Unmount(args) => container::mount::run_unmount(&args),
        Command::Logs(args) => container::logs::run(args),
        Command::Pause(args) => container::pause::run(&args),
        Command::Rename(args) => container::rename::run(&args),
        Command::Restart(args) => container::restart::run(&args),
        Command::Top(args) => container::top::run(&args),
        Command::Unpause(args) => container::pause::run_unpause(&args),
        Command::Rm(args) => container::rm::run(args),
        Command::Run(args) => container::run::run(args),
        Command::Save(args) => image::save::run(args),
        Command::Secret(command) => secret::run(command),
        Command::Start(args) => container::start::run(args),
        Command::Stats(args) => container::stats::run(&args),
        Command::Stop(args) => container::stop::run(args),
        Command::System(command) => system::dispatch(command),
        Command::Volume(command) => volume::run(command),
        Command::Wait(args) => container::wait::run(args),
        Command::Unshare(args) => system::unshare::run(args),
    }
}

fn finish(result: Result<i32, CliError>) -> ExitCode {
    let code = match result {
        Ok(code) => code,
        Err(error) => {
            if !matches!(error, CliError::Code(_)) {
                ui::note(error.text());
            }
            error.code()
        }
    };
    ExitCode::from(u8::try_from(code).unwrap_or(125))
}
