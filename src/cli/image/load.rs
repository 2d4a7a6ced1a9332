//! `coracle load`.

use super::pull::policy;
use super::{in_session, progress};
use crate::cli::error::CliError;
use crate::cli::ui;
use crate::engine::image::Input;
use crate::engine::image::LoadRequest;
use crate::engine::image::Platform;
use clap::Args;
use std::io::IsTerminal as _;
use std::path::PathBuf;

/// Load images from an archive
///
/// Takes what `docker save`, `podman save`, buildx and skopeo write: docker-archives and OCI archives, compressed by gzip, zstd, bzip2
/// or xz perhaps, and folders: OCI layouts and what `skopeo copy` makes with `dir:`.
#[derive(Debug, Args)]
pub struct LoadArgs {
    /// The archive or folder; standard input where not given
    #[arg(short, long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// Print no progress
    #[arg(short, long)]
    quiet: bool,
}

/// Loads the images and prints their names.
///
/// # Errors
/// The archive cannot be loaded.
pub fn run(args: LoadArgs) -> Result<i32, CliError> {
    let input = match args.input {
        Some(path) => Input::Path(path),
        None if std::io::stdin().is_terminal() => {
            return Err(CliError::Usage("standard input is a terminal: name the archive with -i".to_owned()));
        }
        None => Input::Stdin,
    };
    let request = LoadRequest::all(input, Platform::host(), policy()?);
    in_session(|engine| {
        let report = engine.load(&request, &mut *progress::shown(args.quiet))?;
        for (id, names) in report.images {
            if names.is_empty() {
                ui::print_line(&format!("Loaded image: sha256:{id}"))?;
            }
            for name in names {
                ui::print_line(&format!("Loaded image: {name}"))?;
            }
        }
        Ok(0)
    })
}
