//! A bundle's `config.json`: read once, when the container is created.

use super::seccomp::Filter;
use oci_spec::runtime::{Capability, Spec};
use serde_json::Value;
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
    /// Capabilities that nobody knows. The specification has a runtime warn of them and go on.
    pub unknown: Vec<String>,
}

/// Takes out of a process what says nothing and would not be read, and the capabilities that nobody knows, which it names.
pub fn take_unknown_capabilities(process: &mut Value) -> Vec<String> {
    if let Some(lists) = process.get_mut("execCPUAffinity").and_then(Value::as_object_mut) {
        // config.md "execCPUAffinity": an empty list is as none.
        lists.retain(|_, list| list.as_str() != Some(""));
    }
    let mut unknown = Vec::new();
    let sets = process.get_mut("capabilities").and_then(Value::as_object_mut);
    for list in sets.into_iter().flat_map(|sets| sets.values_mut()).filter_map(Value::as_array_mut) {
        list.retain(|name| {
            let name = name.as_str().unwrap_or_default();
            let is_known = name.trim_start_matches("CAP_").parse::<Capability>().is_ok();
            if !is_known && !unknown.iter().any(|known| known == name) {
                unknown.push(name.to_owned());
            }
            is_known
        });
    }
    unknown
}

impl Bundle {
    /// Reads `config.json` of the bundle `folder`, or the file of another name, and checks that all of it can be honoured here.
    /// Returns its compiled filter beside it.
    ///
    /// # Errors
    /// There is none, it is none, or a field asks for what this runtime cannot do.
    pub fn load(folder: &Path, name: Option<&Path>) -> Result<(Self, Option<Filter>), ConfigError> {
        let read = |path: &Path| ConfigError::Read { path: path.to_owned(), source: io::ErrorKind::NotFound.into() };
        let folder = folder.canonicalize().map_err(|source| match read(folder) {
            ConfigError::Read { path, .. } => ConfigError::Read { path, source },
            other => other,
        })?;
        let path = folder.join(name.unwrap_or(Path::new("config.json")));
        let text = read_text(&path)?;
        let bundle = Self::parse(folder, &path, text)?;
        super::validate::check(&bundle)?;
        let filter = super::seccomp::of(&bundle)?;
        Ok((bundle, filter))
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
        let fail = |source| ConfigError::Parse { path: path.to_owned(), source };
        let mut value: Value = serde_json::from_str(&text).map_err(fail)?;
        let unknown = value.get_mut("process").map(take_unknown_capabilities).unwrap_or_default();
        let spec = serde_json::from_value(value).map_err(fail)?;
        Ok(Self { folder, spec, text, unknown })
    }

    /// The root file system's folder, absolute.
    #[must_use]
    pub fn root(&self) -> PathBuf {
        let path = self.spec.root().as_ref().map(|root| root.path().clone()).unwrap_or_default();
        self.folder.join(path)
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
