//! `diff`: what a container has changed in its image, and what an image's topmost layer has changed in those below.

use super::ContainerError;
use super::copy::CopyError;
use crate::engine::session::worker;
use crate::engine::{Engine, EngineError};
use crate::model::{ContainerConfig, ImageRecord};
use crate::runtime::init::Overlay;
use crate::runtime::view;
use crate::storage::diff::{compare, compare_trees};
use crate::storage::driver;
use rustix::fs::{FlockOperation, Mode, OFlags};
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};

pub use crate::storage::diff::{Change, Difference};

/// What is made in a container by whoever starts it, and by nothing in it (Podman hides the same).
const OWN: [&str; 11] = [
    "dev",
    "etc/hostname",
    "etc/hosts",
    "etc/mtab",
    "etc/resolv.conf",
    "proc",
    "run",
    "run/.containerenv",
    "run/coracle-init",
    "run/secrets",
    "sys",
];

impl Engine {
    /// Lists what the container has changed in the files of its image, sorted by path.
    ///
    /// # Errors
    /// The container or its image is gone, or a folder cannot be read.
    pub fn diff(&self, config: &ContainerConfig) -> Result<Vec<Difference>, EngineError> {
        let _lock = self.lock(config, FlockOperation::LockShared)?;
        self.refuse_if_copied(config, "list what the container has changed", "`coracle export` gives all of its files")?;
        let overlay = self.overlay(config)?;
        let upper = overlay.base.join(&overlay.upper);
        let targets: Vec<PathBuf> = config.mounts.iter().map(|mount| PathBuf::from(relative(&mount.target))).collect();
        self.compare(&upper, Some(&overlay), &|path| {
            use std::os::unix::ffi::OsStrExt as _;
            let path = Path::new(std::ffi::OsStr::from_bytes(path));
            OWN.iter().any(|own| Path::new(own) == path) || targets.iter().any(|target| target == path)
        })
    }

    /// Lists what the topmost layer of an image has changed in those below it.
    ///
    /// # Errors
    /// A layer is gone or cannot be read.
    pub fn image_diff(&self, image: &ImageRecord) -> Result<Vec<Difference>, EngineError> {
        let mut stack = self.stack_of(image)?;
        if stack.lowers.is_empty() {
            return Ok(Vec::new());
        }
        let top = stack.lowers.remove(0);
        stack.lowers.retain(|lower| *lower != top);
        let below = (!stack.lowers.is_empty()).then_some(&stack);
        self.compare(&stack.base.join(&top), below, &|_| false)
    }

    /// Lists what is different in an image from another one, sorted by path.
    ///
    /// # Errors
    /// A layer is gone or cannot be read.
    pub fn images_diff(&self, image: &ImageRecord, other: &ImageRecord) -> Result<Vec<Difference>, EngineError> {
        let (new, old) = (self.stack_of(image)?, self.stack_of(other)?);
        for (stack, image) in [(&new, image), (&old, other)] {
            if stack.lowers.is_empty() {
                return Err(EngineError::NoLayers { image: image.id.short().to_owned() });
            }
        }
        worker(&self.paths, &[], |_| {
            let open = |stack: &Overlay| view::lowers(stack).map_err(ContainerError::Launch);
            let (new, old) = (open(&new)?, open(&old)?);
            compare_trees(new.as_fd(), old.as_fd())
                .map_err(|source| ContainerError::from(CopyError::Pack { path: "/".to_owned(), source }).into())
        })?
        .finish()
    }

    /// The layers of an image, without anything to write to.
    ///
    /// # Errors
    /// What the store has found out about the kernel cannot be read.
    pub(in crate::engine) fn stack_of(&self, image: &ImageRecord) -> Result<Overlay, EngineError> {
        let none = String::new;
        let mut lowers: Vec<String> = Vec::new();
        // A layer that is there twice counts where it is topmost: the kernel takes none twice.
        for layer in image.layers.iter().rev().map(|layer| format!("layers/{}/diff", layer.hex())) {
            if !lowers.contains(&layer) {
                lowers.push(layer);
            }
        }
        let driver = driver::remembered(&self.paths)?.unwrap_or_default();
        Ok(Overlay {
            base: self.paths.data().to_owned(),
            lowers,
            data: Vec::new(),
            upper: none(),
            work: none(),
            target: none(),
            folder: None,
            program: driver.program().map(Path::to_owned),
            volatile: false,
        })
    }

    fn compare(
        &self,
        top: &Path,
        below: Option<&Overlay>,
        hidden: &dyn Fn(&[u8]) -> bool,
    ) -> Result<Vec<Difference>, EngineError> {
        worker(&self.paths, &[], |_| {
            let below = below.map(view::lowers).transpose().map_err(ContainerError::Launch)?;
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let open = rustix::fs::open(top, flags, Mode::empty());
            let open =
                open.map_err(|errno| ContainerError::File { action: "open", path: top.to_owned(), source: errno.into() })?;
            compare(open.as_fd(), below.as_ref().map(|fd| fd.as_fd()), hidden).map_err(|source| {
                ContainerError::from(CopyError::Pack { path: top.to_string_lossy().into_owned(), source }).into()
            })
        })?
        .finish()
    }
}

/// A path of a container without the slashes around it.
pub(super) fn relative(target: &str) -> &str {
    target.trim_matches('/')
}
