//! A container's name, and how it is tied to others and to its caller.

use crate::cli::error::CliError;
use crate::engine::container::create::CreateRequest;
use clap::Args;
use std::path::{Path, PathBuf};

/// Options about the container as a whole.
#[derive(Debug, Args)]
pub(in crate::cli::container) struct RelationOptions {
    /// Give the container a name
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Remove the container that has the name, also a running one
    #[arg(long)]
    replace: bool,
    /// Start these containers before this one, by name or id; they cannot be removed while it is there
    #[arg(long, value_name = "CONTAINER[,CONTAINER…]", value_delimiter = ',')]
    requires: Vec<String>,
    /// Write the container's id to this file, which must not exist
    #[arg(long, value_name = "FILE")]
    pub cidfile: Option<PathBuf>,
    /// Remove the container when it has ended
    #[arg(long)]
    pub rm: bool,
}

impl RelationOptions {
    /// Puts what was asked into the request; `cwd` is what a relative path begins at.
    ///
    /// # Errors
    /// Options that need each other are not together.
    pub(super) fn apply(&self, request: &mut CreateRequest, cwd: &Path) -> Result<(), CliError> {
        request.name = self.name.clone().filter(|name| !name.is_empty());
        if self.replace && request.name.is_none() {
            return Err(CliError::Usage("--replace needs --name: it replaces the container of that name".to_owned()));
        }
        request.replace = self.replace;
        request.requires.clone_from(&self.requires);
        request.relations.cidfile = self.cidfile.as_deref().map(|path| cwd.join(path));
        request.auto_remove = self.rm;
        Ok(())
    }
}
