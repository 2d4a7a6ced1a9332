//! `coracle mount` and `coracle unmount`.

use super::targets::{Target, latest, open_engine};
use crate::cli::error::CliError;
use crate::cli::{format, ui};
use crate::engine::Engine;
use crate::model::ContainerConfig;
use clap::{Args, ValueEnum};

/// Mount the root of containers, to look at their files; in a `coracle unshare` session
///
/// Without a name, lists what is mounted. The mounts are gone when the session ends.
#[derive(Debug, Args)]
pub struct MountArgs {
    /// Every container
    #[arg(short, long, conflicts_with_all = ["containers", "latest"])]
    all: bool,
    /// The container that was made last
    #[arg(short, long, conflicts_with = "containers")]
    latest: bool,
    /// Print JSON
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// Print whole ids in the list
    #[arg(long)]
    no_trunc: bool,
    /// Names or ids
    #[arg(value_name = "CONTAINER")]
    containers: Vec<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Json,
}

/// Unmount the root of containers
#[derive(Debug, Args)]
pub struct UnmountArgs {
    /// Every container that is mounted
    #[arg(short, long, conflicts_with_all = ["containers", "latest"])]
    all: bool,
    /// The container that was made last
    #[arg(short, long, conflicts_with = "containers")]
    latest: bool,
    /// Also where files of it are in use: they stay usable until they are closed
    #[arg(short, long)]
    force: bool,
    /// Names or ids
    #[arg(value_name = "CONTAINER", required_unless_present_any = ["all", "latest"])]
    containers: Vec<String>,
}

fn named(engine: &Engine, names: &[String], newest: bool) -> Result<Vec<Target>, CliError> {
    if newest {
        return Ok(vec![latest(engine)?]);
    }
    names.iter().map(|name| Ok(Target { config: engine.container(name)?, typed: name.clone() })).collect()
}

fn every(engine: &Engine) -> Result<Vec<ContainerConfig>, CliError> {
    Ok(engine.containers()?.into_iter().map(|(config, _)| config).collect())
}

/// Mounts and prints where; for several, with the name in front.
///
/// # Errors
/// A container is not known, or this is no `unshare` session.
pub fn run(args: &MountArgs) -> Result<i32, CliError> {
    let engine = open_engine()?;
    let listing = !args.all && !args.latest && args.containers.is_empty();
    let targets = if args.all || listing {
        every(&engine)?
    } else {
        named(&engine, &args.containers, args.latest)?.into_iter().map(|target| target.config).collect()
    };
    let mut mounted = Vec::new();
    for config in targets {
        if !listing {
            engine.mount(&config)?;
        } else if !engine.mounted(&config) {
            continue;
        }
        mounted.push(config);
    }
    let place = |config: &ContainerConfig| engine.mount_point(config).to_string_lossy().into_owned();
    if let Some(Format::Json) = args.format {
        let list: Vec<_> = mounted
            .iter()
            .map(|config| serde_json::json!({ "id": config.id, "Names": [config.name], "mountpoint": place(config) }))
            .collect();
        ui::out(format::json_text(&list, 2)?)?;
        return Ok(0);
    }
    if let ([only], false) = (&mounted[..], args.all || listing) {
        ui::print_line(&place(only))?;
        return Ok(0);
    }
    for config in &mounted {
        let name = match (listing, args.no_trunc) {
            (false, _) => config.name.as_str(),
            (true, true) => config.id.as_str(),
            (true, false) => config.id.short(),
        };
        ui::print_line(&format!("{name}  {}", place(config)))?;
    }
    Ok(0)
}

/// Unmounts and prints the names as they were given.
///
/// # Errors
/// A container is not known, is not mounted, or is in use.
pub fn run_unmount(args: &UnmountArgs) -> Result<i32, CliError> {
    let engine = open_engine()?;
    if args.all {
        for config in every(&engine)? {
            if engine.unmount(&config, args.force)? {
                ui::print_line(config.id.as_str())?;
            }
        }
        return Ok(0);
    }
    for Target { config, typed: name } in named(&engine, &args.containers, args.latest)? {
        if !engine.unmount(&config, args.force)? {
            return Err(CliError::Usage(format!(
                "container {name} is not mounted here (a mount is seen only in its `coracle unshare` session)"
            )));
        }
        ui::print_line(&name)?;
    }
    Ok(0)
}
