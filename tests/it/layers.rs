//! The table of layers in the crate's documentation holds: every path to another module is one that it allows.

use crate::source::{Source, project, sources};
use std::collections::{BTreeMap, BTreeSet};

/// What a module may use, by module.
type Table = BTreeMap<String, BTreeSet<String>>;

/// Everyone may use these.
const COMMON: [&str; 3] = ["model", "config", "sys"];

/// Reads the table of `src/lib.rs`: `layer module may-also-use…`, `-` for nothing.
fn table() -> Table {
    let text = std::fs::read_to_string(project().join("src/lib.rs")).expect("src/lib.rs");
    let rows = text
        .lines()
        .filter_map(|line| line.strip_prefix("//! "))
        .skip_while(|line| !line.starts_with("layer "))
        .skip(1)
        .take_while(|line| !line.starts_with("```"));
    let mut table = Table::new();
    for row in rows {
        let mut words = row.split_whitespace().skip(1).map(str::to_owned);
        let module = words.next().expect("a module in each row");
        let mut uses: BTreeSet<String> = words.filter(|word| word != "-").collect();
        uses.extend(COMMON.map(str::to_owned));
        uses.insert(module.clone());
        assert!(table.insert(module.clone(), uses).is_none(), "{module} stands in the table twice");
    }
    assert!(table.len() >= 10, "the table was not found whole: {table:?}");
    table
}

/// The first names after `crate::` in a line, also inside `crate::{a, b}`. A visibility (`in crate::x`) is no use.
fn names(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let before = code[..at].trim_end();
        let part_of_word = code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$');
        if part_of_word || before.ends_with("(in") {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        let name = |text: &str| text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
        match rest.strip_prefix('{') {
            Some(list) => found.extend(top_level(list).into_iter().map(name)),
            None => found.push(name(rest)),
        }
    }
    found.retain(|name| name.starts_with(|c: char| c.is_ascii_lowercase()));
    found
}

/// Splits `a::{x, y}, b}` at the commas of the outermost braces.
fn top_level(list: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0, 0, Vec::new());
    for (at, letter) in list.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => {
                parts.push(&list[start..at]);
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&list[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts
}

/// The uses of one file that the table does not allow.
fn violations(source: &Source, table: &Table) -> Vec<String> {
    let Some(module) = source.module() else { return Vec::new() };
    let Some(allowed) = table.get(module) else { return vec![format!("{}: {module} is not in the table", source.path)] };
    let mut wrong = Vec::new();
    for line in source.code() {
        for name in names(&line.code) {
            if table.contains_key(&name) && !allowed.contains(&name) {
                wrong.push(format!("{}:{}: {module} may not use {name}", source.path, line.number));
            }
        }
    }
    wrong
}

#[test]
fn every_import_goes_down() {
    let table = table();
    let wrong: Vec<String> = sources().iter().flat_map(|source| violations(source, &table)).collect();
    assert!(wrong.is_empty(), "against the table of src/lib.rs:\n{}", wrong.join("\n"));
}

#[test]
fn no_two_modules_of_the_table_use_each_other() {
    let table = table();
    for (module, uses) in &table {
        for other in uses.iter().filter(|other| *other != module && !COMMON.contains(&other.as_str())) {
            let back = table.get(other).unwrap_or_else(|| panic!("{module} may use {other}, which is not in the table"));
            assert!(!back.contains(module), "{module} and {other} use each other");
        }
    }
}

#[test]
fn the_monitors_program_uses_nothing_but_the_monitor() {
    let main = std::fs::read_to_string(project().join("src/bin/coracle-monitor.rs")).expect("the file");
    for (at, _) in main.match_indices("coracle::") {
        assert!(main[at..].starts_with("coracle::monitor::"), "{}", &main[at..]);
    }
}

#[test]
fn a_wrong_import_would_be_seen() {
    let table = table();
    let source = |text: &str| Source { path: "src/sys/x.rs".to_owned(), text: text.to_owned() };
    for bad in [
        "use crate::cli::ui;",
        "fn f() { crate::engine::x() }",
        "use crate::{model::Digest, engine};",
        "pub use crate::{sys::{a, b}, storage::c};",
        "    pub(in crate::cli) fn f(x: crate::cli::X) {}",
    ] {
        assert_eq!(violations(&source(bad), &table).len(), 1, "{bad}");
    }
    for good in [
        "use crate::model::Digest;",
        "// crate::cli",
        "let text = \"crate::cli\";",
        "pub(in crate::cli) fn f() {}",
        "use other_crate::cli;",
        "use crate::{model, config::Paths};",
    ] {
        assert_eq!(violations(&source(good), &table), Vec::<String>::new(), "{good}");
    }
}
