//! The functions that Podman adds to Go's own: `join split lower upper title pad truncate json`, and an `index` for typed maps.

use super::value::to_json;
use gtmpl_ng::{Func, FuncError, Value, funcs};

/// The longest result of `pad`, in characters.
const WIDEST: usize = 4096;

pub(super) static FUNCTIONS: &[(&str, Func)] = &[
    ("index", index),
    ("join", join),
    ("json", json),
    ("lower", lower),
    ("pad", pad),
    ("split", split),
    ("title", title),
    ("truncate", truncate),
    ("upper", upper),
];

/// Go's `index`, but a missing key of a map of strings is the empty string: the zero of the map's type, not `<no value>`.
fn index(args: &[Value]) -> Result<Value, FuncError> {
    let found = funcs::index(args)?;
    let (Value::NoValue, Some((Value::Map(entries), _))) = (&found, args.split_first()) else { return Ok(found) };
    Ok(match entries.values().next() {
        Some(Value::Array(_)) => Value::Array(Vec::new()),
        Some(Value::Map(_) | Value::Object(_)) => Value::Nil,
        Some(Value::Bool(_)) => Value::Bool(false),
        Some(Value::Number(_)) => Value::from(0),
        _ => Value::from(""),
    })
}

fn join(args: &[Value]) -> Result<Value, FuncError> {
    match args {
        [Value::Array(items), Value::String(separator)] => {
            Ok(Value::from(items.iter().map(Value::to_string).collect::<Vec<_>>().join(separator)))
        }
        [Value::String(text), Value::String(_)] => Ok(Value::from(text.clone())),
        _ => Err(takes("join", "a list and a separator")),
    }
}

fn json(args: &[Value]) -> Result<Value, FuncError> {
    match args {
        [value] => Ok(Value::from(to_json(value).to_string())),
        _ => Err(takes("json", "one value")),
    }
}

fn lower(args: &[Value]) -> Result<Value, FuncError> {
    of_text("lower", args, str::to_lowercase)
}

fn upper(args: &[Value]) -> Result<Value, FuncError> {
    of_text("upper", args, str::to_uppercase)
}

fn title(args: &[Value]) -> Result<Value, FuncError> {
    of_text("title", args, |text| {
        let mut before = ' ';
        let mut titled = String::with_capacity(text.len());
        for letter in text.chars() {
            if before.is_alphanumeric() || before == '_' || before == '\'' {
                titled.push(letter);
            } else {
                titled.extend(letter.to_uppercase());
            }
            before = letter;
        }
        titled
    })
}

fn split(args: &[Value]) -> Result<Value, FuncError> {
    match args {
        [Value::String(text), Value::String(separator)] if separator.is_empty() => {
            Ok(Value::Array(text.chars().map(|letter| Value::from(letter.to_string())).collect()))
        }
        [Value::String(text), Value::String(separator)] => {
            Ok(Value::Array(text.split(separator.as_str()).map(Value::from).collect()))
        }
        _ => Err(takes("split", "a text and a separator")),
    }
}

fn pad(args: &[Value]) -> Result<Value, FuncError> {
    match args {
        [Value::String(text), Value::Number(before), Value::Number(after)] => {
            let width = |number: Option<u64>| usize::try_from(number.unwrap_or(0)).unwrap_or(WIDEST).min(WIDEST);
            let (before, after) = (width(before.as_u64()), width(after.as_u64()));
            let blank = text.is_empty();
            Ok(Value::from(if blank { String::new() } else { format!("{:before$}{text}{:after$}", "", "") }))
        }
        _ => Err(takes("pad", "a text and two widths")),
    }
}

fn truncate(args: &[Value]) -> Result<Value, FuncError> {
    // Docker and Podman take the text first; a pipe brings it last.
    match args {
        [Value::String(text), Value::Number(length)] | [Value::Number(length), Value::String(text)] => {
            let length = usize::try_from(length.as_u64().unwrap_or(0)).unwrap_or(usize::MAX);
            Ok(Value::from(text.chars().take(length).collect::<String>()))
        }
        _ => Err(takes("truncate", "a text and a length")),
    }
}

fn of_text(name: &str, args: &[Value], change: impl Fn(&str) -> String) -> Result<Value, FuncError> {
    match args {
        [Value::String(text)] => Ok(Value::from(change(text))),
        _ => Err(takes(name, "one text")),
    }
}

fn takes(name: &str, what: &str) -> FuncError {
    FuncError::Generic(format!("{name} takes {what}"))
}
