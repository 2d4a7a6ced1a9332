//! `coracle logs`.

use super::targets::{latest, open_engine};
use crate::cli::error::CliError;
use crate::engine::EngineError;
use crate::engine::container::ContainerError;
use crate::engine::container::logs::{LogsError, LogsRequest, LogsSink, Piece, Stream};
use crate::model::ContainerConfig;
use clap::Args;
use jiff::{SignedDuration, Timestamp};
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::os::fd::AsFd as _;

/// Show what containers have written
#[derive(Debug, Args)]
pub struct LogsArgs {
    /// Go on until the containers have ended
    #[arg(short, long)]
    follow: bool,
    /// Show only the last lines; a negative number means all
    #[arg(long, value_name = "LINES", default_value_t = -1, allow_negative_numbers = true)]
    tail: i64,
    /// Show only what came at this time or later: a time (2026-11-21T03:00:00Z, seconds since 1970) or how long ago (10m)
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Show only what came until this time
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Show the time of each line
    #[arg(short, long)]
    timestamps: bool,
    /// With several containers, show names and not ids
    #[arg(short, long)]
    names: bool,
    /// With several containers, a colour for each
    #[arg(long)]
    color: bool,
    /// The container made last
    #[arg(short, long, conflicts_with = "containers")]
    latest: bool,
    /// Names or ids
    #[arg(value_name = "CONTAINER", required_unless_present = "latest")]
    containers: Vec<String>,
}

/// Writes the lines: those of standard output to ours, those of standard error to ours.
///
/// # Errors
/// A container is not known, has no log, or its log cannot be read.
pub fn run(args: LogsArgs) -> Result<i32, CliError> {
    let time = |text: &Option<String>| text.as_deref().map(|text| parse_time(text, Timestamp::now())).transpose();
    let request = LogsRequest {
        follow: args.follow,
        tail: u64::try_from(args.tail).ok(),
        since: time(&args.since)?,
        until: time(&args.until)?,
    };
    let engine = open_engine()?;
    let containers = if args.latest {
        vec![latest(&engine)?.config]
    } else {
        args.containers.iter().map(|name| engine.container(name)).collect::<Result<Vec<_>, _>>()?
    };
    let prefixes = match containers.len() {
        1 => vec![String::new()],
        _ => {
            let name = |config: &ContainerConfig| if args.names { config.name.clone() } else { config.id.short().to_owned() };
            let coloured = |(at, name): (usize, String)| match args.color {
                true => format!("\x1b[{}m{name}\x1b[0m ", COLOURS[at % COLOURS.len()]),
                false => name + " ",
            };
            containers.iter().map(name).enumerate().map(coloured).collect()
        }
    };
    let mut printer = Printer::new(prefixes, args.timestamps).map_err(write_error)?;
    match engine.logs(&containers, &request, &mut printer) {
        Err(EngineError::Container(ContainerError::Logs(LogsError::Write(error)))) => Err(write_error(error)),
        done => done.map(|()| 0).map_err(CliError::from),
    }
}

/// Of ANSI terminals: the six that are read on light and on dark ground.
const COLOURS: [u8; 6] = [36, 33, 32, 35, 34, 31];

fn write_error(error: io::Error) -> CliError {
    match error.kind() {
        // As SIGPIPE would have it: `logs | head` ends quietly.
        io::ErrorKind::BrokenPipe => CliError::Code(141),
        _ => CliError::Usage(format!("write to standard output: {error}")),
    }
}

/// Writes pieces to the stream that they came from, in the order in which they come where both are one terminal.
struct Printer {
    /// What stands before each container's lines.
    prefixes: Vec<String>,
    timestamps: bool,
    outputs: [BufWriter<File>; 2],
    last: usize,
    /// The container whose line is not ended yet on each output.
    inside: [Option<usize>; 2],
}

impl Printer {
    fn new(prefixes: Vec<String>, timestamps: bool) -> io::Result<Self> {
        // Our own buffers: the standard library's writes every line by itself.
        let stdout = BufWriter::with_capacity(32 * 1024, File::from(io::stdout().as_fd().try_clone_to_owned()?));
        let stderr = BufWriter::with_capacity(32 * 1024, File::from(io::stderr().as_fd().try_clone_to_owned()?));
        Ok(Self { prefixes, timestamps, outputs: [stdout, stderr], last: 0, inside: [None; 2] })
    }
}

impl LogsSink for Printer {
    fn piece(&mut self, container: usize, piece: &Piece<'_>) -> io::Result<()> {
        let stream = usize::from(piece.stream == Stream::Stderr);
        if stream != self.last {
            self.outputs[self.last].flush()?;
            self.last = stream;
        }
        let output = &mut self.outputs[stream];
        if self.inside[stream].is_some_and(|other| other != container) {
            output.write_all(b"\n")?;
        }
        self.inside[stream] = Some(container).filter(|_| !piece.ends);
        if piece.begins {
            output.write_all(self.prefixes[container].as_bytes())?;
            if self.timestamps {
                output.write_all(piece.time.as_bytes())?;
                output.write_all(b" ")?;
            }
        }
        output.write_all(piece.text)?;
        if piece.ends { output.write_all(b"\n") } else { Ok(()) }
    }

    fn pause(&mut self) -> io::Result<()> {
        self.outputs.iter_mut().try_for_each(BufWriter::flush)
    }
}

/// Reads a time: RFC 3339, the same without offset (UTC) or with the date alone, seconds since 1970 with or without a fraction,
/// or a Go duration before `now`. Returns nanoseconds since the epoch.
fn parse_time(text: &str, now: Timestamp) -> Result<i64, CliError> {
    let civil = || text.parse::<jiff::civil::DateTime>().ok().and_then(|time| time.to_zoned(jiff::tz::TimeZone::UTC).ok());
    let found = text
        .parse::<Timestamp>()
        .ok()
        .or_else(|| seconds(text))
        .or_else(|| civil().map(|zoned| zoned.timestamp()))
        .or_else(|| duration(text).and_then(|ago| now.checked_sub(ago).ok()));
    found.and_then(|time| i64::try_from(time.as_nanosecond()).ok()).ok_or_else(|| {
        CliError::Usage(format!("invalid time {text:?}: write 2026-11-21T03:00:00Z, seconds since 1970, or a duration like 10m"))
    })
}

fn seconds(text: &str) -> Option<Timestamp> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || fraction.len() > 9 {
        return None;
    }
    Timestamp::new(whole.parse().ok()?, format!("{fraction:0<9}").parse().ok()?).ok()
}

/// Go's durations: numbers with units, `1h30m`, `1.5s`, `300ms`.
fn duration(text: &str) -> Option<SignedDuration> {
    let mut rest = text;
    let mut total = 0f64;
    while !rest.is_empty() {
        let number = rest.find(|sign: char| !(sign.is_ascii_digit() || sign == '.'))?;
        let unit_end =
            rest[number..].find(|sign: char| sign.is_ascii_digit() || sign == '.').map_or(rest.len(), |at| number + at);
        let factor = match &rest[number..unit_end] {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        total += rest[..number].parse::<f64>().ok()? * factor;
        rest = &rest[unit_end..];
    }
    if text.is_empty() { None } else { SignedDuration::try_from_secs_f64(total).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_every_spelling() {
        let now = Timestamp::new(1_000_000, 0).expect("time");
        let table = [
            ("1970-01-01T00:00:10Z", Some(10_000_000_000)),
            ("1970-01-01T01:00:10.5+01:00", Some(10_500_000_000)),
            ("1970-01-01T00:00:10", Some(10_000_000_000)),
            ("1970-01-02", Some(86_400_000_000_000)),
            ("12", Some(12_000_000_000)),
            ("12.000000007", Some(12_000_000_007)),
            ("10m", Some(999_400_000_000_000)),
            ("1h30m", Some(994_600_000_000_000)),
            ("1.5s", Some(999_998_500_000_000)),
            ("", None),
            ("10", Some(10_000_000_000)),
            ("10x", None),
            ("yesterday", None),
            ("-5", None),
        ];
        for (text, expected) in table {
            assert_eq!(parse_time(text, now).ok(), expected, "{text:?}");
        }
    }
}
