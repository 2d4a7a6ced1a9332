//! The exec sessions of a container.
//!
//! ```text
//! containers/<id>/exec/<session>/run.json    the session's process (PidRef)
//! containers/<id>/exec/<session>/exit.json   how it ended (ExitRecord); of a session with a monitor of its own
//! ```
//!
//! A session whose command line stays takes its folder away itself. What a killed one left, and what has ended some minutes ago,
//! goes with a later session.

use super::ContainerError;
use super::create::fill_random;
use super::status;
use crate::engine::{Engine, EngineError};
use crate::model::{ContainerConfig, ContainerId, ExitRecord, PidRef};
use crate::sys::process;
use crate::sys::stamp::now;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// How long the exit code of an ended session is kept, in nanoseconds: as long as Podman does.
const KEPT_FOR: i64 = 300 * 1_000_000_000;

/// The folder of a session, removed when this is dropped.
#[derive(Debug)]
pub(super) struct SessionFolder {
    pub id: String,
    path: PathBuf,
    stays: bool,
}

impl SessionFolder {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Notes the session's process.
    pub(super) fn record(&self, process: PidRef) -> std::io::Result<()> {
        std::fs::write(self.path.join("run.json"), serde_json::to_vec(&process)?)
    }

    /// The session's process.
    pub(super) fn process(&self) -> Option<PidRef> {
        status::read(&self.path.join("run.json"))
    }

    /// Leaves the folder to the session's monitor.
    pub(super) fn leave(mut self) -> String {
        self.stays = true;
        std::mem::take(&mut self.id)
    }
}

impl Drop for SessionFolder {
    fn drop(&mut self) {
        if !self.stays {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

impl Engine {
    /// Makes the folder of a new session in a container that is there: one that a monitor has just removed is not made anew.
    pub(super) fn new_session(&self, config: &ContainerConfig) -> Result<SessionFolder, EngineError> {
        let all = self.sessions_folder(config);
        let mut random = [0; 32];
        fill_random(&mut random);
        let id = ContainerId::from_bytes(&random).to_string();
        let path = all.join(&id);
        let make = |path: &Path| std::fs::DirBuilder::new().mode(0o700).create(path);
        let made = match make(&all) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
            _ => make(&path),
        };
        made.map_err(|source| ContainerError::File { action: "make folder", path: path.clone(), source })?;
        sweep(&all, &id);
        Ok(SessionFolder { id, path, stays: false })
    }

    /// The ids of the sessions whose process lives.
    #[must_use]
    pub fn sessions(&self, config: &ContainerConfig) -> Vec<String> {
        let all = self.sessions_folder(config);
        let living = folders(&all).filter(|path| lives(path));
        living.filter_map(|path| Some(path.file_name()?.to_str()?.to_owned())).collect()
    }

    fn sessions_folder(&self, config: &ContainerConfig) -> PathBuf {
        self.paths.container(&config.id).join("exec")
    }
}

fn folders(all: &Path) -> impl Iterator<Item = PathBuf> {
    std::fs::read_dir(all).into_iter().flatten().flatten().map(|entry| entry.path())
}

fn lives(path: &Path) -> bool {
    status::read(&path.join("run.json")).is_some_and(process::is_alive)
}

/// Takes away what is over, but the session that is just being made. One without a record may be another that is being made.
fn sweep(all: &Path, own: &str) {
    for path in folders(all).filter(|path| path.file_name().is_some_and(|name| name != own)) {
        let over = match status::read::<ExitRecord>(&path.join("exit.json")) {
            Some(exit) => now().saturating_sub(exit.finished_at) > KEPT_FOR,
            None => path.join("run.json").exists() && !lives(&path) && is_old(&path),
        };
        if over {
            let _ = std::fs::remove_dir_all(&path);
        }
    }
}

/// The monitor of a process that has just ended may not have written its record yet.
fn is_old(path: &Path) -> bool {
    let age = std::fs::metadata(path).and_then(|meta| meta.modified()).ok().and_then(|time| time.elapsed().ok());
    age.is_some_and(|age| age.as_secs() > 300)
}
