//! `coracle save`.

use super::output::Output;
use super::{in_session, progress};
use crate::cli::conf::conf;
use crate::cli::error::CliError;
use crate::cli::output_folder::OutputFolder;
use crate::engine::image::{Encoding, ManifestFormat, SaveFormat, SaveRequest, SaveTarget};
use clap::{Args, ValueEnum};
use std::fs::File;
use std::io::IsTerminal as _;
use std::os::fd::AsFd as _;
use std::path::PathBuf;

/// Save images to an archive or a folder
///
/// Layers are written as they came, so the images that others load from it have the same ids. After the first image come more names
/// for it, with -m more images.
#[derive(Debug, Args)]
pub struct SaveArgs {
    /// An image, a name or an id; then more names for it in the archive, or with -m more images
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<String>,
    /// Write to this file or folder and not to standard output; it appears when it is whole
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// What to write
    #[arg(long, value_enum, default_value = "docker-archive")]
    format: Format,
    /// Every argument is an image
    #[arg(short, long)]
    multi_image_archive: bool,
    /// Print no progress
    #[arg(short, long)]
    quiet: bool,
    /// Compress the layers of a docker-dir by gzip
    #[arg(long)]
    compress: bool,
    /// Leave the layers of oci-archive and oci-dir uncompressed
    #[arg(long)]
    uncompressed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    DockerArchive,
    OciArchive,
    OciDir,
    DockerDir,
}

/// Saves the images.
///
/// # Errors
/// An image is not there, or the archive cannot be written.
pub fn run(args: SaveArgs) -> Result<i32, CliError> {
    let format = match args.format {
        Format::DockerArchive => SaveFormat::DockerArchive,
        Format::OciArchive => SaveFormat::OciArchive,
        Format::OciDir => SaveFormat::OciDir,
        Format::DockerDir => SaveFormat::Dir(ManifestFormat::Docker),
    };
    check(&args, format)?;
    let stdout = std::io::stdout();
    if args.output.is_none() && stdout.is_terminal() {
        return Err(CliError::Usage("refusing to save to a terminal: use --output FILE, or redirect standard output".to_owned()));
    }
    let (output, target) = match &args.output {
        Some(path) if format.is_folder() => Output::folder(OutputFolder::begin(path)?)?,
        Some(path) => Output::file(path)?,
        None => {
            let own = stdout.as_fd().try_clone_to_owned().map_err(|source| CliError::Output { source })?;
            (Output::Given, SaveTarget::Stream(File::from(own)))
        }
    };
    let oci = matches!(format, SaveFormat::OciArchive | SaveFormat::OciDir);
    let compress = if oci { !args.uncompressed } else { args.compress };
    let request = SaveRequest {
        images: args.images,
        several: args.multi_image_archive || conf()?.engine.multi_image_archive.unwrap_or(false),
        names: None,
        format,
        encoding: if compress { Encoding::GZIP } else { Encoding::NONE },
    };
    let code = in_session(|engine| match engine.save(&request, target, &mut *progress::shown(args.quiet)) {
        Ok(_) => Ok(0),
        Err(error) if error.is_reader_gone() => Err(CliError::Code(128 + libc::SIGPIPE)),
        Err(error) => Err(error.into()),
    })?;
    if code == 0 {
        output.keep()?;
    }
    Ok(code)
}

fn check(args: &SaveArgs, format: SaveFormat) -> Result<(), CliError> {
    let refuse = |text: String| Err(CliError::Usage(text));
    let name = format.name();
    if args.compress && !matches!(format, SaveFormat::Dir(_)) {
        return refuse(format!("--compress is for docker-dir; {name} has its own rule (see --uncompressed)"));
    }
    if args.uncompressed && !matches!(format, SaveFormat::OciArchive | SaveFormat::OciDir) {
        return refuse(format!("--uncompressed is for oci-archive and oci-dir; the layers of {name} are not compressed"));
    }
    if format.is_folder() && args.output.is_none() {
        return refuse(format!("{name} is a folder: name it with --output"));
    }
    if matches!(format, SaveFormat::Dir(_)) && args.images.len() > 1 {
        return refuse("docker-dir holds one image without a name (use docker-archive or oci-dir for more)".to_owned());
    }
    Ok(())
}
