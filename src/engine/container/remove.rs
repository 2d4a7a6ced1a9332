//! `rm`: the folder first, then the row.

use super::ContainerError;
use super::status::run_record;
use crate::cgroup;
use crate::engine::{Engine, EngineError, session};
use crate::model::ContainerConfig;
use crate::sys::tree;
use rustix::fs::FlockOperation;
use std::ffi::CString;
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
        // Before the lock: a start that does not come to its end holds it.
        self.end_life(config, force)?;
        let lock = match self.lock(config, FlockOperation::LockExclusive) {
            Ok(lock) => Some(lock),
            Err(EngineError::NoSuchContainer { .. }) => None,
            Err(error) => return Err(error),
        };
        // A start that came first has made it alive.
        self.end_life(config, force)?;
        let folder = self.paths.container(&config.id);
        remove_leftover_cgroup(&folder);
        self.discard_folder(&folder)?;
        let _ = std::fs::remove_dir_all(self.paths.container_run(&config.id));
        self.db.remove_container(&config.id)?;
        drop(lock);
        Ok(())
    }

    /// Sees to it that the container is not alive: kills it with `force`, refuses without.
    fn end_life(&mut self, config: &ContainerConfig, force: bool) -> Result<(), EngineError> {
        let state = self.status(config);
        match (state.status.is_alive(), force) {
            (false, _) => Ok(()),
            (true, true) => self.kill_and_wait(config, &state),
            (true, false) => Err(ContainerError::RemoveAlive { name: config.name.clone(), status: state.status }.into()),
        }
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
        self.delete(&away)
    }

    /// Deletes a tree that is out of sight. What belongs to subordinate ids takes the root of the session to delete; most containers
    /// have nothing of that kind, and need no session.
    pub(super) fn delete(&self, path: &Path) -> Result<(), EngineError> {
        if remove_tree(path).is_ok() {
            return Ok(());
        }
        let done = session::within(&self.paths, || i32::from(remove_tree(path).is_err()))?;
        match done.code {
            0 => Ok(()),
            _ => {
                let source = io::Error::from(io::ErrorKind::PermissionDenied);
                Err(ContainerError::File { action: "remove", path: path.to_owned(), source }.into())
            }
        }
    }
}

/// A monitor that was killed has not removed the cgroup. Where it cannot be removed now either, it is empty and costs nothing.
pub(super) fn remove_leftover_cgroup(folder: &Path) {
    if let Some(path) = run_record(folder).and_then(|run| run.cgroup).map(PathBuf::from).filter(|path| path.exists()) {
        let _ = cgroup::kill(&path);
        let _ = cgroup::remove(&path, Duration::from_secs(2));
    }
}

fn remove_tree(path: &Path) -> Result<(), tree::RemoveError> {
    use std::os::unix::ffi::OsStrExt as _;
    let name = CString::new(path.as_os_str().as_bytes()).unwrap_or_default();
    tree::remove(rustix::fs::CWD, &name)
}
