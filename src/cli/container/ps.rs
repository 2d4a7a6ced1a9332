//! `coracle ps`.

use super::targets::open_engine;
use crate::cli::error::CliError;
use crate::cli::format::{self, Format};
use crate::cli::ui;
use crate::engine::EngineError;
use crate::engine::container::list::{Filter, ListRequest, Listed};
use clap::{Args, ValueEnum};
use row::Row;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

mod row;

/// List containers
#[derive(Debug, Args)]
pub struct PsArgs {
    /// Also containers that do not run
    #[arg(short, long)]
    all: bool,
    /// Only containers that match KEY=VALUE: id, name, label, label!, exited, status, ancestor, before, since, volume, until,
    /// command, network, health, pod, restart-policy, should-start-on-boot
    #[arg(short, long, value_name = "FILTER")]
    filter: Vec<String>,
    /// json, table TEMPLATE or a Go template
    #[arg(long, value_name = "FORMAT")]
    format: Option<String>,
    /// The newest N containers, running or not
    #[arg(short = 'n', long, value_name = "N", allow_negative_numbers = true, conflicts_with = "latest")]
    last: Option<i64>,
    /// The newest container, running or not
    #[arg(short, long)]
    latest: bool,
    /// Full ids and commands
    #[arg(long)]
    no_trunc: bool,
    /// No line of headers
    #[arg(long)]
    noheading: bool,
    /// Ids alone, where there is no --format
    #[arg(short, long)]
    quiet: bool,
    /// Add up the containers' files
    #[arg(short, long)]
    size: bool,
    /// Containers of other tools, too; there are none in this store, so this changes nothing
    #[arg(long, conflicts_with_all = ["filter"])]
    external: bool,
    /// The pod of each container, by id and name
    #[arg(short, long)]
    pod: bool,
    /// Look at the processes themselves and not at what was noted of them, which is always done
    #[arg(long)]
    sync: bool,
    /// Show the list again after every so many seconds, until ctrl-c
    #[arg(short, long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    watch: Option<u32>,
    /// The order
    #[arg(long, value_enum, value_name = "KEY", default_value = "created")]
    sort: SortKey,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SortKey {
    Command,
    Created,
    Id,
    Image,
    Names,
    Runningfor,
    Size,
    Status,
}

/// Fields and their headers: of the default table, then those whose header is not the field in capitals.
const HEADERS: [(&str, &str); 9] = [
    ("ID", "CONTAINER ID"),
    ("Image", "IMAGE"),
    ("Command", "COMMAND"),
    ("Created", "CREATED"),
    ("Status", "STATUS"),
    ("Ports", "PORTS"),
    ("Names", "NAMES"),
    ("Size", "SIZE"),
    ("RunningFor", "CREATED"),
];

/// Prints the containers.
///
/// # Errors
/// A filter or the template is none, or the store fails.
pub fn run(args: &PsArgs) -> Result<i32, CliError> {
    let Some(seconds) = args.watch else { return once(args) };
    loop {
        // As Podman does: the screen is emptied and the list stands at its top.
        ui::out("\x1b[2J\x1b[1;1H")?;
        once(args)?;
        std::thread::sleep(Duration::from_secs(seconds.into()));
    }
}

fn once(args: &PsArgs) -> Result<i32, CliError> {
    let format = args.format.as_deref().map_or(Ok(Format::DefaultTable), Format::parse)?;
    let now = now();
    let filters = args.filter.iter().map(|text| Filter::parse(text, now));
    let last = match args.last {
        _ if args.latest => Some(1),
        // Podman's -1 is no limit.
        Some(count) => usize::try_from(count).ok(),
        None => None,
    };
    let request = ListRequest {
        all: args.all || args.last.is_some(),
        last,
        size: args.size,
        filters: filters.collect::<Result<_, _>>().map_err(EngineError::from)?,
    };
    let mut engine = open_engine()?;
    // What a killed command left goes with the next one; where it cannot go now (a full disk, say), the list is still right.
    let _ = engine.sweep();
    let mut found = engine.list(&request)?;
    sort(&mut found, args.sort);
    ui::out(&render(args, &format, &found, now)?)?;
    Ok(0)
}

fn render(args: &PsArgs, format: &Format, found: &[Listed], now: i64) -> Result<String, CliError> {
    let rows = || found.iter().map(|listed| Row { listed, now, whole: args.no_trunc });
    if args.quiet && args.format.is_none() {
        return Ok(rows().map(|row| row.id().to_owned() + "\n").collect());
    }
    match format {
        Format::Json => Ok(format::json_text(&rows().map(|row| row.json()).collect::<Vec<_>>(), 2)?),
        Format::DefaultTable => {
            let mut names: Vec<&str> = HEADERS[..7].iter().map(|(_, header)| *header).collect();
            names.extend(if args.pod { &["POD ID", "PODNAME"][..] } else { &[] });
            names.extend(args.size.then_some("SIZE"));
            let names = if args.noheading { Vec::new() } else { names };
            let cells: Vec<Vec<String>> = rows().map(|row| row.cells(args.pod, args.size)).collect();
            Ok(ui::table(&names, &cells))
        }
        template => {
            let rows: Vec<_> = rows().map(|row| row.fields()).collect();
            Ok(format::render(&rows, template, &HEADERS, !args.noheading)?)
        }
    }
}

fn sort(found: &mut [Listed], key: SortKey) {
    // The list comes in the order of creation, and the sort is stable.
    match key {
        SortKey::Created | SortKey::Runningfor => {}
        SortKey::Command => found.sort_by_key(|listed| listed.config.argv.clone()),
        SortKey::Id => found.sort_by_key(|listed| listed.config.id.clone()),
        SortKey::Image => found.sort_by_key(|listed| listed.config.image_name.clone()),
        SortKey::Names => found.sort_by_key(|listed| listed.config.name.clone()),
        SortKey::Size => found.sort_by_key(|listed| listed.size.map_or(0, |size| size.own)),
        SortKey::Status => found.sort_by_key(|listed| listed.state.status.as_str()),
    }
}

/// Nanoseconds since the epoch.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}
