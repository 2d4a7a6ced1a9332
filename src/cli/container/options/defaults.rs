//! What containers.conf says where an option is not given.

use super::Options;
use crate::cli::container::runtime;
use crate::cli::error::CliError;
use crate::config::containers::{Conf, Words};
use crate::engine::EngineError;
use crate::engine::network::NetworkError;

/// The files of the calling user.
///
/// # Errors
/// One of them is wrong.
pub(in crate::cli) fn conf() -> Result<&'static Conf, CliError> {
    Ok(Conf::load().map_err(|error| EngineError::from(NetworkError::Conf(Box::new(error))))?)
}

impl Options {
    /// Fills in what was not given.
    ///
    /// # Errors
    /// A file is wrong.
    pub(in crate::cli::container) fn complete(&mut self, conf: &Conf) -> Result<(), CliError> {
        let usual = &conf.containers;
        self.usual_env = usual.env.as_ref().map(|list| list.words.clone()).unwrap_or_default();
        self.environment.complete(usual);
        self.filesystem.complete(usual);
        self.isolation.complete(usual);
        self.network.complete_from(usual);
        self.resources.complete(usual);
        self.security.complete(usual)?;
        let (network, isolation) = (&self.network, &self.isolation);
        let shares = |namespace: &str| if namespace == "network" { network.is_shared() } else { isolation.shares(namespace) };
        self.settings.complete(usual, shares);
        self.supervision.complete(conf);
        // Runtimes that Podman knows by name are here by that name as well; without one, ours is the usual one.
        let engine = &conf.engine;
        if let (None, Some(name)) =
            (&self.runtime, engine.runtime.as_ref().filter(|name| !matches!(name.as_str(), "" | "coracle")))
        {
            self.runtime = Some(runtime::find(name, &[]).map_err(CliError::Usage)?);
        }
        Ok(())
    }
}

/// Takes the file's text where none was given.
pub(super) fn or(place: &mut Option<String>, usual: Option<&String>) {
    if place.is_none() {
        *place = usual.filter(|text| !text.is_empty()).cloned();
    }
}

/// Puts the file's words before those that were given.
pub(super) fn before(place: &mut Vec<String>, usual: Option<&Words>) {
    if let Some(usual) = usual {
        place.splice(0..0, usual.words.iter().cloned());
    }
}
