//! `coracle history`.

use crate::cli::container::targets::open_engine;
use crate::cli::error::CliError;
use crate::cli::format::{self, Format};
use crate::cli::ui;
use crate::engine::image::HistoryStep;
use clap::{ArgAction, Args};
use serde_json::{Value, json};
use std::time::Duration;

/// Characters of a command that are shown at most.
const SHOWN: usize = 45;

/// Show how an image came to be, the latest step first
#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// A name or an id
    image: String,
    /// json, or a Go template
    #[arg(long, value_name = "FORMAT")]
    format: Option<String>,
    /// Print ages and units; with =false times and bytes
    #[arg(short = 'H', long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value = "true", default_missing_value = "true", action = ArgAction::Set)]
    human: bool,
    /// Print ids and commands whole
    #[arg(long)]
    no_trunc: bool,
    /// Print ids alone
    #[arg(short, long, conflicts_with = "format")]
    quiet: bool,
}

const HEADERS: [(&str, &str); 4] =
    [("CreatedSince", "CREATED"), ("CreatedBy", "CREATED BY"), ("CreatedAt", "CREATED AT"), ("ID", "ID")];

/// Prints the steps.
///
/// # Errors
/// There is no such image, or the template is none.
pub fn run(args: &HistoryArgs) -> Result<i32, CliError> {
    let format = args.format.as_deref().map(Format::parse).transpose()?;
    let steps = open_engine()?.image_history(&args.image)?;
    if args.quiet {
        ui::out(steps.iter().map(|step| id(step, args.no_trunc) + "\n").collect::<String>())?;
        return Ok(0);
    }
    let text = match format {
        Some(Format::Json) => format::json_text(&steps.iter().map(object).collect::<Vec<_>>(), 4)?,
        Some(format @ (Format::Table(_) | Format::Template(_))) => {
            format::render(&steps.iter().map(|step| value(step, args)).collect::<Vec<_>>(), &format, &HEADERS, true)?
        }
        Some(Format::DefaultTable) | None => {
            let cells = |step: &HistoryStep| {
                vec![id(step, args.no_trunc), when(step, args), command(step, args), size(step, args), step.comment.clone()]
            };
            ui::table(&["ID", "CREATED", "CREATED BY", "SIZE", "COMMENT"], &steps.iter().map(cells).collect::<Vec<_>>())
        }
    };
    ui::out(text)?;
    Ok(0)
}

/// One step for a template, with Podman's field names.
fn value(step: &HistoryStep, args: &HistoryArgs) -> Value {
    json!({
        "ID": id(step, args.no_trunc),
        "Created": when(step, args),
        "CreatedSince": since(step),
        "CreatedAt": time(step).map(|time| time.strftime("%Y-%m-%d %H:%M:%S +0000 UTC").to_string()).unwrap_or_default(),
        "CreatedBy": command(step, args),
        "Size": size(step, args),
        "Comment": step.comment,
        "Tags": step.names,
    })
}

/// One step as `podman history --format json` prints it.
fn object(step: &HistoryStep) -> Value {
    let created = step.created.as_deref().unwrap_or("0001-01-01T00:00:00Z");
    let mut object = json!({
        "id": id(step, true),
        "created": created,
        "CreatedBy": step.created_by,
        "size": step.size,
        "comment": step.comment,
    });
    if !step.names.is_empty() {
        object["tags"] = json!(step.names);
    }
    object
}

fn id(step: &HistoryStep, whole: bool) -> String {
    match &step.id {
        Some(id) if whole => id.clone(),
        Some(id) => id.chars().take(12).collect(),
        None => "<missing>".to_owned(),
    }
}

fn command(step: &HistoryStep, args: &HistoryArgs) -> String {
    // A table has one line for each step.
    let text = if args.no_trunc { step.created_by.clone() } else { step.created_by.replace(['\n', '\t'], " ") };
    if args.no_trunc || text.chars().count() <= SHOWN {
        return text;
    }
    text.chars().take(SHOWN - 3).chain("...".chars()).collect()
}

fn size(step: &HistoryStep, args: &HistoryArgs) -> String {
    if args.human { ui::human_size(step.size) } else { step.size.to_string() }
}

fn when(step: &HistoryStep, args: &HistoryArgs) -> String {
    if args.human {
        since(step)
    } else {
        time(step).map(|time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()).unwrap_or_default()
    }
}

fn since(step: &HistoryStep) -> String {
    let Some(time) = time(step) else { return String::new() };
    let age = jiff::Timestamp::now().as_nanosecond() - time.as_nanosecond();
    ui::human_ago(Duration::from_nanos(u64::try_from(age).unwrap_or(0)))
}

fn time(step: &HistoryStep) -> Option<jiff::Timestamp> {
    step.created.as_deref()?.parse().ok()
}
