//! The commands for volumes.

pub mod create;
pub mod inspect;
pub mod ls;
pub mod mount;
pub mod prune;
pub mod rm;
pub mod transfer;

use super::container::targets::open_engine;
use super::error::CliError;
use crate::engine::volume::{VolumeFilter, VolumeRow};
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

/// Manage volumes
#[derive(Debug, Subcommand)]
pub enum VolumeCommand {
    Create(create::CreateArgs),
    Exists(ExistsArgs),
    Export(transfer::ExportArgs),
    Import(transfer::ImportArgs),
    Inspect(inspect::InspectArgs),
    #[command(visible_alias = "list")]
    Ls(ls::LsArgs),
    Mount(mount::MountArgs),
    Prune(prune::PruneArgs),
    #[command(visible_alias = "remove")]
    Rm(rm::RmArgs),
    #[command(visible_alias = "umount")]
    Unmount(mount::UnmountArgs),
}

/// Check whether a volume exists: exit code 0 or 1
#[derive(Debug, Args)]
pub struct ExistsArgs {
    /// A name
    volume: String,
}

/// Runs a command of the group.
///
/// # Errors
/// As the command.
pub fn run(command: VolumeCommand) -> Result<i32, CliError> {
    match command {
        VolumeCommand::Create(args) => create::run(args),
        VolumeCommand::Exists(args) => Ok(i32::from(!open_engine()?.volume_exists(&args.volume)?)),
        VolumeCommand::Export(args) => transfer::export(&args),
        VolumeCommand::Import(args) => transfer::import(&args),
        VolumeCommand::Inspect(args) => inspect::run(&args),
        VolumeCommand::Ls(args) => ls::run(&args),
        VolumeCommand::Mount(args) => mount::run(&args),
        VolumeCommand::Prune(args) => prune::run(&args),
        VolumeCommand::Rm(args) => rm::run(&args),
        VolumeCommand::Unmount(args) => mount::run_unmount(&args),
    }
}

fn filters(texts: &[String]) -> Result<Vec<VolumeFilter>, CliError> {
    let now = i64::try_from(jiff::Timestamp::now().as_nanosecond()).unwrap_or(i64::MAX);
    let moment = |text: &str| crate::engine::container::moment::moment(text, now);
    let parse = |text: &String| VolumeFilter::parse(text, moment).map_err(|error| CliError::Usage(error.to_string()));
    texts.iter().map(parse).collect()
}

/// A volume with Podman's names. `whole` is for templates, where a field that is empty is a field nevertheless.
pub(in crate::cli) fn object(row: &VolumeRow, whole: bool) -> Value {
    let volume = &row.volume;
    let created = jiff::Timestamp::from_nanosecond(i128::from(volume.created_at)).unwrap_or_default();
    let mut options = volume.options.clone();
    // Podman lists the owner twice.
    options.extend(volume.uid.map(|uid| ("UID".to_owned(), uid.to_string())));
    options.extend(volume.gid.map(|gid| ("GID".to_owned(), gid.to_string())));
    let mut object = Map::new();
    for (key, value, always) in [
        ("Name", json!(volume.name), true),
        ("Driver", json!("local"), true),
        ("Mountpoint", json!(row.mountpoint.to_string_lossy()), true),
        ("CreatedAt", json!(created.to_string()), true),
        ("Labels", json!(volume.labels), true),
        ("Scope", json!("local"), true),
        ("Options", json!(options), true),
        ("UID", json!(volume.uid.unwrap_or(0)), volume.uid.is_some_and(|uid| uid != 0)),
        ("GID", json!(volume.gid.unwrap_or(0)), volume.gid.is_some_and(|gid| gid != 0)),
        ("Anonymous", json!(volume.anonymous), volume.anonymous),
        ("MountCount", json!(row.mount_count), true),
        ("NeedsCopyUp", json!(row.needs_copy_up), row.needs_copy_up),
        ("NeedsChown", json!(row.needs_chown), row.needs_chown),
    ] {
        if always || whole {
            object.insert(key.to_owned(), value);
        }
    }
    object.into()
}
