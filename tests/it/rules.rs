//! Rules for the source that neither the compiler nor clippy can hold.

use crate::source::{Source, sources};

/// The longest file, in lines.
const LONGEST: usize = 500;

fn find(needles: &[&str], within: impl Fn(&Source) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources().iter().filter(|source| within(source)) {
        for line in source.code() {
            // A word that ends in the needle is another word.
            let hit = |needle: &&str| {
                line.code.match_indices(*needle).any(|(at, _)| {
                    !line.code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_')
                        && !line.code[at + needle.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_')
                })
            };
            if needles.iter().any(hit) {
                found.push(format!("{}:{}: {}", source.path, line.number, line.code.trim()));
            }
        }
    }
    found
}

#[track_caller]
fn assert_none(found: &[String], rule: &str) {
    assert!(found.is_empty(), "{rule}:\n{}", found.join("\n"));
}

#[test]
fn files_are_short() {
    let long: Vec<String> = sources()
        .iter()
        .map(|source| (source, source.text.lines().count()))
        .filter(|(_, lines)| *lines > LONGEST)
        .map(|(source, lines)| format!("{}: {lines} lines", source.path))
        .collect();
    assert_none(&long, "a file has at most 500 lines");
}

#[test]
fn unsafe_code_is_in_sys_alone() {
    let outside = |source: &Source| source.module() != Some("sys");
    assert_none(&find(&["unsafe", "allow(unsafe_code)", "expect(unsafe_code)"], outside), "unsafe outside src/sys");
}

#[test]
fn every_unsafe_block_says_why_it_is_sound() {
    let mut bare = Vec::new();
    for source in sources().iter().filter(|source| source.module() == Some("sys")) {
        let lines: Vec<&str> = source.text.lines().collect();
        for line in source.code().filter(|line| line.code.contains("unsafe {")) {
            let before = lines[line.number.saturating_sub(8)..line.number].join("\n");
            if !before.contains("SAFETY:") {
                bare.push(format!("{}:{}", source.path, line.number));
            }
        }
    }
    assert_none(&bare, "an unsafe block without a SAFETY comment above it");
}

#[test]
fn nobody_leaves_by_process_exit() {
    assert_none(&find(&["process::exit", "process::abort"], |_| true), "main returns its code");
}

#[test]
fn only_the_command_line_prints() {
    let macros = ["println!", "print!", "eprintln!", "eprint!", "dbg!"];
    assert_none(&find(&macros, |_| true), "text for users goes through cli::ui");
    let streams = ["io::stdout()", "io::stderr()"];
    assert_none(&find(&streams, |source| source.module() != Some("cli")), "a standard stream outside src/cli");
}

#[test]
fn the_environment_has_one_reader() {
    let calls = ["std::env::var", "std::env::var_os", "std::env::vars", "std::env::vars_os"];
    assert_none(&find(&calls, |source| source.path != "src/config/env.rs"), "environment variables are read in config::env");
}

#[test]
fn nothing_is_left_for_later() {
    let text: Vec<String> = sources()
        .iter()
        .flat_map(|source| source.text.lines().enumerate().map(move |(at, line)| (source, at, line)))
        .filter(|(_, _, line)| ["TODO", "FIXME", "XXX", "todo!", "unimplemented!"].iter().any(|word| line.contains(word)))
        .map(|(source, at, line)| format!("{}:{}: {}", source.path, at + 1, line.trim()))
        .collect();
    assert_none(&text, "do it now or write it into an issue");
}

#[test]
fn errors_keep_their_cause() {
    assert_none(&find(&["anyhow"], |_| true), "anyhow is for tests");
    assert_none(&find(&["Other(String)"], |_| true), "an error variant names the operation that failed");
}
