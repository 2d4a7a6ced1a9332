//! A container's name, and how it is tied to others and to its caller.

use crate::engine::container::create::CreateRequest;
use clap::Args;
use std::path::PathBuf;

/// Options about the container as a whole.
#[derive(Debug, Args)]
pub(in crate::cli::container) struct RelationOptions {
    /// Give the container a name
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Write the container's id to this file, which must not exist
    #[arg(long, value_name = "FILE")]
    pub cidfile: Option<PathBuf>,
    /// Remove the container when it has ended
    #[arg(long)]
    pub rm: bool,
}

impl RelationOptions {
    /// Puts what was asked into the request.
    pub(super) fn apply(&self, request: &mut CreateRequest) {
        request.name = self.name.clone().filter(|name| !name.is_empty());
        request.auto_remove = self.rm;
    }
}
