//! `coracle manifest create` and `coracle manifest add`.

use super::{ChangeArgs, annotations, change};
use crate::cli::container::targets::open_engine;
use crate::cli::error::CliError;
use crate::cli::image::in_session;
use crate::cli::image::progress;
use crate::cli::image::pull::{local, policy};
use crate::cli::image::registry::RegistryArgs;
use crate::cli::ui;
use crate::engine::EngineError;
use crate::engine::image::{AddRequest, AddSource, Changes, LoadRequest, Platform};
use clap::Args;

/// Make a manifest list, with images in it perhaps
#[derive(Debug, Args)]
pub struct CreateArgs {
    /// Of an image that is a list itself: take all of its images
    #[arg(long)]
    all: bool,
    /// Add to a list of this name that is there already
    #[arg(short, long)]
    amend: bool,
    /// An annotation of the list, KEY=VALUE
    #[arg(long, value_name = "KEY=VALUE")]
    annotation: Vec<String>,
    #[command(flatten)]
    registry: RegistryArgs,
    /// The list's name; without a registry it is localhost/NAME
    list: String,
    /// Images: as for `manifest add`
    #[arg(value_name = "IMAGE")]
    images: Vec<String>,
}

/// Add an image to a manifest list
///
/// The image is one of the store, else one of a registry, of which only the manifest is read; one on disk is loaded into the store.
#[derive(Debug, Args)]
pub struct AddArgs {
    /// Of an image that is a list itself: take all of its images
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    changes: ChangeArgs,
    #[command(flatten)]
    registry: RegistryArgs,
    /// The list
    list: String,
    /// A name or id, docker://REFERENCE, dir:FOLDER, oci:FOLDER[:REFERENCE], oci-archive:FILE[:REFERENCE] or
    /// docker-archive:FILE[:REFERENCE]
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<String>,
}

pub(super) fn create(args: &CreateArgs) -> Result<i32, CliError> {
    let annotations = annotations(&args.annotation)?;
    let adds = requests(&args.images, args.all, &Changes::default(), &args.registry)?;
    in_session(|engine| {
        let id = engine.create_list(&args.list, args.amend, annotations)?;
        for request in &adds {
            engine.add_to_list(&args.list, request, &mut *progress::shown(false))?;
        }
        ui::print_line(id.hex())?;
        Ok(0)
    })
}

pub(super) fn run(args: &AddArgs) -> Result<i32, CliError> {
    let changes = args.changes.changes()?;
    let adds = requests(&args.images, args.all, &changes, &args.registry)?;
    change(|engine| {
        let mut last = None;
        for request in &adds {
            last = Some(engine.add_to_list(&args.list, request, &mut *progress::shown(false))?);
        }
        last.ok_or_else(|| EngineError::NoSuchImage { name: String::new() })
    })
}

/// Works out where the images are. A name that the store has means that one.
fn requests(images: &[String], all: bool, changes: &Changes, registry: &RegistryArgs) -> Result<Vec<AddRequest>, CliError> {
    // A list that is added is asked for the platform that is meant.
    let mut platform = Platform::host();
    if let Some(architecture) = &changes.architecture {
        platform = Platform { architecture: architecture.clone(), variant: changes.variant.clone(), ..platform };
    }
    if let Some(os) = &changes.os {
        os.clone_into(&mut platform.os);
    }
    let (mut requests, mut planner) = (Vec::new(), registry.planner());
    for image in images {
        let source = if let Some(local) = local(image)? {
            AddSource::Disk(Box::new(LoadRequest::of(local, platform.clone(), policy()?)))
        } else if !image.starts_with("docker://") && open_engine()?.image(image).is_ok() {
            AddSource::Stored(image.clone())
        } else {
            AddSource::Registry(Box::new(planner.plan(image)?))
        };
        requests.push(AddRequest { source, all, platform: platform.clone(), changes: changes.clone() });
    }
    Ok(requests)
}
