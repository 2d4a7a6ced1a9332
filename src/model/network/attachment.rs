//! One network of a container.

use super::MacAddress;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// How a container is joined to one network. A field that an older row does not have gets its default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Attachment {
    /// The network's name, whole: not a part of its id.
    pub network: String,
    /// Names by which others of the network find the container, beside its own.
    pub aliases: Vec<String>,
    /// Fixed addresses: at most one for each subnet of the network.
    pub addresses: Vec<IpAddr>,
    pub mac: Option<MacAddress>,
    /// The name of the interface in the container. Set in every stored configuration.
    pub interface: String,
    /// Options of the driver for this container: `host_interface_name` and `mtu`.
    pub options: BTreeMap<String, String>,
}

impl Attachment {
    /// Joins a network with nothing chosen.
    #[must_use]
    pub fn to(network: impl Into<String>) -> Self {
        Self { network: network.into(), ..Self::default() }
    }
}
