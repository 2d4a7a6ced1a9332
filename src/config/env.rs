//! The only reader of environment variables.

use std::ffi::OsString;
use std::path::PathBuf;

/// Returns the variable's value, or nothing when it is unset or empty.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub fn var_os(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// Returns the variable's value where it is set, not empty and UTF-8.
#[must_use]
pub fn var(name: &str) -> Option<String> {
    var_os(name)?.into_string().ok()
}

/// Returns the variable's value as a path, where it is absolute (the XDG base directory rule).
#[must_use]
pub fn absolute_path(name: &str) -> Option<PathBuf> {
    var_os(name).map(PathBuf::from).filter(|path| path.is_absolute())
}

/// Returns every variable whose name and value are UTF-8.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub fn all() -> Vec<(String, String)> {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect()
}
