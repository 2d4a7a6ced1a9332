//! `network rm` and `network prune`.

use super::list::NetworkFilter;
use super::{NetworkError, network_conf};
use crate::engine::prune::Pruned;
use crate::engine::{Engine, EngineError};
use crate::events::{Status, Subject};
use crate::model::{ContainerId, Network};
use crate::state::volumes::Change;
use std::time::Duration;

impl Engine {
    /// Removes a network that no container is joined to; with `force` the containers are removed first, stopped within that time.
    ///
    /// # Errors
    /// There is no such network, it is the default one, a container is joined to it, or the store fails.
    pub fn remove_network(&mut self, name: &str, force: Option<Duration>) -> Result<(), EngineError> {
        let network = self.network(name)?;
        if self.is_default_network(&network.name)? {
            return Err(NetworkError::RemoveDefault { name: network.name }.into());
        }
        if let Some(patience) = force {
            for config in self.users_of(&network.name)? {
                self.remove(&config, Some(patience))?;
            }
        }
        match self.discard_network(&network)? {
            Change::Done => Ok(()),
            Change::Nothing => Err(NetworkError::NoSuch { name: name.to_owned() }.into()),
        }
    }

    fn discard_network(&mut self, network: &Network) -> Result<Change, EngineError> {
        let paths = self.paths.clone();
        let is_there = |id: &&String| ContainerId::try_from((*id).clone()).is_ok_and(|id| paths.container(&id).exists());
        let change = self.db.remove_network(&network.name, |users| -> Result<(), EngineError> {
            let users: Vec<&str> = users.iter().filter(is_there).map(|id| id.get(..12).unwrap_or(id)).collect();
            if users.is_empty() {
                return Ok(());
            }
            Err(NetworkError::InUse { name: network.name.clone(), containers: users.join(", ") }.into())
        })?;
        if change == Change::Done {
            self.tell_of(&Subject::network(&network.name, &network.id, None), Status::Remove);
        }
        Ok(change)
    }

    /// Removes the networks that no container is joined to, but the default one. What came into use meanwhile stays.
    ///
    /// # Errors
    /// The list cannot be read. What happens to single networks is in the report, which has their names.
    pub fn prune_networks(&mut self, filters: &[NetworkFilter]) -> Result<Pruned, EngineError> {
        let default = network_conf()?.default_network;
        let mut pruned = Pruned::default();
        for network in self.networks(filters)? {
            if network.name == default || !self.users_of(&network.name)?.is_empty() {
                continue;
            }
            match self.discard_network(&network) {
                Ok(Change::Done) => pruned.ids.push(network.name),
                Ok(Change::Nothing) | Err(EngineError::Network(NetworkError::InUse { .. })) => {}
                Err(error) => pruned.errors.push(error),
            }
        }
        Ok(pruned)
    }
}
