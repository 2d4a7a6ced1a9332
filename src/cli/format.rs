//! `--format`: Go templates as Podman's and Docker's users write them, or JSON.
//!
//! Rows arrive as JSON values. In a template, the row and every object in it is a struct, where a field that is not there is an
//! error, save for those that are maps in Go (`Labels`, `Ports`, …), where a missing key prints `<no value>`.

mod functions;
mod heading;
mod value;

use super::ui;
use gtmpl_ng::{Context, ExecError, ParseError, Template};
use serde::Serialize;
use serde_json::Value;
use std::fmt::Write as _;

/// What `--format` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// `json`: one array of all rows.
    Json,
    /// `table` alone: the command's own table.
    DefaultTable,
    /// `table TEMPLATE`: aligned columns under a line of headers. The text is that after `table`.
    Table(String),
    /// A template, run once for each row.
    Template(String),
}

/// Why `--format` cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    #[error("read the template {template:?} of --format")]
    Parse {
        template: String,
        #[source]
        source: ParseError,
    },
    #[error("format by {template:?}: there is no field {field:?} (fields: {known})")]
    NoField { template: String, field: String, known: String },
    #[error("format by {template:?}: {reason}")]
    Execute { template: String, reason: String },
    #[error("write as JSON")]
    Json(#[source] serde_json::Error),
}

impl Format {
    /// Reads the argument of `--format`. `\t` and `\n` outside `{{…}}` mean tab and line end.
    ///
    /// # Errors
    /// The template is none.
    pub fn parse(text: &str) -> Result<Self, FormatError> {
        let trimmed = text.trim_start_matches(' ');
        match trimmed.trim() {
            "json" => return Ok(Self::Json),
            "table" => return Ok(Self::DefaultTable),
            _ => {}
        }
        let format = match trimmed.strip_prefix("table ") {
            Some(rest) => Self::Table(unescape(rest.trim_start())),
            None => Self::Template(unescape(trimmed)),
        };
        format.compile()?;
        Ok(format)
    }

    /// Whether fields of rows are named, which are not those of the JSON where a thing has two sets of names.
    #[must_use]
    pub fn names_fields(&self) -> bool {
        match self {
            Self::Json => false,
            Self::Template(text) => !is_json_of_row(text),
            Self::DefaultTable | Self::Table(_) => true,
        }
    }

    fn compile(&self) -> Result<Option<Template>, FormatError> {
        let (Self::Table(text) | Self::Template(text)) = self else { return Ok(None) };
        let mut template = Template::with_name("format");
        template.add_funcs(functions::FUNCTIONS);
        template.parse(label_calls(text)).map_err(|source| FormatError::Parse { template: text.clone(), source })?;
        Ok(Some(template))
    }
}

/// Renders the rows, every line ended. `headers` names the columns of fields whose header is not simply the field in capitals
/// (`("ID", "CONTAINER ID")`); `heading` is false for `--noheading`. With [`Format::DefaultTable`] the rows' own fields make the
/// table, those of `headers` in their order: the one thing a command without a table of its own needs.
///
/// Where standard output is a terminal, control characters in values are shown as escapes.
///
/// # Errors
/// A field that is not there, a function with arguments that it does not take.
pub fn render(rows: &[Value], format: &Format, headers: &[(&str, &str)], heading: bool) -> Result<String, FormatError> {
    render_for(rows, format, headers, heading, ui::stdout_is_terminal())
}

/// Writes a value, most often an array of rows, as JSON of several lines with a last line end, indented by `indent` blanks.
///
/// # Errors
/// None in practice: every JSON value can be written.
pub fn json_text(value: &(impl Serialize + ?Sized), indent: usize) -> Result<String, FormatError> {
    json_for(value, indent, ui::stdout_is_terminal())
}

fn render_for(
    rows: &[Value],
    format: &Format,
    headers: &[(&str, &str)],
    heading: bool,
    terminal: bool,
) -> Result<String, FormatError> {
    match format {
        Format::Json => json_for(rows, 4, terminal),
        Format::DefaultTable => Ok(default_table(rows, headers, heading)),
        // The whole row keeps its order of fields this way, which a template value would lose.
        Format::Template(text) if is_json_of_row(text) => {
            let mut lines = String::new();
            for row in rows {
                let line = serde_json::to_string(row).map_err(FormatError::Json)?;
                let _ = writeln!(lines, "{}", if terminal { escape_json(&line) } else { line });
            }
            Ok(lines)
        }
        Format::Template(_) => {
            let mut text = String::new();
            for row in templated(rows, format, terminal)? {
                text.push_str(&row);
                if !text.ends_with('\n') {
                    text.push('\n');
                }
            }
            Ok(text)
        }
        Format::Table(template) => {
            let mut lines = Vec::new();
            if heading {
                lines.push(heading::line(template, headers));
            }
            // Tabs are column marks here, so those inside values are always escaped.
            for row in templated(rows, format, true)? {
                lines.extend(row.trim_end_matches('\n').split('\n').map(str::to_owned));
            }
            Ok(ui::align(lines.iter().map(|line| line.split('\t').collect())))
        }
    }
}

fn templated(rows: &[Value], format: &Format, escape: bool) -> Result<Vec<String>, FormatError> {
    let (Some(template), Format::Table(text) | Format::Template(text)) = (format.compile()?, format) else {
        return Ok(Vec::new());
    };
    let run = |row: &Value| {
        let context = Context::from(value::from_row(row, escape));
        template.render(&context).map_err(|error| explain(text, row, &error))
    };
    rows.iter().map(run).collect()
}

fn default_table(rows: &[Value], headers: &[(&str, &str)], heading: bool) -> String {
    let cell = |row: &Value, field: &str| match row.get(field) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let rows: Vec<Vec<String>> = rows.iter().map(|row| headers.iter().map(|(field, _)| cell(row, field)).collect()).collect();
    let names: Vec<&str> = if heading { headers.iter().map(|(_, name)| *name).collect() } else { Vec::new() };
    ui::table(&names, &rows)
}

fn json_for(value: &(impl Serialize + ?Sized), indent: usize, terminal: bool) -> Result<String, FormatError> {
    let blanks = vec![b' '; indent];
    let mut bytes = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(&blanks);
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
    value.serialize(&mut serializer).map_err(FormatError::Json)?;
    bytes.push(b'\n');
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Ok(if terminal { escape_json(&text) } else { text })
}

/// JSON escapes C0 itself; the rest of what a terminal obeys can stand in strings only, so a JSON escape is right for it.
fn escape_json(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if c != '\n' && ui::is_hostile(c) {
            let _ = write!(safe, "\\u{:04x}", u32::from(c));
        } else {
            safe.push(c);
        }
    }
    safe
}

fn is_json_of_row(template: &str) -> bool {
    let inner = template.trim().strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"));
    inner.is_some_and(|inner| inner.split_whitespace().eq(["json", "."]))
}

/// Turns `\t` and `\n` into what they mean, but not inside actions, where the strings of a template have their own escapes.
fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    loop {
        let (outside, action) = rest.split_at(rest.find("{{").unwrap_or(rest.len()));
        plain.push_str(&outside.replace("\\t", "\t").replace("\\n", "\n"));
        let (action, after) = action.split_at(action.find("}}").unwrap_or(action.len()));
        plain.push_str(action);
        if after.is_empty() {
            return plain;
        }
        rest = after;
    }
}

/// Rewrites `.Label "x"`, a method in Docker and Podman, as `(index .Labels "x")`: the engine calls no methods with arguments.
fn label_calls(text: &str) -> String {
    const METHOD: &str = ".Label ";
    let mut rewritten = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(METHOD) {
        let (before, call) = rest.split_at(at);
        let argument = call[METHOD.len()..].trim_start();
        let quote = argument.chars().next().filter(|c| matches!(c, '"' | '`'));
        let end = quote.and_then(|quote| argument[1..].find(quote)).map(|end| end + 2);
        rewritten.push_str(before);
        let in_action = rewritten.rfind("{{") > rewritten.rfind("}}");
        if let (Some(end), true) = (end, in_action) {
            // The receiver: `$` of `$.Label`, `.Config` of `.Config.Label`.
            let chain = rewritten.trim_end_matches(|c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '$')).len();
            let receiver = rewritten.split_off(chain);
            rewritten.push_str(&format!("(index {receiver}.Labels {})", &argument[..end]));
            rest = &argument[end..];
        } else {
            rewritten.push_str(METHOD);
            rest = &call[METHOD.len()..];
        }
    }
    rewritten + rest
}

/// The engine's message quotes the whole value; a user needs the field.
fn explain(template: &str, row: &Value, error: &ExecError) -> FormatError {
    let reason = error.as_structured().map_or_else(|| error.to_string(), |inner| inner.message.clone());
    let template = template.to_owned();
    match reason.strip_prefix("no field `").and_then(|rest| rest.split_once('`')) {
        Some((field, _)) => {
            let names: Vec<&str> = row.as_object().map(|fields| fields.keys().map(String::as_str).collect()).unwrap_or_default();
            FormatError::NoField { template, field: field.to_owned(), known: names.join(" ") }
        }
        None => FormatError::Execute { template, reason },
    }
}

#[cfg(test)]
mod tests;
