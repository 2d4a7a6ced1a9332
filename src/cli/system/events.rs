//! `coracle events`.

use crate::cli::container::targets::open_engine;
use crate::cli::error::CliError;
use crate::cli::format::{self, Format};
use crate::cli::ui;
use crate::engine::EngineError;
use crate::engine::events::{EventFilter, EventsRequest, Lies, Record, parse_moment};
use crate::sys::stamp;
use clap::Args;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::ops::ControlFlow;

/// Show what happens to containers, images and volumes
///
/// Shows what happens from now on. With --since or --until also what has happened.
#[derive(Debug, Args)]
pub struct EventsArgs {
    /// Only events that match KEY=VALUE: container, event, image, label, network, pod, secret, type, volume
    #[arg(short, long, value_name = "FILTER")]
    filter: Vec<String>,
    /// json (an object a line) or a Go template
    #[arg(long, value_name = "FORMAT")]
    format: Option<String>,
    /// Full ids; false cuts them
    #[arg(long, value_name = "BOOL", default_value_t = true, default_missing_value = "true", num_args = 0..=1, require_equals = true, action = clap::ArgAction::Set)]
    no_trunc: bool,
    /// Only events since this time, or since so long ago
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    since: Option<String>,
    /// Wait for events to come; false shows what has happened and ends
    #[arg(long, value_name = "BOOL", default_value_t = true, default_missing_value = "true", num_args = 0..=1, require_equals = true, action = clap::ArgAction::Set)]
    stream: bool,
    /// Only events until this time, or until so far ahead, or with a minus sign until so long ago
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    until: Option<String>,
}

/// Prints events until the user ends it, or the time that `--until` names has come.
///
/// # Errors
/// A filter, a time or the template is none, or the journal cannot be read.
pub fn run(args: &EventsArgs) -> Result<i32, CliError> {
    let format = args.format.as_deref().map(Format::parse).transpose()?;
    let now = stamp::now();
    let time = |text: &Option<String>, lies| text.as_deref().map(|text| parse_moment(text, now, lies)).transpose();
    let filters = args.filter.iter().map(|text| EventFilter::parse(text)).collect::<Result<_, _>>();
    let request = EventsRequest {
        filters: filters.map_err(EngineError::from)?,
        since: time(&args.since, Lies::Back).map_err(EngineError::from)?,
        until: time(&args.until, Lies::Ahead).map_err(EngineError::from)?,
        stream: args.stream,
    };
    let engine = open_engine()?;
    let mut failed = None;
    engine.events(&request, |record| match show(record, format.as_ref(), args.no_trunc) {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => {
            failed = Some(error);
            ControlFlow::Break(())
        }
    })?;
    failed.map_or(Ok(0), Err)
}

fn show(record: &Record, format: Option<&Format>, whole: bool) -> Result<(), CliError> {
    match format {
        None | Some(Format::DefaultTable) => ui::print_line(&ui::escape_for_terminal(&sentence(record, whole))),
        Some(Format::Json) => {
            // The line of a template `{{json .}}` is the object as it is.
            let template = Format::Template("{{json .}}".to_owned());
            ui::out(format::render(&[object(record)], &template, &[], false)?)
        }
        Some(template) => ui::out(format::render(&[fields(record)], template, &[], false)?),
    }
}

/// Podman's text for an event.
fn sentence(record: &Record, whole: bool) -> String {
    let id = if whole { record.id.as_str() } else { record.id.get(..12).unwrap_or(&record.id) };
    let mut text = format!("{} {} {}", go_time(record.time), record.kind, record.status);
    match record.kind.as_str() {
        "container" | "pod" => {
            let _ = write!(text, " {id} (image={}, name={}", record.image, record.name);
            if let Some(health) = &record.health_status {
                let _ = write!(text, ", health_status={health}");
            }
            for (name, value) in &record.attributes {
                let _ = write!(text, ", {name}={value}");
            }
            text.push(')');
        }
        "image" => {
            let _ = write!(text, " {id} {}", record.name);
        }
        "secret" => {
            let _ = write!(text, " {id}");
        }
        "network" if matches!(record.status.as_str(), "connect" | "disconnect") => {
            let _ = write!(text, " {id} (container={id}, name={})", record.network);
        }
        "network" if !record.network.is_empty() => {
            let _ = write!(text, " {id} (name={}, type=bridge)", record.network);
        }
        _ if record.name.is_empty() => {}
        _ => {
            let _ = write!(text, " {}", record.name);
        }
    }
    text
}

/// As Go prints a time: `2026-11-21 03:54:20.156059417 +0000 UTC`.
fn go_time(nanoseconds: i64) -> String {
    jiff::Timestamp::from_nanosecond(i128::from(nanoseconds)).map_or_else(
        |_| String::new(),
        |moment| format!("{} +0000 UTC", moment.to_string().trim_end_matches('Z').replace('T', " ")),
    )
}

/// The object of `--format json`: Podman's, where what is empty is left out.
fn object(record: &Record) -> Value {
    let mut object = Map::new();
    if let Some(code) = record.container_exit_code {
        object.insert("ContainerExitCode".to_owned(), json!(code));
    }
    for (name, text) in [("ID", &record.id), ("Image", &record.image), ("Name", &record.name), ("Network", &record.network)] {
        if !text.is_empty() {
            object.insert(name.to_owned(), json!(text));
        }
    }
    object.insert("Status".to_owned(), json!(record.status));
    object.insert("time".to_owned(), json!(record.time / 1_000_000_000));
    object.insert("timeNano".to_owned(), json!(record.time));
    object.insert("Type".to_owned(), json!(record.kind));
    if let Some(health) = &record.health_status {
        object.insert("health_status".to_owned(), json!(health));
    }
    let attributes = if record.attributes.is_empty() { Value::Null } else { json!(record.attributes) };
    object.insert("Attributes".to_owned(), attributes);
    Value::Object(object)
}

/// The fields of templates: Podman's.
fn fields(record: &Record) -> Value {
    json!({
        "Attributes": record.attributes,
        "ContainerExitCode": record.container_exit_code.unwrap_or(0),
        "Error": "",
        "HealthStatus": record.health_status.as_deref().unwrap_or_default(),
        "ID": record.id,
        "Image": record.image,
        "Name": record.name,
        "Network": record.network,
        "PodID": "",
        "Status": record.status,
        "Time": record.time / 1_000_000_000,
        "TimeNano": record.time,
        "Type": record.kind,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: &str) -> Record {
        Record {
            id: "ab".repeat(32),
            name: "web".to_owned(),
            image: "localhost/x:1".to_owned(),
            status: "remove".to_owned(),
            kind: kind.to_owned(),
            time: 1_795_230_000_120_000_000,
            attributes: [("a".to_owned(), "b".to_owned())].into(),
            ..Record::default()
        }
    }

    #[test]
    fn an_event_reads_as_podmans() {
        let when = "2026-11-21 03:00:00.12 +0000 UTC";
        for (kind, text) in [
            ("container", "container remove abababababab (image=localhost/x:1, name=web, a=b)"),
            ("image", "image remove abababababab web"),
            ("volume", "volume remove web"),
            ("secret", "secret remove abababababab"),
        ] {
            assert_eq!(sentence(&record(kind), false), format!("{when} {text}"));
        }
        let network = Record { network: "web".to_owned(), ..record("network") };
        assert_eq!(sentence(&network, false), format!("{when} network remove abababababab (name=web, type=bridge)"));
        let network = Record { status: "connect".to_owned(), ..network };
        assert_eq!(sentence(&network, false), format!("{when} network connect abababababab (container=abababababab, name=web)"));
        let system = Record { name: String::new(), ..record("system") };
        assert_eq!(sentence(&system, true), format!("{when} system remove"));
    }

    #[test]
    fn what_is_empty_is_not_in_the_json() {
        let bare = Record { id: String::new(), image: String::new(), attributes: [].into(), ..record("volume") };
        let wanted = json!({
            "Name": "web", "Status": "remove", "time": 1_795_230_000, "timeNano": 1_795_230_000_120_000_000_i64, "Type": "volume",
            "Attributes": null,
        });
        assert_eq!(object(&bare), wanted);
        let died = Record { container_exit_code: Some(0), ..record("container") };
        assert_eq!(object(&died)["ContainerExitCode"], 0);
    }
}
