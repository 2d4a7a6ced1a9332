//! `coracle image scp`.

use super::pull::policy;
use super::{in_session, progress};
use crate::cli::error::CliError;
use crate::cli::ui;
use crate::engine::EngineError;
use crate::engine::image::{Encoding, End, Input, LoadRequest, Platform, Remote, SaveFormat, SaveRequest, SaveTarget};
use clap::Args;
use std::fs::File;
use std::os::fd::AsRawFd as _;
use std::path::PathBuf;

/// Copy an image to another machine or from there, over ssh
///
/// The other machine needs coracle or podman. A host is what ssh takes, `user@host` or an alias of its configuration, or
/// ssh://USER@HOST:PORT.
#[derive(Debug, Args)]
pub struct ScpArgs {
    /// Print no progress
    #[arg(short, long)]
    quiet: bool,
    /// IMAGE, or HOST::IMAGE
    source: String,
    /// HOST::; this machine where not given
    destination: Option<String>,
}

/// Copies the image.
///
/// # Errors
/// There is no such image, or the other machine cannot be reached or refuses.
pub fn run(args: &ScpArgs) -> Result<i32, CliError> {
    let parse = |text: &str| End::parse(text).map_err(EngineError::from);
    let source = parse(&args.source)?;
    let usage = |text: &str| Err(CliError::Usage(text.to_owned()));
    match (source, args.destination.as_deref().map(parse).transpose()?) {
        (_, Some(End::Here(_))) => {
            usage("the destination has to be a machine, HOST:: (to give an image a name use `coracle tag`)")
        }
        (_, Some(End::There(_, name))) if !name.is_empty() => {
            usage("an image keeps its name on the way: leave out what stands behind HOST:: (and use `tag` there)")
        }
        (End::There(_, image), _) if image.is_empty() => usage("say which image: HOST::IMAGE"),
        (End::Here(_), None) => usage("say where to: HOST:: (or where from: HOST::IMAGE)"),
        (End::Here(image), Some(End::There(to, _))) => send(image, &to, args.quiet),
        (End::There(from, image), None) => fetch(&from, &image, args.quiet),
        (End::There(from, image), Some(End::There(to, _))) => {
            let (saving, archive) = from.save(&image).map_err(EngineError::from)?;
            let loading = to.load_from(archive).map_err(EngineError::from)?;
            saving.finish().and(loading.finish()).map_err(EngineError::from)?;
            Ok(0)
        }
    }
}

fn send(image: String, to: &Remote, quiet: bool) -> Result<i32, CliError> {
    let (working, archive) = to.load().map_err(EngineError::from)?;
    let request = SaveRequest {
        images: vec![image],
        several: false,
        names: None,
        format: SaveFormat::DockerArchive,
        encoding: Encoding::NONE,
    };
    let target = SaveTarget::Stream(File::from(archive));
    let code = in_session(|engine| match engine.save(&request, target, &mut *progress::shown(quiet)) {
        // The other side says why it went.
        Err(error) if error.is_reader_gone() => Err(CliError::Code(125)),
        done => done.map(|_| 0).map_err(CliError::from),
    })?;
    working.finish().map_err(EngineError::from)?;
    Ok(code)
}

fn fetch(from: &Remote, image: &str, quiet: bool) -> Result<i32, CliError> {
    let (working, archive) = from.save(image).map_err(EngineError::from)?;
    let input = Input::Path(PathBuf::from(format!("/proc/self/fd/{}", archive.as_raw_fd())));
    let request = LoadRequest::all(input, Platform::host(), policy()?);
    let code = in_session(|engine| {
        for (id, names) in engine.load(&request, &mut *progress::shown(quiet))?.images {
            ui::print_line(&format!("Loaded image: {}", names.first().cloned().unwrap_or_else(|| format!("sha256:{id}"))))?;
        }
        Ok(0)
    })?;
    drop(archive);
    working.finish().map_err(EngineError::from)?;
    Ok(code)
}
