//! The lock on a container's folder (flock).
//!
//! Whoever starts or removes a container holds it alone, and so does a new init until its program is executed: before that, init
//! stands in the host's file system, and nobody may follow it there. A killed command's lock is gone with it.

use super::ContainerError;
use crate::engine::{Engine, EngineError};
use crate::model::ContainerConfig;
use rustix::fs::FlockOperation;
use std::fs::File;

impl Engine {
    /// Waits for the lock.
    ///
    /// # Errors
    /// The container was removed meanwhile, or its folder cannot be opened.
    pub(in crate::engine) fn lock(&self, config: &ContainerConfig, how: FlockOperation) -> Result<File, EngineError> {
        let path = self.paths.container(&config.id);
        let gone = || EngineError::NoSuchContainer { name: config.name.clone() };
        let fail = |source: std::io::Error| match source.kind() {
            std::io::ErrorKind::NotFound => gone(),
            _ => ContainerError::File { action: "lock", path: path.clone(), source }.into(),
        };
        let folder = File::open(&path).map_err(fail)?;
        rustix::io::retry_on_intr(|| rustix::fs::flock(&folder, how)).map_err(|errno| fail(errno.into()))?;
        // A removal that held it has renamed the folder away.
        if self.is_leftover(config) { Err(gone()) } else { Ok(folder) }
    }
}
