//! `start`, `kill`, `delete`, `pause`, `resume`.

use super::Subject;
use crate::cli::error::CliError;
use crate::cli::ui;
use crate::engine::EngineError;
use crate::engine::oci::Runtime;
use crate::model::signal;
use clap::Args;

/// Run the program of a created container
#[derive(Debug, Args)]
pub(super) struct StartArgs {
    #[command(flatten)]
    subject: Subject,
}

/// Send a signal to a container's first process
#[derive(Debug, Args)]
pub(super) struct KillArgs {
    /// Send it to all processes of the container
    #[arg(short, long)]
    all: bool,
    #[command(flatten)]
    subject: Subject,
    /// Its name or number
    #[arg(default_value = "TERM")]
    signal: String,
}

/// Take a stopped container away
#[derive(Debug, Args)]
pub(super) struct DeleteArgs {
    /// Kill it first where it lives; one that is not there is no error
    #[arg(short, long)]
    force: bool,
    /// The id is a pattern (a regular expression): take all containers away in whose ids it is found
    #[arg(long)]
    regex: bool,
    #[command(flatten)]
    subject: Subject,
}

/// Have all processes of a container stand still
#[derive(Debug, Args)]
pub(super) struct PauseArgs {
    #[command(flatten)]
    subject: Subject,
}

/// Have the processes of a paused container go on
#[derive(Debug, Args)]
pub(super) struct ResumeArgs {
    #[command(flatten)]
    subject: Subject,
}

pub(super) fn start(runtime: &Runtime, args: &StartArgs) -> Result<i32, CliError> {
    runtime.start(&args.subject.id, super::manager().as_deref()).map_err(EngineError::from)?;
    Ok(0)
}

pub(super) fn kill(runtime: &Runtime, args: &KillArgs) -> Result<i32, CliError> {
    let number = signal::parse(&args.signal).ok_or_else(|| CliError::Usage(format!("{:?} is no signal", args.signal)))?;
    runtime.kill(&args.subject.id, number, args.all).map_err(EngineError::from)?;
    Ok(0)
}

pub(super) fn delete(runtime: &Runtime, args: &DeleteArgs) -> Result<i32, CliError> {
    if !args.regex {
        return delete_id(runtime, &args.subject.id, args.force);
    }
    let bad = |error| CliError::Usage(format!("--regex {:?}: {error}", args.subject.id));
    let pattern = regex_lite::Regex::new(&args.subject.id).map_err(bad)?;
    let ids: Vec<String> = runtime.list().into_iter().map(|container| container.record.id).collect();
    let matching = ids.iter().filter(|id| pattern.is_match(id));
    // The others go, too, where one cannot.
    let mut all = Ok(0);
    for id in matching {
        let one = delete_id(runtime, id, args.force);
        all = all.and(one);
    }
    all
}

pub(super) fn delete_id(runtime: &Runtime, id: &str, force: bool) -> Result<i32, CliError> {
    for failure in runtime.delete(id, force).map_err(EngineError::from)? {
        ui::note(format!("Warning: {failure}"));
    }
    Ok(0)
}

pub(super) fn pause(runtime: &Runtime, args: &PauseArgs) -> Result<i32, CliError> {
    runtime.pause(&args.subject.id).map_err(EngineError::from)?;
    Ok(0)
}

pub(super) fn resume(runtime: &Runtime, args: &ResumeArgs) -> Result<i32, CliError> {
    runtime.resume(&args.subject.id).map_err(EngineError::from)?;
    Ok(0)
}
