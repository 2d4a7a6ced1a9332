//! `commit`: an image from what a container has changed.
//!
//! Two workers and a pipe: one packs the container's own layer, or its whole root; the other takes the tar in as it takes in any
//! layer, so that the diffID is the digest of a tar that `storage::pack` gives back from the layer's folder at any time. It waits
//! for a word of the parent before it keeps anything: a tar that was cut between two entries looks like a whole one.

use super::ContainerError;
use super::copy::CopyError;
use super::diff::relative;
use crate::config::Paths;
use crate::engine::image::incoming::{Incoming, make_manifest};
use crate::engine::session::worker;
use crate::engine::{Engine, EngineError};
use crate::events;
use crate::image::config::{History, Runtime};
use crate::image::manifest::{DOCKER_CONFIG, DOCKER_LAYER, DOCKER_MANIFEST};
use crate::image::{ImageConfig, ImageError, Reference, change};
use crate::model::{ContainerConfig, DiffId, ImageId, ImageRecord, Status, signal};
use crate::storage::intake::{self, Expected};
use crate::storage::pack::{self, Form, Options, PackError};
use crate::storage::tar::TarWriter;
use crate::storage::unpack::Limits;
use crate::storage::{borrow, layer};
use rustix::fs::{Mode, OFlags};
use serde_json::Value;
use std::fs::File;
use std::io::{self, BufReader, BufWriter};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::Path;

/// Small writes are put together up to so many bytes.
const BUFFER: usize = 128 << 10;

/// The variables that a container gets from us anew at each `create`.
const OWN_VARIABLES: [&str; 3] = ["HOSTNAME", "TERM", "container"];

/// Folders and empty files that a start makes to mount on, where the image lacks them.
const MOUNT_POINTS: [&str; 10] = [
    "dev",
    "etc/hostname",
    "etc/hosts",
    "etc/resolv.conf",
    "proc",
    "run/.containerenv",
    "run/coracle-init",
    "run/secrets",
    "sys",
    "etc/mtab",
];

/// The documents that an image has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageFormat {
    Oci,
    Docker,
}

/// What to make of a container.
#[derive(Clone, Debug)]
pub struct CommitRequest {
    /// Nothing: the image gets no name.
    pub name: Option<String>,
    /// Containerfile instructions.
    pub changes: Vec<String>,
    pub message: Option<String>,
    pub author: Option<String>,
    pub format: ImageFormat,
    /// One layer of everything, and not one more on those of the image.
    pub squash: bool,
    /// The targets of the container's mounts become volumes of the image.
    pub include_volumes: bool,
    /// No process of a running container changes anything meanwhile.
    pub pause: bool,
}

impl Engine {
    /// Makes an image.
    ///
    /// # Errors
    /// The container or its image is gone, a change is not understood, or the store cannot take it.
    pub fn commit(&mut self, config: &ContainerConfig, request: &CommitRequest) -> Result<ImageId, EngineError> {
        let name = request.name.as_deref().map(|text| Reference::parse_local(text).map(Reference::or_latest));
        let name = name.transpose().map_err(ImageError::from)?.as_ref().map(Reference::stored);
        let image = self.db.images_by_id_prefix(config.image.hex())?.pop();
        let image = image.ok_or_else(|| EngineError::NoSuchImage { name: config.image_name.clone() })?;
        if !request.squash {
            self.refuse_if_copied(config, "commit the container's own layer", "`--squash` makes one layer of all its files")?;
        }
        // What the user asks for is checked before anything is read or stopped.
        runtime(config, &image, request)?;
        let paused = request.pause && self.status(config).status == Status::Running;
        if paused {
            self.pause(config)?;
        }
        let done = self.commit_as_it_is(config, &image, request, name);
        if paused {
            self.unpause(config)?;
        }
        done
    }

    fn commit_as_it_is(
        &mut self,
        config: &ContainerConfig,
        image: &ImageRecord,
        request: &CommitRequest,
        name: Option<String>,
    ) -> Result<ImageId, EngineError> {
        let pipe = || crate::sys::fd::pipe().map_err(|error| ContainerError::from(CopyError::Pipe(error)));
        let ((reader, writer), (packed, say_packed)) = (pipe()?, pipe()?);
        let approach = self.approach(config)?;
        let mut keep = approach.descriptors();
        keep.push(writer.as_fd());
        let upper = self.paths.container(&config.id).join("upper");
        let (approach, out) = (&approach, writer.as_fd());
        let packer = worker(&self.paths, &keep, |parent| {
            if request.squash {
                let root = approach.open_layers(parent)?;
                return pack(root.as_fd(), out, &|_| false, config);
            }
            let top = open_folder(&upper)?;
            approach.enter(parent).map_err(ContainerError::Launch)?;
            pack(top.as_fd(), out, &|path| is_own(config, &top, path), config)
        })?;
        drop(writer);
        // Here and not in the worker: a database connection does not pass a fork, and the rows come after the layer.
        let _lock = self.begin_intake()?;
        let below = if request.squash { &[][..] } else { &image.layers };
        let tar = Tar { bytes: reader.as_fd(), whole: packed.as_fd() };
        let keeper = worker(&self.paths, &[tar.bytes, tar.whole], |_| take_layer(&self.paths, below, tar))?;
        drop((reader, packed));
        let whole = packer.finish();
        if whole.is_ok() {
            // A keeper that has given up reads no more, and says why.
            let _ = rustix::io::retry_on_intr(|| rustix::io::write(&say_packed, b"w"));
        }
        drop(say_packed);
        let kept = keeper.finish();
        whole?;
        let id = self.record_commit(config, image, request, name, kept?)?;
        self.tell(config, events::Status::Commit);
        Ok(id)
    }

    /// Makes the documents and the rows of the image whose topmost layer was taken in.
    fn record_commit(
        &mut self,
        config: &ContainerConfig,
        image: &ImageRecord,
        request: &CommitRequest,
        name: Option<String>,
        new: (DiffId, u64),
    ) -> Result<ImageId, EngineError> {
        let mut diff_ids = if request.squash { Vec::new() } else { image.layers.clone() };
        diff_ids.push(new.0.clone());
        let bytes = document(config, image, request, &diff_ids)?;
        let parsed = ImageConfig::parse(&bytes)?;
        let manifest = match request.format {
            ImageFormat::Oci => None,
            ImageFormat::Docker => {
                let mut layers = Vec::new();
                for diff_id in &diff_ids {
                    let size = if *diff_id == new.0 { Some(new.1) } else { self.db.layer_size(diff_id)? };
                    layers.push((diff_id.clone(), size.unwrap_or(0)));
                }
                Some(make_manifest(&bytes, &layers, [DOCKER_MANIFEST, DOCKER_CONFIG, DOCKER_LAYER])?)
            }
        };
        let incoming = Incoming { names: name.into_iter().collect(), config: bytes, manifest, layers: Vec::new() };
        Ok(self.record_image(incoming, &parsed, &[new])?.id)
    }
}

/// Takes the layer into the store, on those below it; returns its diffID and the length of its tar. In a worker.
fn take_layer(paths: &Paths, below: &[DiffId], tar: Tar<'_>) -> Result<(DiffId, u64), EngineError> {
    let fail = |error| ContainerError::from(CopyError::Pipe(error));
    let bytes = BufReader::new(File::from(tar.bytes.try_clone_to_owned().map_err(fail)?));
    let mut received = intake::receive(paths, bytes, &Expected::default(), &Limits::default())?;
    if rustix::io::retry_on_intr(|| rustix::io::read(tar.whole, &mut [0_u8; 1])).map_err(|errno| fail(errno.into()))? == 0 {
        return Err(fail(io::ErrorKind::UnexpectedEof.into()).into());
    }
    let order: Vec<DiffId> = below.iter().cloned().chain([received.diff_id.clone()]).collect();
    borrow::settle(paths, vec![&mut received.layer], &order)?;
    layer::commit(paths, vec![received.layer])?;
    Ok((received.diff_id, received.tar_size))
}

/// A layer on its way in, and where a byte says that all of it was sent.
#[derive(Clone, Copy)]
struct Tar<'a> {
    bytes: BorrowedFd<'a>,
    whole: BorrowedFd<'a>,
}

fn open_folder(path: &Path) -> Result<OwnedFd, ContainerError> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::open(path, flags, Mode::empty()).map_err(|errno| ContainerError::File {
        action: "open",
        path: path.to_owned(),
        source: errno.into(),
    })
}

/// Packs a folder as a layer.
fn pack(
    top: BorrowedFd<'_>,
    out: BorrowedFd<'_>,
    skip: &dyn Fn(&[u8]) -> bool,
    config: &ContainerConfig,
) -> Result<(), EngineError> {
    let out = out.try_clone_to_owned().map_err(|error| ContainerError::from(CopyError::Pipe(error)))?;
    let mut writer = TarWriter::new(BufWriter::with_capacity(BUFFER, File::from(out)));
    let options = Options { form: Form::Layer, top: b"", skip };
    let packed = pack::folder(&mut writer, top, &options).and_then(|_| writer.finish().map(|_| ()).map_err(PackError::Write));
    match packed {
        // The other worker has given up and says why.
        Err(PackError::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => {
            Ok(other.map_err(|source| CopyError::Pack { path: config.name.clone(), source }).map_err(ContainerError::from)?)
        }
    }
}

/// Tells whether a path of the container's own layer was made by us to mount on: one of ours or of the user's, and empty.
fn is_own(config: &ContainerConfig, top: &OwnedFd, path: &[u8]) -> bool {
    let known = MOUNT_POINTS.iter().copied().chain(config.mounts.iter().map(|mount| relative(&mount.target)));
    if !known.into_iter().any(|known| known.as_bytes() == path) {
        return false;
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let resolve = rustix::fs::ResolveFlags::BENEATH | rustix::fs::ResolveFlags::NO_SYMLINKS;
    match rustix::fs::openat2(top, path, flags, Mode::empty(), resolve) {
        Ok(folder) => rustix::fs::Dir::read_from(&folder)
            .is_ok_and(|list| list.flatten().all(|entry| matches!(entry.file_name().to_bytes(), b"." | b".."))),
        Err(_) => rustix::fs::statat(top, path, rustix::fs::AtFlags::SYMLINK_NOFOLLOW).is_ok_and(|stat| {
            rustix::fs::FileType::from_raw_mode(stat.st_mode) == rustix::fs::FileType::RegularFile && stat.st_size == 0
        }),
    }
}

/// What a container made from the new image starts with: what the image says, what the container was made with, then the changes.
fn runtime(config: &ContainerConfig, image: &ImageRecord, request: &CommitRequest) -> Result<Runtime, EngineError> {
    let base = ImageConfig::parse(image.config.as_bytes())?.config;
    let name_of = |entry: &str| entry.split_once('=').map_or(String::new(), |(name, _)| name.to_owned());
    let known: Vec<String> = base.env.iter().map(|entry| name_of(entry)).collect();
    let env = config.env.iter().filter(|entry| {
        let name = name_of(entry);
        !OWN_VARIABLES.contains(&name.as_str()) || known.contains(&name)
    });
    let same_signal = signal::parse(&base.stop_signal).unwrap_or(libc::SIGTERM) == config.stop_signal;
    let mut runtime = Runtime {
        env: env.cloned().collect(),
        entrypoint: config.entrypoint.clone(),
        cmd: config.command.clone(),
        user: config.user.clone(),
        working_dir: config.workdir.clone(),
        labels: config.labels.clone(),
        stop_signal: if same_signal { base.stop_signal.clone() } else { config.stop_signal.to_string() },
        ..base
    };
    if request.include_volumes {
        let targets = config.mounts.iter().map(|mount| mount.target.clone());
        let new: Vec<_> = targets.filter(|target| !runtime.volumes.contains(target)).collect();
        runtime.volumes.extend(new);
    }
    for text in &request.changes {
        change::apply(&mut runtime, text).map_err(ImageError::from)?;
    }
    Ok(runtime)
}

/// Makes the new image's config from the old one's: what we do not know of stays.
fn document(
    config: &ContainerConfig,
    image: &ImageRecord,
    request: &CommitRequest,
    diff_ids: &[DiffId],
) -> Result<Vec<u8>, EngineError> {
    let fail = |source| ImageError::Parse { what: "the image config", source };
    let runtime = runtime(config, image, request)?;
    let now = jiff::Timestamp::now().to_string();
    let mut document: serde_json::Map<String, Value> = serde_json::from_str(&image.config).map_err(fail)?;
    let old = document.remove("config");
    let mut settings = if let Some(Value::Object(old)) = old { old } else { serde_json::Map::new() };
    for key in ["User", "ExposedPorts", "Env", "Entrypoint", "Cmd", "Volumes", "WorkingDir", "Labels", "StopSignal", "OnBuild"] {
        settings.remove(key);
    }
    if let Value::Object(new) = serde_json::to_value(&runtime).map_err(fail)? {
        settings.extend(new);
    }
    let step = History {
        created: Some(now.clone()),
        created_by: Some(format!("coracle commit {}", config.name)),
        author: request.author.clone(),
        comment: request.message.clone(),
        ..History::default()
    };
    let mut history = match document.remove("history") {
        Some(Value::Array(history)) if !request.squash => history,
        _ => Vec::new(),
    };
    history.push(serde_json::to_value(&step).map_err(fail)?);
    // What Docker says of the container that the old image was made from.
    for key in ["container", "container_config", "author"] {
        document.remove(key);
    }
    document.insert("created".to_owned(), now.into());
    if let Some(author) = &request.author {
        document.insert("author".to_owned(), author.as_str().into());
    }
    document.insert("config".to_owned(), Value::Object(settings));
    document.insert("rootfs".to_owned(), serde_json::json!({ "type": "layers", "diff_ids": diff_ids }));
    document.insert("history".to_owned(), Value::Array(history));
    serde_json::to_vec(&document).map_err(|source| fail(source).into())
}
