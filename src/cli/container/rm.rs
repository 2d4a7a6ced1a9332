//! `coracle rm`.

use super::targets::{Choice, Names, Target, choose, each, open_engine};
use crate::cli::error::CliError;
use crate::cli::ui;
use crate::engine::container::ContainerError;
use crate::engine::{Engine, EngineError};
use clap::Args;
use std::time::Duration;

/// Remove containers
#[derive(Debug, Args)]
pub struct RmArgs {
    /// Kill a running container first
    #[arg(short, long)]
    force: bool,
    /// With --force, send the stop signal first and wait this many seconds before SIGKILL
    #[arg(short, long, visible_alias = "timeout", value_name = "SECONDS")]
    time: Option<u32>,
    /// Remove the container's anonymous volumes too
    #[arg(short, long)]
    volumes: bool,
    /// Every container
    #[arg(short, long)]
    all: bool,
    /// First remove the containers that require these
    #[arg(long)]
    depend: bool,
    /// Containers that match KEY=VALUE; the keys are those of ps
    #[arg(long, value_name = "FILTER")]
    filter: Vec<String>,
    /// A container that does not exist is no error
    #[arg(short, long)]
    ignore: bool,
    #[command(flatten)]
    names: Names,
}

/// Removes the containers; exit code 1 for one that does not exist, 2 for one that runs.
///
/// # Errors
/// A name is ambiguous or the store fails.
pub fn run(args: RmArgs) -> Result<i32, CliError> {
    let mut engine = open_engine()?;
    engine.sweep()?;
    // With --force a container that is not there is what was wished for.
    let choice = Choice { all: args.all, filters: &args.filter, ignore: args.ignore || args.force };
    // As in Podman, none is removed where one is not there.
    let targets = match choose(&engine, &args.names, choice, |_| true) {
        Err(CliError::Engine(error @ EngineError::NoSuchContainer { .. })) => return Err(CliError::WithCode(error, 1)),
        other => other?,
    };
    if args.time.is_some() && !args.force {
        return Err(CliError::Usage("--time goes with --force".to_owned()));
    }
    if args.depend {
        return remove_with_dependents(&mut engine, &targets, &args);
    }
    each(&targets, |config| engine.remove_with_volumes(config, patience(&args), args.volumes).map_err(code))
}

/// Prints the ids, as Podman does here.
fn remove_with_dependents(engine: &mut Engine, targets: &[Target], args: &RmArgs) -> Result<i32, CliError> {
    let mut last = 0;
    for target in targets {
        // One that went with another one.
        match engine.container_of(&target.config.id) {
            Err(EngineError::NoSuchContainer { .. }) => continue,
            other => other.map(drop)?,
        }
        match engine.remove_with_dependents(&target.config, patience(args), args.volumes).map_err(code) {
            Ok(removed) => removed.iter().try_for_each(|id| ui::print_line(id.as_str()))?,
            Err(error) => {
                ui::note(error.text());
                last = error.code();
            }
        }
    }
    Ok(last)
}

fn code(error: EngineError) -> CliError {
    match error {
        EngineError::Container(ContainerError::RemoveAlive { .. }) => CliError::WithCode(error, 2),
        other => other.into(),
    }
}

/// How long a running container has before it is killed; nothing where it may not be removed. Without a time it is killed at
/// once, as Docker does: who removes by force does not wait ten seconds for a shell that ignores SIGTERM.
fn patience(args: &RmArgs) -> Option<Duration> {
    args.force.then(|| Duration::from_secs(u64::from(args.time.unwrap_or(0))))
}
