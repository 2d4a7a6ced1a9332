//! Logs of a container's output.

pub mod journald;
pub mod k8s_file;
mod segments;
pub mod target;

pub use crate::sys::stamp;
use journald::Journal;
use k8s_file::Writer;
use std::io;
use target::LogTarget;

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

/// The log of the container that is watched.
#[derive(Debug)]
pub enum Log {
    None,
    File(Writer),
    Journal(Journal),
}

impl Log {
    /// Begins a log. One that cannot be written to yet is tried again with every output.
    ///
    /// # Errors
    /// There is no memory for a buffer.
    pub fn new(target: &LogTarget) -> io::Result<Self> {
        Ok(match target {
            LogTarget::None => Self::None,
            LogTarget::File(file) => Self::File(Writer::new(file.clone())?),
            LogTarget::Journal(journal) => Self::Journal(Journal::new(journal.clone())?),
        })
    }

    /// Takes what the container wrote to one of its streams. Never fails and never waits for long.
    pub fn write(&mut self, stream: Stream, bytes: &[u8]) {
        match self {
            Self::None => {}
            Self::File(writer) => writer.write(stream, bytes),
            Self::Journal(journal) => journal.write(stream, bytes),
        }
    }

    /// Gives memory back while nothing is written.
    pub fn rest(&mut self) {
        match self {
            Self::None => {}
            Self::File(writer) => writer.rest(),
            Self::Journal(journal) => journal.rest(),
        }
    }
}

/// Cuts a text into pieces of at most `longest` bytes; the empty text is one piece. Each says whether it is the last.
fn pieces(text: &[u8], longest: usize) -> impl Iterator<Item = (&[u8], bool)> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest.take()?;
        match text.split_at_checked(longest) {
            Some((piece, tail)) if !tail.is_empty() => {
                rest = Some(tail);
                Some((piece, false))
            }
            _ => Some((text, true)),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_without_loss_and_the_empty_one_is_one_piece() {
        for (len, expected) in [(0, vec![0]), (16384, vec![16384]), (16385, vec![16384, 1]), (40_000, vec![16384, 16384, 7232])] {
            let text = vec![b'x'; len];
            let got: Vec<_> = pieces(&text, 16384).map(|(piece, last)| (piece.len(), last)).collect();
            let last = expected.len() - 1;
            let expected: Vec<_> = expected.into_iter().enumerate().map(|(at, len)| (len, at == last)).collect();
            assert_eq!(got, expected);
        }
    }
}
