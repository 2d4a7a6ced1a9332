//! What a container's process begins with: names, limits, kernel settings, secrets.

use crate::cli::error::CliError;
use crate::engine::container::create::CreateRequest;
use clap::Args;

/// Options about the surroundings of a process.
#[derive(Debug, Args)]
pub(super) struct SettingOptions {
    /// Set the host name
    #[arg(short = 'h', long, value_name = "NAME")]
    hostname: Option<String>,
}

impl SettingOptions {
    /// Puts what was asked into the request.
    ///
    /// # Errors
    /// An option's text cannot be read.
    #[allow(clippy::unnecessary_wraps, reason = "every group of options can fail")]
    pub(super) fn apply(&self, request: &mut CreateRequest) -> Result<(), CliError> {
        request.hostname.clone_from(&self.hostname);
        Ok(())
    }
}
