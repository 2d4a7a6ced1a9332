//! Secrets: the store's, and those that a container is given.

use super::container::ContainerError;
use super::{Engine, EngineError};
use crate::model::{ContainerConfig, SecretUse};
use crate::runtime::secrets::SecretFile;
use crate::secret::{self, Store};
pub use crate::secret::{MAX_BYTES, Secret};
use crate::sys::stamp::now;
use rustix::rand::GetRandomFlags;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// A secret to keep.
#[derive(Default)]
pub struct SecretRequest {
    pub name: String,
    pub data: Vec<u8>,
    pub labels: BTreeMap<String, String>,
    pub driver_options: BTreeMap<String, String>,
    /// Take the place of one of the same name.
    pub replace: bool,
}

impl std::fmt::Debug for SecretRequest {
    /// Shows everything but the secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecretRequest").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Engine {
    fn secret_store(&self) -> Store {
        Store::new(self.paths.secrets())
    }

    /// Keeps a secret.
    ///
    /// # Errors
    /// See [`Store::create`].
    pub fn create_secret(&self, request: SecretRequest) -> Result<Secret, EngineError> {
        let mut bytes = [0u8; 13];
        rustix::rand::getrandom(&mut bytes, GetRandomFlags::empty()).map_err(|errno| ContainerError::File {
            action: "draw an id from",
            path: "/dev/urandom".into(),
            source: errno.into(),
        })?;
        let mut id = bytes.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        });
        id.truncate(25);
        let created_at = now();
        let SecretRequest { name, data, labels, driver_options, replace } = request;
        let secret = Secret { id, name, labels, driver_options, created_at, updated_at: created_at, size: data.len() };
        self.secret_store().create(&secret, &data, replace)?;
        Ok(secret)
    }

    /// Lists all secrets.
    ///
    /// # Errors
    /// See [`Store::list`].
    pub fn secrets(&self) -> Result<Vec<Secret>, EngineError> {
        Ok(self.secret_store().list()?)
    }

    /// Finds a secret by name, id or the beginning of that.
    ///
    /// # Errors
    /// See [`Store::find`].
    pub fn secret(&self, name: &str) -> Result<Secret, EngineError> {
        Ok(self.secret_store().find(name)?)
    }

    /// Reads the secret itself.
    ///
    /// # Errors
    /// See [`Store::read`].
    pub fn secret_data(&self, secret: &Secret) -> Result<Vec<u8>, EngineError> {
        Ok(self.secret_store().read(secret)?)
    }

    /// Removes a secret; containers keep what they were given.
    ///
    /// # Errors
    /// See [`Store::remove`].
    pub fn remove_secret(&self, secret: &Secret) -> Result<(), EngineError> {
        Ok(self.secret_store().remove(secret)?)
    }

    /// Fills in what the secrets of a new container are.
    pub(super) fn resolve_secrets(&self, config: &mut ContainerConfig) -> Result<(), EngineError> {
        for given in &mut config.settings.secrets {
            let found = self.secret(&given.name)?;
            if given.target.is_empty() {
                given.target.clone_from(&found.name);
            }
            (given.name, given.id, given.size) = (found.name, found.id, found.size);
        }
        Ok(())
    }

    /// Copies the secrets of a new container into its folder: a later change of a secret is not for it.
    pub(super) fn keep_secrets(&self, config: &ContainerConfig, folder: &Path) -> Result<(), EngineError> {
        let store = self.secret_store();
        for (number, given) in config.settings.secrets.iter().enumerate() {
            let data = store.read(&store.find(&given.name)?)?;
            let path = kept(folder, number);
            secret::write_private(&path, &data).map_err(|source| ContainerError::File { action: "write", path, source })?;
        }
        Ok(())
    }
}

fn kept(folder: &Path, number: usize) -> PathBuf {
    folder.join(format!("secret.{number}"))
}

/// Reads a container's own copies of the secrets that `wanted` chooses.
fn read<'a>(
    config: &'a ContainerConfig,
    folder: &Path,
    wanted: impl Fn(&SecretUse) -> bool,
) -> Result<Vec<(&'a SecretUse, Vec<u8>)>, ContainerError> {
    let secrets = config.settings.secrets.iter().enumerate().filter(|(_, given)| wanted(given));
    secrets
        .map(|(number, given)| {
            let path = kept(folder, number);
            let data = std::fs::read(&path).map_err(|source| ContainerError::File { action: "read the secret", path, source })?;
            Ok((given, data))
        })
        .collect()
}

/// The secrets that a container has as files.
pub(super) fn files(config: &ContainerConfig, folder: &Path) -> Result<Vec<SecretFile>, ContainerError> {
    let place = |(given, data): (&SecretUse, _)| SecretFile {
        target: Path::new("/run/secrets").join(&given.target),
        data,
        uid: given.uid,
        gid: given.gid,
        mode: given.mode,
    };
    Ok(read(config, folder, |given| !given.is_variable)?.into_iter().map(place).collect())
}

/// The secrets that a container has in its environment, as `NAME=value`.
pub(super) fn variables(config: &ContainerConfig, folder: &Path) -> Result<Vec<String>, ContainerError> {
    let entry = |(given, data): (&SecretUse, Vec<u8>)| match String::from_utf8(data) {
        Ok(text) if !text.contains('\0') => Ok(format!("{}={text}", given.target)),
        _ => Err(ContainerError::Invalid {
            what: "the secret",
            value: given.name.clone(),
            why: "a variable cannot hold what is no text (leave out type=env)",
        }),
    };
    read(config, folder, |given| given.is_variable)?.into_iter().map(entry).collect()
}
