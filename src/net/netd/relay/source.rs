//! Where a connection goes, and whom the container sees.

use std::net::{IpAddr, SocketAddr};

/// One address of a container that published ports lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Side {
    pub(crate) address: IpAddr,
    /// The bridge's own address: who comes from an address that the container cannot answer comes from here.
    pub(crate) gateway: IpAddr,
    /// The length of the prefix of the subnet.
    pub(crate) prefix: u8,
    /// The container has a way to any address by this network.
    pub(crate) answers_all: bool,
}

/// Where the ports of a container lead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) v4: Option<Side>,
    pub(crate) v6: Option<Side>,
}

/// How a connection to the container is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Path {
    pub(super) to: SocketAddr,
    /// Port 0: any.
    pub(super) from: SocketAddr,
    /// `from` is the client itself, no address of ours.
    pub(super) kept: bool,
}

impl Target {
    /// The way from a client to the container's `port`; nothing where the container has no address.
    pub(super) fn path(&self, client: SocketAddr, port: u16) -> Option<Path> {
        let (own, other) = if client.is_ipv4() { (self.v4, self.v6) } else { (self.v6, self.v4) };
        let side = own.or(other)?;
        let kept = own.is_some() && side.answers_all && is_remote(client.ip()) && !side.has(client.ip());
        let from = if kept { SocketAddr::new(client.ip(), client.port()) } else { SocketAddr::new(side.gateway, 0) };
        Some(Path { to: SocketAddr::new(side.address, port), from, kept })
    }

    /// The way for a client of IPv6 where nobody listens at the container's IPv6 address: many programs listen at `0.0.0.0` alone, and
    /// `localhost` means `::1` first. For connections; of datagrams nobody tells in time.
    pub(super) fn path_by_v4(&self, client: SocketAddr, port: u16) -> Option<Path> {
        let side = self.v4.filter(|_| client.is_ipv6() && self.v6.is_some())?;
        Some(Path { to: SocketAddr::new(side.address, port), from: SocketAddr::new(side.gateway, 0), kept: false })
    }
}

impl Side {
    /// The address lies in the subnet: the container would look for it on its own link.
    fn has(&self, address: IpAddr) -> bool {
        let same = |own: u128, other: u128, bits: u32| {
            let shift = bits.saturating_sub(u32::from(self.prefix));
            own.checked_shr(shift).unwrap_or(0) == other.checked_shr(shift).unwrap_or(0)
        };
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => same(own.to_bits().into(), other.to_bits().into(), 32),
            (IpAddr::V6(own), IpAddr::V6(other)) => same(own.to_bits(), other.to_bits(), 128),
            _ => false,
        }
    }
}

/// An address that means the same host wherever it is seen: no loopback (never to be taken for the container's own one), none
/// that is for one link only.
fn is_remote(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            !(v4.is_loopback() || v4.is_unspecified() || v4.is_multicast() || v4.is_broadcast() || v4.is_link_local())
        }
        IpAddr::V6(v6) => {
            !(v6.is_loopback() || v6.is_unspecified() || v6.is_multicast() || v6.is_unicast_link_local())
                && v6.to_ipv4_mapped().is_none()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(address: &str, gateway: &str, prefix: u8) -> Side {
        Side { address: address.parse().expect("address"), gateway: gateway.parse().expect("gateway"), prefix, answers_all: true }
    }

    #[test]
    fn the_container_sees_the_client_where_it_can_answer_it_and_else_the_gateway() {
        let v4 = Some(side("10.88.0.2", "10.88.0.1", 16));
        let v6 = Some(side("fd00::2", "fd00::1", 64));
        let closed = v4.map(|side| Side { answers_all: false, ..side });
        for (v4, v6, client, wanted) in [
            (v4, v6, "192.0.2.7:4000", "10.88.0.2:80 from 192.0.2.7:4000"),
            (v4, v6, "127.0.0.1:4000", "10.88.0.2:80 from 10.88.0.1:0"),
            (v4, v6, "127.8.0.1:4000", "10.88.0.2:80 from 10.88.0.1:0"),
            (v4, v6, "10.88.9.9:4000", "10.88.0.2:80 from 10.88.0.1:0"),
            (v4, v6, "10.89.9.9:4000", "10.88.0.2:80 from 10.89.9.9:4000"),
            (v4, v6, "169.254.1.1:4000", "10.88.0.2:80 from 10.88.0.1:0"),
            (v4, v6, "[2001:db8::7]:4000", "[fd00::2]:80 from [2001:db8::7]:4000"),
            (v4, v6, "[::1]:4000", "[fd00::2]:80 from [fd00::1]:0"),
            (v4, v6, "[fe80::1]:4000", "[fd00::2]:80 from [fd00::1]:0"),
            (v4, v6, "[fd00::9]:4000", "[fd00::2]:80 from [fd00::1]:0"),
            (v4, None, "[2001:db8::7]:4000", "10.88.0.2:80 from 10.88.0.1:0"),
            (None, v6, "192.0.2.7:4000", "[fd00::2]:80 from [fd00::1]:0"),
            (closed, None, "192.0.2.7:4000", "10.88.0.2:80 from 10.88.0.1:0"),
        ] {
            let path = Target { v4, v6 }.path(client.parse().expect("client"), 80).expect("a way");
            assert_eq!(format!("{} from {}", path.to, path.from), wanted, "{client}");
            assert_eq!(path.kept, path.from.port() != 0);
        }
        let by_v4 = |v4, v6, client: &str| Target { v4, v6 }.path_by_v4(client.parse().expect("client"), 80);
        let path = by_v4(v4, v6, "[2001:db8::7]:4000").expect("another way");
        assert_eq!(format!("{} from {}", path.to, path.from), "10.88.0.2:80 from 10.88.0.1:0");
        for (v4, v6, client) in [(v4, v6, "192.0.2.7:1"), (v4, None, "[::1]:1"), (None, v6, "[::1]:1")] {
            assert_eq!(by_v4(v4, v6, client), None, "{client}");
        }
        assert_eq!(Target::default().path("192.0.2.7:1".parse().expect("client"), 80), None);
    }
}
