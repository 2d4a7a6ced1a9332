//! `coracle network ls`.

use super::filters;
use super::inspect::{fields, json};
use crate::cli::container::targets::open_engine;
use crate::cli::error::CliError;
use crate::cli::format::{self, Format};
use crate::cli::ui;
use crate::model::Network;
use crate::model::network::DRIVER;
use clap::Args;
use serde_json::Value;

/// List networks
#[derive(Debug, Args)]
pub struct LsArgs {
    /// Only networks that fit: name=, id=, driver=, label=, label!=, dangling=BOOL, until=TIME
    #[arg(short, long, value_name = "FILTER")]
    filter: Vec<String>,
    /// json, or a Go template
    #[arg(long, value_name = "FORMAT")]
    format: Option<String>,
    /// Whole ids
    #[arg(long)]
    no_trunc: bool,
    /// No line of headers
    #[arg(short, long)]
    noheading: bool,
    /// Only names
    #[arg(short, long)]
    quiet: bool,
}

const HEADERS: [(&str, &str); 3] = [("ID", "NETWORK ID"), ("Name", "NAME"), ("Driver", "DRIVER")];

/// Prints the networks.
///
/// # Errors
/// A filter or the template is none, or the store cannot be read.
pub(super) fn run(args: &LsArgs) -> Result<i32, CliError> {
    let filters = filters(&args.filter, &["name", "id", "driver", "label", "label!", "dangling", "until"])?;
    let format = args.format.as_deref().map(Format::parse).transpose()?.unwrap_or(Format::DefaultTable);
    let networks = open_engine()?.networks(&filters)?;
    let text = match format {
        _ if args.quiet => networks.iter().map(|network| network.name.clone() + "\n").collect(),
        Format::Json => format::json_text(&networks.iter().map(json).collect::<Vec<_>>(), 2)?,
        Format::DefaultTable => {
            let cells = |network: &Network| vec![id(network, args), network.name.clone(), DRIVER.to_owned()];
            let headers: Vec<&str> = if args.noheading { Vec::new() } else { HEADERS.map(|(_, header)| header).to_vec() };
            ui::table(&headers, &networks.iter().map(cells).collect::<Vec<_>>())
        }
        other if !other.names_fields() => format::render(&networks.iter().map(json).collect::<Vec<_>>(), &other, &[], false)?,
        other => {
            let rows: Vec<Value> = networks.iter().map(|network| row(network, args)).collect();
            format::render(&rows, &other, &HEADERS, !args.noheading)?
        }
    };
    ui::out(text)?;
    Ok(0)
}

/// The fields of templates: the labels are one text here, as in Podman.
fn row(network: &Network, args: &LsArgs) -> Value {
    let mut row = fields(network);
    let labels: Vec<String> = network.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    row["Labels"] = labels.join(",").into();
    row["ID"] = id(network, args).into();
    row
}

fn id(network: &Network, args: &LsArgs) -> String {
    if args.no_trunc { network.id.clone() } else { network.short_id().to_owned() }
}
