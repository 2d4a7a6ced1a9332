//! `coracle secret ls`.

use super::time;
use crate::cli::container::targets::open_engine;
use crate::cli::error::CliError;
use crate::cli::format::{self, Format};
use crate::cli::ui;
use crate::engine::secret::Secret;
use clap::Args;
use serde_json::{Value, json};
use std::time::Duration;

/// List secrets
#[derive(Debug, Args)]
pub struct LsArgs {
    /// Only secrets that fit: name=PART, id=BEGINNING
    #[arg(short, long, value_name = "FILTER")]
    filter: Vec<String>,
    /// json, or a Go template
    #[arg(long, value_name = "FORMAT")]
    format: Option<String>,
    /// No line of headers
    #[arg(short, long)]
    noheading: bool,
    /// Only ids
    #[arg(short, long)]
    quiet: bool,
}

const HEADERS: [(&str, &str); 5] =
    [("ID", "ID"), ("Name", "NAME"), ("Driver", "DRIVER"), ("CreatedAt", "CREATED"), ("UpdatedAt", "UPDATED")];

/// Prints the secrets.
///
/// # Errors
/// A filter or the template is none, or the store cannot be read.
pub(super) fn run(args: &LsArgs) -> Result<i32, CliError> {
    let filters = args.filter.iter().map(|text| filter(text)).collect::<Result<Vec<_>, _>>()?;
    let format = args.format.as_deref().map(Format::parse).transpose()?;
    let mut secrets = open_engine()?.secrets()?;
    secrets.retain(|secret| fits(secret, &filters));
    let text = match format {
        _ if args.quiet => secrets.iter().map(|secret| format!("{}\n", secret.id)).collect(),
        Some(format) if !matches!(format, Format::DefaultTable) => {
            let rows: Vec<Value> = secrets.iter().map(row).collect();
            format::render(&rows, &format, &HEADERS, !args.noheading)?
        }
        _ => {
            let cells = |secret: &Secret| {
                vec![secret.id.clone(), secret.name.clone(), "file".to_owned(), ago(secret.created_at), ago(secret.updated_at)]
            };
            let headers: Vec<&str> = if args.noheading { Vec::new() } else { HEADERS.map(|(_, header)| header).to_vec() };
            ui::table(&headers, &secrets.iter().map(cells).collect::<Vec<_>>())
        }
    };
    ui::out(text)?;
    Ok(0)
}

enum Filter {
    Name(String),
    Id(String),
}

fn filter(text: &str) -> Result<Filter, CliError> {
    match text.split_once('=') {
        Some(("name", value)) => Ok(Filter::Name(value.to_owned())),
        Some(("id", value)) => Ok(Filter::Id(value.to_owned())),
        _ => Err(CliError::Usage(format!("{text:?} is not a filter of secrets: use name= or id="))),
    }
}

/// Of the same key one has to fit, of each key.
fn fits(secret: &Secret, filters: &[Filter]) -> bool {
    let any = |chosen: Vec<bool>| chosen.is_empty() || chosen.contains(&true);
    let by_name = filters.iter().filter_map(|filter| match filter {
        Filter::Name(part) => Some(secret.name.contains(part)),
        Filter::Id(_) => None,
    });
    let by_id = filters.iter().filter_map(|filter| match filter {
        Filter::Id(start) => Some(secret.id.starts_with(start)),
        Filter::Name(_) => None,
    });
    any(by_name.collect()) && any(by_id.collect())
}

fn row(secret: &Secret) -> Value {
    json!({
        "ID": secret.id,
        "Name": secret.name,
        "Driver": "file",
        "CreatedAt": ago(secret.created_at),
        "UpdatedAt": ago(secret.updated_at),
        "Created": time(secret.created_at),
        "Updated": time(secret.updated_at),
        "Labels": secret.labels,
    })
}

fn ago(nanoseconds: i64) -> String {
    let age = jiff::Timestamp::now().as_nanosecond() - i128::from(nanoseconds);
    ui::human_ago(Duration::from_nanos(u64::try_from(age).unwrap_or(0)))
}
