//! registries.conf, version 2 (containers-registries.conf(5)): where names lead.
//!
//! Names here are texts, `host/path[:tag][@digest]`; what they mean is `image::reference`'s to say.

mod parse;

use super::Places;
use parse::File;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Why a configuration file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("read {}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{} is not what it should be", path.display())]
    Toml {
        path: PathBuf,
        #[source]
        source: Box<toml::de::Error>,
    },
    #[error("{}: {what}", path.display())]
    Bad { path: PathBuf, what: String },
}

/// What a short name does that may mean several images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ShortNameMode {
    /// One candidate, or the user says which.
    Enforcing,
    /// The user says which on a terminal; without one all are tried. Podman's default.
    #[default]
    Permissive,
    /// All are tried.
    Disabled,
}

/// Which names a mirror is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PullFrom {
    All,
    DigestOnly,
    TagOnly,
}

/// A place that is asked before the registry itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirror {
    pub location: String,
    pub insecure: bool,
    pub pull_from: PullFrom,
}

/// What is said about the names that begin with `prefix`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// `host[/path]`, or `*.domain`.
    pub prefix: String,
    /// What stands in its place; empty: it stays.
    pub location: String,
    pub insecure: bool,
    pub blocked: bool,
    pub mirrors: Vec<Mirror>,
}

/// Where an image may be pulled from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub name: String,
    /// Certificates are not checked, and plain HTTP will do.
    pub insecure: bool,
    pub is_mirror: bool,
}

/// All files, merged.
#[derive(Clone, Debug, Default)]
pub struct Registries {
    /// Registries for names without one; nothing where no file says.
    search: Option<Vec<String>>,
    mode: ShortNameMode,
    entries: Vec<Entry>,
    aliases: BTreeMap<String, String>,
    helpers: Option<Vec<String>>,
    files: Vec<PathBuf>,
}

impl Registries {
    /// Reads all files.
    ///
    /// # Errors
    /// A file cannot be read or is wrong. No file at all is none.
    pub fn load(places: &Places) -> Result<Self, ConfigError> {
        let mut all = Self::default();
        for path in places.registries_files() {
            let text = std::fs::read_to_string(&path).map_err(|source| ConfigError::Read { path: path.clone(), source })?;
            all.merge(parse::parse(&path, &text)?, path);
        }
        let chosen = places.chosen_aliases();
        if let Ok(text) = std::fs::read_to_string(&chosen) {
            all.aliases.extend(parse::parse(&chosen, &text)?.aliases);
        }
        Ok(all)
    }

    fn merge(&mut self, file: File, path: PathBuf) {
        if file.search.is_some() {
            self.search = file.search;
        }
        self.mode = file.mode.unwrap_or(self.mode);
        if file.helpers.is_some() {
            self.helpers = file.helpers;
        }
        self.entries.retain(|known| file.entries.iter().all(|new| new.prefix != known.prefix));
        self.entries.extend(file.entries);
        self.aliases.extend(file.aliases);
        self.files.push(path);
    }

    /// Registries that are searched for a name without one; nothing where no file gives a list.
    #[must_use]
    pub fn search(&self) -> &[String] {
        self.search.as_deref().unwrap_or_default()
    }

    #[must_use]
    pub fn mode(&self) -> ShortNameMode {
        self.mode
    }

    /// Tells whether there is any registries.conf, drop-ins aside or not.
    #[must_use]
    pub fn is_configured(&self) -> bool {
        !self.files.is_empty()
    }

    /// The full name that a short one, without tag and digest, stands for.
    #[must_use]
    pub fn alias(&self, short: &str) -> Option<&str> {
        self.aliases.get(short).map(String::as_str).filter(|name| !name.is_empty())
    }

    /// Programs that keep credentials, besides the files (`containers-auth.json` in the list).
    #[must_use]
    pub fn credential_helpers(&self) -> &[String] {
        self.helpers.as_deref().unwrap_or_default()
    }

    /// What is said about a full name: the longest prefix counts.
    #[must_use]
    pub fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries
            .iter()
            .filter_map(|entry| Some((matched(&entry.prefix, name)?, entry)))
            .max_by_key(|(len, _)| *len)
            .map(|found| found.1)
    }

    /// The places that a full name is pulled from, in order: mirrors, then the registry.
    ///
    /// # Errors
    /// The prefix of the entry that forbids the name.
    pub fn sources(&self, name: &str) -> Result<Vec<Source>, String> {
        let Some(entry) = self.entry(name) else {
            return Ok(vec![Source { name: name.to_owned(), insecure: false, is_mirror: false }]);
        };
        if entry.blocked {
            return Err(entry.prefix.clone());
        }
        let by_digest = name.contains('@');
        let fits = |mirror: &&Mirror| match mirror.pull_from {
            PullFrom::All => true,
            PullFrom::DigestOnly => by_digest,
            PullFrom::TagOnly => !by_digest,
        };
        let rewrite = |location: &str| rewrite(&entry.prefix, location, name);
        let mirrors = entry.mirrors.iter().filter(fits).map(|mirror| Source {
            name: rewrite(&mirror.location),
            insecure: mirror.insecure,
            is_mirror: true,
        });
        let own = Source { name: rewrite(&entry.location), insecure: entry.insecure, is_mirror: false };
        Ok(mirrors.chain([own]).collect())
    }
}

/// How many bytes of the name a prefix stands for; nothing if it does not.
fn matched(prefix: &str, name: &str) -> Option<usize> {
    if let Some(domain) = prefix.strip_prefix('*') {
        // "*.example.com" stands for the whole host, port included.
        let host = name.split('/').next()?;
        let bare = host.split(':').next()?;
        let fits = bare.len() > domain.len() && bare.ends_with(domain) && name.len() > host.len();
        return fits.then_some(host.len());
    }
    let rest = name.strip_prefix(prefix)?;
    matches!(rest.bytes().next(), None | Some(b'/' | b':' | b'@')).then_some(prefix.len())
}

fn rewrite(prefix: &str, location: &str, name: &str) -> String {
    match matched(prefix, name) {
        Some(len) if !location.is_empty() => format!("{location}{}", &name[len..]),
        _ => name.to_owned(),
    }
}

/// Adds a choice to the file of chosen aliases; the others in it stay.
///
/// # Errors
/// The file cannot be read or written.
pub fn remember_alias(places: &Places, short: &str, full: &str) -> Result<(), ConfigError> {
    let path = places.chosen_aliases();
    let fail = |source| ConfigError::Read { path: path.clone(), source };
    let mut aliases = match std::fs::read_to_string(&path) {
        Ok(text) => parse::parse(&path, &text)?.aliases,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
        Err(source) => return Err(fail(source)),
    };
    aliases.insert(short.to_owned(), full.to_owned());
    // Both are image names by now: letters, digits and ".-_/:", nothing that TOML would want escaped.
    let lines: String = aliases.iter().map(|(short, full)| format!("  {short:?} = {full:?}\n")).collect();
    let folder = path.parent().unwrap_or(Path::new("/"));
    std::fs::create_dir_all(folder).map_err(fail)?;
    let new = folder.join(format!(".short-name-aliases.{}", rustix::process::getpid().as_raw_nonzero()));
    std::fs::write(&new, format!("[aliases]\n{lines}")).and_then(|()| std::fs::rename(&new, &path)).map_err(fail)
}

#[cfg(test)]
mod tests;
