//! `coracle diff`.

use super::targets::{latest, open_engine};
use crate::cli::error::CliError;
use crate::cli::{format, ui};
use crate::engine::EngineError;
use crate::engine::container::diff::{Change, Difference};
use clap::{Args, ValueEnum};
use std::fmt::Write as _;

/// List the files that a container has changed (C), added (A) and deleted (D)
///
/// Of an image, lists what its topmost layer changes in those below it.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// Print JSON
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// The container that was made last
    #[arg(short, long)]
    latest: bool,
    /// Name or id, of a container or else of an image
    #[arg(value_name = "CONTAINER|IMAGE", required_unless_present = "latest", conflicts_with = "latest")]
    name: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::cli) enum Format {
    Json,
}

/// Prints the list, sorted by path.
///
/// # Errors
/// There is no such container or image, or its files cannot be read.
pub fn run(args: &DiffArgs) -> Result<i32, CliError> {
    let engine = open_engine()?;
    let list = match &args.name {
        None => engine.diff(&latest(&engine)?.config)?,
        Some(name) => match engine.container(name) {
            Ok(config) => engine.diff(&config)?,
            Err(missing @ EngineError::NoSuchContainer { .. }) => match engine.runnable_image(name) {
                Ok(image) => engine.image_diff(&image)?,
                Err(EngineError::NoSuchImage { .. }) => return Err(missing.into()),
                Err(error) => return Err(error.into()),
            },
            Err(error) => return Err(error.into()),
        },
    };
    print(&list, args.format)
}

/// Prints a list of differences.
pub(in crate::cli) fn print(list: &[Difference], format: Option<Format>) -> Result<i32, CliError> {
    let text = match format {
        Some(Format::Json) => json(list)?,
        None => lines(list),
    };
    ui::out(text)?;
    Ok(0)
}

fn letter(change: Change) -> char {
    match change {
        Change::Changed => 'C',
        Change::Added => 'A',
        Change::Deleted => 'D',
    }
}

fn lines(list: &[Difference]) -> String {
    let mut text = String::new();
    for one in list {
        let _ = writeln!(text, "{} {}", letter(one.change), ui::escape_for_terminal(&one.path));
    }
    text
}

/// As Podman prints it: the paths by kind, what is empty left out.
fn json(list: &[Difference]) -> Result<String, CliError> {
    let mut object = serde_json::Map::new();
    for (name, change) in [("changed", Change::Changed), ("added", Change::Added), ("deleted", Change::Deleted)] {
        let paths: Vec<&str> = list.iter().filter(|one| one.change == change).map(|one| one.path.as_str()).collect();
        if !paths.is_empty() {
            object.insert(name.to_owned(), paths.into());
        }
    }
    Ok(format::json_text(&object, 5)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_listed_by_line_and_by_kind() {
        let one = |path: &str, change| Difference { path: path.to_owned(), change };
        let list = [one("/a", Change::Changed), one("/a/b\n", Change::Added)];
        assert_eq!(lines(&list), "C /a\nA /a/b\\n\n");
        assert_eq!(
            json(&list).unwrap(),
            "{\n     \"changed\": [\n          \"/a\"\n     ],\n     \"added\": [\n          \"/a/b\\n\"\n     ]\n}\n"
        );
        assert_eq!(json(&[]).unwrap(), "{}\n");
    }
}
