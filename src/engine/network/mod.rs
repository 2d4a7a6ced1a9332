//! Networks: the default one, which is always there, and those that the user makes.

mod attach;
mod choose;
pub mod create;
mod error;
mod lease;
mod list;
pub mod live;
mod options;
mod remove;
pub(in crate::engine) mod start;

pub use create::{NetworkRequest, NetworkUpdate, SubnetRequest};
pub use error::NetworkError;
pub use list::{Member, NetworkFilter, NetworkReport};
pub use options::{parse_range, parse_route};

use crate::config::containers::NetworkConf;
use crate::engine::{Engine, EngineError};
use crate::model::network::Subnet;
use crate::model::{Attachment, ContainerConfig, Network};
use crate::storage::digest;
use crate::sys::stamp::now;

/// The bridge of the default network.
const DEFAULT_INTERFACE: &str = "podman0";

impl Engine {
    /// Finds a network by its name, or by the beginning of its id where no other begins so.
    ///
    /// # Errors
    /// `NoSuch`, `Ambiguous`, or the database fails.
    pub fn network(&self, name: &str) -> Result<Network, EngineError> {
        if let Some(found) = self.network_named(name)? {
            return Ok(found);
        }
        let mut all = self.all_networks()?;
        all.retain(|network| !name.is_empty() && network.id.starts_with(name));
        match (all.pop(), all.is_empty()) {
            (Some(found), true) => Ok(found),
            (Some(_), false) => Err(NetworkError::Ambiguous { prefix: name.to_owned() }.into()),
            (None, _) => Err(NetworkError::NoSuch { name: name.to_owned() }.into()),
        }
    }

    /// The network of exactly this name, if there is one.
    pub(in crate::engine) fn network_named(&self, name: &str) -> Result<Option<Network>, EngineError> {
        if let Some(found) = self.db.network(name)? {
            return Ok(Some(found));
        }
        let conf = network_conf()?;
        Ok((name == conf.default_network).then(|| default_network(&conf)))
    }

    /// The networks that a container is joined to, with how it is.
    ///
    /// # Errors
    /// One of them is not there any more, or the database fails.
    pub fn networks_of<'a>(&self, config: &'a ContainerConfig) -> Result<Vec<(Network, &'a Attachment)>, EngineError> {
        let find = |attachment: &'a Attachment| {
            let name = &attachment.network;
            let found = self.network_named(name)?.ok_or_else(|| NetworkError::Vanished { name: name.clone() })?;
            Ok((found, attachment))
        };
        config.network.attachments().iter().map(find).collect()
    }

    /// Tells whether this is the name of the default network.
    pub(in crate::engine) fn is_default_network(&self, name: &str) -> Result<bool, EngineError> {
        Ok(network_conf()?.default_network == name)
    }

    /// Every network, by name.
    pub(in crate::engine) fn all_networks(&self) -> Result<Vec<Network>, EngineError> {
        let mut all = self.db.networks()?;
        let conf = network_conf()?;
        if all.iter().all(|network| network.name != conf.default_network) {
            all.push(default_network(&conf));
            all.sort_by(|one, two| one.name.cmp(&two.name));
        }
        Ok(all)
    }
}

/// What containers.conf says.
pub(in crate::engine) fn network_conf() -> Result<NetworkConf, NetworkError> {
    NetworkConf::load().map_err(|error| NetworkError::Conf(Box::new(error)))
}

/// The default network as it is as long as nobody has changed it: it needs no row.
fn default_network(conf: &NetworkConf) -> Network {
    Network {
        id: digest::of(conf.default_network.as_bytes()).hex().to_owned(),
        name: conf.default_network.clone(),
        interface: DEFAULT_INTERFACE.to_owned(),
        created_at: now(),
        subnets: vec![Subnet::new(conf.default_subnet)],
        ipv6: conf.default_subnet.addr().is_ipv6(),
        ..Network::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_network_has_podmans_id() {
        let network = default_network(&NetworkConf::default());
        assert_eq!(network.id, "2f259bab93aaaaa2542ba43ef33eb990d0999ee1b9924b557b7be53c0b7a1bb9");
        assert_eq!(network.subnets[0].gateway.to_string(), "10.88.0.1");
    }
}
