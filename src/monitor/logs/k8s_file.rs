//! The log file `ctr.log`: the Kubernetes CRI format, which Podman calls `k8s-file`.
//!
//! ```text
//! 2026-11-21T03:00:00.123456789+00:00 stdout F a whole line, or the end of one
//! 2026-11-21T03:00:00.123456789+00:00 stderr P a piece of a line that goes on in the stream's next record
//! ```
//!
//! A record whose text ends with the end of output is `P`, too: no record follows, and a reader gives the bytes back exactly
//! as they were written, with no line end that the container did not write.

use super::segments::Segments;
use super::target::FileTarget;
use super::{Stream, pieces, stamp};
use crate::sys::pages::Pages;
use rustix::io::Errno;
use std::io;

/// The file's name in the container's folder.
pub const FILE: &str = "ctr.log";

/// What stands before the text of a record: stamp, stream, flag and three spaces.
const HEAD: usize = stamp::LEN + 10;

/// The room for records on their way to the file: each is written whole by one call, unless its text is longer.
const ROOM: usize = 48 * 1024;

/// The longest text of a record that readers of this format must take.
const LONGEST: usize = 16 * 1024;

/// The log file, open for appending. No failure reaches the container: what cannot be written is counted, and a record says so
/// as soon as one can be written again.
#[derive(Debug)]
pub struct Writer {
    segments: Segments,
    room: Pages,
    used: usize,
    /// Bytes that could not be written since the last record that could.
    lost: u64,
    /// The file ends in the middle of a record.
    torn: bool,
}

impl Writer {
    /// Makes a writer to a file; one that cannot be opened yet is tried again at every write.
    ///
    /// # Errors
    /// There is no memory for the buffer.
    pub fn new(target: FileTarget) -> io::Result<Self> {
        Ok(Self { segments: Segments::new(target), room: Pages::map(ROOM)?, used: 0, lost: 0, torn: false })
    }

    /// Appends what the container wrote to one of its streams.
    pub fn write(&mut self, stream: Stream, bytes: &[u8]) {
        let stamp = stamp::format(stamp::now());
        if self.lost > 0 {
            self.report_loss(&stamp);
        }
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (flag, text) = match line.split_last() {
                Some((b'\n', text)) => (b'F', text),
                _ => (b'P', line),
            };
            for (text, last) in pieces(text, LONGEST) {
                self.record(&stamp, stream, if last { flag } else { b'P' }, text);
            }
        }
        self.flush();
    }

    /// Gives the buffer's memory back while nothing is written.
    pub fn rest(&mut self) {
        self.room.forget();
    }

    fn record(&mut self, stamp: &[u8; stamp::LEN], stream: Stream, flag: u8, text: &[u8]) {
        let len = HEAD + text.len() + 1;
        let turn = self.segments.is_full(self.used, len);
        if turn || self.used + len > ROOM {
            self.flush();
        }
        // A record that was cut by a full disk is to be ended in the file in which it was begun.
        if turn && !self.torn && self.segments.is_full(0, len) {
            self.segments.turn();
        }
        for part in [&stamp[..], b" ", stream.as_str().as_bytes(), &[b' ', flag, b' '], text, b"\n"] {
            self.room[self.used..self.used + part.len()].copy_from_slice(part);
            self.used += part.len();
        }
    }

    fn report_loss(&mut self, stamp: &[u8; stamp::LEN]) {
        if std::mem::take(&mut self.torn) {
            self.room[0] = b'\n';
            self.used = 1;
        }
        let lost = std::mem::take(&mut self.lost);
        let text = format!("coracle: {lost} bytes of this log could not be written");
        self.record(stamp, Stream::Stderr, b'F', text.as_bytes());
        // A failure counts the report's own bytes as lost; the older loss must not be forgotten with them.
        self.flush();
        if self.lost > 0 {
            self.lost = lost;
        }
    }

    /// Writes out the buffer, or counts it as lost.
    fn flush(&mut self) {
        let mut start = 0;
        while start < self.used {
            let written = match self.segments.file() {
                Some(file) => rustix::io::write(file, &self.room[start..self.used]),
                None => Err(Errno::BADF),
            };
            match written {
                Ok(count) => {
                    start += count;
                    self.segments.grew(count);
                }
                Err(Errno::INTR) => {}
                Err(_) => {
                    self.lost += u64::try_from(self.used - start).unwrap_or(u64::MAX);
                    if start > 0 {
                        self.torn = self.room[start - 1] != b'\n';
                    }
                    break;
                }
            }
        }
        self.used = 0;
    }
}

/// One line of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// RFC 3339, with an offset.
    pub time: &'a str,
    pub stream: Stream,
    /// The text ends a line (`F`).
    pub full: bool,
    /// Without a line end.
    pub text: &'a [u8],
}

impl<'a> Record<'a> {
    /// Reads a line, given without its line end; nothing for a line that is no record (one that a full disk has cut).
    #[must_use]
    pub fn parse(line: &'a [u8]) -> Option<Self> {
        let mut fields = line.splitn(4, |byte| *byte == b' ');
        // Nothing else reaches a terminal as a time; the file may be anyone's.
        let of_a_time = |byte: &u8| byte.is_ascii_digit() || b"-:.+TtZz".contains(byte);
        let time = fields.next().filter(|time| time.len() >= 20 && time.iter().all(of_a_time))?;
        let time = std::str::from_utf8(time).ok()?;
        let stream = match fields.next()? {
            b"stdout" => Stream::Stdout,
            b"stderr" => Stream::Stderr,
            _ => return None,
        };
        // CRI allows further tags after the first, set apart by colons.
        let full = match fields.next()?.split(|byte| *byte == b':').next()? {
            b"F" => true,
            b"P" => false,
            _ => return None,
        };
        Some(Self { time, stream, full, text: fields.next().unwrap_or_default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_as_they_are_written() {
        type Fields = (Stream, bool, &'static [u8]);
        let table: [(&[u8], Option<Fields>); 11] = [
            (b"2026-11-21T03:00:00.123456789+00:00 stdout F a b", Some((Stream::Stdout, true, b"a b"))),
            (b"2026-11-21T03:00:00.123456789+00:00 stderr P ", Some((Stream::Stderr, false, b""))),
            (b"2026-11-21T03:00:00.123456789Z stderr F:x \xff", Some((Stream::Stderr, true, b"\xff"))),
            (b"2026-11-21T03:00:00.123456789+00:00 stdout F", Some((Stream::Stdout, true, b""))),
            (b"2026-11-21T03:00:00.123456789+00:00 stdin F x", None),
            (b"2026-11-21T03:00:00.123456789+00:00 stdout X x", None),
            (b"2026-11-21T03:\x0c00:00.123456789+00:00 stdout F x", None),
            (b"2026-11-21T03:00:00\x1b[2J.1234567+00:00 stdout F x", None),
            (b"2026-11-21t03:00:00.123456789z stdout F x", Some((Stream::Stdout, true, b"x"))),
            (b"2026-1", None),
            (b"", None),
        ];
        for (line, expected) in table {
            let got = Record::parse(line).map(|record| (record.stream, record.full, record.text));
            assert_eq!(got, expected, "{}", String::from_utf8_lossy(line));
        }
    }

    #[test]
    fn files_turn_between_records_and_the_oldest_goes() {
        let tmp = tempfile::tempdir().expect("tempdir");
        let path = tmp.path().join("ctr.log");
        let record = HEAD + 7;
        for (size, files, expected) in [
            (0, 0, vec!["000000-000029"]),
            (record * 10, 3, vec!["000020-000029", "000010-000019", "000000-000009"]),
            (record * 10 + 5, 2, vec!["000020-000029", "000010-000019"]),
            (record * 4, 1, vec!["000028-000029"]),
            // Two halves of the size.
            (record * 20, 0, vec!["000020-000029", "000010-000019"]),
            // A record that is longer than a file may be.
            (1, 2, vec!["000029-000029", "000028-000028"]),
        ] {
            let target = FileTarget::new(path.clone(), size as u64, files);
            let mut writer = Writer::new(target.clone()).expect("writer");
            for number in 0..15 {
                let text = format!("{:06}\n{:06}\n", number * 2, number * 2 + 1);
                // The line end stands for the record's own.
                writer.write(Stream::Stdout, text.as_bytes());
            }
            let mut found = Vec::new();
            for age in 0..9 {
                let Ok(text) = std::fs::read_to_string(target.segment(age)) else { break };
                assert!(size == 0 || text.len() <= record.max(size) || files == 0, "{}", text.len());
                let numbers: Vec<_> = text.lines().filter_map(|line| line.rsplit(' ').next()).collect();
                found.push(format!("{}-{}", numbers[0], numbers[numbers.len() - 1]));
                std::fs::remove_file(target.segment(age)).expect("remove");
            }
            assert_eq!(found, expected, "{size} {files}");
        }
    }
}
