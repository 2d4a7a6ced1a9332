//! `--tail`: where the last lines begin.

use super::Stream;
use crate::monitor::logs::k8s_file::Record;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

/// Finds where the last lines of a file begin, and how many of them it has: fewer than wanted where the file has no more. Reads
/// windows from the end, each twice as long as the one before, until one holds them.
pub(super) fn start_of_last(file: &File, lines: u64) -> io::Result<(u64, u64)> {
    let len = file.metadata()?.len();
    let wanted = usize::try_from(lines).unwrap_or(usize::MAX);
    let mut size = 64 * 1024;
    loop {
        let start = len.saturating_sub(size);
        let mut window = vec![0; usize::try_from(len - start).unwrap_or(0)];
        file.read_exact_at(&mut window, start)?;
        if let Some((at, found)) = last_lines(&window, wanted, start == 0) {
            return Ok((start + at as u64, found as u64));
        }
        size *= 2;
    }
}

/// Finds where the last lines of a window of the file begin, and how many there are; a line that is not ended yet counts as one.
/// Nothing where the window, which is not the `whole` file then, does not hold as many.
fn last_lines(window: &[u8], lines: usize, whole: bool) -> Option<(usize, usize)> {
    let ends = |byte: &u8| *byte == b'\n';
    // A window may begin inside a record.
    let first = if whole { 0 } else { window.iter().position(ends)? + 1 };
    let end = window.iter().rposition(ends).map_or(first, |at| at + 1);
    let (mut starts, mut at, mut inside) = (Vec::new(), first, [false; 2]);
    for line in window[first..end].split_inclusive(ends) {
        if let Some(record) = Record::parse(line.trim_ascii_end()) {
            let inside = &mut inside[usize::from(record.stream == Stream::Stderr)];
            if !*inside {
                starts.push(at);
            }
            *inside = !record.full;
        }
        at += line.len();
    }
    // The first line of a window may have begun before it.
    let known = if whole { starts.len() } else { starts.len().saturating_sub(1) };
    if lines == 0 {
        return Some((end, 0));
    }
    if known < lines && !whole {
        return None;
    }
    let start = starts.get(starts.len().saturating_sub(lines)).copied().unwrap_or(end);
    Some((start, known.min(lines)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: &str = "2026-11-21T03:00:00.123456789+00:00";

    fn log(records: &[&str]) -> String {
        records.iter().map(|record| format!("{T} {record}\n")).collect()
    }

    #[test]
    fn the_last_lines_are_found_in_whole_files_and_windows() {
        let text = log(&["stdout F one", "stdout P tw", "stdout F o", "stderr P fo", "stdout F three"]);
        let record = |number: usize| text.match_indices(T).nth(number).map_or(0, |(at, _)| at);
        let table = [
            (0, (text.len(), 0)),
            (1, (record(4), 1)),
            (2, (record(3), 2)),
            (3, (record(1), 3)),
            (4, (record(0), 4)),
            (99, (0, 4)),
        ];
        for (lines, expected) in table {
            assert_eq!(last_lines(text.as_bytes(), lines, true), Some(expected), "{lines}");
        }
        // Cut in the first record: "two" is the first line whose beginning is sure.
        let window = &text.as_bytes()[10..];
        assert_eq!(last_lines(window, 2, false), Some((record(3) - 10, 2)));
        assert_eq!(last_lines(window, 3, false), None);
        assert_eq!(last_lines(b"", 5, true), Some((0, 0)));
        assert_eq!(last_lines(b"no line end", 5, false), None);
    }
}
