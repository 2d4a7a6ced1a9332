//! Logs of a container's output.

pub mod k8s_file;
pub use crate::sys::stamp;

/// Which of its outputs the container wrote to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Also everything that comes through a terminal.
    Stdout,
    Stderr,
}

impl Stream {
    /// Returns the word that stands in log lines.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}
