//! `coracle volume mount` and `coracle volume unmount`.

use crate::cli::container::targets::open_engine;
use crate::cli::error::CliError;
use crate::cli::ui;
use clap::Args;

/// Print where the files of volumes are; inside `coracle unshare`, where their owners look as in a container
#[derive(Debug, Args)]
pub struct MountArgs {
    /// Names
    #[arg(value_name = "VOLUME", required = true)]
    volumes: Vec<String>,
}

/// The end of `volume mount`: nothing is mounted, so nothing has to be undone
#[derive(Debug, Args)]
pub struct UnmountArgs {
    /// Names
    #[arg(value_name = "VOLUME", required = true)]
    volumes: Vec<String>,
}

/// Prints a folder for each volume.
///
/// # Errors
/// There is no such volume, or this is not the session's user namespace.
pub fn run(args: &MountArgs) -> Result<i32, CliError> {
    check_unshared("mount")?;
    let engine = open_engine()?;
    for name in &args.volumes {
        ui::print_line(&engine.files_of(&engine.volume(name)?)?.to_string_lossy())?;
    }
    Ok(0)
}

/// Prints the names.
///
/// # Errors
/// There is no such volume, or this is not the session's user namespace.
pub fn run_unmount(args: &UnmountArgs) -> Result<i32, CliError> {
    check_unshared("unmount")?;
    let engine = open_engine()?;
    for name in &args.volumes {
        ui::print_line(&engine.volume(name)?.name)?;
    }
    Ok(0)
}

/// Whoever is not root of a user namespace sees files that he may not touch.
fn check_unshared(command: &str) -> Result<(), CliError> {
    let map = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    let is_hosts = map.split_whitespace().eq(["0", "0", "4294967295"]);
    if rustix::process::geteuid().is_root() && !is_hosts {
        return Ok(());
    }
    Err(CliError::Usage(format!(
        "cannot run command \"coracle volume {command}\" in rootless mode, must execute `coracle unshare` first"
    )))
}
