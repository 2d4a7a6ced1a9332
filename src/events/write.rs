//! Writing: small enough for the monitor. No parser, no serializer, one allocation, four system calls.

use super::{JOURNAL, OLDER, Status, Type};
use crate::sys::stamp;
use rustix::fs::{CWD, FlockOperation, Mode, OFlags, openat};
use rustix::io::Errno;
use std::fmt::Write as _;
use std::os::fd::OwnedFd;
use std::path::Path;

/// The size in bytes at which the journal is renamed: twice this is what events take on the disk.
const BOUND: u64 = 1 << 20;
/// The longest attributes of a subject in bytes. A subject travels as one argument of the monitor, which the kernel bounds at
/// 128 KiB (execve(2), `MAX_ARG_STRLEN`); longer labels are left out.
const LONGEST_ATTRIBUTES: usize = 16 << 10;

/// What an event is about, in the words of the journal: fields of a JSON object without its braces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject(String);

impl Subject {
    /// A container with its labels.
    #[must_use]
    pub fn container<'a>(id: &str, name: &str, image: &str, labels: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut subject = Self::of(Type::Container, &[("ID", id), ("Name", name), ("Image", image)]);
        let before = subject.0.len();
        subject.0.push_str(",\"Attributes\":{");
        for (at, (label, value)) in labels.enumerate() {
            if at > 0 {
                subject.0.push(',');
            }
            quote(&mut subject.0, label);
            subject.0.push(':');
            quote(&mut subject.0, value);
        }
        subject.0.push('}');
        if subject.0.len() - before > LONGEST_ATTRIBUTES {
            subject.0.truncate(before);
        }
        subject
    }

    /// An image, by its id and the name that the event is about.
    #[must_use]
    pub fn image(id: &str, name: &str) -> Self {
        Self::of(Type::Image, &[("ID", id), ("Name", name)])
    }

    /// A volume.
    #[must_use]
    pub fn volume(name: &str) -> Self {
        Self::of(Type::Volume, &[("Name", name)])
    }

    /// A network, by its name and id; with a container where that is joined to it or leaves it: then the id is that one's.
    #[must_use]
    pub fn network(name: &str, id: &str, container: Option<&str>) -> Self {
        Self::of(Type::Network, &[("ID", container.unwrap_or(id)), ("Network", name)])
    }

    /// A secret.
    #[must_use]
    pub fn secret(id: &str) -> Self {
        Self::of(Type::Secret, &[("ID", id)])
    }

    /// Everything of one kind, for `prune`.
    #[must_use]
    pub fn all_of(kind: Type) -> Self {
        Self::of(kind, &[])
    }

    /// Takes what [`Subject::as_str`] gave, unread: for the monitor, whose arguments come from us.
    #[must_use]
    pub fn from_text(text: String) -> Self {
        Self(text)
    }

    /// The text, for the monitor's arguments.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn of(kind: Type, fields: &[(&str, &str)]) -> Self {
        let mut text = String::with_capacity(256);
        let _ = write!(text, "\"Type\":\"{}\"", kind.as_str());
        for (name, value) in fields {
            let _ = write!(text, ",\"{name}\":");
            quote(&mut text, value);
        }
        Self(text)
    }
}

/// Something that happened.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    pub subject: &'a Subject,
    pub status: Status,
    /// Of `died` and `exec_died`.
    pub exit_code: Option<i32>,
    /// Nanoseconds since the epoch; nothing for now.
    pub time: Option<i64>,
    /// Of `health_status`: `starting`, `healthy`, `unhealthy`.
    pub health: Option<&'a str>,
}

impl<'a> Event<'a> {
    /// An event of now, without an exit code and without a state of health.
    #[must_use]
    pub fn new(subject: &'a Subject, status: Status) -> Self {
        Self { subject, status, exit_code: None, time: None, health: None }
    }

    fn line(&self) -> String {
        let mut line = String::with_capacity(self.subject.0.len() + 160);
        line.push('{');
        line.push_str(&self.subject.0);
        let _ = write!(line, ",\"Status\":\"{}\",\"Time\":\"", self.status.as_str());
        // The offset is spelled Z, as Go does.
        let stamp = stamp::format(self.time.unwrap_or_else(stamp::now));
        line.push_str(std::str::from_utf8(&stamp[..29]).unwrap_or_default());
        line.push_str("Z\"");
        if let Some(code) = self.exit_code {
            let _ = write!(line, ",\"ContainerExitCode\":{code}");
        }
        if let Some(health) = self.health {
            line.push_str(",\"health_status\":");
            quote(&mut line, health);
        }
        line.push_str("}\n");
        line
    }
}

/// Appends an event to the journal in `folder` (`<data>/events`, also relative to the current folder), which is made where there
/// is none.
///
/// # Errors
/// The journal cannot be written; callers go on without.
pub fn append(folder: &Path, event: &Event<'_>) -> Result<(), Errno> {
    let journal = folder.join(JOURNAL);
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::APPEND | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let open = || openat(CWD, &journal, flags, Mode::RUSR | Mode::WUSR);
    let file = open().or_else(|errno| match errno {
        Errno::NOENT => {
            let _ = rustix::fs::mkdir(folder, Mode::RWXU);
            open()
        }
        other => Err(other),
    })?;
    let line = event.line();
    rustix::io::retry_on_intr(|| rustix::io::write(&file, line.as_bytes()))?;
    if rustix::fs::fstat(&file).is_ok_and(|stat| stat.st_size.cast_unsigned() >= BOUND) {
        rotate(&file, folder, &journal);
    }
    Ok(())
}

/// Renames the journal, unless somebody else does or has done so: then its name is of another file.
fn rotate(file: &OwnedFd, folder: &Path, journal: &Path) {
    if rustix::fs::flock(file, FlockOperation::NonBlockingLockExclusive).is_err() {
        return;
    }
    let (Ok(own), Ok(named)) = (rustix::fs::fstat(file), rustix::fs::lstat(journal)) else { return };
    if (own.st_dev, own.st_ino) == (named.st_dev, named.st_ino) {
        let _ = rustix::fs::rename(journal, folder.join(OLDER));
    }
}

/// Appends a JSON string.
fn quote(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if u32::from(c) < 0x20 => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_the_json_of_what_was_said() {
        let labels = [("a\"b", "c\\d\n\u{1}ä"), ("e", "")];
        let subject = Subject::container("12", "web", "localhost/x:1", labels.into_iter());
        let event = Event { exit_code: Some(3), time: Some(1_795_230_000_123_456_789), ..Event::new(&subject, Status::Died) };
        let line = event.line();
        assert!(line.ends_with("}\n") && line.matches('\n').count() == 1, "{line}");
        let value: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        let wanted = serde_json::json!({
            "Type": "container", "ID": "12", "Name": "web", "Image": "localhost/x:1",
            "Attributes": { "a\"b": "c\\d\n\u{1}ä", "e": "" },
            "Status": "died", "Time": "2026-11-21T03:00:00.123456789Z", "ContainerExitCode": 3,
        });
        assert_eq!(value, wanted);
        assert_eq!(Subject::from_text(subject.as_str().to_owned()), subject);
    }

    #[test]
    fn labels_that_no_argument_could_hold_are_left_out() {
        let long = "x".repeat(LONGEST_ATTRIBUTES);
        let subject = Subject::container("1", "n", "i", [("l", long.as_str())].into_iter());
        assert_eq!(subject, Subject::of(Type::Container, &[("ID", "1"), ("Name", "n"), ("Image", "i")]));
    }

    #[test]
    fn the_journal_is_renamed_at_its_bound_and_holds_every_event_until_then() {
        let folder = tempfile::tempdir().expect("a folder");
        let events = folder.path().join("events");
        let subject = Subject::volume(&"v".repeat(9000));
        let length = |name: &str| std::fs::metadata(events.join(name)).map(|meta| meta.len()).ok();
        while length(OLDER).is_none() {
            append(&events, &Event::new(&subject, Status::Create)).expect("append");
            assert!(length(JOURNAL).unwrap_or(0) < BOUND);
        }
        assert!(length(OLDER).expect("renamed") >= BOUND);
        append(&events, &Event::new(&subject, Status::Remove)).expect("append");
        assert!(length(JOURNAL).expect("a new one") < 20_000);
    }
}
