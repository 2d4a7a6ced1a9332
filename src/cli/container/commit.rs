//! `coracle commit`.

use super::targets::open_engine;
use crate::cli::error::CliError;
use crate::cli::output_file::OutputFile;
use crate::cli::ui;
use crate::engine::container::commit::{CommitRequest, ImageFormat};
use clap::{ArgAction, Args, ValueEnum};
use std::path::PathBuf;

/// Make an image from a container
///
/// What the container has changed becomes a layer on those of its image. The image starts what the container starts.
#[derive(Debug, Args)]
pub struct CommitArgs {
    /// Who made the image
    #[arg(short, long)]
    author: Option<String>,
    /// Apply a Containerfile instruction: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME, WORKDIR
    #[arg(short, long, value_name = "INSTRUCTION")]
    change: Vec<String>,
    /// The format of the image's documents
    #[arg(short, long, value_enum, default_value_t = Format::Oci)]
    format: Format,
    /// Write the image's id to this file
    #[arg(long, value_name = "FILE")]
    iidfile: Option<PathBuf>,
    /// Let what is mounted in the container be a volume of the image; what is in it is left out
    #[arg(long)]
    include_volumes: bool,
    /// What to say in the image's history
    #[arg(short, long)]
    message: Option<String>,
    /// Pause a running container meanwhile, so that its files fit together
    #[arg(short, long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true", action = ArgAction::Set)]
    pause: bool,
    /// Print nothing but the id; there is nothing else to print
    #[arg(short, long)]
    quiet: bool,
    /// Make an image of one layer that has everything
    #[arg(short, long)]
    squash: bool,
    /// Name or id
    container: String,
    /// The image's name; without a registry it is localhost/NAME
    image: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Oci,
    Docker,
}

/// Makes the image and prints its id.
///
/// # Errors
/// The container is not known, a change is not understood, or the store cannot take the image.
pub fn run(args: CommitArgs) -> Result<i32, CliError> {
    let id_file = args.iidfile.as_deref().map(OutputFile::begin).transpose()?;
    let mut engine = open_engine()?;
    let config = engine.container(&args.container)?;
    let request = CommitRequest {
        name: args.image,
        changes: args.change,
        message: args.message,
        author: args.author,
        format: match args.format {
            Format::Oci => ImageFormat::Oci,
            Format::Docker => ImageFormat::Docker,
        },
        squash: args.squash,
        include_volumes: args.include_volumes,
        pause: args.pause,
    };
    let id = engine.commit(&config, &request)?;
    if let Some(mut file) = id_file {
        file.write(id.hex().as_bytes())?;
        file.keep()?;
    }
    ui::print_line(id.hex())?;
    Ok(0)
}
