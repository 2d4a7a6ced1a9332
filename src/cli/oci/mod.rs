//! `coracle oci`: the built-in runtime by itself, with the command line that OCI runtimes have.
//!
//! Other engines call a runtime as one program. A link named `coracle-oci` to `coracle` is that program: its arguments are
//! those of `coracle oci`.

mod control;
mod create;
mod exec;
mod log;
mod show;
mod update;

use super::error::CliError;
use super::ui;
use crate::config::{Paths, env};
use crate::engine::oci::{Made, Runtime};
use clap::{Args, Subcommand, ValueEnum};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// The name by which this program is an OCI runtime.
pub const NAME: &str = "coracle-oci";

/// What callers of a runtime look for in its answer: the version of the specification, and what was built in.
const VERSION: &str = concat!("version ", env!("CARGO_PKG_VERSION"), "\nspec: 1.3.0\n+SYSTEMD +SECCOMP +CAP");

/// Drive the built-in OCI runtime on a bundle
#[derive(Debug, Args)]
#[command(subcommand_required = true, arg_required_else_help = true, version = VERSION, disable_version_flag = true)]
pub struct OciArgs {
    /// Print version
    #[arg(short, long, action = clap::ArgAction::Version)]
    version: Option<bool>,
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: OciCommand,
}

#[derive(Debug, Args)]
struct Global {
    /// Keep the containers' states in this folder ($XDG_RUNTIME_DIR/coracle/oci)
    #[arg(long, global = true, value_name = "FOLDER")]
    root: Option<PathBuf>,
    /// Write errors to this file, too
    #[arg(long, global = true, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Form of the lines in that file
    #[arg(long, global = true, value_name = "FORM", default_value = "text")]
    log_format: LogFormat,
    /// Accepted for other runtimes' sake: errors and warnings are written
    #[arg(long, global = true, value_name = "LEVEL")]
    log_level: Option<String>,
    /// Accepted for other runtimes' sake
    #[arg(long, global = true)]
    debug: bool,
    /// Have systemd make the cgroups: their path is slice:prefix:name
    #[arg(long, global = true)]
    systemd_cgroup: bool,
    /// The same as a word
    #[arg(long, global = true, value_name = "WORD", default_value = "cgroupfs")]
    cgroup_manager: CgroupManager,
    /// Of `spec`: write a configuration with a user namespace for you. Else accepted for other runtimes' sake
    #[arg(long, global = true, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    rootless: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum CgroupManager {
    Cgroupfs,
    Systemd,
    /// No cgroup is made; a limit is then an error
    Disabled,
}

#[derive(Debug, Subcommand)]
enum OciCommand {
    Create(create::CreateArgs),
    Delete(control::DeleteArgs),
    Exec(exec::ExecArgs),
    Features(show::FeaturesArgs),
    Kill(control::KillArgs),
    List(show::ListArgs),
    Pause(control::PauseArgs),
    Ps(show::PsArgs),
    Resume(control::ResumeArgs),
    Run(create::RunArgs),
    Spec(show::SpecArgs),
    Start(control::StartArgs),
    State(show::StateArgs),
    Update(update::UpdateArgs),
}

/// Runs an operation of the runtime.
///
/// # Errors
/// It fails; the code is 1, as of other runtimes.
pub fn run(args: OciArgs) -> Result<i32, CliError> {
    let OciArgs { global, command, .. } = args;
    let rootless = global.rootless.as_deref() == Some("true");
    let done = global.runtime().and_then(|runtime| dispatch(&runtime, command, rootless));
    done.map_err(|error| match error {
        code @ CliError::Code(_) => code,
        error => {
            log::write(global.log.as_deref(), global.log_format, &error);
            ui::note(error.text());
            CliError::Code(1)
        }
    })
}

impl Global {
    fn runtime(&self) -> Result<Runtime, CliError> {
        let root = match &self.root {
            Some(root) => std::path::absolute(root).map_err(|source| CliError::File { path: root.clone(), source })?,
            None => Self::own_root()?,
        };
        let systemd = self.systemd_cgroup || self.cgroup_manager == CgroupManager::Systemd;
        Ok(Runtime::at(root, systemd, self.cgroup_manager != CgroupManager::Disabled))
    }

    fn own_root() -> Result<PathBuf, CliError> {
        // Root of a user namespace has the folder of whoever made that; root of the machine has /run.
        if let Some(folder) = env::absolute_path("XDG_RUNTIME_DIR") {
            return Ok(folder.join("coracle/oci"));
        }
        if rustix::process::geteuid().is_root() {
            return Ok(PathBuf::from("/run/coracle/oci"));
        }
        Ok(Paths::from_env().map_err(crate::engine::EngineError::from)?.run().join("oci"))
    }
}

fn dispatch(runtime: &Runtime, command: OciCommand, rootless: bool) -> Result<i32, CliError> {
    match command {
        OciCommand::Create(args) => create::run_create(runtime, args),
        OciCommand::Delete(args) => control::delete(runtime, &args),
        OciCommand::Exec(args) => exec::run(runtime, args),
        OciCommand::Features(_) => show::features(),
        OciCommand::Kill(args) => control::kill(runtime, &args),
        OciCommand::List(args) => show::list(runtime, &args),
        OciCommand::Pause(args) => control::pause(runtime, &args),
        OciCommand::Ps(args) => show::ps(runtime, &args),
        OciCommand::Resume(args) => control::resume(runtime, &args),
        OciCommand::Run(args) => create::run_run(runtime, args),
        OciCommand::Spec(args) => show::spec(&args, rootless),
        OciCommand::Start(args) => control::start(runtime, &args),
        OciCommand::State(args) => show::state(runtime, &args),
        OciCommand::Update(args) => update::run(runtime, args),
    }
}

/// The words of a command line; where this program was called as a runtime, those of `oci`.
pub fn words(all: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut words: Vec<OsString> = all.into_iter().collect();
    let called = words.first().and_then(|path| Path::new(path).file_name());
    if called == Some(OsStr::new(NAME)) {
        words.splice(0..1, [OsString::from("coracle"), OsString::from("oci")]);
    }
    words
}

/// The container.
#[derive(Debug, Args)]
struct Subject {
    /// The container's id
    #[arg(value_name = "ID")]
    id: String,
}

fn warn(made: &Made) {
    for warning in &made.warnings {
        ui::note(format!("Warning: {warning}"));
    }
}

/// The socket of a service manager that wants to hear when the container is ready.
fn manager() -> Option<PathBuf> {
    env::absolute_path("NOTIFY_SOCKET")
}

/// The umask that this process was started with.
fn umask() -> u32 {
    use rustix::fs::Mode;
    let mask = rustix::process::umask(Mode::empty());
    rustix::process::umask(mask);
    mask.bits()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_the_specification_is_the_runtimes() {
        let line = format!("spec: {}", crate::engine::oci::SPEC_VERSION);
        assert!(VERSION.lines().any(|one| one == line), "{VERSION}");
    }

    #[test]
    fn by_its_other_name_the_words_are_those_of_oci() {
        let read = |line: &str| words(line.split(' ').map(OsString::from));
        let wanted: Vec<OsString> = "coracle oci state a".split(' ').map(OsString::from).collect();
        assert_eq!(read("/usr/bin/coracle-oci state a"), wanted);
        assert_eq!(read("coracle-oci state a"), wanted);
        assert_eq!(read("coracle oci state a"), wanted);
    }
}
