//! The project's own source text, for tests that hold it to its rules.

use std::path::{Path, PathBuf};

/// One file of `src/`.
pub(crate) struct Source {
    /// Below the project's folder: `src/cli/ui.rs`.
    pub path: String,
    pub text: String,
}

/// A line of code: number from 1, text without comments and without what string literals say.
pub(crate) struct Line<'a> {
    pub number: usize,
    pub code: std::borrow::Cow<'a, str>,
}

pub(crate) fn project() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Reads every Rust file of `src/`, sorted by path.
pub(crate) fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    collect(&project().join("src"), &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(found.len() > 20, "src/ was not found whole: {} files", found.len());
    found
}

fn collect(folder: &Path, found: &mut Vec<Source>) {
    for entry in std::fs::read_dir(folder).expect("a readable folder").map(|entry| entry.expect("an entry")) {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let below = path.strip_prefix(project()).expect("below the project").to_string_lossy().into_owned();
            found.push(Source { path: below, text: std::fs::read_to_string(&path).expect("a readable file") });
        }
    }
}

impl Source {
    /// The module of the first level that the file belongs to: `cli` for `src/cli/ui.rs`; nothing for the crate root and binaries.
    pub(crate) fn module(&self) -> Option<&str> {
        let rest = self.path.strip_prefix("src/")?;
        match rest.split_once('/') {
            Some(("bin", _)) => None,
            Some((module, _)) => Some(module),
            None => rest.strip_suffix(".rs").filter(|name| !matches!(*name, "lib" | "main")),
        }
    }

    /// The lines of code, without comments and the contents of plain strings.
    pub(crate) fn code(&self) -> impl Iterator<Item = Line<'_>> {
        self.text.lines().enumerate().map(|(at, line)| Line { number: at + 1, code: strip(line).into() })
    }
}

/// Blanks string literals and cuts the comment off; enough for a formatted file, where neither block comments nor literals over
/// several lines hold code.
fn strip(line: &str) -> String {
    let mut code = String::with_capacity(line.len());
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '/' if letters.peek() == Some(&'/') => break,
            '"' => {
                code.push_str("\"\"");
                while let Some(inner) = letters.next() {
                    match inner {
                        '\\' => drop(letters.next()),
                        '"' => break,
                        _ => {}
                    }
                }
            }
            // A quote as a character is no string.
            '\'' if letters.peek() == Some(&'"') => {
                letters.next();
                letters.next();
                code.push_str("' '");
            }
            other => code.push(other),
        }
    }
    code
}

#[test]
fn comments_and_strings_are_no_code() {
    for (line, code) in [
        ("use crate::a; // crate::b", "use crate::a; "),
        ("let x = \"crate::b\\\" // y\"; f()", "let x = \"\"; f()"),
        ("/// crate::b", ""),
        ("'\"' => crate::c,", "' ' => crate::c,"),
    ] {
        assert_eq!(strip(line), code);
    }
}
