//! `coracle manifest push`.

use crate::cli::container::targets::open_engine;
use crate::cli::error::CliError;
use crate::cli::image::pull::local;
use crate::cli::image::push::{CompressionArgs, PushFormat, SigningArgs};
use crate::cli::image::registry::{RegistryArgs, places};
use crate::cli::image::{progress, told_by_session};
use crate::cli::output_file::OutputFile;
use crate::cli::ui;
use crate::engine::image::{ListPushRequest, destination};
use clap::{ArgAction, Args};
use std::path::PathBuf;

/// Push a manifest list, and its images where the registry does not have them
#[derive(Debug, Args)]
pub struct PushArgs {
    /// Also push the images of the list; with =false the registry has to have them
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value = "true", default_missing_value = "true", action = ArgAction::Set)]
    all: bool,
    /// The kind of list; what fits its images where not given
    #[arg(short, long, value_enum)]
    format: Option<PushFormat>,
    #[command(flatten)]
    compression: CompressionArgs,
    #[arg(long, hide = true)]
    add_compression: Vec<String>,
    /// Write the list's digest into this file
    #[arg(long, value_name = "FILE")]
    digestfile: Option<PathBuf>,
    /// Remove the list from the store afterwards
    #[arg(long, visible_alias = "purge", short_alias = 'p')]
    rm: bool,
    /// Print no progress
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    signing: SigningArgs,
    #[command(flatten)]
    registry: RegistryArgs,
    /// The list
    list: String,
    /// [docker://]HOST/REPOSITORY[:TAG]; the list's own name where not given
    destination: Option<String>,
}

pub(super) fn run(args: &PushArgs) -> Result<i32, CliError> {
    args.signing.refuse()?;
    if !args.add_compression.is_empty() {
        let text = "--add-compression is not offered: push the images with --compression-format, and add both to the list";
        return Err(CliError::Usage(text.to_owned()));
    }
    let encoding = args.compression.encoding()?;
    let digestfile = args.digestfile.as_deref().map(OutputFile::begin).transpose()?;
    let (places, options) = (places()?, args.registry.options()?);
    let engine = open_engine()?;
    let target = match (&args.destination, engine.list_name(&args.list)?) {
        (Some(given), _) => given.clone(),
        (None, Some(name)) => name,
        (None, None) => {
            let list = &args.list;
            let text = format!("say where to: {list} has several names (`coracle manifest push {list} HOST/NAME:TAG`)");
            return Err(CliError::Usage(text));
        }
    };
    if let Some(local) = local(&target)? {
        return Err(CliError::Usage(format!(
            "a manifest list goes to a registry, not to {local} (`skopeo copy --all docker://… {}:…` takes it from there)",
            local.form.name()
        )));
    }
    let sources = engine.list_sources(&args.list, &places, &options)?;
    drop(engine);
    let request = ListPushRequest {
        name: args.list.clone(),
        destination: destination(&target, &places, &options)?,
        all: args.all,
        format: args.format.map(Into::into),
        encoding,
        sources,
    };
    let reference = request.destination.name();
    let digest = told_by_session(|engine| {
        let report = engine.push_list(&request, &mut *progress::shown(args.quiet))?;
        if args.rm {
            engine.remove_lists(std::slice::from_ref(&args.list), true)?;
        }
        Ok(report.digest.to_string())
    })?;
    if let Some(file) = digestfile {
        file.write_and_keep(digest.as_bytes())?;
    }
    if !args.quiet {
        ui::note(format!("Pushed {reference} as {digest}"));
    }
    Ok(0)
}
