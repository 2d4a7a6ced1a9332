//! `volume rm`, `volume prune`, and the anonymous volumes of a container that goes.

use super::VolumeError;
use super::list::VolumeFilter;
use crate::engine::{Engine, EngineError, session};
use crate::events::{Status, Subject, Type};
use crate::model::{ContainerConfig, ContainerId, Origin, Volume};
use crate::state::volumes::Change;
use crate::storage::volume;
use std::time::Duration;

impl Engine {
    /// Removes a volume that no container mounts; with `force` the containers are removed first, stopped within that time.
    ///
    /// # Errors
    /// There is no such volume, a container mounts it, or the store fails.
    pub fn remove_volume(&mut self, name: &str, force: Option<Duration>) -> Result<(), EngineError> {
        let found = self.volume(name)?;
        if let Some(patience) = force {
            for id in self.db.containers_of_volume(&found.name)? {
                let Some(config) = self.db.containers_by_id_prefix(&id)?.pop() else { continue };
                self.remove(&config, Some(patience))?;
            }
        }
        match self.discard_volume(&found.name, true)? {
            Change::Done => Ok(()),
            Change::Nothing => Err(VolumeError::NoSuch { name: name.to_owned() }.into()),
        }
    }

    /// Takes a volume's folder and row away, in that order, and deletes the files.
    pub(super) fn discard_volume(&mut self, name: &str, check: bool) -> Result<Change, EngineError> {
        let paths = self.paths.clone();
        let mut away = None;
        let is_gone = |id: &str| {
            let id = ContainerId::try_from(id.to_owned());
            id.is_ok_and(|id| std::fs::symlink_metadata(paths.container(&id)).is_err())
        };
        let change = self.db.remove_volume(name, |users| -> Result<(), EngineError> {
            // The row of a container whose folder is gone is a leftover.
            let users: Vec<&str> = users.iter().map(String::as_str).filter(|id| !is_gone(id)).collect();
            if check && !users.is_empty() {
                return Err(VolumeError::InUse { name: name.to_owned(), containers: users.join(", ") }.into());
            }
            away = volume::retire(&paths, name).map_err(VolumeError::from)?;
            Ok(())
        })?;
        if let Some(away) = away {
            session::delete_tree(&self.paths, &away)?;
        }
        if change == Change::Done {
            self.tell_of(&Subject::volume(name), Status::Remove);
        }
        Ok(change)
    }

    /// Removes the volumes that were made for a container that is gone, unless another one mounts them by now.
    ///
    /// # Errors
    /// The store fails.
    pub(in crate::engine) fn remove_anonymous_volumes(&mut self, config: &ContainerConfig) -> Result<(), EngineError> {
        for mount in &config.mounts {
            let Origin::Volume { name, anonymous: true, .. } = &mount.from else { continue };
            match self.discard_volume(name, true) {
                Err(EngineError::Volume(VolumeError::InUse { .. })) | Ok(_) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Lists the volumes that a prune with these filters removes.
    ///
    /// # Errors
    /// The database fails.
    pub fn prunable_volumes(&self, filters: &[VolumeFilter]) -> Result<Vec<Volume>, EngineError> {
        let mut list = Vec::new();
        for row in self.volumes(filters)? {
            if row.containers.is_empty() {
                list.push(row.volume);
            }
        }
        Ok(list)
    }

    /// Removes the volumes that no container mounts; returns the names of those that went. What came into use meanwhile stays.
    ///
    /// # Errors
    /// The store fails.
    pub fn prune_volumes(&mut self, filters: &[VolumeFilter]) -> Result<Vec<String>, EngineError> {
        let mut gone = Vec::new();
        for volume in self.prunable_volumes(filters)? {
            match self.discard_volume(&volume.name, true) {
                Ok(Change::Done) => gone.push(volume.name),
                Ok(Change::Nothing) | Err(EngineError::Volume(VolumeError::InUse { .. })) => {}
                Err(error) => return Err(error),
            }
        }
        self.sweep_volumes()?;
        self.tell_prune(Type::Volume);
        Ok(gone)
    }

    /// Removes folders that killed commands have left without a row.
    fn sweep_volumes(&mut self) -> Result<(), EngineError> {
        for entry in std::fs::read_dir(self.paths.volumes()).into_iter().flatten().flatten() {
            let Ok(name) = entry.file_name().into_string() else { continue };
            // Without the write lock for those that are there, which are most.
            if self.db.volume(&name)?.is_some() {
                continue;
            }
            let paths = self.paths.clone();
            let mut away = None;
            self.db.without_volume(&name, || -> Result<(), EngineError> {
                away = volume::retire(&paths, &name).map_err(VolumeError::from)?;
                Ok(())
            })?;
            if let Some(away) = away {
                session::delete_tree(&self.paths, &away)?;
            }
        }
        Ok(())
    }
}
