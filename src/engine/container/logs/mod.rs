//! `logs`: what containers have written, from their log files or from the journal.
//!
//! A log is read from the first wanted record to its end. With `follow` the reader then sleeps until the kernel tells that the
//! file has grown (inotify) or that the monitor, its only writer, has ended (pidfd); after that end one last read finds everything.

mod files;
mod journal;
mod tail;

use super::{ContainerError, orders};
use crate::engine::{Engine, EngineError};
use crate::model::{ContainerConfig, LogDriver};
pub use crate::monitor::logs::Stream;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io;
use std::os::fd::BorrowedFd;

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
    #[error("container {name} writes no log: it was made with --log-driver {driver}")]
    NoLog { name: String, driver: &'static str },
    #[error("read the journal: the program journalctl cannot be started")]
    NoJournalctl(#[source] io::Error),
    #[error("read the journal: journalctl says {message}")]
    Journalctl { message: String },
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
        let unread = |config: &&ContainerConfig| !config.log_driver.is_file() && config.log_driver != LogDriver::Journald;
        if let Some(config) = containers.iter().find(unread) {
            let (name, driver) = (config.name.clone(), config.log_driver.as_str());
            return Err(ContainerError::from(LogsError::NoLog { name, driver }).into());
        }
        let open = |(at, config): (usize, &ContainerConfig)| {
            let folder = self.paths.container(&config.id);
            Ok::<_, LogsError>(match config.log_driver {
                LogDriver::Journald => Reader::Journal(journal::Reader::open(at, config, &folder, request)?),
                _ => Reader::Files(files::Reader::open(at, config, &folder, orders::log_file(config), request)?),
            })
        };
        let mut readers = containers.iter().enumerate().map(open).collect::<Result<Vec<_>, _>>().map_err(ContainerError::from)?;
        read_all(&mut readers, request, sink).map_err(|error| ContainerError::from(error).into())
    }
}

/// One container's log.
#[derive(Debug)]
enum Reader {
    Files(files::Reader),
    Journal(journal::Reader),
}

impl Reader {
    /// Takes what is there now.
    fn read(&mut self, request: &LogsRequest, sink: &mut dyn LogsSink) -> Result<(), LogsError> {
        match self {
            Self::Files(reader) => {
                reader.drain_watch();
                reader.notice_end();
                reader.read(request, sink)
            }
            Self::Journal(reader) => reader.read(sink),
        }
    }

    fn is_done(&self) -> bool {
        match self {
            Self::Files(reader) => reader.is_done(),
            Self::Journal(reader) => reader.is_done(),
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Files(reader) => reader.name(),
            Self::Journal(reader) => reader.name(),
        }
    }

    /// What tells that there is more.
    fn watches(&self) -> Vec<BorrowedFd<'_>> {
        match self {
            Self::Files(reader) => reader.watches().collect(),
            Self::Journal(reader) => reader.watches().collect(),
        }
    }
}

fn read_all(readers: &mut [Reader], request: &LogsRequest, sink: &mut dyn LogsSink) -> Result<(), LogsError> {
    loop {
        for reader in &mut *readers {
            reader.read(request, sink)?;
        }
        sink.pause().map_err(LogsError::Write)?;
        if !request.follow || readers.iter().all(Reader::is_done) || !wait(readers, request)? {
            return Ok(());
        }
    }
}

/// Waits until a log grows or its writer ends; false when `until` has come instead.
fn wait(readers: &[Reader], request: &LogsRequest) -> Result<bool, LogsError> {
    let watches: Vec<_> = readers.iter().flat_map(Reader::watches).collect();
    let mut fds: Vec<_> = watches.into_iter().map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)).collect();
    let left = request.until.map(|until| until.saturating_sub(crate::monitor::logs::stamp::now()));
    if left.is_some_and(|left| left <= 0) {
        return Ok(false);
    }
    let left = left.map(|left| Timespec { tv_sec: left / 1_000_000_000, tv_nsec: left % 1_000_000_000 });
    match poll(&mut fds, left.as_ref()) {
        Ok(0) => Ok(false),
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(true),
        Err(errno) => {
            let name = readers.iter().find(|reader| !reader.is_done()).map_or("", Reader::name);
            Err(LogsError::Wait { name: name.to_owned(), source: errno.into() })
        }
    }
}
