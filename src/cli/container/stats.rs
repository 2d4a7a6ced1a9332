//! `coracle stats`.

mod row;

use super::targets::{latest, open_engine};
use crate::cli::error::CliError;
use crate::cli::format::{self, Format};
use crate::cli::ui;
use crate::engine::container::stats::{ContainerStats, StatsHistory};
use crate::engine::{Engine, EngineError, Kind};
use clap::Args;
use row::Row;
use std::time::Duration;

/// Show what containers use of the machine, again and again
#[derive(Debug, Args)]
pub struct StatsArgs {
    /// Also containers that do not run
    #[arg(short, long)]
    all: bool,
    /// json, table TEMPLATE or a Go template
    #[arg(long, value_name = "FORMAT")]
    format: Option<String>,
    /// How many seconds lie between two looks
    #[arg(short, long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    interval: u64,
    /// The container made last
    #[arg(short, long)]
    latest: bool,
    /// Do not clear the terminal before each table
    #[arg(long)]
    no_reset: bool,
    /// Look once
    #[arg(long)]
    no_stream: bool,
    /// Full ids
    #[arg(long)]
    no_trunc: bool,
    /// Names or ids; those that run where none is given
    #[arg(value_name = "CONTAINER", conflicts_with_all = ["all", "latest"])]
    containers: Vec<String>,
}

/// Fields and their headers: of the default table, then those whose header is not the field in capitals.
const HEADERS: [(&str, &str); 11] = [
    ("ID", "ID"),
    ("Name", "NAME"),
    ("CPUPerc", "CPU %"),
    ("MemUsage", "MEM USAGE / LIMIT"),
    ("MemPerc", "MEM %"),
    ("NetIO", "NET IO"),
    ("BlockIO", "BLOCK IO"),
    ("PIDS", "PIDS"),
    ("UpTime", "CPU TIME"),
    ("AVGCPU", "AVG CPU %"),
    ("MemUsageBytes", "MEM USAGE / LIMIT"),
];
const DEFAULT_COLUMNS: usize = 10;

/// To the upper left corner, and everything gone (ECMA-48: CUP, ED).
const CLEAR: &str = "\x1b[H\x1b[2J";

/// Prints what is used, every few seconds until it is interrupted or the named containers are gone.
///
/// # Errors
/// A container is not known, the template is none, or the store fails.
pub fn run(args: &StatsArgs) -> Result<i32, CliError> {
    if args.all && args.latest {
        return Err(CliError::Usage("--all and --latest do not go together".to_owned()));
    }
    let format = args.format.as_deref().map_or(Ok(Format::DefaultTable), Format::parse)?;
    let clear = !args.no_reset && !args.no_stream && ui::stdout_is_terminal();
    let engine = open_engine()?;
    // A name that is not known is an error at the beginning; later it is a container that was removed.
    let names = names(&engine, args)?;
    let mut history = StatsHistory::default();
    loop {
        let found = look(&engine, args, names.as_deref(), &mut history)?;
        if found.is_empty() && names.is_some() {
            return Ok(0);
        }
        let text = render(&found, &format, args.no_trunc)?;
        ui::out(if clear { format!("{CLEAR}{text}") } else { text })?;
        if args.no_stream {
            return Ok(0);
        }
        std::thread::sleep(Duration::from_secs(args.interval));
    }
}

/// The ids of the containers that are named; nothing where those are meant that are there at each look.
fn names(engine: &Engine, args: &StatsArgs) -> Result<Option<Vec<String>>, CliError> {
    if args.latest {
        return Ok(Some(vec![latest(engine)?.config.id.to_string()]));
    }
    if args.containers.is_empty() {
        return Ok(None);
    }
    let ids: Result<_, EngineError> = args.containers.iter().map(|name| Ok(engine.container(name)?.id.to_string())).collect();
    Ok(Some(ids?))
}

fn look(
    engine: &Engine,
    args: &StatsArgs,
    names: Option<&[String]>,
    history: &mut StatsHistory,
) -> Result<Vec<ContainerStats>, CliError> {
    let configs = match names {
        Some(ids) => ids.iter().map(|id| engine.container(id)).collect(),
        None => {
            let mut all = engine.containers()?;
            // Oldest first, as ps.
            all.reverse();
            all.into_iter()
                .filter(|(_, state)| args.all || state.status.is_alive())
                .map(|(config, _)| Ok(config))
                .collect::<Vec<_>>()
        }
    };
    let mut found = Vec::with_capacity(configs.len());
    for config in configs {
        match config.and_then(|config| engine.stats(&config, history)) {
            Ok(stats) => found.push(stats),
            // Removed meanwhile.
            Err(error) if error.kind() == Kind::NoSuch => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(found)
}

fn render(found: &[ContainerStats], format: &Format, whole: bool) -> Result<String, CliError> {
    let rows = found.iter().map(|stats| Row { stats, whole });
    Ok(match format {
        Format::Json => format::json_text(&rows.map(|row| row.json()).collect::<Vec<_>>(), 1)?,
        Format::DefaultTable => {
            let fields: Vec<_> = rows.map(|row| row.fields()).collect();
            format::render(&fields, format, &HEADERS[..DEFAULT_COLUMNS], true)?
        }
        template => format::render(&rows.map(|row| row.fields()).collect::<Vec<_>>(), template, &HEADERS, true)?,
    })
}
