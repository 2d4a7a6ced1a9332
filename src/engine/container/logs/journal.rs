//! The log in systemd's journal, read by `journalctl`: the journal's files have no other stable reader.
//!
//! With `follow`, journalctl is ended when the container's monitor has ended; a second one then reads what the first has not given.

use super::files::living_monitor;
use super::{LogsError, LogsRequest, LogsSink, Piece, Stream};
use crate::model::ContainerConfig;
use crate::monitor::logs::stamp;
use crate::sys::process;
use serde::Deserialize;
use std::io::Read as _;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};

/// A program that reads the journal, and the entries that are not whole yet.
#[derive(Debug)]
pub(super) struct Reader {
    container: usize,
    name: String,
    id: String,
    until: Option<String>,
    child: Child,
    output: ChildStdout,
    errors: ChildStderr,
    rest: Vec<u8>,
    cursor: Option<String>,
    inside: [bool; 2],
    follows: bool,
    monitor: Option<OwnedFd>,
    done: bool,
}

/// What of an entry is looked at (systemd.journal-fields(7); `journalctl -o json`).
#[derive(Debug, Deserialize)]
struct Entry {
    #[serde(rename = "__CURSOR")]
    cursor: Option<String>,
    #[serde(rename = "__REALTIME_TIMESTAMP")]
    microseconds: String,
    #[serde(rename = "PRIORITY", default)]
    priority: Option<String>,
    #[serde(rename = "CONTAINER_PARTIAL_MESSAGE", default)]
    partial: Option<String>,
    #[serde(rename = "MESSAGE", default)]
    message: Option<Message>,
}

/// A text, or bytes that are none.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Message {
    Text(String),
    Bytes(Vec<u8>),
}

impl Reader {
    pub(super) fn open(
        container: usize,
        config: &ContainerConfig,
        folder: &Path,
        request: &LogsRequest,
    ) -> Result<Self, LogsError> {
        let wait = |source| LogsError::Wait { name: config.name.clone(), source };
        let monitor = if request.follow { living_monitor(folder).map_err(wait)? } else { None };
        let seconds = |time: i64| format!("@{}.{:06}", time.div_euclid(1_000_000_000), time.rem_euclid(1_000_000_000) / 1000);
        let mut words = Vec::new();
        if let Some(since) = request.since {
            words.push(format!("--since={}", seconds(since)));
        }
        let until = request.until.map(|until| format!("--until={}", seconds(until)));
        words.extend(until.clone());
        words.push(format!("--lines={}", request.tail.map_or_else(|| "all".to_owned(), |lines| lines.to_string())));
        let follows = monitor.is_some();
        if follows {
            words.push("--follow".to_owned());
        }
        let id = config.id.to_string();
        let (child, output, errors) = start(&id, &words)?;
        Ok(Self {
            container,
            name: config.name.clone(),
            id,
            until,
            child,
            output,
            errors,
            rest: Vec::new(),
            cursor: None,
            inside: [false; 2],
            follows,
            monitor,
            done: false,
        })
    }

    pub(super) fn watches(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let monitor = self.monitor.as_ref().map(OwnedFd::as_fd);
        [Some(self.output.as_fd()), monitor].into_iter().flatten().filter(|_| !self.done)
    }

    pub(super) fn is_done(&self) -> bool {
        self.done
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Gives the entries that are there. Without `follow` this goes on to the end.
    pub(super) fn read(&mut self, sink: &mut dyn LogsSink) -> Result<(), LogsError> {
        if self.done {
            return Ok(());
        }
        if !self.follows {
            self.drain(sink)?;
            return self.finish();
        }
        let _ = rustix::io::ioctl_fionbio(&self.output, true);
        self.drain(sink)?;
        let ended = self.monitor.as_ref().is_none_or(process::has_ended);
        if ended {
            // What the first has not given yet, a second one reads from there on.
            self.end_child();
            let mut words: Vec<String> = self.until.clone().into_iter().collect();
            words.extend(self.cursor.as_ref().map(|cursor| format!("--after-cursor={cursor}")));
            (self.child, self.output, self.errors) = start(&self.id, &words)?;
            (self.follows, self.monitor) = (false, None);
            self.rest.clear();
            self.drain(sink)?;
            return self.finish();
        }
        Ok(())
    }

    fn drain(&mut self, sink: &mut dyn LogsSink) -> Result<(), LogsError> {
        let mut room = vec![0; 64 * 1024];
        loop {
            match self.output.read(&mut room) {
                Ok(0) => return Ok(()),
                Ok(count) => self.rest.extend_from_slice(&room[..count]),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return Ok(()),
                Err(source) => return Err(LogsError::Read { name: self.name.clone(), source }),
            }
            let Some(end) = self.rest.iter().rposition(|byte| *byte == b'\n') else { continue };
            let rest = self.rest.split_off(end + 1);
            let whole = std::mem::replace(&mut self.rest, rest);
            for line in whole[..end].split(|byte| *byte == b'\n') {
                self.give(line, sink)?;
            }
        }
    }

    fn give(&mut self, line: &[u8], sink: &mut dyn LogsSink) -> Result<(), LogsError> {
        let Ok(entry) = serde_json::from_slice::<Entry>(line) else { return Ok(()) };
        self.cursor = entry.cursor.or(self.cursor.take());
        let stream = if entry.priority.as_deref() == Some("3") { Stream::Stderr } else { Stream::Stdout };
        let time = stamp::format(entry.microseconds.parse::<i64>().unwrap_or(0).saturating_mul(1000));
        let text = match &entry.message {
            Some(Message::Text(text)) => text.as_bytes(),
            Some(Message::Bytes(bytes)) => bytes,
            None => &[],
        };
        let inside = &mut self.inside[usize::from(stream == Stream::Stderr)];
        let ends = entry.partial.is_none();
        let time = std::str::from_utf8(&time).expect("digits and signs");
        let piece = Piece { time, stream, begins: !*inside, text, ends };
        *inside = !ends;
        sink.piece(self.container, &piece).map_err(LogsError::Write)
    }

    /// journalctl has given everything, or has failed.
    fn finish(&mut self) -> Result<(), LogsError> {
        self.done = true;
        let mut message = String::new();
        let _ = (&mut self.errors).take(4096).read_to_string(&mut message);
        let status = self.child.wait();
        // No entry is no failure, though older versions end with 1 then.
        if status.is_ok_and(|status| status.success()) || message.trim().is_empty() {
            return Ok(());
        }
        Err(LogsError::Journalctl { message: message.trim().to_owned() })
    }

    fn end_child(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.end_child();
    }
}

fn start(id: &str, words: &[String]) -> Result<(Child, ChildStdout, ChildStderr), LogsError> {
    let program = crate::config::program::find_program("journalctl");
    let program = program.ok_or_else(|| LogsError::NoJournalctl(std::io::ErrorKind::NotFound.into()))?;
    let mut command = Command::new(program);
    command.args(["--output=json", "--all", "--quiet", "--no-pager"]).args(words).arg(format!("CONTAINER_ID_FULL={id}"));
    let started = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = started.map_err(LogsError::NoJournalctl)?;
    let (output, errors) = child.stdout.take().zip(child.stderr.take()).expect("both were asked for");
    Ok((child, output, errors))
}
