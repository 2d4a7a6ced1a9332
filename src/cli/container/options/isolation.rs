//! Namespaces, ids and the network.

use crate::cli::error::CliError;
use crate::engine::container::create::CreateRequest;
use crate::model::NetworkMode;
use clap::Args;

/// Options about what a container shares with others, and who it is.
#[derive(Debug, Args)]
pub(super) struct IsolationOptions {
    /// Run as this user of the container: name or number, with :group or without
    #[arg(short, long, value_name = "USER[:GROUP]")]
    user: Option<String>,
    /// Choose the network: private (an own one, joined to the host's by a user-mode stack), none, host
    #[arg(long, visible_alias = "net", value_name = "MODE")]
    network: Option<String>,
}

impl IsolationOptions {
    /// Puts what was asked into the request.
    ///
    /// # Errors
    /// An option's text cannot be read.
    pub(super) fn apply(&self, request: &mut CreateRequest) -> Result<(), CliError> {
        request.user.clone_from(&self.user);
        request.network = self.network.as_deref().map(network).transpose()?;
        Ok(())
    }
}

fn network(text: &str) -> Result<NetworkMode, CliError> {
    match text {
        "none" => Ok(NetworkMode::None),
        "host" => Ok(NetworkMode::Host),
        "private" | "pasta" | "slirp4netns" => Ok(NetworkMode::Private),
        other => Err(CliError::Usage(format!("network {other:?} is not known: choose private, none or host"))),
    }
}
