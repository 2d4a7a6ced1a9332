//! A container with a copy of its image, where layers cannot be stacked (`storage::driver`).
//!
//! ```text
//! containers/<id>/root/       all files, image's and container's; visible by rename
//! containers/<id>/root.new/   a copy that is being made, or was not finished
//! ```

use super::ContainerError;
use crate::engine::{Engine, EngineError, session};
use crate::model::{ContainerConfig, DiffId, IdMap};
use crate::storage::{layer, remove_tree, shifted};
use std::path::PathBuf;

impl Engine {
    /// The folder with the container's copy of the layers, bottom first; made with the first use.
    pub(super) fn copied_root(&self, config: &ContainerConfig, layers: &[DiffId]) -> Result<PathBuf, EngineError> {
        let folder = self.paths.container(&config.id);
        let (root, new, upper) = (folder.join("root"), folder.join("root.new"), folder.join("upper"));
        if root.is_dir() {
            return Ok(root);
        }
        let was_stacked = std::fs::read_dir(&upper).is_ok_and(|mut entries| entries.next().is_some());
        if was_stacked && config.isolation.id_map.is_some() {
            let (action, mend) =
                ("start", "what it has changed under another storage driver has its own owners already; commit it there");
            return Err(ContainerError::Copied { action, mend }.into());
        }
        let unchanged = IdMap::unchanged();
        let map = config.isolation.id_map.as_ref().unwrap_or(&unchanged);
        session::worker(&self.paths, &[], |_| {
            let file = |action, path: &PathBuf| {
                let path = path.clone();
                move |source| ContainerError::File { action, path, source }
            };
            remove_tree(&new)?;
            std::fs::create_dir(&new).map_err(file("make folder", &new))?;
            shifted::copy_whole(&self.paths, layers, &upper, map, &new)?;
            if !config.auto_remove {
                layer::sync(&folder)?;
            }
            std::fs::rename(&new, &root).map_err(file("make the copy visible as", &root))?;
            Ok(())
        })?
        .finish()?;
        Ok(root)
    }

    /// Refuses what needs a layer of the container's own, where it has none.
    pub(super) fn refuse_if_copied(
        &self,
        config: &ContainerConfig,
        action: &'static str,
        mend: &'static str,
    ) -> Result<(), EngineError> {
        match self.paths.container(&config.id).join("root").is_dir() {
            true => Err(ContainerError::Copied { action, mend }.into()),
            false => Ok(()),
        }
    }
}
