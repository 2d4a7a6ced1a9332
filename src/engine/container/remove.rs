//! `rm`: the folder first, then the row.

use super::ContainerError;
use crate::cgroup;
use crate::engine::{Engine, EngineError, session};
use crate::model::{ContainerConfig, RunRecord};
use crate::storage::remove_tree;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

impl Engine {
    /// Removes a container. A living one only with `force`, which kills it first.
    ///
    /// Killed at any point, a later command finds a container without a folder and takes its row away.
    ///
    /// # Errors
    /// It is alive and `force` is not given, or the store fails.
    pub fn remove(&mut self, config: &ContainerConfig, force: bool) -> Result<(), EngineError> {
        let state = self.status(config);
        if state.status.is_alive() {
            if !force {
                return Err(ContainerError::RemoveAlive { name: config.name.clone(), status: state.status }.into());
            }
            self.kill_and_wait(config, &state)?;
        }
        let folder = self.paths.container(&config.id);
        remove_leftover_cgroup(&folder);
        self.discard_folder(&folder)?;
        let _ = std::fs::remove_dir_all(self.paths.container_run(&config.id));
        self.db.remove_container(&config.id)?;
        Ok(())
    }

    /// Takes the row of a `--rm` container away, once its monitor has removed the folder.
    ///
    /// # Errors
    /// The database fails, or the folder is still there and cannot be removed.
    pub fn forget_removed(&mut self, config: &ContainerConfig) -> Result<(), EngineError> {
        let folder = self.paths.container(&config.id);
        if folder.exists() {
            // The monitor was killed before it came to that.
            self.discard_folder(&folder)?;
        }
        self.db.remove_container(&config.id)?;
        Ok(())
    }

    /// Renames a folder away, so that it is gone at once, and deletes it. What belongs to subordinate ids takes the root of the
    /// session to delete; most containers have nothing of that kind, and need no session.
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
        if remove_tree(&away).is_ok() {
            return Ok(());
        }
        let done = session::within(&self.paths, || i32::from(remove_tree(&away).is_err()))?;
        match done.code {
            0 => Ok(()),
            _ => Err(fail(&away)(io::Error::from(io::ErrorKind::PermissionDenied)).into()),
        }
    }
}

/// A monitor that was killed has not removed the cgroup. Where it cannot be removed now either, it is empty and costs nothing.
pub(super) fn remove_leftover_cgroup(folder: &Path) {
    let run: Option<RunRecord> =
        std::fs::read(folder.join("run.json")).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    if let Some(path) = run.and_then(|run| run.cgroup).map(PathBuf::from).filter(|path| path.exists()) {
        let _ = cgroup::kill(&path);
        let _ = cgroup::remove(&path, Duration::from_secs(2));
    }
}
