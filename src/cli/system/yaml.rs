//! JSON values as YAML text: what `info` prints.

use serde_json::Value;
use std::fmt::Write as _;

/// Writes a value in block style, two blanks a level; a list stands under its name without a further indent.
#[must_use]
pub(super) fn text(value: &Value) -> String {
    let mut out = String::new();
    block(&mut out, value, 0);
    out.trim_end_matches('\n').to_owned()
}

fn block(out: &mut String, value: &Value, depth: usize) {
    let blanks = "  ".repeat(depth);
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                out.push_str(&blanks);
                field(out, name, value, depth);
            }
        }
        Value::Array(items) => {
            for item in items {
                let mut inner = String::new();
                block(&mut inner, item, depth + 1);
                // The first line of an item stands behind its dash.
                let _ = writeln!(out, "{blanks}- {}", inner.trim());
            }
        }
        scalar => {
            let _ = writeln!(out, "{blanks}{}", plain(scalar));
        }
    }
}

fn field(out: &mut String, name: &str, value: &Value, depth: usize) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            let _ = writeln!(out, "{name}:");
            block(out, value, depth + 1);
        }
        Value::Array(items) if !items.is_empty() => {
            let _ = writeln!(out, "{name}:");
            block(out, value, depth);
        }
        other => {
            let _ = writeln!(out, "{name}: {}", plain(other));
        }
    }
}

/// A value on one line. A text that YAML would read as something else, or not at all, is quoted.
fn plain(value: &Value) -> String {
    match value {
        Value::Object(_) => "{}".to_owned(),
        Value::Array(_) => "[]".to_owned(),
        Value::String(text) if needs_quotes(text) => value.to_string(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn needs_quotes(text: &str) -> bool {
    let word = text.to_ascii_lowercase();
    let other_type = matches!(word.as_str(), "" | "~" | "null" | "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n");
    // A number, a version of two parts, a date.
    let number = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'))
        && text.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | '_' | ':' | 'e' | 'E' | 'x' | 'o'));
    let mark = text.starts_with(|c: char| "-?:,[]{}#&*!|>'\"%@` ".contains(c));
    let inside = text.contains(": ") || text.contains(" #") || text.ends_with([':', ' ']) || text.chars().any(char::is_control);
    other_type || number || mark || inside
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_written_in_block_style() {
        let value = json!({
            "host": { "arch": "amd64", "list": ["a", "b"], "empty": [], "none": {}, "maps": [{ "id": 0, "size": 1 }, { "id": 1 }] },
            "text": "", "version": "12", "rootless": true, "odd": "a: b", "n": 5, "null": null,
        });
        let wanted = "host:\n  arch: amd64\n  list:\n  - a\n  - b\n  empty: []\n  none: {}\n  maps:\n  - id: 0\n    size: 1\n  - id: 1\n\
            text: \"\"\nversion: \"12\"\nrootless: true\nodd: \"a: b\"\nn: 5\nnull: null";
        assert_eq!(text(&value), wanted);
    }
}
