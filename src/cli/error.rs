//! From a failure to what the user sees: `Error: …` on stderr, a hint, an exit code.

use super::format::FormatError;
use crate::engine::{EngineError, Kind};
use crate::model::with_causes;
use std::fmt::Write as _;

/// A failed command.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A failure with a code of its own: of `rm`, 1 is "not there" and 2 "in use".
    #[error("{0}")]
    WithCode(EngineError, i32),
    #[error(transparent)]
    Format(#[from] FormatError),
    #[error("write to standard output")]
    Output {
        #[source]
        source: std::io::Error,
    },
    #[error("write {}", path.display())]
    File {
        path: std::path::PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("write generated files to {}", dir.display())]
    Generate {
        dir: std::path::PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// The command line asks for something that cannot be.
    #[error("{0}")]
    Usage(String),
    /// The command worked and this is its code; nothing is printed.
    #[error("exit code {0}")]
    Code(i32),
}

impl CliError {
    /// The exit code: Podman's, which are Docker's.
    #[must_use]
    pub fn code(&self) -> i32 {
        match self {
            Self::Code(code) | Self::WithCode(_, code) => *code,
            Self::Usage(_) | Self::Format(_) | Self::Output { .. } | Self::File { .. } | Self::Generate { .. } => 125,
            Self::Engine(error) => match error.kind() {
                Kind::NotExecutable => 126,
                Kind::CommandNotFound => 127,
                _ => 125,
            },
        }
    }

    /// The text for stderr: the failure, what lies below it, and the hint.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Engine(error) | Self::WithCode(error, _) => Self::describe(error),
            other => chain(other),
        }
    }

    /// The same text for a failure that is one of several in a report.
    #[must_use]
    pub fn describe(error: &EngineError) -> String {
        let mut text = chain(error);
        if let Some(hint) = error.hint() {
            let _ = write!(text, "\nHint: {hint}");
        }
        text
    }
}

fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    format!("Error: {}", with_causes(error))
}
