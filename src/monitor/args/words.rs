//! Words on their way to the monitor and back: pairs of a name and a value.

use std::ffi::{OsStr, OsString};
use std::os::fd::RawFd;
use std::path::{Path, PathBuf};

/// A command line that is not one of `MonitorArgs::encode`.
#[derive(Debug, thiserror::Error)]
pub enum ArgsError {
    #[error("unknown option {0:?}")]
    Unknown(OsString),
    #[error("option {0:?} lacks its value")]
    NoValue(OsString),
    #[error("option {0} cannot be {1:?}")]
    BadValue(&'static str, OsString),
    #[error("option {0} is missing")]
    Missing(&'static str),
    #[error("descriptor {0} is given twice")]
    SharedDescriptor(RawFd),
}

/// The value of a name that needs none: every name has one, so that the reader need not know which do.
const SET: &str = "yes";

/// The words that are being written.
#[derive(Debug, Default)]
pub(super) struct Words(Vec<OsString>);

impl Words {
    pub(super) fn put(&mut self, name: &str, value: impl Into<OsString>) {
        self.0.extend([name.into(), value.into()]);
    }

    pub(super) fn number(&mut self, name: &str, value: impl ToString) {
        self.put(name, value.to_string());
    }

    pub(super) fn some_number(&mut self, name: &str, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.number(name, value);
        }
    }

    pub(super) fn some_path(&mut self, name: &str, value: Option<&Path>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }

    pub(super) fn flag(&mut self, name: &str) {
        self.put(name, SET);
    }

    pub(super) fn into_vec(self) -> Vec<OsString> {
        self.0
    }
}

/// The words that were given and have not been asked for yet.
#[derive(Debug)]
pub(super) struct Given(Vec<(OsString, OsString)>);

impl Given {
    pub(super) fn read(words: impl IntoIterator<Item = OsString>) -> Result<Self, ArgsError> {
        let mut words = words.into_iter();
        let mut pairs = Vec::with_capacity(16);
        while let Some(name) = words.next() {
            match words.next() {
                Some(value) => pairs.push((name, value)),
                None => return Err(ArgsError::NoValue(name)),
            }
        }
        Ok(Self(pairs))
    }

    /// The value of a name; the last where it was given more than once.
    pub(super) fn value(&mut self, name: &str) -> Option<OsString> {
        self.values(name).pop()
    }

    /// All values of a name, in their order.
    pub(super) fn values(&mut self, name: &str) -> Vec<OsString> {
        self.0.extract_if(.., |(known, _)| known == OsStr::new(name)).map(|(_, value)| value).collect()
    }

    pub(super) fn path(&mut self, name: &str) -> Option<PathBuf> {
        self.value(name).map(PathBuf::from)
    }

    pub(super) fn flag(&mut self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// Reads a number that is not negative: a descriptor, a pid, a time.
    pub(super) fn number<T: TryFrom<i64>>(&mut self, name: &'static str) -> Result<Option<T>, ArgsError> {
        self.value(name).map(|text| number(name, text)).transpose()
    }

    pub(super) fn numbers<T: TryFrom<i64>>(&mut self, name: &'static str) -> Result<Vec<T>, ArgsError> {
        self.values(name).into_iter().map(|text| number(name, text)).collect()
    }

    pub(super) fn nothing_left(self) -> Result<(), ArgsError> {
        self.0.into_iter().next().map_or(Ok(()), |(name, _)| Err(ArgsError::Unknown(name)))
    }
}

fn number<T: TryFrom<i64>>(name: &'static str, text: OsString) -> Result<T, ArgsError> {
    let number = text.to_str().and_then(|text| text.parse::<i64>().ok()).filter(|number| *number >= 0);
    number.and_then(|number| T::try_from(number).ok()).ok_or(ArgsError::BadValue(name, text))
}
