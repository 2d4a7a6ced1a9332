//! From one file's text to what it says.

use super::{ConfigError, Entry, Mirror, PullFrom, ShortNameMode};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// What one file says; what it does not say is nothing.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) search: Option<Vec<String>>,
    pub(super) mode: Option<ShortNameMode>,
    pub(super) entries: Vec<Entry>,
    pub(super) aliases: BTreeMap<String, String>,
    pub(super) helpers: Option<Vec<String>>,
}

/// The file as it is written. What is not known is left alone: newer tools write more.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Raw {
    unqualified_search_registries: Option<Vec<String>>,
    short_name_mode: Option<String>,
    credential_helpers: Option<Vec<String>>,
    #[serde(default)]
    registry: Vec<RawEntry>,
    #[serde(default)]
    aliases: BTreeMap<String, String>,
    registries: Option<toml::Table>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", default)]
#[derive(Default)]
struct RawEntry {
    prefix: String,
    location: String,
    insecure: bool,
    blocked: bool,
    mirror_by_digest_only: bool,
    mirror: Vec<RawMirror>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case", default)]
struct RawMirror {
    location: String,
    insecure: bool,
    pull_from_mirror: String,
}

pub(super) fn parse(path: &Path, text: &str) -> Result<File, ConfigError> {
    let raw: Raw =
        toml::from_str(text).map_err(|source| ConfigError::Toml { path: path.to_owned(), source: Box::new(source) })?;
    let bad = |what: String| ConfigError::Bad { path: path.to_owned(), what };
    if raw.registries.is_some() {
        return Err(bad(
            "[registries.…] is the old version 1 of this file (write unqualified-search-registries = [\"HOST\"] and [[registry]])"
                .to_owned(),
        ));
    }
    let mode = match raw.short_name_mode.as_deref() {
        None | Some("") => None,
        Some("enforcing") => Some(ShortNameMode::Enforcing),
        Some("permissive") => Some(ShortNameMode::Permissive),
        Some("disabled") => Some(ShortNameMode::Disabled),
        Some(other) => return Err(bad(format!("short-name-mode {other:?} is none of enforcing, permissive, disabled"))),
    };
    let search = raw.unqualified_search_registries;
    let search = search.map(|list| list.iter().map(|host| location(host)).collect::<Result<Vec<_>, _>>()).transpose();
    Ok(File {
        search: search.map_err(bad)?,
        mode,
        entries: raw.registry.into_iter().map(entry).collect::<Result<_, _>>().map_err(bad)?,
        aliases: raw.aliases,
        helpers: raw.credential_helpers,
    })
}

fn entry(raw: RawEntry) -> Result<Entry, String> {
    let (prefix, place) = (location(&raw.prefix)?, location(&raw.location)?);
    let prefix = if prefix.is_empty() { place.clone() } else { prefix };
    let wildcard = prefix.starts_with("*.");
    if prefix.is_empty() {
        return Err("a [[registry]] has neither prefix nor location".to_owned());
    }
    if prefix[1..].contains('*') || (prefix.starts_with('*') && !wildcard) || (wildcard && prefix.contains('/')) {
        return Err(format!("the prefix {prefix:?} is neither HOST[/PATH] nor *.DOMAIN"));
    }
    if place.is_empty() && !wildcard {
        return Err(format!("the [[registry]] {prefix:?} has no location"));
    }
    let mirrors = raw.mirror.into_iter().map(|mirror| {
        let place = location(&mirror.location)?;
        if place.is_empty() {
            return Err(format!("a mirror of {prefix:?} has no location"));
        }
        let pull_from = match mirror.pull_from_mirror.as_str() {
            "" if raw.mirror_by_digest_only => PullFrom::DigestOnly,
            "" | "all" => PullFrom::All,
            "digest-only" => PullFrom::DigestOnly,
            "tag-only" => PullFrom::TagOnly,
            other => return Err(format!("pull-from-mirror {other:?} is none of all, digest-only, tag-only")),
        };
        if raw.mirror_by_digest_only && !mirror.pull_from_mirror.is_empty() {
            return Err(format!("{prefix:?} has mirror-by-digest-only, so its mirrors cannot have pull-from-mirror"));
        }
        Ok(Mirror { location: place, insecure: mirror.insecure, pull_from })
    });
    let mirrors = mirrors.collect::<Result<_, _>>()?;
    Ok(Entry { prefix, location: place, insecure: raw.insecure, blocked: raw.blocked, mirrors })
}

/// A host with a path perhaps, without slashes at the end.
fn location(text: &str) -> Result<String, String> {
    let text = text.trim_end_matches('/');
    if text.contains("://") {
        return Err(format!("{text:?} has a scheme: write the host alone (and insecure = true for plain HTTP)"));
    }
    Ok(text.to_owned())
}
