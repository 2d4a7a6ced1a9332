//! `coracle system df`.

use crate::cli::container::targets::open_engine;
use crate::cli::error::CliError;
use crate::cli::format::{self, Format};
use crate::cli::ui::{self, human_ago, human_size_compact};
use crate::engine::usage::{Total, Usage};
use crate::sys::stamp;
use clap::Args;
use serde_json::{Value, json};
use std::time::Duration;

/// Show what images, containers and volumes take on the disk
#[derive(Debug, Args)]
pub struct DfArgs {
    /// json, table TEMPLATE or a Go template
    #[arg(long, value_name = "FORMAT", conflicts_with = "verbose")]
    format: Option<String>,
    /// Every image, container and volume by itself
    #[arg(short, long)]
    verbose: bool,
}

const HEADERS: [(&str, &str); 5] =
    [("Type", "TYPE"), ("Total", "TOTAL"), ("Active", "ACTIVE"), ("Size", "SIZE"), ("Reclaimable", "RECLAIMABLE")];

/// Prints the sums.
///
/// # Errors
/// The template is none, or the store fails.
pub fn run(args: &DfArgs) -> Result<i32, CliError> {
    let format = args.format.as_deref().map_or(Ok(Format::DefaultTable), Format::parse)?;
    let usage = open_engine()?.usage()?;
    if args.verbose {
        ui::out(each(&usage))?;
        return Ok(0);
    }
    let totals = [("Images", usage.image_total), ("Containers", usage.container_total), ("Local Volumes", usage.volume_total)];
    let text = match format {
        Format::DefaultTable => {
            let names = HEADERS.map(|(_, header)| header);
            let rows: Vec<Vec<String>> = totals.iter().map(|(name, total)| cells(name, total)).collect();
            ui::table(&names, &rows)
        }
        Format::Json => format::json_text(&totals.map(|(name, total)| row(name, &total)), 4)?,
        template => format::render(&totals.map(|(name, total)| row(name, &total)), &template, &HEADERS, true)?,
    };
    ui::out(text)?;
    Ok(0)
}

fn cells(name: &str, total: &Total) -> Vec<String> {
    let Total { count, active, size, reclaimable } = total;
    vec![name.to_owned(), count.to_string(), active.to_string(), human_size_compact(*size), with_share(*reclaimable, *size)]
}

fn with_share(part: u64, whole: u64) -> String {
    // Rounded as Podman does, half up.
    let percent = if whole == 0 { 0 } else { (u128::from(part) * 200 / u128::from(whole)).div_ceil(2) };
    format!("{} ({percent}%)", human_size_compact(part))
}

/// The fields of templates and of the JSON: Podman's.
fn row(name: &str, total: &Total) -> Value {
    let Total { count, active, size, reclaimable } = total;
    json!({
        "Type": name,
        "Total": count,
        "Active": active,
        "RawSize": size,
        "RawReclaimable": reclaimable,
        "TotalCount": count,
        "Size": human_size_compact(*size),
        "Reclaimable": with_share(*reclaimable, *size),
    })
}

fn each(usage: &Usage) -> String {
    let now = stamp::now();
    let ago = |moment: i64| human_ago(Duration::from_nanos(u64::try_from(now.saturating_sub(moment)).unwrap_or(0)));
    let none = || "<none>".to_owned();
    let images: Vec<Vec<String>> = usage
        .images
        .iter()
        .map(|image| {
            let row = &image.row;
            vec![
                row.repository.clone().unwrap_or_else(none),
                row.tag.clone().unwrap_or_else(none),
                row.image.id.short().to_owned(),
                ago(row.image.created).trim_end_matches(" ago").to_owned(),
                human_size_compact(image.shared + image.unique),
                human_size_compact(image.shared),
                human_size_compact(image.unique),
                row.containers.to_string(),
            ]
        })
        .collect();
    let containers: Vec<Vec<String>> = usage
        .containers
        .iter()
        .map(|container| {
            let config = &container.config;
            vec![
                config.id.short().to_owned(),
                config.image.short().to_owned(),
                config.argv.join(" "),
                usage
                    .volumes
                    .iter()
                    .filter(|volume| volume.containers.iter().any(|id| id == config.id.as_str()))
                    .count()
                    .to_string(),
                human_size_compact(container.own),
                ago(config.created_at).trim_end_matches(" ago").to_owned(),
                container.state.status.to_string(),
                config.name.clone(),
            ]
        })
        .collect();
    let volumes: Vec<Vec<String>> = usage
        .volumes
        .iter()
        .map(|volume| vec![volume.name.clone(), volume.containers.len().to_string(), human_size_compact(volume.bytes)])
        .collect();
    let image_heads = ["REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE", "SHARED SIZE", "UNIQUE SIZE", "CONTAINERS"];
    let container_heads = ["CONTAINER ID", "IMAGE", "COMMAND", "LOCAL VOLUMES", "SIZE", "CREATED", "STATUS", "NAMES"];
    format!(
        "Images space usage:\n\n{}\nContainers space usage:\n\n{}\nLocal Volumes space usage:\n\n{}",
        ui::table(&image_heads, &images),
        ui::table(&container_heads, &containers),
        ui::table(&["VOLUME NAME", "LINKS", "SIZE"], &volumes)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_and_nothing_of_nothing_is_nothing() {
        for (part, whole, text) in
            [(0, 0, "0B (0%)"), (1000, 1000, "1kB (100%)"), (1000, 3000, "1kB (33%)"), (5, 1000, "5B (1%)")]
        {
            assert_eq!(with_share(part, whole), text);
        }
    }
}
