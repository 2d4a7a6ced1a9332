//! Bridges in N, one for each network that is in use.

use super::groups;
use crate::model::Network;
use crate::net::NetError;
use crate::sys::netlink::{Link, NewBridge, Route};
use std::io;
use std::net::IpAddr;

/// What pasta and slirp4netns have: packets between containers and to the host stay whole.
pub const MTU: u32 = 65520;

/// Returns the index of the network's bridge, which is made where it is missing, with the addresses of the gateways.
///
/// A bridge that is there but has not all its addresses (its maker was killed) is made anew. To be called by one process at a time.
///
/// # Errors
/// The kernel has no bridges, or refuses an address.
pub fn ensure(route: &Route, network: &Network) -> Result<u32, NetError> {
    let fail = |source| NetError::Bridge { network: network.name.clone(), source };
    let addresses: Vec<(IpAddr, u8)> = network.subnets.iter().map(|subnet| (subnet.gateway, subnet.net.prefix_len())).collect();
    if let Some(Link { index, group: found }) = route.link(&network.interface).map_err(fail)? {
        // The group is given at the very end.
        if found == group(network) {
            // The default network may have got IPv6 since.
            route.add_missing_addresses(index, &addresses).map_err(fail)?;
            return Ok(index);
        }
        route.remove(index).map_err(fail)?;
    }
    let mac = mac(network);
    let bridge = NewBridge { name: network.interface.clone(), mac, mtu: mtu(network) };
    route.add_bridge(&bridge).map_err(fail)?;
    let index = route.index_of(&network.interface).map_err(fail)?.ok_or_else(|| fail(io::ErrorKind::NotFound.into()))?;
    route.configure(index, &addresses, &[]).map_err(fail)?;
    route.set_group(index, group(network)).map_err(fail)?;
    Ok(index)
}

/// Removes the network's bridge, where there is one.
///
/// # Errors
/// The kernel refuses.
pub fn remove(route: &Route, network: &Network) -> Result<(), NetError> {
    let fail = |source| NetError::Bridge { network: network.name.clone(), source };
    match route.index_of(&network.interface).map_err(fail)? {
        Some(index) => route.remove(index).map_err(fail),
        None => Ok(()),
    }
}

/// Tells whether the bridge of one network serves the other, too: the same one, of which the default one may have got IPv6 since.
#[must_use]
pub fn serves(old: &Network, new: &Network) -> bool {
    old.id == new.id && old.internal == new.internal && mtu(old) == mtu(new)
}

/// The MTU of a network's interfaces, bytes.
#[must_use]
pub fn mtu(network: &Network) -> u32 {
    network.mtu().unwrap_or(MTU)
}

fn group(network: &Network) -> u32 {
    if network.internal { groups::INTERNAL } else { groups::OPEN }
}

/// The bridge's own address: the same each time, or containers would have to learn it anew with each port that comes and goes.
fn mac(network: &Network) -> [u8; 6] {
    let mut mac: [u8; 6] = [0x02, 0x63, 0, 0, 0, 0];
    for (at, byte) in network.id.bytes().enumerate() {
        mac[2 + at % 4] = mac[2 + at % 4].rotate_left(3) ^ byte;
    }
    mac
}
