//! The command line: clap types to requests, reports to text. One file per command.

pub mod container;
pub mod error;
pub mod format;
pub mod generate;
pub mod image;
pub mod prompt;
mod quick;
pub mod system;
pub mod ui;

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
    Cp(container::cp::CpArgs),
    Create(container::create::CreateArgs),
    Events(system::events::EventsArgs),
    Exec(container::exec::ExecArgs),
    #[command(hide = true)]
    Generate(generate::GenerateArgs),
    Info(system::info::InfoArgs),
    Inspect(container::inspect::InspectArgs),
    Kill(container::kill::KillArgs),
    #[command(visible_aliases = ["ls", "list"])]
    Ps(container::ps::PsArgs),
    #[command(subcommand)]
    Image(image::ImageCommand),
    Images(image::images::ImagesArgs),
    Import(image::import::ImportArgs),
    Load(image::load::LoadArgs),
    Login(image::login::LoginArgs),
    Logout(image::login::LogoutArgs),
    Logs(container::logs::LogsArgs),
    Pause(container::pause::PauseArgs),
    Pull(image::pull::PullArgs),
    Push(image::push::PushArgs),
    Rename(container::rename::RenameArgs),
    Restart(container::restart::RestartArgs),
    Rm(container::rm::RmArgs),
    Rmi(image::rmi::RmiArgs),
    Run(container::run::RunArgs),
    Search(image::search::SearchArgs),
    Start(container::start::StartArgs),
    Stop(container::stop::StopArgs),
    #[command(subcommand)]
    System(system::SystemCommand),
    Tag(image::tag::TagArgs),
    Unpause(container::pause::UnpauseArgs),
    Unshare(system::unshare::UnshareArgs),
    Untag(image::tag::UntagArgs),
    Version(system::info::VersionArgs),
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
        Command::Cp(args) => container::cp::run(&args),
        Command::Create(args) => container::create::run(args),
        Command::Events(args) => system::events::run(&args),
        Command::Exec(args) => container::exec::run(args),
        Command::Generate(args) => generate::run(&args),
        Command::Info(args) => system::info::run(&args),
        Command::Version(args) => system::info::run_version(&args),
        Command::Inspect(args) => container::inspect::run(&args),
        Command::Ps(args) => container::ps::run(&args),
        Command::Image(command) => image::run(command),
        Command::Images(args) => image::images::run(&args),
        Command::Import(args) => image::import::run(args),
        Command::Load(args) => image::load::run(args),
        Command::Push(args) => image::push::run(&args),
        Command::Pull(args) => image::pull::run(args),
        Command::Rmi(args) => image::rmi::run(args),
        Command::Tag(args) => image::tag::run(&args),
        Command::Untag(args) => image::tag::run_untag(&args),
        Command::Kill(args) => container::kill::run(args),
        Command::Login(args) => image::login::run(&args),
        Command::Logout(args) => image::login::run_logout(&args),
        Command::Search(args) => image::search::run(&args),
        Command::Logs(args) => container::logs::run(args),
        Command::Pause(args) => container::pause::run(&args),
        Command::Rename(args) => container::rename::run(&args),
        Command::Restart(args) => container::restart::run(&args),
        Command::Unpause(args) => container::pause::run_unpause(&args),
        Command::Rm(args) => container::rm::run(args),
        Command::Run(args) => container::run::run(args),
        Command::Start(args) => container::start::run(args),
        Command::Stop(args) => container::stop::run(args),
        Command::System(command) => system::dispatch(command),
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
