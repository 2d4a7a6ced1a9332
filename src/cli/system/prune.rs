//! `coracle system prune`.

use crate::cli::container::prune::{parse_filters, show};
use crate::cli::container::targets::open_engine;
use crate::cli::error::CliError;
use crate::cli::image::in_session;
use crate::cli::ui;
use clap::Args;

/// Remove everything that is not in use
#[derive(Debug, Args)]
pub struct PruneArgs {
    /// Every image without a container, not only those without a name
    #[arg(short, long)]
    all: bool,
    /// Only what matches KEY=VALUE: label, label!, until
    #[arg(long, value_name = "FILTER")]
    filter: Vec<String>,
    /// Do not ask
    #[arg(short, long)]
    force: bool,
    /// Volumes that no container mounts, too
    #[arg(long)]
    volumes: bool,
}

/// Removes containers, then networks, volumes and images, and says what that has given back.
///
/// # Errors
/// A filter is none, or the store fails.
pub fn run(args: &PruneArgs) -> Result<i32, CliError> {
    let filters = parse_filters(&args.filter)?;
    if !args.force && !ui::confirm(&warning(args))? {
        return Ok(0);
    }
    let mut engine = open_engine()?;
    engine.sweep()?;
    let containers = engine.prune_containers(&filters)?;
    let mut code = show(&containers, Some("Deleted Containers"))?;
    let mut bytes = containers.bytes;
    code = code.max(show(&engine.prune_unused_networks(&filters)?, Some("Deleted Networks"))?);
    if args.volumes {
        let volumes = engine.prune_unused_volumes(&filters)?;
        code = code.max(show(&volumes, Some("Deleted Volumes"))?);
        bytes += volumes.bytes;
    }
    drop(engine);
    // What comes back from the child is its exit code; so it prints the sum, too.
    let images = in_session(|engine| {
        let images = engine.prune_images(args.all, &filters)?;
        let code = show(&images, Some("Deleted Images"))?;
        ui::print_line(&format!("Total reclaimed space: {}", ui::human_size_compact(bytes + images.bytes)))?;
        Ok(code)
    })?;
    Ok(code.max(images))
}

fn warning(args: &PruneArgs) -> String {
    let volumes = if args.volumes { "\t- all volumes not used by at least one container\n" } else { "" };
    let images = if args.all { "all images without at least one container associated with them" } else { "all dangling images" };
    format!(
        "WARNING! This command removes:\n\t- all stopped containers\n\t- all networks not used by at least one container\n{volumes}\t- {images}\n"
    )
}
