//! Secrets: small pieces of data that containers are handed and that stand in no image, no layer and no row of the database.
//!
//! One folder a secret, `secrets/<name>/`, mode 0700: `data`, the secret itself, and `secret.json`, what is known about it; both
//! mode 0600. A secret appears, is replaced and goes by one rename each. Who changes something holds the lock on `secrets/`, so what
//! a killed command left under the two names that begin with a dot is nobody's, and the next one removes it.

use rustix::fs::{FlockOperation, RenameFlags};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// The most bytes that a secret has: Podman's bound.
pub const MAX_BYTES: usize = 512_000;

const NEW: &str = ".new";
const OLD: &str = ".old";

/// What is known about a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret {
    /// 25 hex digits.
    pub id: String,
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub driver_options: BTreeMap<String, String>,
    /// Nanoseconds since the epoch.
    pub created_at: i64,
    /// Nanoseconds since the epoch: when its data was written.
    pub updated_at: i64,
    /// Bytes.
    pub size: usize,
}

/// Why a secret cannot be kept or had.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error("no secret with name or id {name:?}: no such secret")]
    NoSuch { name: String },
    #[error("the id {prefix:?} is ambiguous: more than one secret begins with it")]
    Ambiguous { prefix: String },
    #[error("the secret name {name:?} is in use")]
    Exists { name: String },
    #[error(
        "the secret name {name:?} is not valid: it is made of at most 253 letters, digits, _ . and -, and begins with a letter or digit"
    )]
    Name { name: String },
    #[error("a secret has from 1 to {MAX_BYTES} bytes, this one has {size}")]
    Size { size: usize },
    #[error("{action} the secret in {}", path.display())]
    File {
        action: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

/// The folder of all secrets of a user.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
}

impl Store {
    /// Names the folder; it is made with the first secret.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Keeps a secret; takes the place of one of the same name where `replace` says so.
    ///
    /// # Errors
    /// `Exists`, `Name`, `Size`, or the folder cannot be written to.
    pub fn create(&self, secret: &Secret, data: &[u8], replace: bool) -> Result<(), SecretError> {
        if !is_valid_name(&secret.name) {
            return Err(SecretError::Name { name: secret.name.clone() });
        }
        if data.is_empty() || data.len() > MAX_BYTES {
            return Err(SecretError::Size { size: data.len() });
        }
        let fail = |source| SecretError::File { action: "write", path: self.folder.clone(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder).map_err(fail)?;
        let lock = self.lock().map_err(fail)?;
        let target = self.folder.join(&secret.name);
        let exists = target.exists();
        if exists && !replace {
            return Err(SecretError::Exists { name: secret.name.clone() });
        }
        let new = self.folder.join(NEW);
        let text = serde_json::to_vec(secret).map_err(|error| fail(error.into()))?;
        DirBuilder::new()
            .mode(0o700)
            .create(&new)
            .and_then(|()| write_private(&new.join("data"), data))
            .and_then(|()| write_private(&new.join("secret.json"), &text))
            .map_err(fail)?;
        let flags = if exists { RenameFlags::EXCHANGE } else { RenameFlags::NOREPLACE };
        rustix::fs::renameat_with(&lock, NEW, &lock, secret.name.as_str(), flags).map_err(|errno| fail(errno.into()))?;
        self.sweep().map_err(fail)
    }

    /// Lists all secrets by name.
    ///
    /// # Errors
    /// The folder or one of its files cannot be read.
    pub fn list(&self) -> Result<Vec<Secret>, SecretError> {
        let fail = |source| SecretError::File { action: "list", path: self.folder.clone(), source };
        let entries = match std::fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other.map_err(fail)?,
        };
        let mut secrets = Vec::new();
        for entry in entries {
            let name = entry.map_err(fail)?.file_name();
            if let Some(name) = name.to_str().filter(|name| is_valid_name(name)) {
                secrets.extend(self.by_name(name)?);
            }
        }
        secrets.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(secrets)
    }

    /// Finds a secret by its name, or by its id or the beginning of that.
    ///
    /// # Errors
    /// `NoSuch`, `Ambiguous`, or the folder cannot be read.
    pub fn find(&self, name: &str) -> Result<Secret, SecretError> {
        if is_valid_name(name)
            && let Some(secret) = self.by_name(name)?
        {
            return Ok(secret);
        }
        let mut fitting = self.list()?.into_iter().filter(|secret| !name.is_empty() && secret.id.starts_with(name));
        match (fitting.next(), fitting.next()) {
            (Some(secret), None) => Ok(secret),
            (Some(_), Some(_)) => Err(SecretError::Ambiguous { prefix: name.to_owned() }),
            (None, _) => Err(SecretError::NoSuch { name: name.to_owned() }),
        }
    }

    /// Reads the secret itself.
    ///
    /// # Errors
    /// It is gone or cannot be read.
    pub fn read(&self, secret: &Secret) -> Result<Vec<u8>, SecretError> {
        let path = self.folder.join(&secret.name).join("data");
        match std::fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(SecretError::NoSuch { name: secret.name.clone() }),
            other => other.map_err(|source| SecretError::File { action: "read", path, source }),
        }
    }

    /// Removes a secret. What containers were given of it stays theirs.
    ///
    /// # Errors
    /// It is gone, or the folder cannot be written to.
    pub fn remove(&self, secret: &Secret) -> Result<(), SecretError> {
        let fail = |source| SecretError::File { action: "remove", path: self.folder.clone(), source };
        let lock = self.lock().map_err(fail)?;
        match rustix::fs::renameat(&lock, secret.name.as_str(), &lock, OLD) {
            Err(rustix::io::Errno::NOENT) => Err(SecretError::NoSuch { name: secret.name.clone() }),
            Err(errno) => Err(fail(errno.into())),
            Ok(()) => self.sweep().map_err(fail),
        }
    }

    fn by_name(&self, name: &str) -> Result<Option<Secret>, SecretError> {
        let path = self.folder.join(name).join("secret.json");
        let fail = |source| SecretError::File { action: "read", path: path.clone(), source };
        match std::fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(fail(source)),
            Ok(text) => serde_json::from_slice(&text).map(Some).map_err(|error| fail(error.into())),
        }
    }

    /// Takes the lock and removes what a killed holder left.
    fn lock(&self) -> io::Result<File> {
        let folder = File::open(&self.folder)?;
        rustix::io::retry_on_intr(|| rustix::fs::flock(&folder, FlockOperation::LockExclusive))?;
        self.sweep()?;
        Ok(folder)
    }

    fn sweep(&self) -> io::Result<()> {
        for name in [NEW, OLD] {
            match std::fs::remove_dir_all(self.folder.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Writes a file that nobody else may read, whatever the umask.
///
/// # Errors
/// It exists, or cannot be written.
pub fn write_private(path: &Path, data: &[u8]) -> io::Result<()> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(data)
}

/// Tells whether a text can be a secret's name: it is a file's name, too.
#[must_use]
pub fn is_valid_name(name: &str) -> bool {
    name.len() <= 253
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn secret(name: &str, id: &str) -> Secret {
        Secret {
            id: id.to_owned(),
            name: name.to_owned(),
            labels: BTreeMap::new(),
            driver_options: BTreeMap::new(),
            created_at: 1,
            updated_at: 1,
            size: 4,
        }
    }

    #[test]
    fn a_secret_is_kept_found_replaced_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path().join("secrets"));
        assert_eq!(store.list().unwrap(), []);
        store.create(&secret("a", "abc1"), b"data", false).unwrap();
        store.create(&secret("b", "abd2"), b"more", false).unwrap();
        assert!(matches!(store.create(&secret("a", "x"), b"data", false), Err(SecretError::Exists { .. })));
        assert_eq!(store.find("a").unwrap(), store.find("abc").unwrap());
        assert!(matches!(store.find("ab"), Err(SecretError::Ambiguous { .. })));
        assert!(matches!(store.find(""), Err(SecretError::NoSuch { .. })));
        store.create(&secret("a", "fff"), b"new", true).unwrap();
        let found = store.find("a").unwrap();
        assert_eq!((found.id.as_str(), store.read(&found).unwrap().as_slice()), ("fff", &b"new"[..]));
        store.remove(&found).unwrap();
        assert!(matches!(store.remove(&found), Err(SecretError::NoSuch { .. })));
        assert_eq!(store.list().unwrap().len(), 1);
        assert_eq!(std::fs::read_dir(folder.path().join("secrets")).unwrap().count(), 1);
    }

    #[test]
    fn nobody_else_can_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path().join("secrets"));
        store.create(&secret("a", "1"), b"data", false).unwrap();
        for (path, mode) in
            [("secrets", 0o700), ("secrets/a", 0o700), ("secrets/a/data", 0o600), ("secrets/a/secret.json", 0o600)]
        {
            let found = std::fs::metadata(folder.path().join(path)).unwrap().permissions().mode();
            assert_eq!(found & 0o777, mode, "{path}");
        }
    }

    #[test]
    fn names_and_sizes_have_bounds() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path().to_owned());
        for name in ["", ".new", "../x", "a/b", "a b", &"a".repeat(254)] {
            assert!(matches!(store.create(&secret(name, "1"), b"x", false), Err(SecretError::Name { .. })), "{name:?}");
        }
        for size in [0, MAX_BYTES + 1] {
            assert!(matches!(store.create(&secret("a", "1"), &vec![0; size], false), Err(SecretError::Size { .. })), "{size}");
        }
        store.create(&secret("a", "1"), &vec![0; MAX_BYTES], false).unwrap();
    }

    #[test]
    fn what_a_killed_command_left_is_no_obstacle() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path().to_owned());
        for name in [NEW, OLD] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
            std::fs::write(folder.path().join(name).join("data"), "half").unwrap();
        }
        assert_eq!(store.list().unwrap(), []);
        store.create(&secret("a", "1"), b"x", false).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
