//! `coracle search`.

use super::registry::{RegistryArgs, places};
use crate::cli::error::CliError;
use crate::cli::format::{self, Format};
use crate::cli::ui;
use crate::engine::image::{FoundImage, SearchRequest, find_images, list_tags};
use clap::Args;
use serde_json::{Value, json};

/// Rows that are shown where no limit is given; of tags, all.
const DEFAULT_LIMIT: usize = 25;
/// The longest description in the table.
const DESCRIPTION: usize = 44;

/// Search registries for images
///
/// A term with a registry in front, HOST/TERM, is searched there, else in all that registries.conf names. A registry without a search
/// of its own is asked for the list of its repositories.
#[derive(Debug, Args)]
pub struct SearchArgs {
    /// TERM, or HOST/TERM
    term: String,
    /// How many to show (25; of tags, all)
    #[arg(long)]
    limit: Option<usize>,
    /// List the tags of the repository
    #[arg(long, conflicts_with = "filter")]
    list_tags: bool,
    /// Show descriptions whole
    #[arg(long)]
    no_trunc: bool,
    /// Show stars, and which are official or automated
    #[arg(long)]
    compatible: bool,
    /// Only images that fit: stars=NUMBER, is-official[=BOOL], is-automated[=BOOL]
    #[arg(short, long, value_name = "FILTER", value_delimiter = ',')]
    filter: Vec<String>,
    /// json, or a Go template
    #[arg(long, value_name = "FORMAT")]
    format: Option<String>,
    #[command(flatten)]
    registry: RegistryArgs,
}

/// Searches.
///
/// # Errors
/// No registry answers.
pub fn run(args: &SearchArgs) -> Result<i32, CliError> {
    let filters = args.filter.iter().map(|text| Filter::parse(text)).collect::<Result<Vec<_>, _>>()?;
    let format = args.format.as_deref().map(Format::parse).transpose()?;
    let (places, options) = (places()?, args.registry.options()?);
    let default = if args.list_tags { usize::MAX } else { DEFAULT_LIMIT };
    let request = SearchRequest { places: &places, options: &options, term: &args.term, limit: args.limit.unwrap_or(default) };
    if args.list_tags {
        let (name, tags) = list_tags(&request)?;
        let values: Vec<_> = match format {
            Some(Format::Json) => vec![json!({"Name": name, "Tags": tags})],
            _ => tags.iter().map(|tag| json!({"Name": name, "Tag": tag})).collect(),
        };
        return show(&values, format.as_ref(), &["Name", "Tag"]);
    }
    let (found, failures) = find_images(&request)?;
    for failure in failures {
        ui::note(format!("Note: {failure}"));
    }
    let fits = |image: &&FoundImage| filters.iter().all(|filter| filter.fits(image));
    let values: Vec<_> = found.iter().filter(fits).map(|image| value(image, args.no_trunc || format.is_some())).collect();
    let columns: &[&str] =
        if args.compatible { &["Name", "Description", "Stars", "Official", "Automated"] } else { &["Name", "Description"] };
    show(&values, format.as_ref(), columns)
}

fn show(values: &[Value], format: Option<&Format>, columns: &[&str]) -> Result<i32, CliError> {
    let text = match format {
        Some(format @ (Format::Json | Format::Table(_) | Format::Template(_))) => format::render(values, format, &[], true)?,
        Some(Format::DefaultTable) | None => {
            let headers: Vec<_> = columns.iter().map(|name| name.to_uppercase()).collect();
            let cell = |value: &Value, name: &&str| match &value[*name] {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let rows: Vec<Vec<_>> = values.iter().map(|value| columns.iter().map(|name| cell(value, name)).collect()).collect();
            ui::table(&headers, &rows)
        }
    };
    ui::out(text)?;
    Ok(0)
}

fn value(found: &FoundImage, whole: bool) -> Value {
    let image = &found.image;
    let mut description = image.description.replace('\n', " ");
    if !whole && description.chars().count() > DESCRIPTION {
        description = description.chars().take(DESCRIPTION).collect::<String>() + "...";
    }
    let mark = |is: bool| if is { "[OK]" } else { "" };
    json!({
        "Index": found.registry,
        "Name": found.name,
        "Description": description,
        "Stars": image.star_count,
        "Official": mark(image.is_official),
        "Automated": mark(image.is_automated),
    })
}

enum Filter {
    Stars(u64),
    Official(bool),
    Automated(bool),
}

impl Filter {
    fn parse(text: &str) -> Result<Self, CliError> {
        let bad =
            || CliError::Usage(format!("{text:?} is not a filter of a search: use stars=NUMBER, is-official or is-automated"));
        let (key, value) = text.split_once('=').unwrap_or((text, "true"));
        let yes = || value.parse::<bool>().map_err(|_| bad());
        Ok(match key {
            "stars" => Self::Stars(value.parse().map_err(|_| bad())?),
            "is-official" => Self::Official(yes()?),
            "is-automated" => Self::Automated(yes()?),
            _ => return Err(bad()),
        })
    }

    fn fits(&self, found: &FoundImage) -> bool {
        match self {
            Self::Stars(least) => found.image.star_count >= *least,
            Self::Official(wanted) => found.image.is_official == *wanted,
            Self::Automated(wanted) => found.image.is_automated == *wanted,
        }
    }
}
