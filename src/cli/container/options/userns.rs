//! `--userns` and its kin, as text.

use crate::cli::error::CliError;
use crate::model::UserNamespace;
use crate::model::isolation::MapEntry;
use std::path::PathBuf;

/// A mode, and what has to be looked up for it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Parsed {
    pub(super) mode: UserNamespace,
    pub(super) container: Option<String>,
    pub(super) path: Option<PathBuf>,
}

impl From<UserNamespace> for Parsed {
    fn from(mode: UserNamespace) -> Self {
        Self { mode, ..Self::default() }
    }
}

/// Reads `--userns`.
///
/// # Errors
/// It is none of the modes, or an option of it makes no sense.
pub(super) fn mode(text: &str) -> Result<Parsed, CliError> {
    let (word, rest) = text.split_once(':').map_or((text, None), |(word, rest)| (word, Some(rest)));
    match (word, rest) {
        ("" | "host", None) => Ok(UserNamespace::Session.into()),
        ("private", None) => Ok(UserNamespace::Private.into()),
        ("nomap", None) => Ok(UserNamespace::NoMap.into()),
        ("keep-id", rest) => keep_id(rest),
        ("auto", rest) => auto(rest),
        ("container", Some(name)) if !name.is_empty() => Ok(Parsed { container: Some(name.to_owned()), ..Parsed::default() }),
        ("ns", Some(path)) if path.starts_with('/') => {
            Ok(Parsed { mode: UserNamespace::Path(path.into()), path: Some(path.into()), container: None })
        }
        _ => Err(CliError::Usage(format!(
            "--userns={text} is not known: choose host, keep-id, nomap, auto, private, container:NAME or ns:/proc/PID/ns/user"
        ))),
    }
}

fn options(mode: &str, rest: Option<&str>) -> Result<Vec<(String, String)>, CliError> {
    let pair = |option: &str| {
        let (name, value) =
            option.split_once('=').ok_or_else(|| CliError::Usage(format!("--userns={mode}: {option:?} lacks a value")))?;
        Ok((name.to_owned(), value.to_owned()))
    };
    rest.into_iter().flat_map(|rest| rest.split(',')).filter(|option| !option.is_empty()).map(pair).collect()
}

fn number(mode: &str, name: &str, value: &str) -> Result<u32, CliError> {
    let bad = || CliError::Usage(format!("--userns={mode}: {name}={value} is no number from 0 to 4294967294"));
    value.parse().ok().filter(|number| *number != u32::MAX && !value.starts_with('+')).ok_or_else(bad)
}

fn unknown(mode: &str, name: &str, known: &str) -> CliError {
    CliError::Usage(format!("--userns={mode}: option {name:?} is not known: there are {known}"))
}

fn keep_id(rest: Option<&str>) -> Result<Parsed, CliError> {
    let (mut uid, mut gid, mut size) = (None, None, None);
    for (name, value) in options("keep-id", rest)? {
        let number = number("keep-id", &name, &value)?;
        match name.as_str() {
            "uid" => uid = Some(number),
            "gid" => gid = Some(number),
            "size" => size = Some(number),
            _ => return Err(unknown("keep-id", &name, "uid, gid and size")),
        }
    }
    Ok(UserNamespace::KeepId { uid, gid, size }.into())
}

fn auto(rest: Option<&str>) -> Result<Parsed, CliError> {
    let (mut size, mut uids, mut gids) = (None, Vec::new(), Vec::new());
    for (name, value) in options("auto", rest)? {
        match name.as_str() {
            "size" => size = Some(number("auto", &name, &value)?),
            "uidmapping" => uids.push(entry("uidmapping", &value)?),
            "gidmapping" => gids.push(entry("gidmapping", &value)?),
            _ => return Err(unknown("auto", &name, "size, uidmapping and gidmapping")),
        }
    }
    Ok(UserNamespace::Auto { size, uids, gids }.into())
}

/// Reads `--uidmap` and `--gidmap`. Where only one kind is given it serves both, but for entries that are limited to one.
///
/// # Errors
/// An entry has another form.
pub(super) fn written(uidmap: &[String], gidmap: &[String]) -> Result<UserNamespace, CliError> {
    let read = |option: &str, list: &[String]| list.iter().map(|text| entry(option, text)).collect::<Result<Vec<_>, _>>();
    let (mut uids, mut gids) = (read("uidmap", uidmap)?, read("gidmap", gidmap)?);
    if gids.is_empty() {
        gids.clone_from(&uids);
    } else if uids.is_empty() {
        uids.clone_from(&gids);
    }
    uids.retain(|entry| entry.only_users || !entry.only_groups);
    gids.retain(|entry| entry.only_groups || !entry.only_users);
    Ok(UserNamespace::Map { uids, gids })
}

/// `--subuidname` and `--subgidname`: one serves for the other.
pub(super) fn named(user: Option<&str>, group: Option<&str>) -> UserNamespace {
    let either = |first: Option<&str>, second: Option<&str>| first.or(second).unwrap_or_default().to_owned();
    UserNamespace::SubIds { user: either(user, group), group: either(group, user) }
}

/// `[+][u][g]CONTAINER:[@]FROM[:COUNT]`; one id where no count is given.
fn entry(option: &str, text: &str) -> Result<MapEntry, CliError> {
    let bad = || {
        CliError::Usage(format!(
            "--{option} {text:?} is no map: write CONTAINER-ID:FROM-ID[:COUNT], flags +, u, g before it, @ before FROM-ID"
        ))
    };
    let digits = text.find(|first: char| first.is_ascii_digit()).ok_or_else(bad)?;
    let (flags, numbers) = text.split_at(digits);
    if flags.chars().any(|flag| !matches!(flag, '+' | 'u' | 'g')) {
        return Err(bad());
    }
    let fields: Vec<&str> = numbers.split(':').collect();
    let (inside, from, count) = match fields[..] {
        [inside, from] => (inside, from, "1"),
        [inside, from, count] => (inside, from, count),
        _ => return Err(bad()),
    };
    let (of_host, from) = from.strip_prefix('@').map_or((false, from), |from| (true, from));
    let number = |text: &str| text.parse::<u32>().ok().filter(|_| !text.starts_with('+')).ok_or_else(bad);
    let count = number(count)?;
    if count == 0 {
        return Err(bad());
    }
    Ok(MapEntry {
        inside: number(inside)?,
        from: number(from)?,
        count,
        of_host,
        extends: flags.contains('+'),
        only_users: flags.contains('u'),
        only_groups: flags.contains('g'),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mode_is_read() {
        let keep = |uid, gid, size| UserNamespace::KeepId { uid, gid, size };
        for (text, expected) in [
            ("", UserNamespace::Session),
            ("host", UserNamespace::Session),
            ("private", UserNamespace::Private),
            ("nomap", UserNamespace::NoMap),
            ("keep-id", keep(None, None, None)),
            ("keep-id:uid=200,gid=210", keep(Some(200), Some(210), None)),
            ("keep-id:size=1000", keep(None, None, Some(1000))),
            ("auto", UserNamespace::Auto { size: None, uids: vec![], gids: vec![] }),
            ("auto:size=2000", UserNamespace::Auto { size: Some(2000), uids: vec![], gids: vec![] }),
        ] {
            assert_eq!(mode(text).expect("good"), expected.into(), "{text}");
        }
        assert_eq!(mode("container:a").expect("good").container.as_deref(), Some("a"));
        for bad in
            ["keep", "keep-id:uid=-1", "keep-id:uid", "keep-id:name=x", "auto:size=x", "nomap:1", "container:", "ns:x", "host:x"]
        {
            assert!(mode(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn map_entries_have_flags_and_a_count() {
        let base =
            MapEntry { inside: 0, from: 1, count: 5, of_host: false, extends: false, only_users: false, only_groups: false };
        assert_eq!(entry("uidmap", "0:1:5").expect("good"), base);
        assert_eq!(entry("uidmap", "0:@1:5").expect("good"), MapEntry { of_host: true, ..base.clone() });
        assert_eq!(entry("uidmap", "+u0:1").expect("good"), MapEntry { extends: true, only_users: true, count: 1, ..base });
        for bad in ["", "0", "0:1:0", "x0:1:1", "0:1:2:3", "0:-1:1", "0:+1:1", "0:1:"] {
            assert!(entry("uidmap", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn one_map_serves_both_kinds_but_for_what_is_limited() {
        let list = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let UserNamespace::Map { uids, gids } = written(&list(&["0:1:5", "u9:0", "g8:0"]), &[]).expect("good") else { panic!() };
        assert_eq!(uids.iter().map(|entry| entry.inside).collect::<Vec<_>>(), [0, 9]);
        assert_eq!(gids.iter().map(|entry| entry.inside).collect::<Vec<_>>(), [0, 8]);
    }
}
