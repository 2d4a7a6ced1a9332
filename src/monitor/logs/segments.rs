//! The file that records are appended to, and the turn to a new one.
//!
//! A file that is full is renamed and never written to again, so a reader that has it open reads it to its end and then looks for
//! the file that has the name now.

use super::target::FileTarget;
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, openat, renameat, unlinkat};
use rustix::io::Errno;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

/// The newest file, open for appending.
#[derive(Debug)]
pub(super) struct Segments {
    target: FileTarget,
    file: Option<OwnedFd>,
    /// How long the newest file is.
    size: u64,
    /// The path names a regular file; nothing else can be renamed away.
    turns: bool,
}

impl Segments {
    /// Opens the newest file; where that fails, every [`Segments::file`] tries again.
    pub(super) fn new(target: FileTarget) -> Self {
        let mut segments = Self { target, file: None, size: 0, turns: false };
        segments.open();
        segments
    }

    pub(super) fn file(&mut self) -> Option<BorrowedFd<'_>> {
        if self.file.is_none() {
            self.open();
        }
        self.file.as_ref().map(|file| file.as_fd())
    }

    /// Tells whether `more` bytes belong into a new file, when `pending` ones are still to be written to this one. A record that is
    /// longer than a file may be has a file of its own.
    pub(super) fn is_full(&self, pending: usize, more: usize) -> bool {
        let size = self.size.saturating_add(pending as u64);
        self.turns && size > 0 && size.saturating_add(more as u64) > self.target.max_size
    }

    /// Counts what was written.
    pub(super) fn grew(&mut self, bytes: usize) {
        self.size = self.size.saturating_add(bytes as u64);
    }

    /// Renames the files, each to the name of the next older one, and begins a new one. A folder that allows no renaming leaves
    /// the one file, emptied: the limit holds in any case.
    pub(super) fn turn(&mut self) {
        let last = self.target.files.saturating_sub(1);
        for age in (0..last).rev() {
            match renameat(CWD, self.target.segment(age), CWD, self.target.segment(age + 1)) {
                // There were not as many files yet.
                Ok(()) | Err(Errno::NOENT) => {}
                Err(_) => return self.empty(),
            }
        }
        if last == 0 && unlinkat(CWD, &self.target.path, AtFlags::empty()).is_err() {
            return self.empty();
        }
        self.file = None;
        self.open();
    }

    fn empty(&mut self) {
        if let Some(file) = &self.file
            && rustix::fs::ftruncate(file, 0).is_ok()
        {
            self.size = 0;
        }
    }

    fn open(&mut self) {
        // NONBLOCK: the user may have named a fifo that nobody reads.
        let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        self.file = openat(CWD, &self.target.path, flags, Mode::RUSR | Mode::WUSR).ok();
        let Some(stat) = self.file.as_ref().and_then(|file| rustix::fs::fstat(file).ok()) else { return };
        self.size = u64::try_from(stat.st_size).unwrap_or(0);
        self.turns = self.target.max_size > 0 && FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
    }
}
