//! `coracle import`.

use super::platform::PlatformParts;
use super::{in_session, progress};
use crate::cli::error::CliError;
use crate::cli::ui;
use crate::engine::image::ImportRequest;
use crate::engine::image::Input;
use clap::Args;
use std::path::PathBuf;

/// Make an image from a tar of a root folder
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The tar, compressed by gzip, zstd, bzip2 or xz perhaps; - is standard input
    file: PathBuf,
    /// The image's name; without a registry it is localhost/NAME
    reference: Option<String>,
    /// Apply a Containerfile instruction: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME, WORKDIR
    #[arg(short, long, value_name = "INSTRUCTION")]
    change: Vec<String>,
    /// What to say in the image's history
    #[arg(short, long)]
    message: Option<String>,
    #[command(flatten)]
    platform: PlatformParts,
    /// Print no progress
    #[arg(short, long)]
    quiet: bool,
}

/// Imports the tar and prints the image's id.
///
/// # Errors
/// The tar cannot be imported.
pub fn run(args: ImportArgs) -> Result<i32, CliError> {
    if args.file.to_str().is_some_and(|file| file.starts_with("http://") || file.starts_with("https://")) {
        return Err(CliError::Usage("a URL is not taken: fetch it and pass it on (curl -L URL | coracle import -)".to_owned()));
    }
    let request = ImportRequest {
        input: if args.file.as_os_str() == "-" { Input::Stdin } else { Input::Path(args.file) },
        reference: args.reference,
        changes: args.change,
        message: args.message,
        platform: args.platform.chosen()?,
    };
    in_session(|engine| {
        let id = engine.import(&request, &mut *progress::shown(args.quiet))?;
        ui::print_line(&format!("sha256:{id}"))?;
        Ok(0)
    })
}
