//! Tables of containers.conf whose keys are each given by the last file that has them.

use crate::config::registries::ConfigError;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::Path;
use toml::{Table, Value};

/// What a key says, where files say several things.
pub(super) trait Key: Sized {
    /// Reads a value.
    ///
    /// # Errors
    /// It is of another type.
    fn read(value: Value) -> Result<Self, String>;

    /// Lets what a later file says take effect.
    fn put(place: &mut Option<Self>, new: Self) {
        *place = Some(new);
    }
}

fn plain<T: DeserializeOwned>(value: Value) -> Result<T, String> {
    value.try_into().map_err(|error: toml::de::Error| error.message().to_owned())
}

macro_rules! plain_keys {
    ($($kind:ty),+) => { $(impl Key for $kind {
        fn read(value: Value) -> Result<Self, String> {
            plain(value)
        }
    })+ };
}
plain_keys!(bool, i64, u32, String);

/// A list of words. `{append=true}` in it adds this one and later ones to what earlier files say, until one has `{append=false}`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    pub words: Vec<String>,
    append: Option<bool>,
}

impl Key for Words {
    fn read(value: Value) -> Result<Self, String> {
        let mut list = Self::default();
        for item in plain::<Vec<Value>>(value)? {
            match item {
                Value::String(word) => list.words.push(word),
                Value::Table(attributes) => match attributes.get("append") {
                    Some(Value::Boolean(append)) if attributes.len() == 1 => list.append = Some(*append),
                    _ => return Err("the only attribute of a list is append=true or append=false".to_owned()),
                },
                other => return Err(format!("invalid type: {} in a list of strings", other.type_str())),
            }
        }
        Ok(list)
    }

    fn put(place: &mut Option<Self>, new: Self) {
        let old = place.take().unwrap_or_default();
        let append = new.append.or(old.append);
        let mut words = if append == Some(true) { old.words } else { Vec::new() };
        words.extend(new.words);
        *place = Some(Self { words, append });
    }
}

/// Lists by name: a later file replaces those that it names.
impl Key for BTreeMap<String, Vec<String>> {
    fn read(value: Value) -> Result<Self, String> {
        plain(value)
    }

    fn put(place: &mut Option<Self>, new: Self) {
        place.get_or_insert_default().extend(new);
    }
}

/// Merges one key of a file's table, where it has it.
///
/// # Errors
/// It is of another type than this key is.
pub(super) fn merge<T: Key>(path: &Path, table: (&str, &mut Table), key: &str, place: &mut Option<T>) -> Result<(), ConfigError> {
    let Some(value) = table.1.remove(key) else { return Ok(()) };
    let value =
        T::read(value).map_err(|why| ConfigError::Bad { path: path.to_owned(), what: format!("[{}] {key}: {why}", table.0) })?;
    T::put(place, value);
    Ok(())
}

/// Defines a table: a structure with one optional field for each key, and how a file's table is merged into it.
macro_rules! table {
    ($(#[$doc:meta])* $name:ident = $title:literal { $($key:ident: $kind:ty,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct $name {
            $(pub $key: Option<$kind>,)+
        }

        impl $name {
            pub(super) fn merge(&mut self, path: &Path, table: &mut toml::Table) -> Result<(), ConfigError> {
                $(keys::merge(path, ($title, table), stringify!($key), &mut self.$key)?;)+
                Ok(())
            }
        }
    };
}
pub(super) use table;
