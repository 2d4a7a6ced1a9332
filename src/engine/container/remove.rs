//! `rm`: the folder first, then the row.

use super::ContainerError;
use crate::cgroup;
use crate::config::Paths;
use crate::engine::{Engine, EngineError, session};
use crate::model::{ContainerConfig, RunRecord};
use crate::storage::remove_tree;
use crate::userns;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

impl Engine {
    /// Removes a container. A living one only with `force`, which stops it first and kills it after that time.
    ///
    /// Killed at any point, a later command finds a container without a folder and takes its row away.
    ///
    /// # Errors
    /// It is alive and may not be stopped, or the store fails.
    pub fn remove(&mut self, config: &ContainerConfig, force: Option<Duration>) -> Result<(), EngineError> {
        let state = self.status(config);
        if state.status.is_alive() {
            let Some(patience) = force else {
                return Err(ContainerError::RemoveAlive {
                    id: config.id.to_string(),
                    name: config.name.clone(),
                    status: state.status,
                }
                .into());
            };
            self.stop(config, patience)?;
        }
        let folder = self.paths.container(&config.id);
        tidy_after_monitor(&self.paths, &folder);
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

/// Removes what a monitor that was killed has not: its place in the session's list and the container's cgroup. Where a cgroup
/// cannot be removed now either, it is empty and costs nothing.
pub(super) fn tidy_after_monitor(paths: &Paths, folder: &Path) {
    let bytes = std::fs::read(folder.join("run.json"));
    let Some(run) = bytes.ok().and_then(|bytes| serde_json::from_slice::<RunRecord>(&bytes).ok()) else { return };
    userns::session::strike(paths, run.monitor);
    if let Some(path) = run.cgroup.map(PathBuf::from).filter(|path| path.exists()) {
        let _ = cgroup::kill(&path);
        let _ = cgroup::remove(&path, Duration::from_secs(2));
    }
}
