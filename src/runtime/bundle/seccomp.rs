//! The filter of a configuration: compiled before the container is made.

use super::config::{Bundle, ConfigError, refused};
use crate::model::CapSet;
use crate::runtime::seccomp::profile::{self, ProfileError};

/// Flags of seccomp(2) by their names in a configuration. One more is synchronising threads, of which there are none.
const FLAGS: [(&str, u32); 3] = [
    ("SECCOMP_FILTER_FLAG_LOG", 1 << 1),
    ("SECCOMP_FILTER_FLAG_SPEC_ALLOW", 1 << 2),
    ("SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", 1 << 5),
];

/// A compiled filter and the flags that it is loaded with.
#[derive(Clone, Debug)]
pub struct Filter {
    pub program: Vec<u8>,
    pub flags: u32,
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
    bundle.seccomp().map(|profile| compile(&profile)).transpose()
}

pub(super) fn check(text: &[u8]) -> Result<(), ConfigError> {
    compile(text).map(drop)
}

fn compile(text: &[u8]) -> Result<Filter, ConfigError> {
    let fail = |error: ProfileError| {
        let below = std::error::Error::source(&error).map(|source| format!(": {source}")).unwrap_or_default();
        refused("linux.seccomp", format!("{error}{below}"))
    };
    let mut value: serde_json::Value = serde_json::from_slice(text).map_err(|error| fail(ProfileError::Parse(error)))?;
    let listener = value.get("listenerPath").and_then(serde_json::Value::as_str);
    if listener.is_some_and(|path| !path.is_empty()) {
        return Err(refused("linux.seccomp.listenerPath", "this runtime hands no calls over to another program"));
    }
    let mut flags = 0;
    if let Some(list) = value.get_mut("flags").and_then(serde_json::Value::as_array_mut) {
        list.retain(|name| {
            let known = FLAGS.iter().find(|(known, _)| name.as_str() == Some(known));
            flags |= known.map_or(0, |(_, bit)| *bit);
            known.is_none()
        });
    }
    // SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV has a meaning for listeners only, and the kernel refuses it without one.
    flags &= !(1 << 5);
    // A bundle has been made for this machine: nothing in it depends on capabilities or on the kernel.
    let program = profile::compile(&serde_json::to_vec(&value).unwrap_or_default(), CapSet::NONE, "").map_err(fail)?;
    Ok(Filter { program, flags })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_taken_out_of_the_profile() {
        let text = br#"{"defaultAction":"SCMP_ACT_ALLOW","flags":["SECCOMP_FILTER_FLAG_LOG","SECCOMP_FILTER_FLAG_TSYNC"]}"#;
        assert_eq!(compile(text).unwrap().flags, 2);
        for bad in [
            r#"{"defaultAction":"SCMP_ACT_ALLOW","flags":["SECCOMP_FILTER_FLAG_ODD"]}"#,
            r#"{"defaultAction":"SCMP_ACT_ALLOW","listenerPath":"/x"}"#,
        ] {
            assert!(compile(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
