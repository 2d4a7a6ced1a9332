//! `login` and `logout`: credentials for registries.

use super::source::{RegistryOptions, Surroundings};
use crate::config::Places;
use crate::engine::EngineError;
use crate::image::ImageError;
use crate::image::auth::{Credentials, Keeper, registry_name};
use crate::image::registry::Registry;
use std::path::PathBuf;

/// Which credentials to keep, and where.
#[derive(Clone, Debug)]
pub struct Login<'a> {
    pub places: &'a Places,
    pub options: &'a RegistryOptions,
    /// `host[:port][/path]`, as it was typed.
    pub registry: &'a str,
    /// Docker's file, with its keys, instead of ours.
    pub compat_file: Option<PathBuf>,
    /// Only until the end of the user's session.
    pub for_session: bool,
}

impl Login<'_> {
    /// The registry's name without what is not part of it.
    #[must_use]
    pub fn name(&self) -> String {
        registry_name(self.registry)
    }

    fn keeper(&self, around: &Surroundings<'_>) -> Result<Keeper, ImageError> {
        let keeper = match &self.compat_file {
            Some(path) => Keeper::compatible(path),
            None => Keeper::new(self.places, &around.registries, self.options.authfile.as_deref()),
        };
        if self.for_session { Ok(keeper.for_session()?) } else { Ok(keeper) }
    }

    /// The credentials that are known for the registry.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn known(&self) -> Result<Option<Credentials>, EngineError> {
        let around = Surroundings::read(self.places, self.options)?;
        let keeper = self.keeper(&around)?;
        Ok(keeper.find(&self.name()).map_err(ImageError::from)?)
    }

    /// Asks the registry whether it takes credentials.
    ///
    /// # Errors
    /// It does not, or cannot be reached.
    pub fn check(&self, credentials: Credentials) -> Result<(), EngineError> {
        let options = RegistryOptions { credentials: Some(credentials), ..self.options.clone() };
        let around = Surroundings::read(self.places, &options)?;
        let name = self.name();
        let host = name.split('/').next().unwrap_or(&name);
        let insecure = around.registries.entry(&name).is_some_and(|entry| entry.insecure);
        Ok(Registry::login(host, around.access(&name, insecure)?)?)
    }

    /// Tries the credentials and keeps them; returns where.
    ///
    /// # Errors
    /// The registry does not take them, or they cannot be written.
    pub fn login(&self, user: &str, password: &str) -> Result<String, EngineError> {
        let around = Surroundings::read(self.places, self.options)?;
        let keeper = self.keeper(&around)?;
        self.check(Credentials::Password { user: user.to_owned(), password: password.to_owned() })?;
        Ok(keeper.store(&self.name(), user, password).map_err(ImageError::from)?)
    }

    /// Forgets the credentials.
    ///
    /// # Errors
    /// A file cannot be read or written, or a helper fails.
    pub fn logout(&self) -> Result<Logout, EngineError> {
        let around = Surroundings::read(self.places, self.options)?;
        let keeper = self.keeper(&around)?;
        if keeper.remove(&self.name()).map_err(ImageError::from)? {
            return Ok(Logout::Removed);
        }
        let left = keeper.find(&self.name()).map_err(ImageError::from)?;
        Ok(if left.is_some() { Logout::KeptByOthers } else { Logout::Unknown })
    }

    /// Forgets all credentials that are kept in files.
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub fn logout_all(&self) -> Result<(), EngineError> {
        let around = Surroundings::read(self.places, self.options)?;
        Ok(self.keeper(&around)?.remove_all().map_err(ImageError::from)?)
    }

    /// The registry that is meant where none is named: the first that registries.conf searches.
    ///
    /// # Errors
    /// registries.conf is wrong.
    pub fn default_registry(places: &Places, options: &RegistryOptions) -> Result<Option<String>, EngineError> {
        Ok(Surroundings::read(places, options)?.registries.search().first().cloned())
    }
}

/// What a logout came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Logout {
    Removed,
    /// They are in a file of another tool, or under a shorter name.
    KeptByOthers,
    Unknown,
}
