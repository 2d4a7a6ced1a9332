//! `coracle container clone`.

use super::start::started;
use super::targets::open_engine;
use crate::cli::error::CliError;
use crate::cli::ui;
use crate::engine::container::clone::CloneRequest;
use clap::Args;
use std::time::Duration;

/// Make a new container with the configuration of another
///
/// What the other has written stays with it.
#[derive(Debug, Args)]
pub struct CloneArgs {
    /// Remove the original
    #[arg(long)]
    destroy: bool,
    /// With --destroy, kill the original where it runs
    #[arg(short, long, requires = "destroy")]
    force: bool,
    /// The name of the new container; else that of the original with -clone after it
    #[arg(long, conflicts_with = "new_name", value_name = "NAME")]
    name: Option<String>,
    /// Start the new container
    #[arg(long)]
    run: bool,
    /// Name or id of the original
    container: String,
    /// The name of the new container
    #[arg(value_name = "NAME")]
    new_name: Option<String>,
    /// Another image for the new container
    image: Option<String>,
}

/// Makes the container and prints its id.
///
/// # Errors
/// The original or the image is not known, the name is in use, or the new container cannot be started.
pub fn run(args: CloneArgs) -> Result<i32, CliError> {
    let mut engine = open_engine()?;
    let original = engine.container(&args.container)?;
    if args.destroy && !args.force && engine.status(&original).status.is_alive() {
        let name = &original.name;
        return Err(CliError::Usage(format!("container {name} runs and cannot be removed: stop it first, or use --force")));
    }
    let image =
        args.image.as_deref().map(|name| engine.runnable_image(name).map(|image| (image.id, name.to_owned()))).transpose()?;
    let config = engine.clone_container(&original, &CloneRequest { name: args.name.or(args.new_name), image })?;
    if args.destroy {
        engine.remove(&original, args.force.then_some(Duration::ZERO))?;
    }
    if args.run {
        started(engine.start(&config, false, None)?);
    }
    ui::print_line(config.id.as_str())?;
    Ok(0)
}
