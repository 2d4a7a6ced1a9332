//! JSON values as template values, and back.

use crate::cli::ui::escape_for_terminal;
use gtmpl_ng::{Number, Value as Go};
use serde_json::{Map, Value};
use std::collections::HashMap;

/// Fields that are maps in Podman's types: any key may be asked for, and null is the empty map.
const MAPS: &[&str] = &[
    "Annotations",
    "Config",
    "Containers",
    "Data",
    "ExposedPorts",
    "IPAMOptions",
    "Interfaces",
    "Labels",
    "Networks",
    "Options",
    "PortBindings",
    "Ports",
    "Sysctls",
    "Tmpfs",
    "Volumes",
];

/// Makes the template value of a row. `ID` and `Id` name the same field, since scripts use both.
pub(super) fn from_row(row: &Value, escape: bool) -> Go {
    let mut value = from_json("", row, escape);
    if let Go::Object(fields) = &mut value {
        for (name, other) in [("Id", "ID"), ("ID", "Id")] {
            if let (Some(id), false) = (fields.get(name).cloned(), fields.contains_key(other)) {
                fields.insert(other.to_owned(), id);
            }
        }
    }
    value
}

fn from_json(field: &str, value: &Value, escape: bool) -> Go {
    let is_map = MAPS.contains(&field);
    match value {
        // A nil map prints `map[]` and a nil slice `[]`; a string or a number is never null in our rows.
        Value::Null if is_map => Go::Map(HashMap::new()),
        Value::Null => Go::Array(Vec::new()),
        Value::Bool(truth) => Go::Bool(*truth),
        Value::Number(number) => Go::Number(from_number(number)),
        Value::String(text) if escape => Go::String(escape_for_terminal(text).into_owned()),
        Value::String(text) => Go::String(text.clone()),
        Value::Array(items) => Go::Array(items.iter().map(|item| from_json("", item, escape)).collect()),
        Value::Object(fields) => {
            // The names in a map are from outside, too: the labels of an image.
            let shown = |name: &str| if escape { escape_for_terminal(name).into_owned() } else { name.to_owned() };
            let inner = fields.iter().map(|(name, item)| (shown(name), from_json(name, item, escape))).collect();
            // `Config` is a struct in a container and a map in its `LogConfig`: a struct has its fixed fields.
            if is_map && (field != "Config" || fields.is_empty()) { Go::Map(inner) } else { Go::Object(inner) }
        }
    }
}

fn from_number(number: &serde_json::Number) -> Number {
    match (number.as_i64(), number.as_u64(), number.as_f64()) {
        (Some(n), ..) => Number::from(n),
        (None, Some(n), _) => Number::from(n),
        (None, None, n) => Number::from(n.unwrap_or_default()),
    }
}

/// Makes the JSON of a template value, keys sorted as Go sorts those of maps.
pub(super) fn to_json(value: &Go) -> Value {
    match value {
        Go::Bool(truth) => Value::Bool(*truth),
        Go::String(text) => Value::String(text.clone()),
        Go::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(n), ..) => n.into(),
            (None, Some(n), _) => n.into(),
            (None, None, n) => n.into(),
        },
        Go::Array(items) => Value::Array(items.iter().map(to_json).collect()),
        Go::Map(fields) | Go::Object(fields) => {
            let mut names: Vec<_> = fields.iter().collect();
            names.sort_by_key(|(name, _)| *name);
            Value::Object(names.into_iter().map(|(name, item)| (name.clone(), to_json(item))).collect::<Map<_, _>>())
        }
        Go::NoValue | Go::Nil | Go::Function(_) => Value::Null,
    }
}
