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

use crate::config::Paths;
use crate::config::containers::NetworkConf;
use crate::engine::{Engine, EngineError};
use crate::model::network::{IpNet, Ipv6Net, Subnet};
use crate::model::{Attachment, ContainerConfig, Network};
use crate::net::private;
use crate::storage::digest;
use crate::sys::stamp::now;
use std::net::Ipv6Addr;

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
        Ok((name == conf.default_network).then(|| self.default_network(&conf)))
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

    /// With IPv6 where the host has a way out for it, of which containers would otherwise have no use.
    fn default_network(&self, conf: &NetworkConf) -> Network {
        let v6 = conf.default_subnet.addr().is_ipv4() && private::has_ipv6();
        default_network(conf, v6.then(|| own_v6(&self.paths)))
    }

    /// Every network, by name.
    pub(in crate::engine) fn all_networks(&self) -> Result<Vec<Network>, EngineError> {
        let mut all = self.db.networks()?;
        let conf = network_conf()?;
        if all.iter().all(|network| network.name != conf.default_network) {
            all.push(self.default_network(&conf));
            all.sort_by(|one, two| one.name.cmp(&two.name));
        }
        Ok(all)
    }
}

/// A subnet of those that are local by definition (RFC 4193), always the same one for a user.
fn own_v6(paths: &Paths) -> IpNet {
    let digest = digest::of(format!("default network of {}", paths.data().display()).as_bytes());
    let global = digest.hex().get(..14).and_then(|digits| u128::from_str_radix(digits, 16).ok()).unwrap_or_default();
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::from_bits(0xfd << 120 | global << 64), 64))
}

/// What containers.conf says.
pub(in crate::engine) fn network_conf() -> Result<NetworkConf, NetworkError> {
    NetworkConf::load().map_err(|error| NetworkError::Conf(Box::new(error)))
}

/// The default network as it is as long as nobody has changed it: it needs no row. It has `v6` where there is a way out for that.
fn default_network(conf: &NetworkConf, v6: Option<IpNet>) -> Network {
    let mut subnets = vec![Subnet::new(conf.default_subnet)];
    subnets.extend(v6.map(Subnet::new));
    Network {
        id: digest::of(conf.default_network.as_bytes()).hex().to_owned(),
        name: conf.default_network.clone(),
        interface: DEFAULT_INTERFACE.to_owned(),
        created_at: now(),
        ipv6: subnets.iter().any(|subnet| subnet.net.addr().is_ipv6()),
        subnets,
        ..Network::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_network_has_podmans_id() {
        let network = default_network(&NetworkConf::default(), None);
        assert_eq!(network.id, "2f259bab93aaaaa2542ba43ef33eb990d0999ee1b9924b557b7be53c0b7a1bb9");
        assert_eq!(network.subnets[0].gateway.to_string(), "10.88.0.1");
    }

    #[test]
    fn every_user_has_an_ipv6_subnet_of_its_own() {
        let of = |data: &str| own_v6(&Paths::at(data.into(), "/run".into()));
        let (one, other) = (of("/home/a"), of("/home/b"));
        assert_eq!(one, of("/home/a"));
        assert_ne!(one, other);
        assert!(one.to_string().starts_with("fd") && one.prefix_len() == 64 && one == one.trunc(), "{one}");
        let network = default_network(&NetworkConf::default(), Some(one));
        assert!(network.ipv6 && network.subnets.len() == 2);
    }
}
