//! The commands for images.

pub mod history;
pub mod images;
pub mod import;
pub mod inspect;
pub mod load;
pub mod login;
pub mod manifest;
pub mod mount;
mod output;
pub mod platform;
mod progress;
pub mod prune;
pub mod pull;
pub mod push;
mod push_local;
pub mod registry;
pub mod rmi;
pub mod save;
pub mod scp;
pub mod search;
pub mod tag;
pub mod tree;

use super::container;
use super::container::targets::open_engine;
use super::error::CliError;
use super::ui;
use crate::config::Paths;
use crate::engine::{Engine, EngineError, session};
use clap::{Args, Subcommand};
use std::io::{Read as _, Write as _};

/// Manage images
#[derive(Debug, Subcommand)]
pub enum ImageCommand {
    Diff(ImageDiffArgs),
    Exists(ExistsArgs),
    History(history::HistoryArgs),
    Import(import::ImportArgs),
    Inspect(inspect::InspectArgs),
    Load(load::LoadArgs),
    #[command(visible_alias = "list")]
    Ls(images::ImagesArgs),
    Mount(mount::MountArgs),
    Prune(prune::PruneArgs),
    Pull(pull::PullArgs),
    Push(push::PushArgs),
    Rm(rmi::RmiArgs),
    Save(save::SaveArgs),
    Scp(scp::ScpArgs),
    Search(search::SearchArgs),
    #[command(hide = true)]
    Sign(RefusedArgs),
    Tag(tag::TagArgs),
    Tree(tree::TreeArgs),
    #[command(hide = true)]
    Trust(RefusedArgs),
    #[command(visible_alias = "umount")]
    Unmount(mount::UnmountArgs),
    Untag(tag::UntagArgs),
}

/// Check whether an image is in the store: exit code 0 or 1
#[derive(Debug, Args)]
pub struct ExistsArgs {
    /// A name or an id
    image: String,
}

/// What comes with a command that is not offered.
#[derive(Debug, Args)]
pub struct RefusedArgs {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    words: Vec<String>,
}

/// List what an image changes (C), adds (A) and deletes (D): its topmost layer in those below it, or all of it in another image
#[derive(Debug, Args)]
pub struct ImageDiffArgs {
    /// Print JSON
    #[arg(long, value_name = "FORMAT")]
    format: Option<container::diff::Format>,
    /// A name or an id
    image: String,
    /// The image to compare with
    #[arg(value_name = "IMAGE")]
    other: Option<String>,
}

fn diff(args: &ImageDiffArgs) -> Result<i32, CliError> {
    let engine = open_engine()?;
    let image = engine.runnable_image(&args.image)?;
    let list = match &args.other {
        None => engine.image_diff(&image)?,
        Some(other) => engine.images_diff(&image, &engine.runnable_image(other)?)?,
    };
    container::diff::print(&list, args.format)
}

/// Runs a command of the group.
///
/// # Errors
/// As the command.
pub fn run(command: ImageCommand) -> Result<i32, CliError> {
    match command {
        ImageCommand::Exists(args) => match open_engine()?.image(&args.image) {
            Ok(_) => Ok(0),
            Err(EngineError::NoSuchImage { .. }) => Ok(1),
            Err(error) => Err(error.into()),
        },
        ImageCommand::Diff(args) => diff(&args),
        ImageCommand::History(args) => history::run(&args),
        ImageCommand::Import(args) => import::run(args),
        ImageCommand::Inspect(args) => inspect::run(&args),
        ImageCommand::Load(args) => load::run(args),
        ImageCommand::Ls(args) => images::run(&args),
        ImageCommand::Mount(args) => mount::run(&args),
        ImageCommand::Unmount(args) => mount::run_unmount(&args),
        ImageCommand::Prune(args) => prune::run(&args),
        ImageCommand::Pull(args) => pull::run(args),
        ImageCommand::Push(args) => push::run(&args),
        ImageCommand::Rm(args) => rmi::run(args),
        ImageCommand::Save(args) => save::run(args),
        ImageCommand::Scp(args) => scp::run(&args),
        ImageCommand::Sign(_) => Err(CliError::Usage(
            "signatures are not made here: push the image, then sign it with `cosign sign` or `skopeo copy --sign-by`".to_owned(),
        )),
        ImageCommand::Trust(_) => Err(CliError::Usage(
            "which registries are trusted is written in policy.json (containers-policy.json(5)); types accept and reject are \
             understood, and images for which it asks for signatures are refused"
                .to_owned(),
        )),
        ImageCommand::Search(args) => search::run(&args),
        ImageCommand::Tree(args) => tree::run(&args),
        ImageCommand::Tag(args) => tag::run(&args),
        ImageCommand::Untag(args) => tag::run_untag(&args),
    }
}

/// Runs work on the store as root of the session, in a child: it prints for itself, and only its exit code comes back.
pub(super) fn in_session(work: impl FnOnce(&mut Engine) -> Result<i32, CliError>) -> Result<i32, CliError> {
    let paths = Paths::from_env().map_err(EngineError::from)?;
    paths.prepare().map_err(EngineError::from)?;
    let done = session::within(&paths, || {
        let result = Engine::open(paths.clone()).map_err(CliError::from).and_then(|mut engine| work(&mut engine));
        result.unwrap_or_else(|error| {
            if !matches!(error, CliError::Code(_)) {
                ui::note(error.text());
            }
            error.code()
        })
    })?;
    if let Some(why) = done.why_single {
        ui::note(format!("Note: {}", why.note()));
    }
    Ok(done.code)
}

/// The same for work that has something to tell: a text comes back.
///
/// # Errors
/// `CliError::Code` where the work failed; what went wrong was printed.
pub(super) fn told_by_session(work: impl FnOnce(&mut Engine) -> Result<String, CliError>) -> Result<String, CliError> {
    let failed = |source| CliError::from(EngineError::Wait { source });
    let (mut here, there) = std::io::pipe().map_err(failed)?;
    let (mut there, mut told) = (Some(there), String::new());
    // What is told is short: the pipe takes it before anybody reads.
    let code = in_session(|engine| {
        let text = work(engine)?;
        there.take().map_or(Ok(()), |mut there| there.write_all(text.as_bytes())).map_err(failed)?;
        Ok(0)
    })?;
    drop(there);
    match code {
        0 => here.read_to_string(&mut told).map(|_| told).map_err(failed),
        code => Err(CliError::Code(code)),
    }
}
