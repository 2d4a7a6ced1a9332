//! Which subnet and which bridge a new network gets where the user did not say.

use super::NetworkError;
use crate::config::containers::Pool;
use crate::model::Network;
use crate::model::network::{IpNet, Ipv6Net, overlap};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How often a random IPv6 subnet is drawn: of 2^56, so that only a host with routes to all of them needs a second draw.
const DRAWS: usize = 16;

/// The first subnet of the pools that overlaps with none of `taken`; for IPv6, where no pool has any, a random one out of those
/// that are local by definition (RFC 4193).
pub(super) fn subnet(pools: &[Pool], v6: bool, taken: &[IpNet], random: impl FnMut() -> [u8; 7]) -> Result<IpNet, NetworkError> {
    let mut pools = pools.iter().filter(|pool| pool.base.addr().is_ipv6() == v6).peekable();
    if v6 && pools.peek().is_none() {
        return local_v6(taken, random);
    }
    pools.find_map(|pool| free(pool, taken)).ok_or(NetworkError::NoSubnetLeft { family: if v6 { "IPv6" } else { "IPv4" } })
}

/// The name `podmanN` that no network has, neither as its own nor for its bridge.
pub(super) fn interface(networks: &[Network]) -> String {
    let is_free = |name: &String| networks.iter().all(|network| network.interface != *name && network.name != *name);
    (1u32..).map(|number| format!("podman{number}")).find(is_free).expect("there are fewer networks than numbers")
}

fn free(pool: &Pool, taken: &[IpNet]) -> Option<IpNet> {
    let base = pool.base.trunc();
    let mut candidate = IpNet::new(base.network(), pool.size).ok()?.trunc();
    while base.contains(&candidate) {
        let Some(holder) = taken.iter().find(|other| overlap(&candidate, other)) else { return Some(candidate) };
        // On to what comes after both: at most one step for each that is taken.
        let last = if holder.prefix_len() < candidate.prefix_len() { holder.broadcast() } else { candidate.broadcast() };
        candidate = IpNet::new(after(last)?, pool.size).ok()?.trunc();
    }
    None
}

fn after(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(v4) => v4.to_bits().checked_add(1).map(|bits| Ipv4Addr::from_bits(bits).into()),
        IpAddr::V6(v6) => v6.to_bits().checked_add(1).map(|bits| Ipv6Addr::from_bits(bits).into()),
    }
}

fn local_v6(taken: &[IpNet], mut random: impl FnMut() -> [u8; 7]) -> Result<IpNet, NetworkError> {
    for _ in 0..DRAWS {
        let mut octets = [0; 16];
        octets[0] = 0xfd;
        octets[1..8].copy_from_slice(&random());
        let candidate = IpNet::V6(Ipv6Net::new_assert(octets.into(), 64));
        if !taken.iter().any(|other| overlap(&candidate, other)) {
            return Ok(candidate);
        }
    }
    Err(NetworkError::NoSubnetLeft { family: "IPv6" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::containers::NetworkConf;

    fn nets(texts: &[&str]) -> Vec<IpNet> {
        texts.iter().map(|text| text.parse().expect("a subnet")).collect()
    }

    fn pool(base: &str, size: u8) -> Pool {
        Pool { base: base.parse().expect("a subnet"), size }
    }

    #[test]
    fn the_first_subnet_that_overlaps_nothing_is_taken() {
        let pools = NetworkConf::default().pools;
        for (taken, expected) in [
            (&[][..], "10.89.0.0/24"),
            (&["10.89.0.0/24", "10.89.1.0/24"], "10.89.2.0/24"),
            (&["10.89.1.0/24"], "10.89.0.0/24"),
            (&["10.89.0.77/32"], "10.89.1.0/24"),
            (&["10.89.0.0/16"], "10.90.0.0/24"),
            (&["10.88.0.0/14"], "10.92.0.0/24"),
            (&["10.0.0.0/9"], "10.128.0.0/24"),
            (&["10.0.0.0/9", "10.255.0.0/17"], "10.128.0.0/24"),
            (&["fd00::/8"], "10.89.0.0/24"),
        ] {
            let found = subnet(&pools, false, &nets(taken), || [0; 7]).expect("there is one");
            assert_eq!(found.to_string(), expected, "{taken:?}");
        }
        assert!(subnet(&pools, false, &nets(&["10.0.0.0/8"]), || [0; 7]).is_err());
        let high = [pool("255.255.255.0/24", 25)];
        let taken = nets(&["255.255.255.0/25"]);
        assert_eq!(subnet(&high, false, &taken, || [0; 7]).expect("one").to_string(), "255.255.255.128/25");
        assert!(subnet(&high, false, &nets(&["255.255.255.0/24"]), || [0; 7]).is_err());
    }

    #[test]
    fn ipv6_comes_from_its_pools_or_is_random() {
        let mut draws = [[1; 7], [2; 7]].into_iter().cycle();
        let mut draw = || draws.next().expect("endless");
        let first = subnet(&[], true, &[], &mut draw).expect("one");
        assert_eq!(first.to_string(), "fd01:101:101:101::/64");
        assert_eq!(subnet(&[], true, &nets(&["fd01:101:101:101::/64"]), draw).expect("one").to_string(), "fd02:202:202:202::/64");
        assert!(subnet(&[], true, &nets(&["fd00::/8"]), || [3; 7]).is_err());
        let pools = [pool("fd11::/60", 64)];
        assert_eq!(subnet(&pools, true, &nets(&["fd11::/64"]), || [0; 7]).expect("one").to_string(), "fd11:0:0:1::/64");
    }

    #[test]
    fn a_bridge_has_a_name_that_nothing_else_has() {
        let network = |name: &str, interface: &str| Network {
            name: name.to_owned(),
            interface: interface.to_owned(),
            ..Network::default()
        };
        assert_eq!(interface(&[network("podman", "podman0")]), "podman1");
        assert_eq!(interface(&[network("a", "podman1"), network("podman2", "br0")]), "podman3");
    }
}
