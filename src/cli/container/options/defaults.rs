//! What containers.conf says where an option is not given.

use super::Options;
use crate::cli::container::runtime;
use crate::cli::error::CliError;
use crate::config::containers::{Conf, Words};
use crate::engine::container::create::CreateRequest;
use clap::{Args as _, FromArgMatches as _};

impl Options {
    /// The request, with what the files say where nothing was given.
    ///
    /// # Errors
    /// An option's text cannot be read, or a value of a file, which is named then.
    pub(in crate::cli::container) fn completed(&mut self, conf: &Conf) -> Result<CreateRequest, CliError> {
        self.complete(conf).and_then(|()| self.request()).map_err(|error| {
            let text = error.to_string();
            let guilty = |(origin, alone): (String, Conf)| {
                let mut plain = Self::plain()?;
                let outcome = plain.complete(&alone).and_then(|()| plain.request());
                outcome.is_err_and(|error| error.to_string() == text).then_some(origin)
            };
            match conf.one_by_one().find_map(guilty) {
                Some(origin) => CliError::Usage(format!("{origin}: {text}")),
                None => error,
            }
        })
    }

    /// Those of a command line that names an image and nothing else.
    fn plain() -> Option<Self> {
        let command = Self::augment_args(clap::Command::new("coracle").no_binary_name(true).disable_help_flag(true));
        Self::from_arg_matches(&command.try_get_matches_from(["image"]).ok()?).ok()
    }

    fn complete(&mut self, conf: &Conf) -> Result<(), CliError> {
        let usual = &conf.containers;
        self.usual_env = usual.env.as_ref().map(|list| list.words.clone()).unwrap_or_default();
        self.environment.complete(usual);
        self.filesystem.complete(usual, &conf.engine);
        self.isolation.complete(usual);
        self.network.complete_from(usual);
        self.resources.complete(usual);
        self.security.complete(usual, &conf.engine)?;
        let (network, isolation) = (&self.network, &self.isolation);
        let shares = |namespace: &str| if namespace == "network" { network.is_shared() } else { isolation.shares(namespace) };
        self.settings.complete(usual, shares);
        self.supervision.complete(conf);
        // Runtimes that Podman knows by name are here by that name as well; without one, ours is the usual one.
        let usual = conf.engine.runtime.as_ref().filter(|name| !matches!(name.as_str(), "" | "coracle"));
        if let (None, Some(name)) = (&self.runtime, usual) {
            let found = runtime::find_in(name, &[], conf);
            self.runtime = Some(found.map_err(|why| CliError::Usage(format!("{}: {why}", conf.origin("engine", "runtime"))))?);
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
