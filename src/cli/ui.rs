//! What people and scripts see: standard output carries data, standard error carries the rest.
//!
//! Descriptors 0 to 2 are open in every process of ours: where the caller closed one, the standard library puts `/dev/null`
//! there before `main`, so no file of the store can become "standard output".

use super::error::CliError;
use crate::engine::container::start::Size;
use crate::sys::pty;
use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

/// The narrowest column of a table, its gap included: Podman's.
const COLUMN: usize = 12;
/// The blanks between two columns.
const GAP: usize = 2;

/// Writes one line of data to standard output; see [`out`].
///
/// # Errors
/// See [`out`].
pub fn print_line(line: &str) -> Result<(), CliError> {
    out(format!("{line}\n"))
}

/// Writes data to standard output.
///
/// A reader that went away (`coracle ps | head -1`) ends the command as it ends other tools: silently, with 128 + SIGPIPE.
///
/// # Errors
/// `CliError::Code` for a closed pipe, `CliError::Output` for any other failure (a full disk).
pub fn out(text: impl AsRef<[u8]>) -> Result<(), CliError> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_ref()).and_then(|()| stdout.flush()).map_err(output_error)
}

/// Tells a reader that went away from a failure; for commands that write in pieces.
#[must_use]
pub fn output_error(source: io::Error) -> CliError {
    match source.kind() {
        io::ErrorKind::BrokenPipe => CliError::Code(128 + libc::SIGPIPE),
        _ => CliError::Output { source },
    }
}

/// Writes one line for people to standard error; where that cannot be written, nobody reads.
pub fn note(text: impl AsRef<str>) {
    let text = text.as_ref();
    let shown = if io::stderr().is_terminal() { escape_lines(text) } else { Cow::Borrowed(text) };
    let _ = writeln!(io::stderr().lock(), "{shown}");
}

/// Asks on standard error and reads the answer from standard input; only one that begins with `y` is a yes.
///
/// # Errors
/// Standard input cannot be read.
pub fn confirm(warning: &str) -> Result<bool, CliError> {
    note(warning);
    let _ = write!(io::stderr().lock(), "Are you sure you want to continue? [y/N] ");
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).map_err(|error| CliError::Usage(format!("read the answer: {error}")))?;
    Ok(answer.trim_start().starts_with(['y', 'Y']))
}

/// The size of the user's terminal, where standard input or output is one.
#[must_use]
pub fn window() -> Option<Size> {
    let size = pty::size(io::stdin()).or_else(|| pty::size(io::stdout()));
    size.filter(|(rows, cols)| *rows > 0 && *cols > 0).map(|(rows, cols)| Size { rows, cols })
}

/// Tells whether standard output is a terminal.
#[must_use]
pub fn stdout_is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Makes a table as Podman prints it: a line of headers (where there are any), then the rows, in aligned columns.
#[must_use]
pub fn table<H: AsRef<str>>(headers: &[H], rows: &[Vec<String>]) -> String {
    let head = headers.iter().map(|header| header.as_ref().to_owned()).collect::<Vec<_>>();
    let head = if head.is_empty() { None } else { Some(&head) };
    align(head.into_iter().chain(rows).map(|row| row.iter().map(|cell| escape_for_terminal(cell)).collect::<Vec<_>>()))
}

/// Aligns cells. The last cell of a row is not padded; widths are counted in characters.
pub(super) fn align<C: AsRef<str>>(rows: impl Iterator<Item = Vec<C>>) -> String {
    let rows: Vec<Vec<C>> = rows.collect();
    let mut widths: Vec<usize> = Vec::new();
    for row in &rows {
        for (at, cell) in row.iter().take(row.len().saturating_sub(1)).enumerate() {
            let width = (cell.as_ref().chars().count() + GAP).max(COLUMN);
            match widths.get_mut(at) {
                Some(known) => *known = width.max(*known),
                None => widths.push(width),
            }
        }
    }
    let mut text = String::new();
    for row in &rows {
        for (at, cell) in row.iter().enumerate() {
            let width = if at + 1 < row.len() { widths[at] } else { 0 };
            let _ = write!(text, "{:width$}", cell.as_ref());
        }
        text.push('\n');
    }
    text
}

/// Writes a number of bytes in decimal units with three significant digits: `13.3 kB`, `1.45 MB`, `2 GB`.
#[must_use]
pub fn human_size(bytes: u64) -> String {
    size_with(bytes, " ")
}

/// Writes a number of bytes as [`human_size`] does, without the blank: `13.3kB`.
#[must_use]
pub fn human_size_compact(bytes: u64) -> String {
    size_with(bytes, "")
}

fn size_with(bytes: u64, blank: &str) -> String {
    const UNITS: [&str; 7] = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
    let (mut unit, mut divisor) = (0, 1_u64);
    // 999 500 bytes are 1 MB, not 1000 kB: what counts is the number after rounding.
    while unit + 1 < UNITS.len() && bytes / divisor >= 999 && bytes >= divisor.saturating_mul(1000) - divisor / 2 {
        (unit, divisor) = (unit + 1, divisor * 1000);
    }
    // Hundredths, rounded, in integers: no float can be off by one in the last digit.
    let hundredths = u128::from(bytes) * 100 / u128::from(divisor);
    let digits = if hundredths >= 10_000 {
        0
    } else if hundredths >= 1000 {
        1
    } else {
        2
    };
    let scale = 10_u128.pow(digits);
    let rounded = (u128::from(bytes) * scale * 2 / u128::from(divisor)).div_ceil(2);
    let (whole, part) = (rounded / scale, rounded % scale);
    let mut number = whole.to_string();
    if part > 0 {
        let fraction = format!("{part:0width$}", width = digits as usize);
        let _ = write!(number, ".{}", fraction.trim_end_matches('0'));
    }
    format!("{number}{blank}{}", UNITS[unit])
}

/// Writes a span of time as Docker and Podman do: `5 seconds`, `About a minute`, `3 weeks`.
#[must_use]
pub fn human_duration(span: Duration) -> String {
    let seconds = span.as_secs();
    let minutes = seconds / 60;
    let hours = (seconds + 1800) / 3600;
    match () {
        () if seconds < 1 => "Less than a second".to_owned(),
        () if seconds == 1 => "1 second".to_owned(),
        () if seconds < 60 => format!("{seconds} seconds"),
        () if minutes == 1 => "About a minute".to_owned(),
        () if minutes < 60 => format!("{minutes} minutes"),
        () if hours == 1 => "About an hour".to_owned(),
        () if hours < 48 => format!("{hours} hours"),
        () if hours < 24 * 14 => format!("{} days", hours / 24),
        () if hours < 24 * 60 => format!("{} weeks", hours / 24 / 7),
        () if hours < 24 * 365 * 2 => format!("{} months", hours / 24 / 30),
        () => format!("{} years", hours / 24 / 365),
    }
}

/// Writes how long ago something was: `2 minutes ago`.
#[must_use]
pub fn human_ago(span: Duration) -> String {
    format!("{} ago", human_duration(span))
}

/// Replaces what a terminal would obey (control characters, also of Latin-1, and marks that turn the writing direction) by escapes
/// that show it: a name, a label or an error text from outside cannot move the cursor or forge a line.
#[must_use]
pub fn escape_for_terminal(text: &str) -> Cow<'_, str> {
    escape_where(text, is_hostile)
}

/// Does the same and keeps line ends: for texts of several lines.
#[must_use]
pub fn escape_lines(text: &str) -> Cow<'_, str> {
    escape_where(text, |c| c != '\n' && is_hostile(c))
}

fn escape_where(text: &str, hostile: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(&hostile) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            c if !hostile(c) => safe.push(c),
            '\n' => safe.push_str("\\n"),
            '\t' => safe.push_str("\\t"),
            '\r' => safe.push_str("\\r"),
            c if u32::from(c) < 0x100 => {
                let _ = write!(safe, "\\x{:02x}", u32::from(c));
            }
            c => {
                let _ = write!(safe, "\\u{:04x}", u32::from(c));
            }
        }
    }
    Cow::Owned(safe)
}

/// Control characters, line and paragraph separators, and the bidirectional controls of Unicode (UAX #9).
pub(super) fn is_hostile(c: char) -> bool {
    c.is_control() || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_three_digits_and_decimal_units() {
        for (bytes, text) in [
            (0, "0 B"),
            (1, "1 B"),
            (999, "999 B"),
            (1000, "1 kB"),
            (1450, "1.45 kB"),
            (13_256, "13.3 kB"),
            (999_499, "999 kB"),
            (999_500, "1 MB"),
            (1_454_000, "1.45 MB"),
            (2_130_000, "2.13 MB"),
            (145_000_000, "145 MB"),
            (1_460_000_000, "1.46 GB"),
            (u64::MAX, "18.4 EB"),
        ] {
            assert_eq!(human_size(bytes), text, "{bytes}");
        }
        assert_eq!(human_size_compact(2_130_000), "2.13MB");
    }

    #[test]
    fn spans_read_as_podmans() {
        let (minute, hour, day) = (60, 3600, 86_400);
        for (seconds, text) in [
            (0, "Less than a second"),
            (1, "1 second"),
            (59, "59 seconds"),
            (minute, "About a minute"),
            (119, "About a minute"),
            (2 * minute, "2 minutes"),
            (59 * minute, "59 minutes"),
            (hour, "About an hour"),
            (89 * minute, "About an hour"),
            (90 * minute, "2 hours"),
            (47 * hour, "47 hours"),
            (2 * day, "2 days"),
            (13 * day, "13 days"),
            (14 * day, "2 weeks"),
            (59 * day, "8 weeks"),
            (60 * day, "2 months"),
            (729 * day, "24 months"),
            (730 * day, "2 years"),
        ] {
            assert_eq!(human_duration(Duration::from_secs(seconds)), text, "{seconds}");
        }
        assert_eq!(human_ago(Duration::from_secs(120)), "2 minutes ago");
    }

    #[test]
    fn a_table_has_columns_of_at_least_twelve_and_no_blanks_at_the_end() {
        let rows = vec![vec!["4032b249ace3".to_owned(), "Up".to_owned(), "a\tb".to_owned()]];
        assert_eq!(
            table(&["CONTAINER ID", "STATUS", "NAMES"], &rows),
            "CONTAINER ID  STATUS      NAMES\n4032b249ace3  Up          a\\tb\n"
        );
        assert_eq!(table::<&str>(&[], &rows), "4032b249ace3  Up          a\\tb\n");
    }

    #[test]
    fn nothing_that_a_terminal_obeys_passes() {
        for (text, shown) in [
            ("plain ä 漢", "plain ä 漢"),
            ("\x1b]52;c;x\x07", "\\x1b]52;c;x\\x07"),
            ("a\rb\nc", "a\\rb\\nc"),
            ("\u{9b}31m", "\\x9b31m"),
            ("\u{202e}gpj", "\\u202egpj"),
        ] {
            assert_eq!(escape_for_terminal(text), shown);
        }
        assert_eq!(escape_lines("a\n\x1bb"), "a\n\\x1bb");
    }

    #[test]
    fn a_closed_pipe_is_no_error_message() {
        let error = output_error(io::Error::from(io::ErrorKind::BrokenPipe));
        assert!(matches!(error, CliError::Code(141)), "{error}");
        assert!(matches!(output_error(io::Error::from(io::ErrorKind::StorageFull)), CliError::Output { .. }));
    }
}
