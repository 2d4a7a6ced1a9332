//! Tables of containers.conf whose keys are each given by the last file that has them.

use crate::config::registries::ConfigError;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::Path;
use toml::{Table, Value};

/// A file that is being read, for messages about it.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub path: &'a Path,
    pub text: &'a str,
}

impl Source<'_> {
    /// What is wrong with a key: the file, the line where it can be told, the table and the key.
    pub(super) fn bad(self, table: &str, key: &str, why: &str) -> ConfigError {
        ConfigError::Bad { path: self.path.to_owned(), what: self.about(table, key, why) }
    }

    /// The same without the file.
    pub(super) fn about(self, table: &str, key: &str, why: &str) -> String {
        let line = self.line(table, key).map(|line| format!("line {line}: ")).unwrap_or_default();
        format!("{line}[{table}] {key}: {why}")
    }

    /// The line on which a key of a table is written, from 1 on.
    pub(super) fn line(self, table: &str, key: &str) -> Option<usize> {
        let mut current = String::new();
        for (at, line) in self.text.lines().enumerate() {
            let line = line.trim();
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
                current = name.trim().trim_matches('"').to_owned();
                if current.strip_prefix(table).and_then(|rest| rest.strip_prefix('.')) == Some(key) {
                    return Some(at + 1);
                }
            }
            let Some((left, _)) = line.split_once('=') else { continue };
            let left = left.trim().replace('"', "");
            let whole = if current.is_empty() { left } else { format!("{current}.{left}") };
            let rest = whole.strip_prefix(table).and_then(|rest| rest.strip_prefix('.')).and_then(|rest| rest.strip_prefix(key));
            if rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.')) {
                return Some(at + 1);
            }
        }
        None
    }
}

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
plain_keys!(bool, i32, i64, u32, String);

/// A list of words. `{append=true}` in it adds this one and later ones to what earlier files say, until one has `{append=false}`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    pub words: Vec<String>,
    pub(super) append: Option<bool>,
}

impl Words {
    pub(super) fn from(words: Vec<String>, append: Option<bool>) -> Self {
        Self { words, append }
    }
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
pub(super) fn merge<T: Key>(
    source: Source<'_>,
    table: (&str, &mut Table),
    key: &str,
    place: &mut Option<T>,
) -> Result<(), ConfigError> {
    let Some(value) = table.1.remove(key) else { return Ok(()) };
    let value = T::read(value).map_err(|why| source.bad(table.0, key, &why))?;
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
            fn merge(&mut self, source: keys::Source<'_>, table: &mut toml::Table) -> Result<(), ConfigError> {
                $(keys::merge(source, ($title, table), stringify!($key), &mut self.$key)?;)+
                Ok(())
            }
        }
    };
}
pub(super) use table;
