//! What a container has been given by a network.

use super::{IpNet, MacAddress};
use crate::model::ContainerId;

/// The addresses that a container has, or had last, in one network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The network's name.
    pub network: String,
    pub container: ContainerId,
    /// One for each subnet of the network, in that order, with the length of the subnet's prefix.
    pub addresses: Vec<IpNet>,
    pub mac: MacAddress,
}
