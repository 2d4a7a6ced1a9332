//! Which containers a command is for.

use crate::cli::error::CliError;
use crate::cli::ui;
use crate::config::{Paths, env};
use crate::engine::container::list::{Filter, ListRequest, Listed};
use crate::engine::container::status::State;
use crate::engine::{Engine, EngineError};
use crate::model::ContainerConfig;
use crate::sys::stamp;
use clap::Args;
use std::path::PathBuf;

/// Opens the calling user's store.
///
/// # Errors
/// It cannot be used.
pub(in crate::cli) fn open_engine() -> Result<Engine, CliError> {
    let paths = Paths::from_env().map_err(EngineError::from)?;
    let mut engine = Engine::open(paths)?;
    engine.notify = env::var("NOTIFY_SOCKET").filter(|path| !path.is_empty()).map(PathBuf::from);
    Ok(engine)
}

/// The ways to name containers that most commands share.
#[derive(Debug, Default, Args)]
pub(super) struct Names {
    /// The container whose id is in this file; may be given several times
    #[arg(long, value_name = "FILE")]
    pub cidfile: Vec<PathBuf>,
    /// The container made last
    #[arg(short, long)]
    pub latest: bool,
    /// Names or ids
    #[arg(value_name = "CONTAINER")]
    pub containers: Vec<String>,
}

impl Names {
    /// The names of the command line and those in the files; with `ignore` a file may be missing.
    ///
    /// # Errors
    /// A file cannot be read.
    pub(super) fn typed(&self, ignore: bool) -> Result<Vec<String>, CliError> {
        let mut typed = Vec::with_capacity(self.containers.len());
        for path in &self.cidfile {
            match std::fs::read_to_string(path) {
                Ok(text) => typed.push(text.trim().to_owned()),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound && ignore => {}
                Err(error) => return Err(CliError::Usage(format!("read the cidfile {}: {error}", path.display()))),
            }
        }
        typed.extend(self.containers.iter().cloned());
        Ok(typed)
    }
}

/// Which containers of those that are named, or of all.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Choice<'a> {
    pub all: bool,
    /// The texts of `--filter`; alone they choose among all.
    pub filters: &'a [String],
    /// What is not there is no error.
    pub ignore: bool,
}

/// A container and what to call it when something has been done to it: as the user typed it.
#[derive(Debug)]
pub(super) struct Target {
    pub config: ContainerConfig,
    pub typed: String,
}

/// Finds the containers. Of those that are not named one by one, only what `keep` wants; in the order of their making, newest
/// first.
///
/// # Errors
/// A name is not known or ambiguous; there are no names, or ways to choose that exclude each other.
pub(super) fn choose(
    engine: &Engine,
    names: &Names,
    choice: Choice<'_>,
    keep: impl Fn(&State) -> bool,
) -> Result<Vec<Target>, CliError> {
    let several = choice.all || !choice.filters.is_empty();
    let ways = [several, names.latest, !names.cidfile.is_empty(), !names.containers.is_empty()];
    match ways.iter().filter(|way| **way).count() {
        0 => return Err(CliError::Usage("you must provide at least one name or id (or --all, --latest, --cidfile)".to_owned())),
        1 => {}
        _ if names.containers.is_empty() => {
            return Err(CliError::Usage("--all, --filter, --latest and --cidfile cannot be used together".to_owned()));
        }
        _ if several => {
            let option = if choice.all { "--all" } else { "--filter" };
            return Err(CliError::Usage(format!("{option} takes no names: it chooses among all containers")));
        }
        _ if names.latest => return Err(CliError::Usage("--latest takes no names".to_owned())),
        // Files and names together are one list.
        _ => {}
    }
    if several {
        return among_all(engine, choice.filters, keep);
    }
    if names.latest {
        return Ok(vec![latest(engine)?]);
    }
    let typed = names.typed(choice.ignore)?;
    let mut found = Vec::with_capacity(typed.len());
    for typed in typed {
        match engine.container(&typed) {
            Ok(config) => found.push(Target { config, typed }),
            Err(EngineError::NoSuchContainer { .. }) if choice.ignore => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(found)
}

fn among_all(engine: &Engine, filters: &[String], keep: impl Fn(&State) -> bool) -> Result<Vec<Target>, CliError> {
    let request = ListRequest { all: true, filters: parse_filters(filters)?, ..ListRequest::default() };
    let found = engine.list(&request)?.into_iter().rev().filter(|listed| keep(&listed.state));
    Ok(found.map(|Listed { config, .. }| Target { typed: config.id.to_string(), config }).collect())
}

/// Reads the texts of `--filter`.
///
/// # Errors
/// One of them is none.
pub(super) fn parse_filters(texts: &[String]) -> Result<Vec<Filter>, CliError> {
    let now = stamp::now();
    let filters = texts.iter().map(|text| Filter::parse(text, now)).collect::<Result<_, _>>();
    Ok(filters.map_err(EngineError::from)?)
}

/// Finds the one container of a command for one: by its name, or the newest for `--latest`.
///
/// # Errors
/// It is not known, or the command line names none or two.
pub(super) fn one(engine: &Engine, name: Option<&str>, newest: bool) -> Result<Target, CliError> {
    match (name, newest) {
        (Some(typed), false) => Ok(Target { config: engine.container(typed)?, typed: typed.to_owned() }),
        (None, true) => latest(engine),
        (None, false) => Err(CliError::Usage("you must provide one name or id (or --latest)".to_owned())),
        (Some(_), true) => Err(CliError::Usage("--latest takes no names".to_owned())),
    }
}

/// Finds the container that was made last.
///
/// # Errors
/// There is none.
pub(super) fn latest(engine: &Engine) -> Result<Target, CliError> {
    let newest = engine.containers()?.into_iter().next();
    let (config, _) = newest.ok_or_else(|| CliError::Usage("there is no container".to_owned()))?;
    Ok(Target { typed: config.id.to_string(), config })
}

/// Does one thing for each container: prints the name as it was given on success, the error on failure, goes on, and returns the
/// code of the last failure.
///
/// # Errors
/// Standard output is closed.
pub(super) fn each(targets: &[Target], mut act: impl FnMut(&ContainerConfig) -> Result<(), CliError>) -> Result<i32, CliError> {
    let mut code = 0;
    for Target { config, typed } in targets {
        match act(config) {
            Ok(()) => ui::print_line(typed)?,
            Err(error) => {
                ui::note(error.text());
                code = error.code();
            }
        }
    }
    Ok(code)
}
