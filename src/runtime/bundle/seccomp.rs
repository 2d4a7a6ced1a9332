//! The filter of a configuration: compiled before the container is made.

use super::config::{Bundle, ConfigError, refused};
use crate::model::CapSet;
use crate::runtime::seccomp::profile::{self, ProfileError};
use serde_json::Value;
use std::path::PathBuf;

/// Flags of seccomp(2) by their names in a configuration. One more is synchronising threads, of which there are none.
const FLAGS: [(&str, u32); 3] = [
    ("SECCOMP_FILTER_FLAG_LOG", 1 << 1),
    ("SECCOMP_FILTER_FLAG_SPEC_ALLOW", 1 << 2),
    ("SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", WAIT_KILLABLE),
];

/// Has a meaning only for who hands calls over; without that the kernel refuses it.
pub(super) const WAIT_KILLABLE: u32 = 1 << 5;

/// A compiled filter and the flags that it is loaded with.
#[derive(Clone, Debug)]
pub struct Filter {
    pub program: Vec<u8>,
    pub flags: u32,
    pub listener: Option<Listener>,
}

/// Who answers the calls that a filter hands over.
#[derive(Clone, Debug)]
pub struct Listener {
    /// The socket to which the filter's descriptor is sent.
    pub path: PathBuf,
    pub metadata: Option<String>,
}

/// The names of the flags that a configuration may have.
pub fn known_flags() -> impl Iterator<Item = &'static str> {
    FLAGS.iter().map(|(name, _)| *name).chain(["SECCOMP_FILTER_FLAG_TSYNC"])
}

/// Compiles the filter of a bundle; nothing where it has none.
///
/// # Errors
/// It asks for what cannot be.
pub fn of(bundle: &Bundle) -> Result<Option<Filter>, ConfigError> {
    part(bundle).map(compile).transpose()
}

/// Who answers the calls that the filter of a bundle hands over.
#[must_use]
pub fn listener_of(bundle: &Bundle) -> Option<Listener> {
    let seccomp = bundle.spec.linux().as_ref()?.seccomp().as_ref()?;
    let path = seccomp.listener_path().clone().filter(|path| !path.as_os_str().is_empty())?;
    Some(Listener { path, metadata: seccomp.listener_metadata().clone().filter(|text| !text.is_empty()) })
}

/// The part `linux.seccomp` as it was written: the types of the specification do not know all of it.
fn part(bundle: &Bundle) -> Option<Value> {
    let mut value: Value = serde_json::from_str(&bundle.text).ok()?;
    value.pointer_mut("/linux/seccomp").map(Value::take).filter(|part| !part.is_null())
}

fn listener(part: &Value) -> Option<Listener> {
    let text = |name: &str| part.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    Some(Listener { path: text("listenerPath")?.into(), metadata: text("listenerMetadata").map(str::to_owned) })
}

fn compile(mut part: Value) -> Result<Filter, ConfigError> {
    let fail = |error: ProfileError| {
        let below = std::error::Error::source(&error).map(|source| format!(": {source}")).unwrap_or_default();
        refused("linux.seccomp", format!("{error}{below}"))
    };
    check(&part)?;
    let listener = listener(&part);
    let mut flags = 0;
    if let Some(list) = part.get_mut("flags").and_then(Value::as_array_mut) {
        list.retain(|name| {
            let known = FLAGS.iter().find(|(known, _)| name.as_str() == Some(known));
            flags |= known.map_or(0, |(_, bit)| *bit);
            known.is_none()
        });
    }
    if listener.is_none() {
        flags &= !WAIT_KILLABLE;
    }
    let text = serde_json::to_vec(&part).unwrap_or_default();
    // A bundle has been made for this machine: nothing in it depends on capabilities or on the kernel.
    let program = profile::compile_for(&text, CapSet::NONE, "", listener.is_some()).map_err(fail)?;
    Ok(Filter { program, flags, listener })
}

/// The sentences of config-linux.md "Seccomp" that other forms of a profile do not have.
fn check(part: &Value) -> Result<(), ConfigError> {
    let is_set = |name: &str| part.get(name).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
    if is_set("listenerMetadata") && !is_set("listenerPath") {
        return Err(refused("linux.seccomp.listenerMetadata", "there is no listenerPath"));
    }
    let path = part.get("listenerPath").and_then(Value::as_str).unwrap_or_default();
    if !path.is_empty() && !path.starts_with('/') {
        return Err(refused("linux.seccomp.listenerPath", format!("{path} is not absolute")));
    }
    let takes_errno = |action: &str| matches!(action, "SCMP_ACT_ERRNO" | "SCMP_ACT_TRACE");
    let wrong = |of: &Value, action: &str, errno: &str| {
        let action = of.get(action).and_then(Value::as_str).unwrap_or_default();
        let has_errno = of.get(errno).is_some_and(|errno| !errno.is_null());
        (has_errno && !takes_errno(action)).then(|| refused("linux.seccomp", format!("{action} takes no {errno}")))
    };
    let rules = part.get("syscalls").and_then(Value::as_array).into_iter().flatten();
    for rule in rules {
        if rule.get("names").and_then(Value::as_array).is_none_or(Vec::is_empty) {
            return Err(refused("linux.seccomp.syscalls", "a rule names no call"));
        }
        if let Some(error) = wrong(rule, "action", "errnoRet") {
            return Err(error);
        }
    }
    wrong(part, "defaultAction", "defaultErrnoRet").map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compile(text: &str) -> Result<Filter, ConfigError> {
        super::compile(serde_json::from_str(text).unwrap())
    }

    #[test]
    fn flags_are_taken_out_of_the_profile() {
        let with = |more: &str| format!(r#"{{"defaultAction":"SCMP_ACT_ALLOW","flags":["SECCOMP_FILTER_FLAG_LOG",{more}]}}"#);
        assert_eq!(compile(&with(r#""SECCOMP_FILTER_FLAG_TSYNC""#)).unwrap().flags, 2);
        assert_eq!(compile(&with(r#""SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV""#)).unwrap().flags, 2);
        assert!(compile(&with(r#""SECCOMP_FILTER_FLAG_ODD""#)).is_err());
    }

    #[test]
    fn what_the_specification_forbids_is_refused() {
        let rule = |rule: &str| format!(r#"{{"defaultAction":"SCMP_ACT_ALLOW","listenerPath":"/x","syscalls":[{rule}]}}"#);
        let notify = compile(&rule(r#"{"names":["chmod"],"action":"SCMP_ACT_NOTIFY"}"#)).unwrap();
        assert_eq!(notify.listener.unwrap().path, std::path::Path::new("/x"));
        for (bad, word) in [
            (rule(r#"{"names":["sendmsg"],"action":"SCMP_ACT_NOTIFY"}"#), "sendmsg"),
            (rule(r#"{"names":[],"action":"SCMP_ACT_ERRNO"}"#), "names no call"),
            (rule(r#"{"names":["chmod"],"action":"SCMP_ACT_KILL","errnoRet":1}"#), "errnoRet"),
            (r#"{"defaultAction":"SCMP_ACT_ALLOW","defaultErrnoRet":1}"#.to_owned(), "defaultErrnoRet"),
            (r#"{"defaultAction":"SCMP_ACT_NOTIFY","listenerPath":"/x"}"#.to_owned(), "NOTIFY"),
            (r#"{"defaultAction":"SCMP_ACT_ALLOW","listenerMetadata":"m"}"#.to_owned(), "listenerMetadata"),
            (r#"{"defaultAction":"SCMP_ACT_ALLOW","listenerPath":"x"}"#.to_owned(), "absolute"),
            (
                r#"{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["chmod"],"action":"SCMP_ACT_NOTIFY"}]}"#.to_owned(),
                "NOTIFY",
            ),
        ] {
            let error = compile(&bad).expect_err(&bad).to_string();
            assert!(error.contains(word), "{error}");
        }
    }
}
