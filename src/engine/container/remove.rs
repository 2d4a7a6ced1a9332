//! `rm`: the folder first, then the row.

use super::ContainerError;
use super::status::run_record;
use crate::cgroup;
use crate::cgroup::home::Wish;
use crate::config::Paths;
use crate::engine::{Engine, EngineError, session};
use crate::events::Status;
use crate::model::{ContainerConfig, RunRecord};
use crate::storage::reserve;
use crate::sys::members::Members;
use crate::sys::process;
use crate::userns;
use rustix::fs::FlockOperation;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long the kernel may take to call an ended container's cgroup empty.
const CGROUP_PATIENCE: Duration = Duration::from_secs(2);

impl Engine {
    /// Removes a container. A living one only with `force`, which stops it first and kills it after that time. Its anonymous
    /// volumes stay, unless it was made with `--rm`.
    ///
    /// Killed at any point, a later command finds a container without a folder and takes its row away.
    ///
    /// # Errors
    /// It is alive and may not be stopped, or the store fails.
    pub fn remove(&mut self, config: &ContainerConfig, force: Option<Duration>) -> Result<(), EngineError> {
        self.refuse_if_required(config)?;
        reserve::give_up_if_full(&self.paths);
        let lock = loop {
            // Without the lock: a start that does not come to its end holds it, and so does one that is on its way in a back-off.
            self.end_life(config, force)?;
            let lock = match self.lock(config, FlockOperation::LockExclusive) {
                Ok(lock) => lock,
                Err(EngineError::NoSuchContainer { .. }) => break None,
                Err(error) => return Err(error),
            };
            // A start that came first has made it alive, or a monitor has come to its back-off meanwhile.
            let state = self.status(config);
            if !state.status.is_alive() && state.restarting().is_none() {
                break Some(lock);
            }
        };
        let folder = self.paths.container(&config.id);
        tidy_after_monitor(&self.paths, config);
        self.discard_folder(&folder)?;
        let _ = std::fs::remove_dir_all(self.paths.container_run(&config.id));
        self.db.remove_container(&config.id)?;
        self.tell(config, Status::Remove);
        drop(lock);
        if config.auto_remove { self.remove_anonymous_volumes(config) } else { Ok(()) }
    }

    /// Removes a container, and with `volumes` also those that were made for it alone.
    ///
    /// # Errors
    /// As [`Engine::remove`].
    pub fn remove_with_volumes(
        &mut self,
        config: &ContainerConfig,
        force: Option<Duration>,
        volumes: bool,
    ) -> Result<(), EngineError> {
        self.remove(config, force)?;
        if volumes { self.remove_anonymous_volumes(config) } else { Ok(()) }
    }

    /// Sees to it that the container is not alive: stops it with `force`, refuses without.
    fn end_life(&mut self, config: &ContainerConfig, force: Option<Duration>) -> Result<(), EngineError> {
        let mut state = self.status(config);
        if state.restarting().is_some() {
            self.mark_stopped(config)?;
            self.end_back_off(config)?;
            state = self.status(config);
        }
        match (state.status.is_alive(), force) {
            (false, _) => Ok(()),
            (true, Some(patience)) => self.end(config, patience).map(drop),
            (true, None) => {
                let (id, name) = (config.id.to_string(), config.name.clone());
                Err(ContainerError::RemoveAlive { id, name, status: state.status }.into())
            }
        }
    }

    /// Takes the row of a `--rm` container away, once its monitor has removed the folder.
    ///
    /// # Errors
    /// The database fails, or the folder is still there and cannot be removed.
    pub fn forget_removed(&mut self, config: &ContainerConfig) -> Result<(), EngineError> {
        let folder = self.paths.container(&config.id);
        if folder.exists() {
            // The monitor was killed before it came to that, which is its last work but one; else it has told of the removal.
            tidy_after_monitor(&self.paths, config);
            self.discard_folder(&folder)?;
            self.tell(config, Status::Remove);
        }
        let _ = std::fs::remove_dir_all(self.paths.container_run(&config.id));
        self.db.remove_container(&config.id)?;
        self.remove_anonymous_volumes(config)
    }

    /// Renames a folder away, so that it is gone at once, and deletes it.
    pub(super) fn discard_folder(&self, folder: &Path) -> Result<(), EngineError> {
        let fail = |path: &Path| {
            let path = path.to_owned();
            move |source| ContainerError::File { action: "remove", path, source }
        };
        let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or("container");
        let away = self.paths.tmp().join(format!("{name}.rm"));
        match std::fs::rename(folder, &away) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(fail(folder)(error).into()),
        }
        session::delete_tree(&self.paths, &away)
    }
}

/// Removes what a monitor that was killed has not: its place in the session's list and the container's cgroup, also one that a start
/// has made that was killed before it came to the record. Where a cgroup cannot be removed now either, it is empty and costs nothing.
pub(super) fn tidy_after_monitor(paths: &Paths, config: &ContainerConfig) {
    let run = run_record(&paths.container(&config.id));
    if let Some(run) = &run {
        userns::session::strike(paths, run.monitor);
    }
    let ended = |run: &&RunRecord| !process::is_alive(run.init) && process::boot_id().is_ok_and(|boot| boot == run.boot);
    if let Some(members) = run.as_ref().filter(|run| run.members.is_some()).filter(ended).and_then(|run| run.members) {
        Members::of_id(members).kill();
    }
    let recorded = run.and_then(|run| run.cgroup).map(PathBuf::from);
    let name = cgroup_name(config);
    let expected = || Wish { name: &name, limits: &config.limits, stop_timeout: config.stop_timeout }.expected();
    if let Some(path) = recorded.or_else(expected).filter(|path| path.exists()) {
        let _ = cgroup::kill(&path);
        let _ = cgroup::remove(&path, CGROUP_PATIENCE);
    }
}

/// The name of a container's cgroup below the one that was delegated to the caller.
pub(super) fn cgroup_name(config: &ContainerConfig) -> String {
    format!("coracle-{}", config.id.short())
}
