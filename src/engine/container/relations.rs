//! Containers that need others.

use super::ContainerError;
use super::create::CreateRequest;
use crate::engine::{Engine, EngineError};
use crate::model::{ContainerConfig, ContainerId};
use std::time::Duration;

impl Engine {
    /// Finds what a new container requires and makes room for its name, where it replaces another one.
    pub(super) fn settle_relations(&mut self, request: &mut CreateRequest) -> Result<(), EngineError> {
        let find = |name: &String| match self.container(name) {
            Ok(config) => Ok(config.id),
            Err(EngineError::NoSuchContainer { name }) => Err(ContainerError::NoDependency { name }.into()),
            Err(error) => Err(error),
        };
        request.relations.requires = request.requires.iter().map(find).collect::<Result<_, EngineError>>()?;
        if !request.replace {
            return Ok(());
        }
        match request.name.as_deref().map(|name| self.container(name)) {
            // An id that begins so is no name.
            Some(Ok(holder)) if Some(&holder.name) == request.name.as_ref() => self.remove(&holder, Some(Duration::ZERO)),
            Some(Err(EngineError::NoSuchContainer { .. })) | Some(Ok(_)) | None => Ok(()),
            Some(Err(error)) => Err(error),
        }
    }

    /// Starts the containers that this one requires, and first those that they require. A container can only require older ones,
    /// so there are no circles.
    pub(super) fn start_required(&mut self, config: &ContainerConfig) -> Result<(), EngineError> {
        for id in &config.relations.requires {
            let required = self.container_of(id)?;
            if !self.status(&required).status.is_alive() {
                self.start(&required, false, None)?;
            }
        }
        Ok(())
    }

    /// The containers that cannot be without this one.
    fn dependents(&self, id: &ContainerId) -> Result<Vec<ContainerConfig>, EngineError> {
        let naming = self.db.containers_that_name(id)?;
        Ok(naming.into_iter().filter(|other| other.relations.requires.contains(id) && !self.is_leftover(other)).collect())
    }

    /// Refuses to remove a container that others require.
    pub(super) fn refuse_if_required(&self, config: &ContainerConfig) -> Result<(), EngineError> {
        let dependents = self.dependents(&config.id)?;
        if dependents.is_empty() {
            return Ok(());
        }
        let others: Vec<&str> = dependents.iter().map(|other| other.name.as_str()).collect();
        Err(ContainerError::Required { name: config.name.clone(), others: others.join(" ") }.into())
    }

    /// Removes a container after those that require it, with `volumes` their anonymous volumes, too, and returns what was removed,
    /// in that order.
    ///
    /// # Errors
    /// As [`Engine::remove`]; those before the one that cannot be removed are gone.
    pub fn remove_with_dependents(
        &mut self,
        config: &ContainerConfig,
        force: Option<Duration>,
        volumes: bool,
    ) -> Result<Vec<ContainerId>, EngineError> {
        let mut removed = Vec::new();
        for dependent in self.dependents(&config.id)? {
            removed.extend(self.remove_with_dependents(&dependent, force, volumes)?);
        }
        self.remove_with_volumes(config, force, volumes)?;
        removed.push(config.id.clone());
        Ok(removed)
    }
}
