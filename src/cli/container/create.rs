//! `coracle create`.

use super::cidfile::Cidfile;
use super::options::Options;
use super::targets::open_engine;
use crate::cli::conf::conf;
use crate::cli::error::CliError;
use crate::cli::image::pull::{self, When};
use crate::cli::ui;
use crate::engine::{Engine, EngineError};
use crate::model::{ContainerConfig, ImageRecord};
use clap::Args;

/// Make a container without starting it
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub struct CreateArgs {
    #[command(flatten)]
    options: Options,
}

impl CreateArgs {
    /// Has the container made by another runtime.
    pub(in crate::cli) fn use_runtime(&mut self, runtime: crate::model::OtherRuntime) {
        self.options.runtime = Some(runtime);
    }
}

/// Makes the container and prints its id.
///
/// # Errors
/// See `Engine::create`.
pub fn run(mut args: CreateArgs) -> Result<i32, CliError> {
    let (_, config) = create(&mut args.options)?;
    ui::print_line(config.id.as_str())?;
    Ok(0)
}

/// Tells whether the texts of the options are understood.
pub(in crate::cli) fn is_understood(args: &CreateArgs) -> bool {
    args.options.request().is_ok()
}

/// Finds or pulls the image and makes the container.
pub(super) fn create(options: &mut Options) -> Result<(Engine, ContainerConfig), CliError> {
    let mut request = options.completed(conf()?)?;
    let cidfile = options.relations.cidfile.as_deref().map(Cidfile::begin).transpose()?;
    let (engine, config) = make(options, &mut request)?;
    cidfile.map_or(Ok(()), |file| file.keep(config.id.as_str()))?;
    Ok((engine, config))
}

fn make(
    options: &Options,
    request: &mut crate::engine::container::create::CreateRequest,
) -> Result<(Engine, ContainerConfig), CliError> {
    let origin = &options.origin;
    let wanted = origin.request()?;
    let mut engine = open_engine()?;
    if request.filesystem.rootfs.is_some() {
        let config = engine.create_from_folder(std::mem::take(request))?;
        explain(&engine, &config);
        return Ok((engine, config));
    }
    // A place on disk is no name that the store could have.
    let known = match pull::local(&options.image)? {
        Some(_) => Err(EngineError::NoSuchImage { name: options.image.clone() }),
        None => engine.image(&options.image),
    };
    let image = match (wanted.policy, known) {
        (When::Missing | When::Never, Ok(image)) if !origin.names_platform() || engine.image_is_for(&image, &wanted.platform) => {
            image
        }
        (When::Never, Ok(_)) => {
            return Err(CliError::Usage(format!(
                "the image {} in the store is for another platform than {}",
                options.image, wanted.platform
            )));
        }
        (When::Missing, Ok(_) | Err(EngineError::NoSuchImage { .. })) | (When::Always | When::Newer, _) => {
            // The pull is done by a child: it has threads, and we have to be without when we make the container.
            drop(engine);
            let names = pull::ensure(&options.image, &wanted)?;
            engine = open_engine()?;
            // An alias of registries.conf has another name in the store.
            let pulled = names.iter().find_map(|name| engine.image(name).ok());
            pulled.map_or_else(|| engine.image(&options.image), Ok)?
        }
        (_, Err(error)) => return Err(error.into()),
    };
    let image = engine.instance(image, &wanted.platform)?;
    request.image_name = full_name(&options.image, &image);
    let ports = request.ports.clone();
    let config = engine.create(std::mem::take(request), &image)?;
    explain(&engine, &config);
    if ports.is_discarded_by(&config.network) {
        ui::note("Note: port mappings have been discarded as one of the Host and None network modes is in use");
    }
    Ok((engine, config))
}

/// Says what the container's user will not be able to do with a bind mount.
fn explain(engine: &Engine, config: &ContainerConfig) {
    for trouble in engine.mount_troubles(config) {
        ui::note(format!("Note: {trouble}"));
    }
}

/// The image's full name that the user's words mean; its id where it has no name.
fn full_name(given: &str, image: &ImageRecord) -> String {
    let meant = |name: &&String| {
        let tail = name.strip_suffix(given).or_else(|| name.strip_suffix(":latest").and_then(|rest| rest.strip_suffix(given)));
        tail.is_some_and(|before| before.is_empty() || before.ends_with('/'))
    };
    let named = image.names.iter().find(meant).or_else(|| image.names.first());
    named.cloned().unwrap_or_else(|| image.id.hex().to_owned())
}
