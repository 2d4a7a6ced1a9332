//! Following the journal by inotify: across its renaming, and from before there is one.

use super::read::{Lines, Record};
use super::{JOURNAL, OLDER};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::io::Errno;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Reads the journal's events in order, and waits for more.
#[derive(Debug)]
pub struct Follower {
    folder: PathBuf,
    /// The journal.
    current: Option<Lines>,
    /// What the journal was: late writers may still have it open.
    before: Option<Lines>,
    watch: Option<OwnedFd>,
}

impl Follower {
    /// Opens the journal in `folder`. With `from_start` the events that are there are read first, else only those to come. Without
    /// `follow` there is nothing to wait for.
    ///
    /// # Errors
    /// The journal cannot be read, or the user's inotify watches are used up.
    pub fn open(folder: &Path, from_start: bool, follow: bool) -> io::Result<Self> {
        // The watch comes first: what happens after it is told, what happened before it is in the files.
        let watch = if follow { Some(watch(folder)?) } else { None };
        let mut before = Lines::open(&folder.join(OLDER))?;
        let mut current = Lines::open(&folder.join(JOURNAL))?;
        // Renamed between the two looks: then the same file would be read twice, or one be missed.
        if let (Some(old), true) = (&before, current.is_some())
            && Lines::open(&folder.join(OLDER))?.is_some_and(|again| !same(&again, old))
        {
            return Self::open(folder, from_start, follow);
        }
        if !from_start {
            for lines in [&mut before, &mut current].into_iter().flatten() {
                lines.skip()?;
            }
        }
        Ok(Self { folder: folder.to_owned(), current, before, watch })
    }

    /// Returns the events that have come since the last call.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn read(&mut self) -> io::Result<Vec<Record>> {
        let mut records = self.before.as_mut().map_or_else(|| Ok(Vec::new()), Lines::read)?;
        if let Some(lines) = &mut self.current {
            records.extend(lines.read()?);
        }
        // A new journal since then? Only one: between two renamings lies a megabyte.
        let named = Lines::open(&self.folder.join(JOURNAL))?;
        if let Some(mut new) = named.filter(|new| self.current.as_ref().is_none_or(|current| !same(new, current))) {
            records.extend(new.read()?);
            self.before = self.current.replace(new).or_else(|| self.before.take());
        }
        // Writers stamp before they write, so neighbours may come in either order.
        records.sort_by_key(|record| record.time);
        Ok(records)
    }

    /// What is readable when there may be more; nothing without `follow`.
    #[must_use]
    pub fn watch(&self) -> Option<BorrowedFd<'_>> {
        self.watch.as_ref().map(std::os::fd::AsFd::as_fd)
    }

    /// Waits until there may be more, or `patience` is over; says whether there may be.
    ///
    /// # Errors
    /// The kernel refuses, which it does not.
    pub fn wait(&self, patience: Option<Duration>) -> io::Result<bool> {
        let Some(watch) = &self.watch else { return Ok(false) };
        let timeout = patience.map(|patience| Timespec::try_from(patience).unwrap_or_default());
        let count = match poll(&mut [PollFd::new(watch, PollFlags::IN)], timeout.as_ref()) {
            Ok(count) => count,
            Err(Errno::INTR) => 1,
            Err(errno) => return Err(errno.into()),
        };
        // What has changed does not matter: the files are looked at.
        let mut room = [MaybeUninit::uninit(); 4096];
        let mut reader = inotify::Reader::new(watch, &mut room);
        while reader.next().is_ok() {}
        Ok(count > 0)
    }
}

fn same(one: &Lines, other: &Lines) -> bool {
    let name = |lines: &Lines| lines.file().metadata().map(|meta| (meta.dev(), meta.ino())).ok();
    name(one) == name(other)
}

fn watch(folder: &Path) -> io::Result<OwnedFd> {
    match std::fs::DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let watch = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
    inotify::add_watch(&watch, folder, WatchFlags::MODIFY | WatchFlags::CREATE | WatchFlags::MOVED_TO)?;
    Ok(watch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::{Event, Status, Subject, append};

    fn names(records: &[Record]) -> Vec<&str> {
        records.iter().map(|record| record.name.as_str()).collect()
    }

    fn say(folder: &Path, name: &str) {
        append(folder, &Event::new(&Subject::volume(name), Status::Create)).expect("append");
    }

    #[test]
    fn a_follower_sees_what_comes_across_a_renaming() {
        let folder = tempfile::tempdir().expect("a folder");
        let events = folder.path().join("events");
        let mut follower = Follower::open(&events, true, true).expect("open");
        assert!(follower.read().expect("read").is_empty());
        assert!(!follower.wait(Some(Duration::ZERO)).expect("wait"));
        say(&events, "a");
        assert!(follower.wait(None).expect("wait"));
        assert_eq!(names(&follower.read().expect("read")), ["a"]);
        // A writer that has the journal open while it is renamed.
        let mut late = std::fs::File::options().append(true).open(events.join(JOURNAL)).expect("open");
        say(&events, "b");
        std::fs::rename(events.join(JOURNAL), events.join(OLDER)).expect("rename");
        say(&events, "c");
        assert_eq!(names(&follower.read().expect("read")), ["b", "c"]);
        let line = r#"{"Type":"volume","Name":"late","Status":"create","Time":"2026-11-21T03:00:00Z"}"#;
        io::Write::write_all(&mut late, format!("{line}\n").as_bytes()).expect("write");
        assert_eq!(names(&follower.read().expect("read")), ["late"]);
        let mut again = Follower::open(&events, true, false).expect("open");
        assert_eq!(again.read().expect("read").len(), 4);
        let mut later = Follower::open(&events, false, true).expect("open");
        assert!(later.read().expect("read").is_empty());
        say(&events, "d");
        assert_eq!(names(&later.read().expect("read")), ["d"]);
        assert!(!again.wait(None).expect("nothing to wait for"));
    }
}
