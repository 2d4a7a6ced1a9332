//! `coracle push` to a place on disk.

use super::output::Output;
use super::{progress, told_by_session};
use crate::cli::error::CliError;
use crate::cli::output_folder::OutputFolder;
use crate::engine::EngineError;
use crate::engine::image::{
    BlobCompression, Encoding, Form, ImageError, Local, ManifestFormat, Reference, SaveFormat, SaveRequest, SaveTarget,
};
use rustix::fs::{Mode, OFlags};
use std::path::Path;

/// What is asked of the copy.
#[derive(Debug)]
pub(super) struct Wishes {
    /// Nothing: as the image came.
    pub(super) format: Option<ManifestFormat>,
    pub(super) encoding: Option<Encoding>,
    /// Of a `dir:`; other forms have their own rule.
    pub(super) compress: bool,
    pub(super) quiet: bool,
}

/// Writes the image there; returns the digest of its manifest.
pub(super) fn run(image: &str, local: &Local, wishes: &Wishes) -> Result<String, CliError> {
    check(local, wishes)?;
    let encoding = match (wishes.encoding, local.form) {
        (Some(encoding), _) => encoding,
        (None, Form::Oci | Form::OciArchive) => Encoding::GZIP,
        (None, Form::Dir) if wishes.compress => Encoding::GZIP,
        (None, _) => Encoding::NONE,
    };
    let (output, target) = output(local)?;
    let digest = told_by_session(|engine| {
        let format = match local.form {
            Form::DockerArchive => SaveFormat::DockerArchive,
            Form::OciArchive => SaveFormat::OciArchive,
            Form::Oci => SaveFormat::OciDir,
            Form::Dir => {
                let zstd = encoding.compression == BlobCompression::Zstd;
                let usual = if zstd { Ok(ManifestFormat::Oci) } else { engine.manifest_format(image) };
                SaveFormat::Dir(wishes.format.map_or(usual, Ok)?)
            }
        };
        let mut names: Vec<String> = match (&local.select, local.form) {
            (Some(name), Form::DockerArchive) => {
                let reference = Reference::parse(name).map_err(|error| EngineError::from(ImageError::from(error)))?;
                vec![reference.or_latest().stored()]
            }
            (Some(name), _) => vec![name.clone()],
            (None, _) => Vec::new(),
        };
        if local.form == Form::DockerArchive {
            // Docker's archives keep the names that the image has, as for Podman.
            let own = engine.image(image)?.names.into_iter().filter(|name| !name.contains('@'));
            names.extend(own.filter(|own| local.select.is_none() || names.first() != Some(own)).collect::<Vec<_>>());
        }
        let request = SaveRequest { images: vec![image.to_owned()], several: false, names: Some(names), format, encoding };
        let digests = engine.save(&request, target, &mut *progress::shown(wishes.quiet))?;
        Ok(digests.first().map(ToString::to_string).unwrap_or_default())
    })?;
    output.keep()?;
    Ok(digest)
}

fn check(local: &Local, wishes: &Wishes) -> Result<(), CliError> {
    let refuse = |text: String| Err(CliError::Usage(text));
    let name = local.form.name();
    if wishes.compress && local.form != Form::Dir {
        return refuse(format!("--compress is for dir:; use --compression-format where {name}: takes one"));
    }
    match local.form {
        Form::DockerArchive if wishes.encoding.is_some() => refuse("a docker-archive holds layers as they are".to_owned()),
        Form::DockerArchive if wishes.format == Some(ManifestFormat::Oci) => {
            refuse("a docker-archive has no OCI manifest (use oci-archive:)".to_owned())
        }
        Form::Oci | Form::OciArchive if wishes.format == Some(ManifestFormat::Docker) => {
            refuse(format!("{name}: holds OCI manifests only (use dir: or docker-archive: for --format v2s2)"))
        }
        Form::Dir if wishes.format == Some(ManifestFormat::Docker) && wishes.encoding.is_some_and(is_zstd) => {
            Err(EngineError::from(ImageError::ZstdInDocker).into())
        }
        _ => Ok(()),
    }
}

fn is_zstd(encoding: Encoding) -> bool {
    encoding.compression == BlobCompression::Zstd
}

pub(super) fn output(local: &Local) -> Result<(Output, SaveTarget), CliError> {
    let path = &local.path;
    let is_empty = |path: &Path| std::fs::metadata(path).map_or(true, |meta| meta.is_file() && meta.len() == 0);
    match local.form {
        Form::DockerArchive if !is_empty(path) && path.is_file() => Err(CliError::Usage(format!(
            "{} is there already, and a docker-archive cannot be added to: remove it, or choose another place",
            path.display()
        ))),
        Form::DockerArchive | Form::OciArchive => Output::file(path),
        Form::Dir => Output::folder(OutputFolder::instead_of(path, |old| old.join("version").is_file())?),
        Form::Oci if path.join("index.json").is_file() => {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let open = rustix::fs::open(path, flags, Mode::empty());
            let open = open.map_err(|errno| CliError::File { path: path.clone(), source: errno.into() })?;
            Ok((Output::Given, SaveTarget::Layout(open)))
        }
        Form::Oci => Output::folder(OutputFolder::begin(path)?),
    }
}
