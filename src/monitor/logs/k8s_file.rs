//! The log file `ctr.log`: the Kubernetes CRI format, which Podman calls `k8s-file`.
//!
//! ```text
//! 2026-11-21T03:00:00.123456789+00:00 stdout F a whole line, or the end of one
//! 2026-11-21T03:00:00.123456789+00:00 stderr P a piece of a line that goes on in the stream's next record
//! ```
//!
//! A record whose text ends with the end of output is `P`, too: no record follows, and a reader gives the bytes back exactly
//! as they were written, with no line end that the container did not write.

use super::{Stream, stamp};
use crate::sys::pages::Pages;
use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::Errno;
use std::io;
use std::os::fd::OwnedFd;

/// The file's name in the container's folder.
pub const FILE: &str = "ctr.log";

/// What stands before the text of a record: stamp, stream, flag and three spaces.
const HEAD: usize = stamp::LEN + 10;

/// The room for records on their way to the file: each is written whole by one call, unless its text is longer.
const ROOM: usize = 48 * 1024;

/// The log file, open for appending. No failure reaches the container: what cannot be written is counted, and a record says so
/// as soon as one can be written again.
#[derive(Debug)]
pub struct Writer {
    file: Option<OwnedFd>,
    room: Pages,
    used: usize,
    /// Bytes that could not be written since the last record that could.
    lost: u64,
    /// The file ends in the middle of a record.
    torn: bool,
}

impl Writer {
    /// Makes a writer to the file `ctr.log` of the current folder; a file that cannot be opened yet is tried again at every write.
    ///
    /// # Errors
    /// There is no memory for the buffer.
    pub fn new() -> io::Result<Self> {
        Ok(Self { file: open().ok(), room: Pages::map(ROOM)?, used: 0, lost: 0, torn: false })
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
            for (text, last) in pieces(text) {
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
        if self.used + HEAD + text.len() + 1 > ROOM {
            self.flush();
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
        if self.file.is_none() {
            self.file = open().ok();
        }
        while start < self.used {
            let written = match &self.file {
                Some(file) => rustix::io::write(file, &self.room[start..self.used]),
                None => Err(Errno::BADF),
            };
            match written {
                Ok(count) => start += count,
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

fn open() -> Result<OwnedFd, Errno> {
    let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    openat(CWD, FILE, flags, Mode::RUSR | Mode::WUSR)
}

/// Cuts a text into pieces of at most 16 KiB, the longest that readers of this format must take; the empty text is one piece.
fn pieces(text: &[u8]) -> impl Iterator<Item = (&[u8], bool)> {
    const LONGEST: usize = 16 * 1024;
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest.take()?;
        match text.split_at_checked(LONGEST) {
            Some((piece, tail)) if !tail.is_empty() => {
                rest = Some(tail);
                Some((piece, false))
            }
            _ => Some((text, true)),
        }
    })
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
        let time = std::str::from_utf8(fields.next()?).ok().filter(|time| time.len() >= 20)?;
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
        let table: [(&[u8], Option<Fields>); 8] = [
            (b"2026-11-21T03:00:00.123456789+00:00 stdout F a b", Some((Stream::Stdout, true, b"a b"))),
            (b"2026-11-21T03:00:00.123456789+00:00 stderr P ", Some((Stream::Stderr, false, b""))),
            (b"2026-11-21T03:00:00.123456789Z stderr F:x \xff", Some((Stream::Stderr, true, b"\xff"))),
            (b"2026-11-21T03:00:00.123456789+00:00 stdout F", Some((Stream::Stdout, true, b""))),
            (b"2026-11-21T03:00:00.123456789+00:00 stdin F x", None),
            (b"2026-11-21T03:00:00.123456789+00:00 stdout X x", None),
            (b"2026-1", None),
            (b"", None),
        ];
        for (line, expected) in table {
            let got = Record::parse(line).map(|record| (record.stream, record.full, record.text));
            assert_eq!(got, expected, "{}", String::from_utf8_lossy(line));
        }
    }

    #[test]
    fn long_texts_are_cut_without_loss_and_the_empty_one_is_one_piece() {
        for (len, expected) in [(0, vec![0]), (16384, vec![16384]), (16385, vec![16384, 1]), (40_000, vec![16384, 16384, 7232])] {
            let text = vec![b'x'; len];
            let got: Vec<_> = pieces(&text).map(|(piece, last)| (piece.len(), last)).collect();
            let last = expected.len() - 1;
            let expected: Vec<_> = expected.into_iter().enumerate().map(|(at, len)| (len, at == last)).collect();
            assert_eq!(got, expected);
        }
    }
}
