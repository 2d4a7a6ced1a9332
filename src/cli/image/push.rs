//! `coracle push`.

use super::pull::local;
use super::push_local::{self, Wishes};
use super::registry::{RegistryArgs, places};
use super::{progress, told_by_session};
use crate::cli::conf::conf;
use crate::cli::container::targets::open_engine;
use crate::cli::error::CliError;
use crate::cli::output_file::OutputFile;
use crate::cli::ui;
use crate::engine::image::{BlobCompression, Encoding, ManifestFormat, PushRequest, destination};
use clap::{ArgAction, Args, ValueEnum};
use std::path::PathBuf;

/// Push an image to a registry, or to a place on disk
///
/// Layers are given back as they came, so an image that is not changed keeps its digest where the registry has its blobs; those are
/// not sent again. A folder of oci: may hold images already: this one is added.
#[derive(Debug, Args)]
pub struct PushArgs {
    /// The image: a name or an id
    image: String,
    /// [docker://]HOST/REPOSITORY[:TAG], dir:FOLDER, oci:FOLDER[:REFERENCE], oci-archive:FILE[:REFERENCE],
    /// docker-archive:FILE[:REFERENCE]; the image's own name where not given
    destination: Option<String>,
    /// The kind of manifest; as the image was pulled where not given
    #[arg(short, long, value_enum)]
    format: Option<PushFormat>,
    #[command(flatten)]
    compression: CompressionArgs,
    /// Compress the layers of a dir: by gzip
    #[arg(long)]
    compress: bool,
    /// Write the manifest's digest into this file
    #[arg(long, value_name = "FILE")]
    digestfile: Option<PathBuf>,
    /// Print no progress
    #[arg(short, long)]
    quiet: bool,
    /// Taken for the sake of scripts, as Podman does
    #[arg(long, hide = true)]
    disable_content_trust: bool,
    #[command(flatten)]
    signing: SigningArgs,
    #[command(flatten)]
    registry: RegistryArgs,
}

/// How the layers of a push are compressed.
#[derive(Args, Clone, Debug)]
pub struct CompressionArgs {
    /// How layers are compressed; as they were pulled where not given
    #[arg(long, value_enum)]
    compression_format: Option<PushCompression>,
    /// The level of the compression
    #[arg(long, value_name = "LEVEL", requires = "compression_format")]
    compression_level: Option<i32>,
    /// Do not take a blob of another compression that the registry has; so it is where --compression-format is given
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", action = ArgAction::Set)]
    force_compression: Option<bool>,
}

/// What would sign or encrypt images: taken to be refused with a reason.
#[derive(Args, Clone, Debug)]
pub struct SigningArgs {
    #[arg(long, hide = true, value_name = "KEY")]
    sign_by: Option<String>,
    #[arg(long, hide = true, value_name = "FILE")]
    sign_by_sigstore: Option<String>,
    #[arg(long, hide = true, value_name = "FILE")]
    sign_by_sigstore_private_key: Option<String>,
    #[arg(long, hide = true, value_name = "FILE")]
    sign_passphrase_file: Option<String>,
    #[arg(long, hide = true, value_name = "KEY")]
    encryption_key: Vec<String>,
    #[arg(long, hide = true, value_name = "LAYER", allow_hyphen_values = true)]
    encrypt_layer: Vec<i64>,
    /// Taken for the sake of scripts: signatures are never pushed
    #[arg(long, hide = true)]
    remove_signatures: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum PushFormat {
    Oci,
    #[value(alias = "docker")]
    V2s2,
}

impl From<PushFormat> for ManifestFormat {
    fn from(format: PushFormat) -> Self {
        match format {
            PushFormat::Oci => Self::Oci,
            PushFormat::V2s2 => Self::Docker,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum PushCompression {
    Gzip,
    Zstd,
    None,
}

impl CompressionArgs {
    /// The same for a registry, where containers.conf counts if nothing is given.
    ///
    /// # Errors
    /// The level is none of the compression, or the file is wrong.
    pub(super) fn encoding_for_registry(&self) -> Result<Option<Encoding>, CliError> {
        let conf = conf()?;
        let text = conf.engine.compression_format.as_deref().filter(|text| !text.is_empty());
        let (None, None, Some(text)) = (self.compression_format, self.force_compression, text) else { return self.encoding() };
        let bad = |key: &str, why: &dyn std::fmt::Display| CliError::Usage(format!("{}: {why}", conf.origin("engine", key)));
        let format = match text {
            "gzip" => PushCompression::Gzip,
            // Who reads the one can read the other, which has a table of its chunks beside it.
            "zstd" | "zstd:chunked" => PushCompression::Zstd,
            _ => return Err(bad("compression_format", &format!("{text:?} is not known: choose gzip or zstd"))),
        };
        let level = conf.engine.compression_level;
        let given = Self { compression_format: Some(format), compression_level: level, force_compression: None };
        given.encoding().map_err(|error| bad("compression_level", &error))
    }

    /// Nothing where layers go as they came.
    ///
    /// # Errors
    /// The level is none of the compression.
    pub(super) fn encoding(&self) -> Result<Option<Encoding>, CliError> {
        let usage = |text: String| Err(CliError::Usage(text));
        let format = match (self.compression_format, self.force_compression) {
            (Some(_), Some(false)) => {
                return usage(
                    "--force-compression=false is not offered with --compression-format: layers get that one".to_owned(),
                );
            }
            (None, Some(true)) => PushCompression::Gzip,
            (None, _) => return Ok(None),
            (Some(format), _) => format,
        };
        let (compression, levels) = match format {
            PushCompression::Gzip => (BlobCompression::Gzip, 0..=9),
            PushCompression::Zstd => (BlobCompression::Zstd, 1..=22),
            PushCompression::None => (BlobCompression::None, i32::MIN..=i32::MAX),
        };
        match self.compression_level {
            Some(level) if !levels.contains(&level) => {
                usage(format!("--compression-level {level} is not one of {} to {}", levels.start(), levels.end()))
            }
            level => Ok(Some(Encoding { compression, level })),
        }
    }
}

impl SigningArgs {
    /// # Errors
    /// One of them was given.
    pub(super) fn refuse(&self) -> Result<(), CliError> {
        let signs = [&self.sign_by, &self.sign_by_sigstore, &self.sign_by_sigstore_private_key, &self.sign_passphrase_file];
        if signs.iter().any(|given| given.is_some()) {
            let text = "signatures are not made here: push the image, then sign it with `cosign sign` or `skopeo copy --sign-by`";
            return Err(CliError::Usage(text.to_owned()));
        }
        if !self.encryption_key.is_empty() || !self.encrypt_layer.is_empty() {
            let text = "encrypted images are not made here (`skopeo copy --encryption-key` makes them of an oci: folder)";
            return Err(CliError::Usage(text.to_owned()));
        }
        Ok(())
    }
}

/// Pushes the image.
///
/// # Errors
/// There is no such image, or the destination does not take it.
pub fn run(args: &PushArgs) -> Result<i32, CliError> {
    args.signing.refuse()?;
    let encoding = args.compression.encoding()?;
    let digestfile = args.digestfile.as_deref().map(OutputFile::begin).transpose()?;
    let (reference, digest) = match args.destination.as_deref().map(local).transpose()?.flatten() {
        Some(local) => {
            let (format, compress, quiet) = (args.format.map(Into::into), args.compress, args.quiet);
            let digest = push_local::run(&args.image, &local, &Wishes { format, encoding, compress, quiet })?;
            (local.to_string(), digest)
        }
        None if args.compress => {
            return Err(CliError::Usage("--compress is for dir:; for a registry use --compression-format".to_owned()));
        }
        None => to_registry(args, args.compression.encoding_for_registry()?)?,
    };
    if let Some(file) = digestfile {
        file.write_and_keep(digest.as_bytes())?;
    }
    if !args.quiet {
        ui::note(format!("Pushed {reference} as {digest}"));
    }
    Ok(0)
}

/// Returns where the image is now, and the digest of its manifest.
fn to_registry(args: &PushArgs, encoding: Option<Encoding>) -> Result<(String, String), CliError> {
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
    let destination = destination(&target, &places()?, &args.registry.options()?)?;
    let reference = destination.name();
    let request = PushRequest {
        image: args.image.clone(),
        destination,
        format: args.format.map(Into::into),
        compression: encoding.map(|encoding| encoding.compression),
        level: encoding.and_then(|encoding| encoding.level),
    };
    let digest = told_by_session(|engine| Ok(engine.push(&request, &mut *progress::shown(args.quiet))?.digest.to_string()))?;
    Ok((reference, digest))
}
