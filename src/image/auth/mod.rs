//! Credentials for registries: where they are kept and how they are found (containers-auth.json(5)).
//!
//! Read are, the first that knows the registry wins: `$XDG_RUNTIME_DIR/containers/auth.json`, `~/.config/containers/auth.json`,
//! `~/.docker/config.json`, `~/.dockercfg`; or the one file that `--authfile` or `REGISTRY_AUTH_FILE` names and nothing else.
//!
//! Written is `~/.config/containers/auth.json`, so that a login outlives a reboot, as Docker's does. The folder in
//! `XDG_RUNTIME_DIR`, where Podman writes, is emptied at every logout of the user's last session; `login --session` chooses it.
//! Podman reads our file, and we read its own.

mod file;
mod helper;

use crate::config::Places;
use crate::config::registries::Registries;
use base64::Engine as _;
use file::AuthFile;
use std::fmt;
use std::path::{Path, PathBuf};

/// A registry that keeps its credentials under a name of its own in Docker's files.
const DOCKER_HUB: &str = "docker.io";
const DOCKER_HUB_KEY: &str = "https://index.docker.io/v1/";
/// In `credential-helpers`: the files.
const FILES: &str = "containers-auth.json";

/// Who one is to a registry.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    Password {
        user: String,
        password: String,
    },
    /// An OAuth2 refresh token, as `docker login` gets from some registries.
    IdentityToken(String),
}

impl Credentials {
    /// Parses `USER:PASSWORD`, of `--creds`. Without a colon all of it is the user.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let (user, password) = text.split_once(':').unwrap_or((text, ""));
        Self::Password { user: user.to_owned(), password: password.to_owned() }
    }

    /// The user's name, if there is one.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        match self {
            Self::Password { user, .. } => Some(user),
            Self::IdentityToken(_) => None,
        }
    }

    /// The value of an `Authorization: Basic` header, without the word.
    pub(super) fn basic(&self) -> Option<String> {
        match self {
            Self::Password { user, password } => {
                Some(base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}")))
            }
            Self::IdentityToken(_) => None,
        }
    }
}

/// Secrets do not go to logs.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Password { user, .. } => write!(f, "Password({user}:…)"),
            Self::IdentityToken(_) => f.write_str("IdentityToken(…)"),
        }
    }
}

/// Why credentials cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    #[error("read the credentials in {}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("write the credentials to {}", path.display())]
    Write {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{} is no file of credentials", path.display())]
    Parse {
        path: PathBuf,
        #[source]
        source: serde_json::Error,
    },
    #[error("{}: the credentials of {key} are not base64 of user:password", path.display())]
    Entry { path: PathBuf, key: String },
    #[error("no program {program} is in PATH, which {named_by} names for credentials (install it, or take it out there)")]
    NoHelper { program: String, named_by: String },
    #[error("{program} {action}: {cause}")]
    Helper { program: String, action: &'static str, cause: String },
    #[error("there is no folder for the session (XDG_RUNTIME_DIR is not set)")]
    NoSession,
    #[error("{name:?} is no name of a registry (write HOST[:PORT][/PATH])")]
    BadName { name: String },
}

/// Where a command looks for credentials, and puts them.
#[derive(Clone, Debug)]
pub struct Keeper {
    /// Read in this order.
    files: Vec<PathBuf>,
    /// Written.
    target: PathBuf,
    /// Read before the target: what is stored there under the same key would hide the new.
    before: Option<PathBuf>,
    /// Helpers of registries.conf; `FILES` stands for the files.
    helpers: Vec<String>,
    /// Docker Hub gets the key that Docker gives it.
    docker_keys: bool,
}

impl Keeper {
    /// Works out the files. `authfile` is the user's choice for this command.
    #[must_use]
    pub fn new(places: &Places, registries: &Registries, authfile: Option<&Path>) -> Self {
        let helpers = registries.credential_helpers().to_vec();
        if let Some(path) = authfile.or_else(|| places.auth_override()) {
            return Self { files: vec![path.to_owned()], target: path.to_owned(), before: None, helpers, docker_keys: false };
        }
        let session = places.session_auth_file();
        let target = places.auth_file();
        let all = [session.clone(), Some(target.clone()), Some(places.docker_auth_file()), Some(places.old_docker_auth_file())];
        Self { files: all.into_iter().flatten().collect(), target, before: session, helpers, docker_keys: false }
    }

    /// Keeps credentials in a file of Docker's alone, under the keys that Docker uses.
    #[must_use]
    pub fn compatible(path: &Path) -> Self {
        Self { files: vec![path.to_owned()], target: path.to_owned(), before: None, helpers: Vec::new(), docker_keys: true }
    }

    /// Keeps what is stored until the end of the user's session only.
    ///
    /// # Errors
    /// There is no place for that.
    pub fn for_session(mut self) -> Result<Self, AuthError> {
        self.target = self.before.take().ok_or(AuthError::NoSession)?;
        Ok(self)
    }

    /// Finds the credentials for `host[/path]`. The longest key that the name begins with counts.
    ///
    /// # Errors
    /// A file cannot be read, or a helper fails: that is never taken for "no credentials".
    pub fn find(&self, name: &str) -> Result<Option<Credentials>, AuthError> {
        let host = name.split('/').next().unwrap_or(name);
        let mut asked_files = false;
        for helper in &self.helpers {
            if helper == FILES {
                asked_files = true;
                if let Some(found) = self.find_in_files(name)? {
                    return Ok(Some(found));
                }
            } else if let Some(found) = helper::get(helper, "credential-helpers of registries.conf", host)? {
                return Ok(Some(found));
            }
        }
        if asked_files || !self.helpers.is_empty() { Ok(None) } else { self.find_in_files(name) }
    }

    fn find_in_files(&self, name: &str) -> Result<Option<Credentials>, AuthError> {
        for path in &self.files {
            let Some(file) = AuthFile::read(path)? else { continue };
            for key in keys(name) {
                if let Some(helper) = file.helper(key) {
                    if let Some(found) = helper::get_any(helper, &path.display().to_string(), key)? {
                        return Ok(Some(found));
                    }
                    continue;
                }
                if let Some(found) = file.entry(key)? {
                    return Ok(Some(found));
                }
            }
        }
        Ok(None)
    }

    /// Stores credentials under `host[/path]` and returns where: a file, or a helper.
    ///
    /// # Errors
    /// They cannot be written. An identity token is not stored.
    pub fn store(&self, name: &str, user: &str, password: &str) -> Result<String, AuthError> {
        check(name)?;
        let host = name.split('/').next().unwrap_or(name);
        if let Some(helper) = self.helpers.iter().find(|helper| *helper != FILES)
            && self.helpers.first() == Some(helper)
        {
            helper::store(helper, "credential-helpers of registries.conf", host, user, password)?;
            return Ok(helper::program(helper));
        }
        let mut file = AuthFile::read(&self.target)?.unwrap_or_else(|| AuthFile::empty(&self.target));
        let stored = if let Some(helper) = file.helper(name).map(str::to_owned) {
            helper::store(&helper, &self.target.display().to_string(), name, user, password)?;
            helper::program(&helper)
        } else {
            file.set(if self.docker_keys && name == DOCKER_HUB { DOCKER_HUB_KEY } else { name }, user, password);
            file.write()?;
            self.target.display().to_string()
        };
        // An older login of the session would be found before this one.
        if let Some(path) = &self.before
            && let Some(mut file) = AuthFile::read(path)?
            && file.remove(name)
        {
            file.write()?;
        }
        Ok(stored)
    }

    /// Forgets the credentials of `host[/path]` where this tool stores them; tells whether there were any.
    ///
    /// # Errors
    /// They cannot be removed.
    pub fn remove(&self, name: &str) -> Result<bool, AuthError> {
        check(name)?;
        let host = name.split('/').next().unwrap_or(name);
        let mut removed = false;
        for helper in self.helpers.iter().filter(|helper| *helper != FILES) {
            removed |= helper::erase(helper, "credential-helpers of registries.conf", host)?;
        }
        for path in [Some(&self.target), self.before.as_ref()].into_iter().flatten() {
            let Some(mut file) = AuthFile::read(path)? else { continue };
            if let Some(helper) = file.helper(name).map(str::to_owned) {
                removed |= helper::erase(&helper, &path.display().to_string(), name)?;
            }
            if file.remove(name) {
                file.write()?;
                removed = true;
            }
        }
        Ok(removed)
    }

    /// Forgets all credentials that this tool stores in files.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn remove_all(&self) -> Result<(), AuthError> {
        for path in [Some(&self.target), self.before.as_ref()].into_iter().flatten() {
            let Some(mut file) = AuthFile::read(path)? else { continue };
            for (key, helper) in file.helpers() {
                helper::erase(&helper, &path.display().to_string(), &key)?;
            }
            file.clear();
            file.write()?;
        }
        Ok(())
    }
}

/// The keys under which the credentials for a name may be, the closest first: `h/a/b`, `h/a`, `h`.
fn keys(name: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(name), |name| name.rsplit_once('/').map(|(above, _)| above))
}

fn check(name: &str) -> Result<(), AuthError> {
    let bad =
        name.is_empty() || name.split('/').any(str::is_empty) || name.contains(|c: char| c.is_whitespace() || c.is_control());
    if bad { Err(AuthError::BadName { name: name.to_owned() }) } else { Ok(()) }
}

/// What a user types for a registry: a scheme is left out, Docker Hub's other names are its first.
#[must_use]
pub fn registry_name(text: &str) -> String {
    let bare = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or(text).trim_end_matches('/');
    if file::normal(text) == DOCKER_HUB { DOCKER_HUB.to_owned() } else { bare.to_owned() }
}

#[cfg(test)]
mod tests;
