//! What the monitor does: the log, the end, and later restarts and health checks.

use crate::cli::error::CliError;
use crate::engine::container::create::CreateRequest;
use crate::model::{LogDriver, signal};
use clap::Args;

/// Options about the time while a container runs.
#[derive(Debug, Args)]
pub(super) struct SupervisionOptions {
    /// The signal that `stop` sends
    #[arg(long, value_name = "SIGNAL")]
    stop_signal: Option<String>,
    /// How many seconds `stop` waits before it kills
    #[arg(long, value_name = "SECONDS")]
    stop_timeout: Option<u32>,
    /// Where the container's output is kept: k8s-file or none
    #[arg(long, value_name = "DRIVER")]
    log_driver: Option<String>,
}

impl SupervisionOptions {
    /// Puts what was asked into the request.
    ///
    /// # Errors
    /// An option's text cannot be read.
    pub(super) fn apply(&self, request: &mut CreateRequest) -> Result<(), CliError> {
        request.stop_signal = self.stop_signal.as_deref().map(parse_signal).transpose()?;
        request.stop_timeout = self.stop_timeout;
        request.log_driver = self.log_driver.as_deref().map(log_driver).transpose()?;
        Ok(())
    }
}

fn log_driver(text: &str) -> Result<LogDriver, CliError> {
    match text {
        "k8s-file" => Ok(LogDriver::K8sFile),
        "none" => Ok(LogDriver::None),
        other => Err(CliError::Usage(format!("log driver {other:?} is not known: choose k8s-file or none"))),
    }
}

/// Reads a signal's name or number.
///
/// # Errors
/// It is none.
pub(in crate::cli::container) fn parse_signal(text: &str) -> Result<i32, CliError> {
    signal::parse(text)
        .ok_or_else(|| CliError::Usage(format!("invalid signal {text:?}: use a name like TERM or a number from 1 to 64")))
}
