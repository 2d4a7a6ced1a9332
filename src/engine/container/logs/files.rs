//! The log in files: the newest and the older ones beside it.
//!
//! A reader has one file open at a time and keeps the ones that follow in a queue. The monitor renames a file that is full and never
//! writes to it again; so when the name stands for another file, the open one is read to its end and the newer ones come next.
//! They are told apart by their inode.

use super::tail::start_of_last;
use super::{LogsError, LogsRequest, LogsSink, Piece, Stream};
use crate::engine::container::status;
use crate::model::ContainerConfig;
use crate::monitor::logs::k8s_file::Record;
use crate::monitor::logs::target::FileTarget;
use crate::sys::{fd, process};
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// One container's log.
#[derive(Debug)]
pub(super) struct Reader {
    container: usize,
    name: String,
    target: FileTarget,
    /// The file that is being read, and those that follow it.
    files: VecDeque<File>,
    /// What follows the last whole record that was read.
    rest: Vec<u8>,
    /// Whether each stream is in the middle of a line.
    inside: [bool; 2],
    follows: bool,
    growth: Option<OwnedFd>,
    /// A pidfd of the writer, while it lives.
    monitor: Option<OwnedFd>,
    /// No more will be read.
    done: bool,
}

impl Reader {
    /// Opens the files. `target`'s path is relative to `folder`, or absolute.
    pub(super) fn open(
        container: usize,
        config: &ContainerConfig,
        folder: &Path,
        target: FileTarget,
        request: &LogsRequest,
    ) -> Result<Self, LogsError> {
        let read = |source| LogsError::Read { name: config.name.clone(), source };
        let wait = |source| LogsError::Wait { name: config.name.clone(), source };
        let mut reader = Self {
            container,
            name: config.name.clone(),
            target: FileTarget { path: folder.join(&target.path), ..target },
            files: VecDeque::new(),
            rest: Vec::new(),
            inside: [false; 2],
            follows: request.follow,
            growth: None,
            monitor: None,
            done: false,
        };
        if request.follow {
            // Before the files are opened: what comes between is found by the first read.
            reader.monitor = living_monitor(folder).map_err(wait)?;
            reader.growth = Some(reader.watch().map_err(|errno| wait(errno.into()))?);
        }
        reader.files = reader.newer_than(None).map_err(read)?;
        if let Some(lines) = request.tail {
            reader.skip_to_last(lines).map_err(read)?;
        }
        Ok(reader)
    }

    /// What tells that there is more to read.
    pub(super) fn watches(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.growth.iter().chain(&self.monitor).filter(|_| !self.done).map(|fd| fd.as_fd())
    }

    pub(super) fn is_done(&self) -> bool {
        self.done
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Forgets what the watch has told: it does not matter, the file is read to its end in any case.
    pub(super) fn drain_watch(&self) {
        if let Some(growth) = &self.growth {
            while rustix::io::read(growth, &mut [0; 4096]).is_ok_and(|count| count > 0) {}
        }
    }

    /// Watches the newest file for growth and its folder for another one.
    fn watch(&self) -> Result<OwnedFd, rustix::io::Errno> {
        let inotify = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        inotify::add_watch(&inotify, self.target.path.parent().unwrap_or(Path::new("/")), WatchFlags::CREATE)?;
        match inotify::add_watch(&inotify, &self.target.path, WatchFlags::MODIFY) {
            Ok(_) | Err(rustix::io::Errno::NOENT) => Ok(inotify),
            Err(errno) => Err(errno),
        }
    }

    /// Opens the files that are newer than the given inode, the oldest of them first; all where there is none or it is gone.
    fn newer_than(&self, known: Option<(u64, u64)>) -> io::Result<VecDeque<File>> {
        let mut found: VecDeque<File> = VecDeque::new();
        let mut seen = Vec::new();
        for age in 0..self.target.files {
            let file = match File::open(self.target.segment(age)) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            let meta = file.metadata()?;
            let inode = (meta.dev(), meta.ino());
            if Some(inode) == known {
                break;
            }
            // A turn between two looks shows one file under two names.
            if !seen.contains(&inode) {
                seen.push(inode);
                found.push_front(file);
            }
        }
        Ok(found)
    }

    /// Leaves out what stands before the last lines.
    fn skip_to_last(&mut self, lines: u64) -> io::Result<()> {
        let mut left = lines;
        for at in (0..self.files.len()).rev() {
            let (start, found) = start_of_last(&self.files[at], left)?;
            self.files[at].seek(SeekFrom::Start(start))?;
            left -= found.min(left);
            if left == 0 {
                self.files.drain(..at);
                break;
            }
        }
        Ok(())
    }

    /// Looks whether the writer has ended. To be called before a read: what is read after it is everything.
    pub(super) fn notice_end(&mut self) {
        if self.monitor.as_ref().is_some_and(|monitor| fd::is_readable(monitor).unwrap_or(true)) {
            self.monitor = None;
        }
    }

    /// Reads to the present end of the newest file.
    pub(super) fn read(&mut self, request: &LogsRequest, sink: &mut dyn LogsSink) -> Result<(), LogsError> {
        loop {
            self.read_file(request, sink)?;
            if self.done {
                break;
            }
            if self.files.is_empty() {
                if !self.find_newer()? {
                    break;
                }
                continue;
            }
            if self.files.len() == 1 {
                if !self.find_newer()? {
                    break;
                }
                // It was renamed after the last write to it, which may have come after our last read.
                self.read_file(request, sink)?;
            }
            self.files.pop_front();
        }
        self.done |= self.monitor.is_none();
        Ok(())
    }

    /// Looks whether there are newer files than the last one of the queue, and puts them behind it.
    fn find_newer(&mut self) -> Result<bool, LogsError> {
        if !self.follows {
            return Ok(false);
        }
        let fail = |source| LogsError::Read { name: self.name.clone(), source };
        let known = match self.files.back() {
            Some(file) => file.metadata().map(|meta| Some((meta.dev(), meta.ino()))).map_err(fail)?,
            None => None,
        };
        let newer = self.newer_than(known).map_err(fail)?;
        if newer.is_empty() {
            return Ok(false);
        }
        if let Some(growth) = &self.growth {
            let _ = inotify::add_watch(growth, &self.target.path, WatchFlags::MODIFY);
        }
        self.files.extend(newer);
        Ok(true)
    }

    /// Reads the first file to its present end: one that grows as fast as it is read would have no other.
    fn read_file(&mut self, request: &LogsRequest, sink: &mut dyn LogsSink) -> Result<(), LogsError> {
        let mut room = vec![0; 64 * 1024];
        let end = self.files.front().map_or(Ok(0), |file| file.metadata().map(|meta| meta.len()));
        let end = end.map_err(|source| LogsError::Read { name: self.name.clone(), source })?;
        while let Some(file) = self.files.front_mut().filter(|_| !self.done) {
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
pub(super) fn living_monitor(folder: &Path) -> io::Result<Option<OwnedFd>> {
    let Some(record) = status::run_record(folder) else { return Ok(None) };
    if record.boot != process::boot_id()? { Ok(None) } else { process::open_pidfd(record.monitor) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::logs::k8s_file::{FILE, Writer};

    const T: &str = "2026-11-21T03:00:00.123456789+00:00";

    fn log(records: &[&str]) -> String {
        records.iter().map(|record| format!("{T} {record}\n")).collect()
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

    fn reader(target: FileTarget) -> Reader {
        let mut reader = Reader {
            container: 0,
            name: "x".into(),
            target,
            files: VecDeque::new(),
            rest: Vec::new(),
            inside: [false; 2],
            follows: false,
            growth: None,
            monitor: None,
            done: false,
        };
        reader.files = reader.newer_than(None).expect("open");
        reader
    }

    #[test]
    fn lines_are_joined_stream_by_stream_and_broken_records_are_left_out() {
        let tmp = tempfile::tempdir().expect("tempdir");
        let path = tmp.path().join(FILE);
        let text = log(&["stdout P a", "stderr F err", "stdout F b"]) + "torn reco\n" + &log(&["stdout F "]) + T;
        std::fs::write(&path, text).expect("write");
        let mut sink = Sink::default();
        reader(FileTarget::new(path, 0, 0)).read(&LogsRequest::default(), &mut sink).expect("read");
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
            let request = LogsRequest { since, until, ..LogsRequest::default() };
            reader(FileTarget::new(path.clone(), 0, 0)).read(&request, &mut sink).expect("read");
            assert_eq!(sink.0, expected);
        }
    }

    #[test]
    fn a_reader_that_follows_loses_nothing_when_files_turn() {
        let tmp = tempfile::tempdir().expect("tempdir");
        let target = FileTarget::new(tmp.path().join(FILE), 200, 4);
        let mut writer = Writer::new(target.clone()).expect("writer");
        let mut reader = reader(target);
        reader.follows = true;
        let mut sink = Sink::default();
        let mut expected = Vec::new();
        for round in 0..40 {
            // From no line to more than one file takes.
            for line in 0..round % 7 {
                let text = format!("{round} {line}");
                writer.write(Stream::Stdout, format!("{text}\n").as_bytes());
                expected.push(format!("0stdout:<{text}>"));
            }
            reader.done = false;
            reader.read(&LogsRequest::default(), &mut sink).expect("read");
            assert_eq!(sink.0, expected, "round {round}");
        }
        assert!(tmp.path().join("ctr.log.3").exists());
    }

    #[test]
    fn the_last_lines_may_lie_in_several_files() {
        let tmp = tempfile::tempdir().expect("tempdir");
        let target = FileTarget::new(tmp.path().join(FILE), 200, 4);
        let mut writer = Writer::new(target.clone()).expect("writer");
        (0..11).for_each(|number| writer.write(Stream::Stdout, format!("{number}\n").as_bytes()));
        for (lines, first) in [(0, 11), (1, 10), (5, 6), (9, 2)] {
            let mut reader = reader(target.clone());
            reader.skip_to_last(lines).expect("skip");
            let mut sink = Sink::default();
            reader.read(&LogsRequest::default(), &mut sink).expect("read");
            let expected: Vec<_> = (first..11).map(|number| format!("0stdout:<{number}>")).collect();
            assert_eq!(sink.0, expected, "{lines}");
        }
    }
}
