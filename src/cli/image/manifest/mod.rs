//! The commands for lists of manifests.

mod add;
mod push;

use super::in_session;
use super::registry::RegistryArgs;
use super::rmi;
use crate::cli::container::targets::open_engine;
use crate::cli::error::CliError;
use crate::cli::ui;
use crate::engine::image::{Changes, show_remote_document};
use crate::engine::{Engine, EngineError};
use crate::model::ImageId;
use clap::{Args, Subcommand};
use std::collections::BTreeMap;

/// Make lists of images for several platforms, and push them
#[derive(Debug, Subcommand)]
pub enum ManifestCommand {
    Add(add::AddArgs),
    Annotate(AnnotateArgs),
    Create(add::CreateArgs),
    Exists(ExistsArgs),
    Inspect(InspectArgs),
    Push(push::PushArgs),
    Remove(RemoveArgs),
    Rm(RmArgs),
}

/// Change what a list says of an image in it
#[derive(Debug, Args)]
pub struct AnnotateArgs {
    #[command(flatten)]
    changes: ChangeArgs,
    /// Change the annotations of the list itself
    #[arg(long, conflicts_with_all = ["image", "arch", "os", "variant", "os_version", "os_features", "features"])]
    index: bool,
    /// The list
    list: String,
    /// The digest of a manifest in it, or an image of the store
    #[arg(value_name = "DIGEST|IMAGE", required_unless_present = "index")]
    image: Option<String>,
}

/// What a list says of an image.
#[derive(Args, Clone, Debug, Default)]
pub struct ChangeArgs {
    /// An annotation, KEY=VALUE
    #[arg(long, value_name = "KEY=VALUE")]
    annotation: Vec<String>,
    /// The architecture, instead of the image's own
    #[arg(long)]
    arch: Option<String>,
    /// Features of the processor that it needs
    #[arg(long, value_name = "FEATURE", value_delimiter = ',')]
    features: Vec<String>,
    /// The operating system, instead of the image's own
    #[arg(long)]
    os: Option<String>,
    /// Features of the operating system that it needs
    #[arg(long, value_name = "FEATURE", value_delimiter = ',')]
    os_features: Vec<String>,
    /// The version of the operating system that it needs
    #[arg(long, value_name = "VERSION")]
    os_version: Option<String>,
    /// The variant of the architecture, instead of the image's own
    #[arg(long)]
    variant: Option<String>,
}

impl ChangeArgs {
    fn changes(&self) -> Result<Changes, CliError> {
        Ok(Changes {
            architecture: self.arch.clone(),
            os: self.os.clone(),
            variant: self.variant.clone(),
            os_version: self.os_version.clone(),
            os_features: self.os_features.clone(),
            features: self.features.clone(),
            annotations: annotations(&self.annotation)?,
        })
    }
}

fn annotations(texts: &[String]) -> Result<BTreeMap<String, String>, CliError> {
    let split = |text: &String| {
        let parts = text.split_once('=').filter(|(key, _)| !key.is_empty());
        let parts = parts.map(|(key, value)| (key.to_owned(), value.to_owned()));
        parts.ok_or_else(|| CliError::Usage(format!("{text:?} is no annotation: write KEY=VALUE")))
    };
    texts.iter().map(split).collect()
}

/// Check whether a manifest list is in the store: exit code 0 or 1
#[derive(Debug, Args)]
pub struct ExistsArgs {
    /// A name or an id
    list: String,
}

/// Show a manifest list of the store, or else a list or manifest of a registry
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// A name or an id, or a reference
    list: String,
    #[command(flatten)]
    registry: RegistryArgs,
}

/// Take an image out of a manifest list
#[derive(Debug, Args)]
pub struct RemoveArgs {
    /// The list
    list: String,
    /// The digest of a manifest in it, or an image of the store
    #[arg(value_name = "DIGEST|IMAGE")]
    image: String,
}

/// Remove manifest lists from the store; the images in them stay
#[derive(Debug, Args)]
pub struct RmArgs {
    /// A list that is not there is no error
    #[arg(short, long)]
    ignore: bool,
    /// Names or ids
    #[arg(required = true, value_name = "LIST")]
    lists: Vec<String>,
}

/// Runs a command of the group.
///
/// # Errors
/// As the command.
pub fn run(command: ManifestCommand) -> Result<i32, CliError> {
    match command {
        ManifestCommand::Add(args) => add::run(&args),
        ManifestCommand::Annotate(args) => annotate(&args),
        ManifestCommand::Create(args) => add::create(&args),
        ManifestCommand::Exists(args) => Ok(i32::from(!open_engine()?.list_exists(&args.list)?)),
        ManifestCommand::Inspect(args) => inspect(&args),
        ManifestCommand::Push(args) => push::run(&args),
        ManifestCommand::Remove(args) => change(|engine| engine.remove_from_list(&args.list, &args.image)),
        ManifestCommand::Rm(args) => in_session(|engine| rmi::show(engine.remove_lists(&args.lists, args.ignore)?)),
    }
}

/// Changes a list and prints its id.
fn change(work: impl FnOnce(&mut Engine) -> Result<ImageId, EngineError>) -> Result<i32, CliError> {
    in_session(|engine| {
        let id = work(engine)?;
        ui::print_line(id.hex())?;
        Ok(0)
    })
}

fn annotate(args: &AnnotateArgs) -> Result<i32, CliError> {
    let changes = args.changes.changes()?;
    if args.index && changes.annotations.is_empty() {
        return Err(CliError::Usage("--index changes annotations: give --annotation KEY=VALUE".to_owned()));
    }
    change(|engine| engine.annotate_list(&args.list, args.image.as_deref(), &changes))
}

fn inspect(args: &InspectArgs) -> Result<i32, CliError> {
    let text = match open_engine()?.show_list(&args.list) {
        Ok(text) => text,
        // An image of the store has a manifest on its registry all the same.
        Err(EngineError::NoSuchImage { .. } | EngineError::NotAList { .. }) => {
            show_remote_document(&args.registry.plan(&args.list)?)?
        }
        Err(error) => return Err(error.into()),
    };
    ui::print_line(&text)?;
    Ok(0)
}
