//! `coracle images`.

use crate::cli::container::targets::open_engine;
use crate::cli::error::CliError;
use crate::cli::format::{self, Format};
use crate::cli::ui;
use crate::engine::EngineError;
use crate::engine::image::{ImageFilter, ImageRow, ImagesRequest};
use crate::engine::prune::PruneFilter;
use crate::sys::stamp;
use clap::{Args, ValueEnum};
use glob::Pattern;
use serde_json::{Value, json};
use std::cmp::Reverse;
use std::collections::HashSet;
use std::time::Duration;

/// List images
#[derive(Debug, Args)]
pub struct ImagesArgs {
    /// Only images of this name
    name: Option<String>,
    /// All images; there are no hidden ones here
    #[arg(short, long)]
    all: bool,
    /// Only ids
    #[arg(short, long)]
    quiet: bool,
    /// Show ids whole
    #[arg(long)]
    no_trunc: bool,
    /// Show digests of manifests
    #[arg(long)]
    digests: bool,
    /// Show all names of each image
    #[arg(long)]
    history: bool,
    /// No line of headers
    #[arg(short, long)]
    noheading: bool,
    /// By what to sort
    #[arg(long, value_enum, default_value = "created")]
    sort: Sort,
    /// Only images that fit: reference=PATTERN, dangling=BOOL, label=KEY[=VALUE], before=IMAGE, since=IMAGE,
    /// until=TIME, id=ID, digest=DIGEST, containers=BOOL, intermediate=BOOL, readonly=BOOL, manifest=BOOL
    #[arg(short, long, value_name = "FILTER")]
    filter: Vec<String>,
    /// json, or a Go template
    #[arg(long, value_name = "FORMAT")]
    format: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Sort {
    Created,
    Id,
    Repository,
    Size,
    Tag,
}

const HEADERS: [(&str, &str); 6] = [
    ("ID", "IMAGE ID"),
    ("CreatedSince", "CREATED"),
    ("CreatedAt", "CREATED AT"),
    ("RepoTags", "REPO TAGS"),
    ("RepoDigests", "REPO DIGESTS"),
    ("VirtualSize", "VIRTUAL SIZE"),
];

/// Prints the images.
///
/// # Errors
/// A filter or the template is none, or the store cannot be read.
pub fn run(args: &ImagesArgs) -> Result<i32, CliError> {
    let filters = args.filter.iter().map(|text| parse_filter(text)).collect::<Result<_, _>>()?;
    let format = args.format.as_deref().map(Format::parse).transpose()?;
    let mut rows = open_engine()?.images(&ImagesRequest { name: args.name.as_deref().map(pattern).transpose()?, filters })?;
    sort(&mut rows, args.sort);
    if args.quiet {
        let mut seen = HashSet::new();
        let ids = rows.iter().filter(|row| seen.insert(&row.image.id)).map(|row| id(row, args.no_trunc) + "\n");
        ui::out(ids.collect::<String>())?;
        return Ok(0);
    }
    let text = match format {
        Some(Format::Json) => format::render(&json_rows(&rows), &Format::Json, &HEADERS, true)?,
        Some(format @ (Format::Table(_) | Format::Template(_))) => {
            let values: Vec<_> = rows.iter().map(|row| value(row, args.no_trunc)).collect();
            format::render(&values, &format, &HEADERS, !args.noheading)?
        }
        Some(Format::DefaultTable) | None => table(&rows, args),
    };
    ui::out(text)?;
    Ok(0)
}

fn parse_filter(text: &str) -> Result<ImageFilter, CliError> {
    let bad = || {
        CliError::Usage(format!(
            "{text:?} is not a filter of images: use reference=, label=, before=, since=, until=, id=, digest=, or with \
             true or false dangling=, containers=, intermediate=, readonly=, manifest="
        ))
    };
    let (key, value) = text.split_once('=').ok_or_else(bad)?;
    let text = value.to_owned();
    let truth = || match value {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(bad()),
    };
    Ok(match key {
        "reference" => ImageFilter::Reference(pattern(value)?),
        "dangling" => ImageFilter::Dangling(truth()?),
        "containers" => ImageFilter::Containers(truth()?),
        "intermediate" | "readonly" => ImageFilter::Nothing(truth()?),
        "manifest" => ImageFilter::Manifest(truth()?),
        "until" => match PruneFilter::parse(&format!("until={value}"), stamp::now()) {
            Ok(PruneFilter::Until(time)) => ImageFilter::Until(time),
            Ok(_) => return Err(bad()),
            Err(error) => return Err(EngineError::from(error).into()),
        },
        "digest" => ImageFilter::Digest(text),
        "label" => match value.split_once('=') {
            Some((key, value)) => ImageFilter::Label(key.to_owned(), Some(value.to_owned())),
            None => ImageFilter::Label(text, None),
        },
        "before" => ImageFilter::Before(text),
        "since" | "after" => ImageFilter::Since(text),
        "id" => ImageFilter::Id(text),
        _ => return Err(bad()),
    })
}

fn pattern(text: &str) -> Result<Pattern, CliError> {
    Pattern::new(text).map_err(|error| CliError::Usage(format!("{text:?} is not a pattern of names: {error}")))
}

fn sort(rows: &mut [ImageRow], by: Sort) {
    match by {
        Sort::Created => rows.sort_by_key(|row| Reverse(row.image.created)),
        Sort::Id => rows.sort_by(|a, b| a.image.id.hex().cmp(b.image.id.hex())),
        Sort::Repository => rows.sort_by(|a, b| a.repository.cmp(&b.repository)),
        Sort::Size => rows.sort_by_key(|row| row.image.size),
        Sort::Tag => rows.sort_by(|a, b| a.tag.cmp(&b.tag)),
    }
}

fn table(rows: &[ImageRow], args: &ImagesArgs) -> String {
    let mut headers = vec!["REPOSITORY", "TAG"];
    if args.digests {
        headers.push("DIGEST");
    }
    headers.extend(["IMAGE ID", "CREATED", "SIZE"]);
    if args.history {
        headers.push("HISTORY");
    }
    let cells = |row: &ImageRow| {
        let mut cells = vec![part(row.repository.as_ref()), part(row.tag.as_ref())];
        if args.digests {
            cells.push(row.image.manifest.to_string());
        }
        cells.extend([id(row, args.no_trunc), since(row), ui::human_size(row.image.size)]);
        if args.history {
            cells.push(row.image.names.join(", "));
        }
        cells
    };
    if args.noheading {
        headers.clear();
    }
    ui::table(&headers, &rows.iter().map(cells).collect::<Vec<_>>())
}

/// One row for a template, with Podman's field names.
fn value(row: &ImageRow, no_trunc: bool) -> Value {
    let image = &row.image;
    json!({
        "Repository": part(row.repository.as_ref()),
        "Tag": part(row.tag.as_ref()),
        "ID": id(row, no_trunc),
        "Id": image.id.hex(),
        "Digest": image.manifest,
        "CreatedSince": since(row),
        "CreatedAt": created_at(row),
        "CreatedTime": created_at(row),
        "Created": since(row),
        "Size": ui::human_size(image.size),
        "VirtualSize": ui::human_size(image.size),
        "Names": image.names,
        "RepoTags": image.names.iter().filter(|name| !name.contains('@')).collect::<Vec<_>>(),
        "RepoDigests": row.repo_digests,
        "Labels": row.labels,
        "Containers": row.containers,
        "History": image.names.join(", "),
        "NamesHistory": image.names,
        "ParentId": "",
        "SharedSize": 0,
        "Dangling": image.names.is_empty(),
        "ReadOnly": false,
    })
}

/// One object for each image, as `podman images --format json` prints them.
fn json_rows(rows: &[ImageRow]) -> Vec<Value> {
    let mut seen = HashSet::new();
    let object = |row: &ImageRow| {
        let image = &row.image;
        json!({
            "Id": image.id.hex(),
            "ParentId": "",
            "RepoTags": image.names.iter().filter(|name| !name.contains('@')).collect::<Vec<_>>(),
            "RepoDigests": row.repo_digests,
            "Size": image.size,
            "SharedSize": 0,
            "VirtualSize": image.size,
            "Labels": row.labels,
            "Containers": row.containers,
            "Names": image.names,
            "Digest": image.manifest,
            "Created": image.created.div_euclid(1_000_000_000),
            "CreatedAt": time(image.created).to_string(),
        })
    };
    rows.iter().filter(|row| seen.insert(&row.image.id)).map(object).collect()
}

fn part(text: Option<&String>) -> String {
    text.cloned().unwrap_or_else(|| "<none>".to_owned())
}

fn id(row: &ImageRow, whole: bool) -> String {
    if whole { format!("sha256:{}", row.image.id) } else { row.image.id.short().to_owned() }
}

fn since(row: &ImageRow) -> String {
    let age = jiff::Timestamp::now().as_nanosecond() - i128::from(row.image.created);
    ui::human_ago(Duration::from_nanos(u64::try_from(age).unwrap_or(0)))
}

fn created_at(row: &ImageRow) -> String {
    time(row.image.created).strftime("%Y-%m-%d %H:%M:%S +0000 UTC").to_string()
}

fn time(nanoseconds: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_nanosecond(i128::from(nanoseconds)).unwrap_or_default()
}
