//! Subnets and the addresses in them.

use super::IpNet;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A range of addresses of a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subnet {
    /// Without host bits.
    pub net: IpNet,
    /// The bridge's own address, in the subnet. Containers of an internal network have no route by it.
    pub gateway: IpAddr,
    /// Containers get addresses out of this range only.
    pub lease_range: Option<LeaseRange>,
}

/// A part of a subnet, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseRange {
    pub start: IpAddr,
    pub end: IpAddr,
}

impl Subnet {
    /// A subnet whose gateway is the first address.
    #[must_use]
    pub fn new(net: IpNet) -> Self {
        let net = net.trunc();
        Self { net, gateway: following(net.network()), lease_range: None }
    }

    /// The first and the last address that a container may be given; the gateway may lie between.
    #[must_use]
    pub fn usable(&self) -> LeaseRange {
        let all = usable(&self.net);
        match self.lease_range {
            Some(range) => LeaseRange { start: range.start.max(all.start), end: range.end.min(all.end) },
            None => all,
        }
    }
}

/// The addresses of hosts: neither that of the subnet itself nor, for IPv4, the one for all. Of subnets with one or two addresses: all.
#[must_use]
fn usable(net: &IpNet) -> LeaseRange {
    let (first, last) = (net.network(), net.broadcast());
    if net.max_prefix_len() - net.prefix_len() < 2 {
        return LeaseRange { start: first, end: last };
    }
    let end = if net.addr().is_ipv4() { previous(last) } else { last };
    LeaseRange { start: following(first), end }
}

/// Tells whether two subnets have addresses in common.
#[must_use]
pub fn overlap(one: &IpNet, other: &IpNet) -> bool {
    one.contains(other) || other.contains(one)
}

/// The address after this one; the first of all after the last.
#[must_use]
pub fn following(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(v4) => Ipv4Addr::from_bits(v4.to_bits().wrapping_add(1)).into(),
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits().wrapping_add(1)).into(),
    }
}

fn previous(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(v4) => Ipv4Addr::from_bits(v4.to_bits().wrapping_sub(1)).into(),
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits().wrapping_sub(1)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn net(text: &str) -> IpNet {
        text.parse().expect("a subnet")
    }

    #[test]
    fn the_ends_of_a_subnet_are_not_for_hosts() {
        for (text, start, end) in [
            ("10.88.0.0/16", "10.88.0.1", "10.88.255.254"),
            ("10.0.0.0/30", "10.0.0.1", "10.0.0.2"),
            ("10.0.0.0/31", "10.0.0.0", "10.0.0.1"),
            ("fd00::/64", "fd00::1", "fd00::ffff:ffff:ffff:ffff"),
        ] {
            let range = usable(&net(text));
            assert_eq!((range.start.to_string(), range.end.to_string()), (start.to_owned(), end.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_range_is_cut_to_the_subnet() {
        let mut subnet = Subnet::new(net("10.1.2.9/24"));
        assert_eq!(subnet.net.to_string(), "10.1.2.0/24");
        assert_eq!(subnet.gateway.to_string(), "10.1.2.1");
        let address = |text: &str| text.parse().expect("an address");
        subnet.lease_range = Some(LeaseRange { start: address("10.1.2.128"), end: address("10.1.2.255") });
        assert_eq!(subnet.usable(), LeaseRange { start: address("10.1.2.128"), end: address("10.1.2.254") });
    }
}
