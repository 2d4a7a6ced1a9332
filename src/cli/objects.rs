//! What the commands for containers, networks and volumes have in common.

use super::error::CliError;
use super::format::{self, Format, FormatError};
use super::ui;
use crate::engine::{EngineError, Kind};
use serde_json::Value;
use std::collections::BTreeMap;

/// Prints what was found for the names as one array, or by a template, then an error for each name for which nothing was.
///
/// # Errors
/// The template fails, or nobody reads.
pub fn show(found: impl IntoIterator<Item = Result<Value, CliError>>, format: Format) -> Result<i32, CliError> {
    show_as(found, |objects| match format {
        // Also where nothing is found: a script that reads the output gets an array.
        Format::Json => format::json_text(objects, 5),
        other => format::render(objects, &other, &[], true),
    })
}

/// As [`show`]; `text` writes what was found.
///
/// # Errors
/// It cannot be written, or nobody reads.
pub fn show_as(
    found: impl IntoIterator<Item = Result<Value, CliError>>,
    text: impl FnOnce(&[Value]) -> Result<String, FormatError>,
) -> Result<i32, CliError> {
    let (mut objects, mut errors) = (Vec::new(), Vec::new());
    for one in found {
        match one {
            Ok(object) => objects.push(object),
            Err(error) => errors.push(error),
        }
    }
    ui::out(text(&objects)?)?;
    for error in &errors {
        ui::note(error.text());
    }
    Ok(errors.last().map_or(0, CliError::code))
}

/// Removes what has these names and prints those that went. With `force` one that is not there is no error. Exit code 1: there is
/// none of that name; 2: it is in use.
///
/// # Errors
/// Nobody reads. What happens to single ones is printed.
pub fn remove(names: &[String], force: bool, mut remove: impl FnMut(&str) -> Result<(), EngineError>) -> Result<i32, CliError> {
    let mut worst = 0;
    for name in names {
        match remove(name) {
            Ok(()) => ui::print_line(name)?,
            Err(error) if force && error.kind() == Kind::NoSuch => {}
            Err(error) => {
                worst = worst.max(match error.kind() {
                    Kind::NoSuch => 1,
                    Kind::InUse => 2,
                    _ => 125,
                });
                ui::note(CliError::from(error).text());
            }
        }
    }
    Ok(worst)
}

/// Reads `NAME=VALUE` each; without a value it is empty.
#[must_use]
pub fn pairs(texts: &[String]) -> BTreeMap<String, String> {
    let pair = |text: &String| {
        let (key, value) = text.split_once('=').unwrap_or((text, ""));
        (key.to_owned(), value.to_owned())
    };
    texts.iter().map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_may_have_no_value_or_one_with_an_equals_sign() {
        let texts = ["a=1", "b", "c=", "d=x=y"].map(str::to_owned);
        let wanted = [("a", "1"), ("b", ""), ("c", ""), ("d", "x=y")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(pairs(&texts), BTreeMap::from(wanted));
    }
}
