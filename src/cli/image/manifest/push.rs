//! `coracle manifest push`.

use crate::cli::container::targets::open_engine;
use crate::cli::error::CliError;
use crate::cli::image::pull::local;
use crate::cli::image::push::{CompressionArgs, PushFormat, SigningArgs};
use crate::cli::image::push_local::output;
use crate::cli::image::registry::{RegistryArgs, places};
use crate::cli::image::{progress, told_by_session};
use crate::cli::output_file::OutputFile;
use crate::cli::ui;
use crate::engine::image::{Form, ListPushRequest, ListSaveRequest, Local, ManifestFormat, destination};
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
    /// [docker://]HOST/REPOSITORY[:TAG], oci-archive:FILE[:REFERENCE], oci:FOLDER[:REFERENCE] or dir:FOLDER; the list's own name where
    /// not given
    destination: Option<String>,
}

pub(super) fn run(args: &PushArgs) -> Result<i32, CliError> {
    args.signing.refuse()?;
    if !args.add_compression.is_empty() {
        let text = "--add-compression is not offered: push the images with --compression-format, and add both to the list";
        return Err(CliError::Usage(text.to_owned()));
    }
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
    let local = local(&target)?;
    let encoding = if local.is_some() { args.compression.encoding()? } else { args.compression.encoding_for_registry()? };
    let sources = engine.list_sources(&args.list, &places, &options)?;
    drop(engine);
    if let Some(local) = local {
        let request = ListSaveRequest {
            name: args.list.clone(),
            all: args.all,
            format: args.format.map(Into::into),
            encoding,
            is_dir: local.form == Form::Dir,
            reference: local.select.clone(),
            sources,
        };
        let digest = to_disk(args, &local, &request)?;
        return told(args, digestfile, &local.to_string(), &digest);
    }
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
    told(args, digestfile, &reference, &digest)
}

fn told(args: &PushArgs, digestfile: Option<OutputFile>, place: &str, digest: &str) -> Result<i32, CliError> {
    if let Some(file) = digestfile {
        file.write_and_keep(digest.as_bytes())?;
    }
    if !args.quiet {
        ui::note(format!("Pushed {place} as {digest}"));
    }
    Ok(0)
}

/// Writes the list there; returns its digest.
fn to_disk(args: &PushArgs, local: &Local, request: &ListSaveRequest) -> Result<String, CliError> {
    let name = local.form.name();
    if local.form == Form::DockerArchive {
        return Err(CliError::Usage(format!("a {name} holds no lists of manifests (use oci-archive:, oci: or dir:)")));
    }
    if !request.is_dir && request.format == Some(ManifestFormat::Docker) {
        return Err(CliError::Usage(format!("{name}: holds OCI's lists only (use dir: for --format v2s2)")));
    }
    let (output, target) = output(local)?;
    let digest = told_by_session(|engine| {
        let digest = engine.save_list(request, target, &mut *progress::shown(args.quiet))?;
        if args.rm {
            engine.remove_lists(std::slice::from_ref(&args.list), true)?;
        }
        Ok(digest.to_string())
    })?;
    output.keep()?;
    Ok(digest)
}
