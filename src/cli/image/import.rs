//! `coracle import`.

use super::platform::PlatformParts;
use super::registry::{patience, places};
use super::{in_session, progress};
use crate::cli::error::CliError;
use crate::cli::ui;
use crate::engine::image::{ImportRequest, ImportSource, Input, WebSource};
use clap::Args;
use std::path::PathBuf;

/// Make an image from a tar of a root folder
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The tar, compressed by gzip, zstd, bzip2 or xz perhaps; - is standard input, and http://… or https://… a file of a web server
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
    let web = match args.file.to_str() {
        Some(text) => WebSource::parse(text, &places()?, patience()?)?,
        None => None,
    };
    let source = match web {
        Some(web) => ImportSource::Web(Box::new(web)),
        None if args.file.as_os_str() == "-" => ImportSource::Local(Input::Stdin),
        None => ImportSource::Local(Input::Path(args.file)),
    };
    let request = ImportRequest {
        source,
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
