//! The command line: clap types to requests, reports to text. One file per command.

mod conf;
pub mod container;
pub mod error;
pub mod format;
pub mod generate;
mod global;
pub mod image;
pub mod internal;
pub mod network;
pub mod objects;
pub mod oci;
pub mod output_file;
pub mod output_folder;
pub mod prompt;
mod quick;
pub mod secret;
pub mod system;
pub mod ui;
pub mod volume;

use clap::builder::BoolishValueParser;
use clap::error::ErrorKind;
use clap::{ArgAction, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use error::CliError;
use std::ffi::OsString;
use std::process::ExitCode;

/// Run containers as yourself: no daemon, no root.
#[derive(Debug, Parser)]
#[command(
    name = "coracle",
    version,
    disable_help_subcommand = true,
    disable_version_flag = true,
    args_override_self = true,
    max_term_width = 120
)]
struct Cli {
    /// Print version
    #[arg(short, long, short_alias = 'V', action = clap::ArgAction::Version)]
    version: Option<bool>,
    #[command(flatten)]
    global: global::GlobalArgs,
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
    Init(container::init::InitArgs),
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
    #[command(subcommand)]
    Manifest(image::manifest::ManifestCommand),
    Mount(container::mount::MountArgs),
    #[command(subcommand)]
    Network(network::NetworkCommand),
    Oci(oci::OciArgs),
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
    let words = oci::words(std::env::args_os());
    if let Some(command) = quick::parse(words.iter().cloned()) {
        return finish(dispatch(command));
    }
    match read(words) {
        Ok(command) => finish(dispatch(command)),
        // Podman ends with 125 where Docker's and clap's habit differ; help and version are no errors.
        Err(error) => {
            let _ = error.print();
            ExitCode::from(if error.use_stderr() { 125 } else { 0 })
        }
    }
}

/// Reads the whole command line. A switch may be given a value, as scripts that were written for Podman do (`--rm=true`). Only what
/// failed is read a second time, with a grammar that help texts do not show.
fn read(words: impl IntoIterator<Item = OsString>) -> Result<Command, clap::Error> {
    let words: Vec<OsString> = words.into_iter().collect();
    match grammar().try_get_matches_from(&words).and_then(|matches| Cli::from_arg_matches(&matches)) {
        Err(error) if error.kind() == ErrorKind::TooManyValues => {
            let matches = switches_take_values(grammar()).try_get_matches_from(&words)?;
            Cli::from_arg_matches(&matches)
        }
        outcome => outcome,
    }
    .and_then(|cli| {
        let runtime = cli.global.settle().map_err(|text| grammar().error(ErrorKind::InvalidValue, text))?;
        let mut command = cli.command;
        if let Some(other) = runtime {
            match &mut command {
                Command::Run(args) => args.use_runtime(other),
                Command::Create(args) => args.use_runtime(other),
                Command::Container(inner) => inner.use_runtime(other),
                _ => {}
            }
        }
        Ok(command)
    })
}

/// Tells whether a command line is understood, the texts of `create`'s options included. Nothing is done: this is for tests/fuzz.
#[doc(hidden)]
#[must_use]
pub fn understands(words: impl IntoIterator<Item = OsString>) -> bool {
    match read(words) {
        Ok(Command::Create(args)) => container::create::is_understood(&args),
        Ok(Command::Network(command)) => command.understood(),
        read => read.is_ok(),
    }
}

/// Scripts read the third word of what `--version` prints, as of Podman's.
fn grammar() -> clap::Command {
    Cli::command().version(concat!("version ", env!("CARGO_PKG_VERSION")))
}

fn switches_take_values(command: clap::Command) -> clap::Command {
    let take = |arg: clap::Arg| match arg.get_action() {
        ArgAction::SetTrue => arg
            .action(ArgAction::Set)
            .num_args(0..=1)
            .require_equals(true)
            .default_value("false")
            .default_missing_value("true")
            .value_parser(BoolishValueParser::new()),
        _ => arg,
    };
    command.mut_args(take).mut_subcommands(switches_take_values)
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
        Command::Init(args) => container::init::run(&args),
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
        Command::Manifest(command) => image::manifest::run(command),
        Command::Oci(args) => oci::run(args),
        Command::Mount(args) => container::mount::run(&args),
        Command::Network(command) => network::run(command),
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

/// The text of an option that counts as not given where it is empty, as scripts write it: `--hostname "$NAME"`.
fn given(text: Option<&String>) -> Option<&str> {
    text.map(String::as_str).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(line: &str) -> Result<String, String> {
        match read(line.split(' ').map(OsString::from)) {
            Ok(command) => Ok(format!("{command:?}")),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn a_switch_may_have_a_value() {
        for (with, without) in [
            ("coracle run --rm=true --init=1 -it image cmd --rm=false", "coracle run --rm --init -it image cmd --rm=false"),
            ("coracle run --rm --rm=false -d=true image", "coracle run -d image"),
            ("coracle container rm --force=TRUE a", "coracle container rm --force a"),
            ("coracle ps --all=false", "coracle ps"),
        ] {
            assert_eq!(reads(with), reads(without), "{with}");
        }
        let error = reads("coracle run --rm=maybe image").unwrap_err();
        assert!(error.contains("maybe") && error.contains("--rm"), "{error}");
    }

    #[test]
    fn of_an_option_given_twice_the_last_counts() {
        let twice = "coracle run --rm --rm --name a --name b -e A=1 -e B=2 image";
        let once = reads("coracle run --rm --name b -e A=1 -e B=2 image");
        assert_eq!(reads(twice), once);
        let quick = quick::parse(twice.split(' ').map(OsString::from)).expect("good");
        assert_eq!(Ok(format!("{quick:?}")), once);
    }
}
