//! `logs`: what containers have written, from their log files.
//!
//! A file is read from the first wanted record to its end. With `follow` the reader then sleeps until the kernel tells that the
//! file has grown (inotify) or that the monitor, its only writer, has ended (pidfd); after that end one last read finds everything.

use super::ContainerError;
use crate::engine::{Engine, EngineError};
use crate::model::{ContainerConfig, LogDriver, RunRecord};
pub use crate::monitor::logs::Stream;
use crate::monitor::logs::k8s_file::{FILE, Record};
use crate::sys::process;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{CreateFlags, WatchFlags};
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

/// What of the logs is wanted. Times are nanoseconds since the epoch.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogsRequest {
    /// Go on until the container has ended.
    pub follow: bool,
    /// Only the last lines.
    pub tail: Option<u64>,
    pub since: Option<i64>,
    pub until: Option<i64>,
}

/// A line, or a piece of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// RFC 3339.
    pub time: &'a str,
    pub stream: Stream,
    /// The stream's line begins here.
    pub begins: bool,
    /// Without the line end.
    pub text: &'a [u8],
    /// The line ends here.
    pub ends: bool,
}

/// Who takes the lines.
pub trait LogsSink {
    /// Takes a piece of the container at this index of the request's list.
    ///
    /// # Errors
    /// Nobody takes any more; this ends the reading.
    fn piece(&mut self, container: usize, piece: &Piece<'_>) -> io::Result<()>;

    /// Nothing more is there for now.
    ///
    /// # Errors
    /// As for `piece`.
    fn pause(&mut self) -> io::Result<()>;
}

/// Why logs could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LogsError {
    #[error("container {name} writes no log: it was made with --log-driver none")]
    NoLog { name: String },
    #[error("read the log of container {name}")]
    Read {
        name: String,
        #[source]
        source: io::Error,
    },
    #[error("wait for the log of container {name}")]
    Wait {
        name: String,
        #[source]
        source: io::Error,
    },
    /// The sink takes no more: its own error.
    #[error("write the log")]
    Write(#[source] io::Error),
}

impl Engine {
    /// Gives the logs of these containers, one after the other; with `follow` then what each of them adds, as it comes.
    ///
    /// # Errors
    /// A log cannot be read, or the sink ends the reading (`LogsError::Write`).
    pub fn logs(
        &self,
        containers: &[ContainerConfig],
        request: &LogsRequest,
        sink: &mut dyn LogsSink,
    ) -> Result<(), EngineError> {
        if let Some(config) = containers.iter().find(|config| config.log_driver == LogDriver::None) {
            return Err(ContainerError::from(LogsError::NoLog { name: config.name.clone() }).into());
        }
        let open = |(at, config): (usize, &ContainerConfig)| Reader::open(at, config, &self.paths.container(&config.id), request);
        let mut readers = containers.iter().enumerate().map(open).collect::<Result<Vec<_>, _>>().map_err(ContainerError::from)?;
        read_all(&mut readers, request, sink).map_err(|error| ContainerError::from(error).into())
    }
}

fn read_all(readers: &mut [Reader], request: &LogsRequest, sink: &mut dyn LogsSink) -> Result<(), LogsError> {
    loop {
        for reader in &mut *readers {
            reader.notice_end();
            reader.read(request, sink)?;
        }
        sink.pause().map_err(LogsError::Write)?;
        if !request.follow || readers.iter().all(|reader| reader.done) || !wait(readers, request)? {
            return Ok(());
        }
    }
}

/// Waits until a log grows or its writer ends; false when `until` has come instead.
fn wait(readers: &mut [Reader], request: &LogsRequest) -> Result<bool, LogsError> {
    let living = || readers.iter().filter(|reader| !reader.done);
    let watches = living().flat_map(|reader| [reader.growth.as_ref(), reader.monitor.as_ref()]).flatten();
    let mut fds: Vec<_> = watches.map(|fd| PollFd::new(fd, PollFlags::IN)).collect();
    let left = request.until.map(|until| until.saturating_sub(crate::monitor::logs::stamp::now()));
    if left.is_some_and(|left| left <= 0) {
        return Ok(false);
    }
    let left = left.map(|left| Timespec { tv_sec: left / 1_000_000_000, tv_nsec: left % 1_000_000_000 });
    let name = living().next().map(|reader| reader.name.clone()).unwrap_or_default();
    match poll(&mut fds, left.as_ref()) {
        Ok(0) => return Ok(false),
        Ok(_) | Err(rustix::io::Errno::INTR) => {}
        Err(errno) => return Err(LogsError::Wait { name, source: errno.into() }),
    }
    // What the events say does not matter: the file is read to its end in any case.
    for growth in readers.iter().filter_map(|reader| reader.growth.as_ref()) {
        while rustix::io::read(growth, &mut [0; 4096]).is_ok_and(|count| count > 0) {}
    }
    Ok(true)
}

/// One container's log.
#[derive(Debug)]
struct Reader {
    container: usize,
    name: String,
    /// None where nothing was ever logged.
    file: Option<File>,
    /// What follows the last whole record that was read.
    rest: Vec<u8>,
    /// Whether each stream is in the middle of a line.
    inside: [bool; 2],
    growth: Option<OwnedFd>,
    /// A pidfd of the writer, while it lives.
    monitor: Option<OwnedFd>,
    /// No more will be read.
    done: bool,
}

impl Reader {
    fn open(container: usize, config: &ContainerConfig, folder: &Path, request: &LogsRequest) -> Result<Self, LogsError> {
        let name = config.name.clone();
        let read = |source| LogsError::Read { name: config.name.clone(), source };
        let mut file = match File::open(folder.join(FILE)) {
            Ok(file) => Some(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(read(error)),
        };
        let (mut growth, mut monitor) = (None, None);
        if request.follow && file.is_some() {
            let wait = |source| LogsError::Wait { name: config.name.clone(), source };
            monitor = living_monitor(folder).map_err(wait)?;
            let inotify = rustix::fs::inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK);
            let inotify = inotify.map_err(|errno| wait(errno.into()))?;
            rustix::fs::inotify::add_watch(&inotify, folder.join(FILE), WatchFlags::MODIFY)
                .map_err(|errno| wait(errno.into()))?;
            growth = Some(inotify);
        }
        if let (Some(file), Some(lines)) = (&mut file, request.tail) {
            let start = start_of_last(file, lines).map_err(read)?;
            file.seek(SeekFrom::Start(start)).map_err(read)?;
        }
        Ok(Self { container, name, file, rest: Vec::new(), inside: [false; 2], growth, monitor, done: false })
    }

    /// Looks whether the writer has ended. To be called before a read: what is read after it is everything.
    fn notice_end(&mut self) {
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        if let Some(monitor) = &self.monitor
            && poll(&mut [PollFd::from_borrowed_fd(monitor.as_fd(), PollFlags::IN)], Some(&now)) != Ok(0)
        {
            self.monitor = None;
        }
    }

    /// Reads to the file's present end: one that grows as fast as it is read would have no other.
    fn read(&mut self, request: &LogsRequest, sink: &mut dyn LogsSink) -> Result<(), LogsError> {
        let mut room = vec![0; 64 * 1024];
        let end = self.file.as_ref().map_or(Ok(0), |file| file.metadata().map(|meta| meta.len()));
        let end = end.map_err(|source| LogsError::Read { name: self.name.clone(), source })?;
        while let Some(file) = self.file.as_mut().filter(|_| !self.done) {
            let left = file.stream_position().map_or(0, |at| end.saturating_sub(at));
            let most = usize::try_from(left).unwrap_or(usize::MAX).min(room.len());
            let count = match file.read(&mut room[..most]) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(source) => return Err(LogsError::Read { name: self.name.clone(), source }),
            };
            self.rest.extend_from_slice(&room[..count]);
            let Some(end) = self.rest.iter().rposition(|byte| *byte == b'\n') else { continue };
            let rest = self.rest.split_off(end + 1);
            let whole = std::mem::replace(&mut self.rest, rest);
            for line in whole[..end].split(|byte| *byte == b'\n') {
                self.give(line, request, sink)?;
            }
        }
        self.done |= self.monitor.is_none();
        Ok(())
    }

    fn give(&mut self, line: &[u8], request: &LogsRequest, sink: &mut dyn LogsSink) -> Result<(), LogsError> {
        // A full disk may have cut a record.
        let Some(record) = Record::parse(line).filter(|_| !self.done) else { return Ok(()) };
        let time = match (request.since, request.until) {
            (None, None) => 0,
            _ => record.time.parse::<jiff::Timestamp>().map_or(0, |time| i64::try_from(time.as_nanosecond()).unwrap_or(i64::MAX)),
        };
        if request.since.is_some_and(|since| time < since) {
            return Ok(());
        }
        if request.until.is_some_and(|until| time > until) {
            self.done = true;
            return Ok(());
        }
        let inside = &mut self.inside[usize::from(record.stream == Stream::Stderr)];
        let Record { time, stream, full: ends, text } = record;
        let piece = Piece { time, stream, begins: !*inside, text, ends };
        *inside = !ends;
        sink.piece(self.container, &piece).map_err(LogsError::Write)
    }
}

/// A pidfd of the container's monitor, if it lives. The exit record does not count: the monitor may still be writing the log.
fn living_monitor(folder: &Path) -> io::Result<Option<OwnedFd>> {
    let record = std::fs::read(folder.join("run.json")).ok();
    let Some(record) = record.and_then(|bytes| serde_json::from_slice::<RunRecord>(&bytes).ok()) else { return Ok(None) };
    if record.boot != process::boot_id()? { Ok(None) } else { process::open_pidfd(record.monitor) }
}

/// Finds where the last lines begin. Reads windows from the end, each twice as long as the one before, until one holds them.
fn start_of_last(file: &File, lines: u64) -> io::Result<u64> {
    let len = file.metadata()?.len();
    let lines = usize::try_from(lines).unwrap_or(usize::MAX);
    let mut size = 64 * 1024;
    loop {
        let start = len.saturating_sub(size);
        let mut window = vec![0; usize::try_from(len - start).unwrap_or(0)];
        file.read_exact_at(&mut window, start)?;
        if let Some(at) = last_lines(&window, lines, start == 0) {
            return Ok(start + at as u64);
        }
        size *= 2;
    }
}

/// Finds where the last lines of a window of the file begin; a line that is not ended yet counts as one. Nothing where the window,
/// which is not the `whole` file then, does not hold as many.
fn last_lines(window: &[u8], lines: usize, whole: bool) -> Option<usize> {
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
        return Some(end);
    }
    if known < lines && !whole {
        return None;
    }
    Some(starts.get(starts.len().saturating_sub(lines)).copied().unwrap_or(end))
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
        let record = |number: usize| text.match_indices(T).nth(number).map(|(at, _)| at);
        let table = [(0, Some(text.len())), (1, record(4)), (2, record(3)), (3, record(1)), (4, record(0)), (99, record(0))];
        for (lines, expected) in table {
            assert_eq!(last_lines(text.as_bytes(), lines, true), expected, "{lines}");
        }
        // Cut in the first record: "two" is the first line whose beginning is sure.
        let window = &text.as_bytes()[10..];
        assert_eq!(last_lines(window, 2, false), record(3).map(|at| at - 10));
        assert_eq!(last_lines(window, 3, false), None);
        assert_eq!(last_lines(b"", 5, true), Some(0));
        assert_eq!(last_lines(b"no line end", 5, false), None);
    }

    #[derive(Default)]
    struct Sink(Vec<String>);

    impl LogsSink for Sink {
        fn piece(&mut self, container: usize, piece: &Piece<'_>) -> io::Result<()> {
            let mark = |yes: bool, sign: &'static str| if yes { sign } else { "" };
            let (begins, ends) = (mark(piece.begins, "<"), mark(piece.ends, ">"));
            self.0.push(format!("{container}{}:{begins}{}{ends}", piece.stream.as_str(), String::from_utf8_lossy(piece.text)));
            Ok(())
        }

        fn pause(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn reader(path: &Path) -> Reader {
        let file = Some(File::open(path).expect("open"));
        Reader {
            container: 0,
            name: "x".into(),
            file,
            rest: Vec::new(),
            inside: [false; 2],
            growth: None,
            monitor: None,
            done: false,
        }
    }

    #[test]
    fn lines_are_joined_stream_by_stream_and_broken_records_are_left_out() {
        let tmp = tempfile::tempdir().expect("tempdir");
        let path = tmp.path().join(FILE);
        let text = log(&["stdout P a", "stderr F err", "stdout F b"]) + "torn reco\n" + &log(&["stdout F "]) + T;
        std::fs::write(&path, text).expect("write");
        let mut sink = Sink::default();
        reader(&path).read(&LogsRequest::default(), &mut sink).expect("read");
        assert_eq!(sink.0, ["0stdout:<a", "0stderr:<err>", "0stdout:b>", "0stdout:<>"]);
    }

    #[test]
    fn since_and_until_bound_what_is_given() {
        let tmp = tempfile::tempdir().expect("tempdir");
        let path = tmp.path().join(FILE);
        let stamps = ["2026-11-21T03:00:00Z", "2026-11-21T04:00:00.5+00:00", "2026-11-21T06:00:00+01:00"];
        let text: String = stamps.iter().enumerate().map(|(at, stamp)| format!("{stamp} stdout F {at}\n")).collect();
        std::fs::write(&path, text).expect("write");
        let at = |text: &str| i64::try_from(text.parse::<jiff::Timestamp>().expect("time").as_nanosecond()).ok();
        let table = [
            (at("2026-11-21T04:00:00Z"), None, vec!["0stdout:<1>", "0stdout:<2>"]),
            (None, at("2026-11-21T04:30:00Z"), vec!["0stdout:<0>", "0stdout:<1>"]),
            (at("2026-11-21T05:00:01Z"), None, vec![]),
        ];
        for (since, until, expected) in table {
            let mut sink = Sink::default();
            reader(&path).read(&LogsRequest { since, until, ..LogsRequest::default() }, &mut sink).expect("read");
            assert_eq!(sink.0, expected);
        }
    }
}
