//! How the root of a container can be reached from outside, running or not.

use super::ContainerError;
use super::stop::wait_gone;
use crate::engine::{Engine, EngineError};
use crate::model::{ContainerConfig, IdMap};
use crate::runtime::init::Overlay;
use crate::runtime::message::{Failure, Stage};
use crate::runtime::{birth, spec, view};
use crate::sys::process;
use crate::sys::root::SafeRoot;
use oci_spec::runtime::Spec;
use rustix::fs::FlockOperation;
use std::fs::File;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::Path;
use std::time::Duration;

/// How long the monitor of a container whose init has ended may take to tidy up.
const MONITOR_PATIENCE: Duration = Duration::from_secs(10);

/// A container that can be looked into as long as this is held: it is not removed, and one that does not run is not started, so
/// that its overlay is mounted once at most.
#[derive(Debug)]
pub(super) struct Approach {
    lock: File,
    reach: Reach,
    /// The ids of the container, where they are not those of the session.
    map: Option<IdMap>,
}

#[derive(Debug)]
enum Reach {
    Running(OwnedFd),
    Stopped { overlay: Box<Overlay>, spec: Box<Spec>, user: String },
}

impl Engine {
    /// Locks the container and finds out how its root is reached. A start in progress is waited for.
    pub(super) fn approach(&self, config: &ContainerConfig) -> Result<Approach, EngineError> {
        let fail = |source| ContainerError::Wait { name: config.name.clone(), source };
        let map = config.isolation.id_map.clone();
        loop {
            let lock = self.lock(config, FlockOperation::LockShared)?;
            let state = self.status(config);
            if let Some(run) = state.run.filter(|_| state.status.is_alive()) {
                if let Some(init) = process::open_pidfd(run.init).map_err(fail)?.filter(|_| process::is_alive(run.init)) {
                    return Ok(Approach { lock, reach: Reach::Running(init), map });
                }
                drop(lock);
                if !wait_gone(config, &run, Some(MONITOR_PATIENCE))? {
                    let cannot = "its first process has ended, and its monitor does not come to its end";
                    return Err(ContainerError::WrongState { name: config.name.clone(), status: state.status, cannot }.into());
                }
                continue;
            }
            drop(lock);
            let lock = self.lock(config, FlockOperation::LockExclusive)?;
            if !self.status(config).status.is_alive() {
                self.refuse_if_mounted(config)?;
                let sources = self.volume_sources(config)?;
                let spec = spec::build(config, &self.paths.container(&config.id), &[], &sources).map_err(ContainerError::Spec)?;
                let overlay = Box::new(self.overlay(config)?);
                let reach = Reach::Stopped { overlay, spec: Box::new(spec), user: config.user.clone() };
                return Ok(Approach { lock, reach, map });
            }
        }
    }
}

impl Approach {
    /// The descriptors that the child needs that opens the root.
    pub(super) fn descriptors(&self) -> Vec<BorrowedFd<'_>> {
        match &self.reach {
            Reach::Running(init) => vec![self.lock.as_fd(), init.as_fd()],
            Reach::Stopped { .. } => vec![self.lock.as_fd()],
        }
    }

    /// Opens the root as the container sees it. In a worker, of which `parent` is a pidfd of the parent.
    pub(super) fn open(&self, parent: &OwnedFd) -> Result<SafeRoot, ContainerError> {
        match &self.reach {
            Reach::Running(init) => view::join(init, parent),
            Reach::Stopped { overlay, spec, user } => {
                let binds = (&**spec, user.as_str(), self.map.as_ref());
                view::mount(overlay, Some(binds)).and_then(|root| self.enter(parent).map(|()| root))
            }
        }
        .map_err(ContainerError::Launch)
    }

    /// Mounts the root, without anything that is mounted on it, in the mount namespace of the calling process. `target` is relative to
    /// the data folder `base`.
    pub(super) fn mount_on(&self, base: &Path, target: String) -> Result<(), ContainerError> {
        match &self.reach {
            Reach::Running(init) => view::lend_on(init, &base.join(target)),
            Reach::Stopped { overlay, .. } => view::mount_on(overlay, target),
        }
        .map_err(ContainerError::Launch)
    }

    /// Opens the root without anything that is mounted on it: what the image and the container have. In a worker, too.
    pub(super) fn open_layers(&self, parent: &OwnedFd) -> Result<SafeRoot, ContainerError> {
        match &self.reach {
            Reach::Running(init) => view::join(init, parent).and_then(|root| view::without_mounts(&root)),
            Reach::Stopped { overlay, .. } => view::mount(overlay, None).and_then(|root| self.enter(parent).map(|()| root)),
        }
        .map_err(ContainerError::Launch)
    }

    /// Makes the worker see owners as the container does, also in its folder. Once only.
    pub(super) fn enter(&self, parent: &OwnedFd) -> Result<(), Failure> {
        let Some(map) = &self.map else { return Ok(()) };
        birth::enter(map)?;
        // The change of ids has taken the wish back.
        process::die_with(parent).map_err(Failure::at(Stage::Map, ""))
    }
}
