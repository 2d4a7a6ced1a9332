//! `coracle volume rm`.

use crate::cli::container::targets::open_engine;
use crate::cli::error::CliError;
use crate::cli::objects;
use clap::Args;
use std::time::Duration;

/// Remove volumes
///
/// Exit code 1: no such volume; 2: a container mounts it.
#[derive(Debug, Args)]
pub struct RmArgs {
    /// Every volume
    #[arg(short, long, conflicts_with = "volumes")]
    all: bool,
    /// Remove the containers that mount it first, running ones too; a volume that is not there is no error
    #[arg(short, long)]
    force: bool,
    /// With --force, send the stop signal first and wait this many seconds before SIGKILL
    #[arg(short, long, visible_alias = "timeout", value_name = "SECONDS", requires = "force")]
    time: Option<u32>,
    /// Names
    #[arg(value_name = "VOLUME", required_unless_present = "all")]
    volumes: Vec<String>,
}

/// Removes the volumes and prints the names of those that went.
///
/// # Errors
/// The store cannot be used. What happens to single volumes is printed.
pub fn run(args: &RmArgs) -> Result<i32, CliError> {
    let mut engine = open_engine()?;
    engine.sweep()?;
    let names: &Vec<String> = match args.all {
        true => &engine.volumes(&[])?.into_iter().map(|row| row.volume.name).collect(),
        false => &args.volumes,
    };
    let patience = args.force.then(|| Duration::from_secs(u64::from(args.time.unwrap_or(10))));
    objects::remove(names, args.force, |name| engine.remove_volume(name, patience))
}
