//! `coracle push`.

use super::registry::{RegistryArgs, places};
use super::{in_session, progress};
use crate::cli::container::targets::open_engine;
use crate::cli::error::CliError;
use crate::cli::output_file::OutputFile;
use crate::cli::ui;
use crate::engine::image::{BlobCompression, ManifestFormat, PushRequest, destination};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Push an image to a registry
///
/// Layers are given back as they came, so an image that is not changed keeps its digest where the registry has its blobs; those are
/// not sent again.
#[derive(Debug, Args)]
pub struct PushArgs {
    /// The image: a name or an id
    image: String,
    /// [docker://]HOST/REPOSITORY[:TAG]; the image's own name where not given
    destination: Option<String>,
    /// The kind of manifest; as the image was pulled where not given
    #[arg(short, long, value_enum)]
    format: Option<PushFormat>,
    /// How layers are compressed; as they were pulled where not given
    #[arg(long, value_enum)]
    compression_format: Option<PushCompression>,
    /// The level of the compression
    #[arg(long, value_name = "LEVEL", requires = "compression_format")]
    compression_level: Option<i32>,
    /// Write the manifest's digest into this file
    #[arg(long, value_name = "FILE")]
    digestfile: Option<PathBuf>,
    /// Print no progress
    #[arg(short, long)]
    quiet: bool,
    /// Taken for the sake of scripts: signatures are never pushed
    #[arg(long, hide = true)]
    remove_signatures: bool,
    /// Taken for the sake of scripts, as Podman does
    #[arg(long, hide = true)]
    disable_content_trust: bool,
    #[command(flatten)]
    registry: RegistryArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum PushFormat {
    Oci,
    #[value(alias = "docker")]
    V2s2,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum PushCompression {
    Gzip,
    Zstd,
    None,
}

/// Pushes the image.
///
/// # Errors
/// There is no such image, or the registry does not take it.
pub fn run(args: &PushArgs) -> Result<i32, CliError> {
    let digestfile = args.digestfile.as_deref().map(OutputFile::begin).transpose()?;
    let engine = open_engine()?;
    let own = engine.name_to_push(&args.image)?;
    drop(engine);
    let target = match (&args.destination, own) {
        (Some(given), _) => given.clone(),
        (None, Some(name)) => name,
        (None, None) => {
            let image = &args.image;
            return Err(CliError::Usage(format!(
                "say where to: {image} has no name, or several (`coracle push {image} HOST/NAME:TAG`)"
            )));
        }
    };
    for transport in ["oci:", "oci-archive:", "docker-archive:", "dir:", "docker-daemon:", "containers-storage:"] {
        if target.starts_with(transport) {
            return Err(CliError::Usage(format!(
                "push goes to registries; {target:?} is none (write files with `coracle save`)"
            )));
        }
    }
    let destination = destination(&target, &places()?, &args.registry.options()?)?;
    let request = PushRequest {
        image: args.image.clone(),
        destination,
        format: args.format.map(|format| match format {
            PushFormat::Oci => ManifestFormat::Oci,
            PushFormat::V2s2 => ManifestFormat::Docker,
        }),
        compression: args.compression_format.map(|compression| match compression {
            PushCompression::Gzip => BlobCompression::Gzip,
            PushCompression::Zstd => BlobCompression::Zstd,
            PushCompression::None => BlobCompression::None,
        }),
        level: args.compression_level,
    };
    check_level(&request)?;
    in_session(|engine| {
        let report = engine.push(&request, &mut *progress::shown(args.quiet))?;
        if let Some(file) = digestfile {
            file.write_and_keep(report.digest.to_string().as_bytes())?;
        }
        if !args.quiet {
            ui::note(format!("Pushed {} as {}", report.reference, report.digest));
        }
        Ok(0)
    })
}

fn check_level(request: &PushRequest) -> Result<(), CliError> {
    let allowed = match request.compression {
        Some(BlobCompression::Gzip) => 0..=9,
        Some(BlobCompression::Zstd) => 1..=22,
        _ => return Ok(()),
    };
    match request.level {
        Some(level) if !allowed.contains(&level) => {
            Err(CliError::Usage(format!("--compression-level {level} is not one of {} to {}", allowed.start(), allowed.end())))
        }
        _ => Ok(()),
    }
}
