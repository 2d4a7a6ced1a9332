//! Where the log goes, as the monitor is told.

use std::ffi::OsString;
use std::path::PathBuf;

/// The log of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LogTarget {
    #[default]
    None,
    File(FileTarget),
    Journal(JournalTarget),
}

/// A file and the older ones beside it: `ctr.log`, `ctr.log.1`, `ctr.log.2` …, the newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileTarget {
    /// Relative to the container's folder, or absolute.
    pub path: PathBuf,
    /// The most bytes that one file may have; zero for no limit.
    pub max_size: u64,
    /// How many files are kept, the one that is written to included; at least one.
    pub files: u32,
}

impl FileTarget {
    /// Works out the files from `max-size` (zero for none) and `max-file` (zero where nothing was said).
    ///
    /// A size alone is the most that is kept of the log in all. It is kept in two halves, so that a turn of the files never takes
    /// the newest lines away.
    #[must_use]
    pub fn new(path: PathBuf, max_size: u64, max_files: u32) -> Self {
        match (max_size, max_files) {
            (0, _) => Self { path, max_size, files: 1 },
            (size, 0) => Self { path, max_size: (size / 2).max(1), files: 2 },
            (size, files) => Self { path, max_size: size, files },
        }
    }

    /// Returns the path of the file before the newest by `age`: 0 is the newest.
    #[must_use]
    pub fn segment(&self, age: u32) -> PathBuf {
        match age {
            0 => self.path.clone(),
            age => {
                let mut name = self.path.clone().into_os_string();
                name.push(format!(".{age}"));
                name.into()
            }
        }
    }
}

/// The journal of systemd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalTarget {
    /// The socket of the native protocol.
    pub socket: PathBuf,
    /// `NAME=value`: what stands in each entry beside the text.
    pub fields: Vec<OsString>,
}
