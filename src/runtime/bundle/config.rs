//! A bundle's `config.json`: read once, when the container is created.

use oci_spec::runtime::Spec;
use std::io;
use std::path::{Path, PathBuf};

/// Longer than any honest configuration.
const LONGEST: u64 = 64 << 20;

/// Why a bundle makes no container.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("read {}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{}: it is no configuration of the runtime specification", path.display())]
    Parse {
        path: PathBuf,
        #[source]
        source: serde_json::Error,
    },
    #[error("config.json: {field}: {why}")]
    Refused { field: String, why: String },
}

/// Makes the error for a field that cannot be honoured.
pub(super) fn refused(field: impl Into<String>, why: impl Into<String>) -> ConfigError {
    ConfigError::Refused { field: field.into(), why: why.into() }
}

/// A configuration and what it was read from.
#[derive(Clone, Debug)]
pub struct Bundle {
    /// Absolute.
    pub folder: PathBuf,
    pub spec: Spec,
    /// The file as it was.
    pub text: String,
}

impl Bundle {
    /// Reads `config.json` of the bundle `folder`, and checks that all of it can be honoured here.
    ///
    /// # Errors
    /// There is none, it is none, or a field asks for what this runtime cannot do.
    pub fn load(folder: &Path) -> Result<Self, ConfigError> {
        let read = |path: &Path| ConfigError::Read { path: path.to_owned(), source: io::ErrorKind::NotFound.into() };
        let folder = folder.canonicalize().map_err(|source| match read(folder) {
            ConfigError::Read { path, .. } => ConfigError::Read { path, source },
            other => other,
        })?;
        let path = folder.join("config.json");
        let text = read_text(&path)?;
        let bundle = Self::parse(folder, &path, text)?;
        super::validate::check(&bundle)?;
        Ok(bundle)
    }

    /// Takes the copy of a configuration that was checked when its container was created.
    ///
    /// # Errors
    /// It is gone or broken.
    pub fn reload(folder: PathBuf, copy: &Path) -> Result<Self, ConfigError> {
        let text = read_text(copy)?;
        Self::parse(folder, copy, text)
    }

    fn parse(folder: PathBuf, path: &Path, text: String) -> Result<Self, ConfigError> {
        let spec = serde_json::from_str(&text).map_err(|source| ConfigError::Parse { path: path.to_owned(), source })?;
        Ok(Self { folder, spec, text })
    }

    /// The root file system's folder, absolute.
    #[must_use]
    pub fn root(&self) -> PathBuf {
        let path = self.spec.root().as_ref().map(|root| root.path().clone()).unwrap_or_default();
        self.folder.join(path)
    }

    /// The part `linux.seccomp` as it was written; none where there is none.
    #[must_use]
    pub fn seccomp(&self) -> Option<Vec<u8>> {
        let value: serde_json::Value = serde_json::from_str(&self.text).ok()?;
        let profile = value.get("linux")?.get("seccomp")?;
        (!profile.is_null()).then(|| profile.to_string().into_bytes())
    }
}

fn read_text(path: &Path) -> Result<String, ConfigError> {
    use std::io::Read as _;
    let fail = |source| ConfigError::Read { path: path.to_owned(), source };
    let file = std::fs::File::open(path).map_err(fail)?;
    if !file.metadata().map_err(fail)?.is_file() {
        return Err(fail(io::Error::from(io::ErrorKind::InvalidInput)));
    }
    let mut text = String::new();
    let length = file.take(LONGEST).read_to_string(&mut text).map_err(fail)?;
    if u64::try_from(length).is_ok_and(|length| length == LONGEST) {
        return Err(fail(io::Error::from(io::ErrorKind::FileTooLarge)));
    }
    Ok(text)
}
