//! Rights: capabilities, filters, masks and devices.

use crate::cli::error::CliError;
use crate::engine::container::create::CreateRequest;
use clap::Args;

/// Options about what a container may do.
#[derive(Debug, Args)]
pub(super) struct SecurityOptions {}

impl SecurityOptions {
    /// Puts what was asked into the request.
    ///
    /// # Errors
    /// An option's text cannot be read.
    #[allow(clippy::unused_self, clippy::unnecessary_wraps, reason = "the first options arrive with the next commits")]
    pub(super) fn apply(&self, _request: &mut CreateRequest) -> Result<(), CliError> {
        Ok(())
    }
}
