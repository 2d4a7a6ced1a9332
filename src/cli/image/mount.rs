//! `coracle image mount` and `coracle image unmount`.

use crate::cli::container::targets::open_engine;
use crate::cli::error::CliError;
use crate::cli::{format, ui};
use crate::engine::Engine;
use crate::model::ImageRecord;
use clap::{Args, ValueEnum};
use serde_json::json;

/// Mount images read-only, to look at their files; in a `coracle unshare` session
///
/// Without a name, lists what is mounted. The mounts are gone when the session ends.
#[derive(Debug, Args)]
pub struct MountArgs {
    /// Every image
    #[arg(short, long, conflicts_with = "images")]
    all: bool,
    /// Print JSON
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// Names or ids
    #[arg(value_name = "IMAGE")]
    images: Vec<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Json,
}

/// Unmount images
#[derive(Debug, Args)]
pub struct UnmountArgs {
    /// Every image that is mounted
    #[arg(short, long, conflicts_with = "images")]
    all: bool,
    /// Also where files of it are in use: they stay usable until they are closed
    #[arg(short, long)]
    force: bool,
    /// Names or ids
    #[arg(value_name = "IMAGE", required_unless_present = "all")]
    images: Vec<String>,
}

/// Mounts and prints where; for several, with the name in front.
///
/// # Errors
/// An image is not known, or this is no `unshare` session.
pub fn run(args: &MountArgs) -> Result<i32, CliError> {
    let engine = open_engine()?;
    let listing = !args.all && args.images.is_empty();
    let targets = if args.all || listing { every(&engine)? } else { named(&engine, &args.images)? };
    let mut mounted = Vec::new();
    for image in targets {
        if !listing {
            engine.mount_image(&image)?;
        } else if !engine.image_is_mounted(&image) {
            continue;
        }
        mounted.push(image);
    }
    let place = |image: &ImageRecord| engine.image_mount_point(image).to_string_lossy().into_owned();
    if let Some(Format::Json) = args.format {
        let row = |image: &ImageRecord| json!({ "id": image.id.hex(), "Names": image.names, "Repositories": image.names, "mountpoint": place(image) });
        ui::out(format::json_text(&mounted.iter().map(row).collect::<Vec<_>>(), 2)?)?;
        return Ok(0);
    }
    if let ([only], false) = (&mounted[..], args.all || listing) {
        ui::print_line(&place(only))?;
        return Ok(0);
    }
    for image in &mounted {
        let name = image.names.first().map_or(image.id.hex(), String::as_str);
        ui::print_line(&format!("{name}  {}", place(image)))?;
    }
    Ok(0)
}

/// Unmounts and prints the ids.
///
/// # Errors
/// An image is not known, is not mounted, or is in use.
pub fn run_unmount(args: &UnmountArgs) -> Result<i32, CliError> {
    let engine = open_engine()?;
    let images = if args.all { every(&engine)? } else { named(&engine, &args.images)? };
    for image in images {
        if engine.unmount_image(&image, args.force)? {
            ui::print_line(image.id.hex())?;
        } else if !args.all {
            return Err(CliError::Usage(format!(
                "image {} is not mounted here (a mount is seen only in its `coracle unshare` session)",
                image.names.first().map_or(image.id.short(), String::as_str)
            )));
        }
    }
    Ok(0)
}

fn named(engine: &Engine, names: &[String]) -> Result<Vec<ImageRecord>, CliError> {
    names.iter().map(|name| Ok(engine.runnable_image(name)?)).collect()
}

fn every(engine: &Engine) -> Result<Vec<ImageRecord>, CliError> {
    Ok(engine.image_records()?.into_iter().filter(|image| !image.layers.is_empty()).collect())
}
