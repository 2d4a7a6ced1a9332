//! Who has which name, by network; pure.

use crate::net::netd::message::Member;
use hickory_proto::rr::RecordType;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

/// The domain that every network answers for; containers search it first, so a container's name counts before the same name in a
/// domain of the host.
pub(crate) const DOMAIN: &str = "dns.podman";

/// What is known of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The container's addresses of the family that was asked for; empty where it has none of them.
    Addresses(Vec<IpAddr>),
    /// The name of an address.
    Name(String),
    /// Nobody has it, and nobody else is asked.
    Unknown,
    /// To be asked of these servers; of the host's where there are none.
    Elsewhere(Vec<IpAddr>),
}

/// All networks.
#[derive(Debug, Default)]
pub(super) struct Table {
    zones: HashMap<String, Zone>,
}

#[derive(Debug, Default)]
struct Zone {
    has_names: bool,
    internal: bool,
    servers: Vec<IpAddr>,
    subnets: Vec<crate::model::network::IpNet>,
    names: HashMap<String, Vec<IpAddr>>,
    reverse: HashMap<IpAddr, String>,
    clients: HashMap<IpAddr, Client>,
}

#[derive(Debug, Default)]
struct Client {
    networks: Vec<String>,
    servers: Vec<IpAddr>,
}

impl Table {
    /// Makes the table of these containers.
    pub(super) fn of<'a>(members: impl Iterator<Item = &'a Member>) -> Self {
        // By id, so that of two containers with one alias the order is the same each time.
        let members: BTreeMap<&str, &Member> = members.map(|member| (member.id.as_str(), member)).collect();
        let mut table = Self::default();
        for member in members.into_values() {
            let networks: Vec<String> = member.networks().map(|network| network.name.clone()).collect();
            for endpoint in &member.endpoints {
                let zone = table.zones.entry(endpoint.network.name.clone()).or_default();
                zone.has_names = endpoint.network.dns;
                zone.internal = endpoint.network.internal;
                zone.servers.clone_from(&endpoint.network.dns_servers);
                zone.subnets = endpoint.network.subnets.iter().map(|subnet| subnet.net).collect();
                for address in &endpoint.addresses {
                    zone.clients.insert(*address, Client { networks: networks.clone(), servers: member.name_servers.clone() });
                    if let Some(name) = endpoint.names.first() {
                        zone.reverse.insert(*address, name.to_ascii_lowercase());
                    }
                }
                for name in &endpoint.names {
                    let known = zone.names.entry(name.trim_end_matches('.').to_ascii_lowercase()).or_default();
                    let new: Vec<IpAddr> =
                        endpoint.addresses.iter().filter(|address| !known.contains(address)).copied().collect();
                    known.extend(new);
                }
            }
        }
        table
    }

    /// The address is one of a container, or could be.
    pub(super) fn is_inside(&self, address: IpAddr) -> bool {
        self.zones.values().any(|zone| zone.subnets.iter().any(|subnet| subnet.contains(&address)))
    }

    /// Looks a question up that `client` has asked at the gateway of `network`. `name` is in lower case, without the last dot.
    pub(super) fn ask(&self, network: &str, client: IpAddr, name: &str, kind: RecordType) -> Outcome {
        let Some(asked) = self.zones.get(network) else { return Outcome::Unknown };
        let who = asked.clients.get(&client);
        // The network that was asked first, then the others that the client is in.
        let others = who.into_iter().flat_map(|who| &who.networks).filter(|other| *other != network);
        let zones: Vec<&Zone> = std::iter::once(asked).chain(others.filter_map(|name| self.zones.get(name))).collect();
        let (bare, ours) = match name.strip_suffix(DOMAIN).map(|front| front.strip_suffix('.').or(front.is_empty().then_some("")))
        {
            Some(Some(bare)) => (bare, true),
            _ => (name, false),
        };
        for zone in zones.iter().filter(|zone| zone.has_names) {
            if let Some(addresses) = zone.names.get(bare) {
                let wanted = |address: &&IpAddr| match kind {
                    RecordType::A => address.is_ipv4(),
                    RecordType::AAAA => address.is_ipv6(),
                    _ => false,
                };
                return Outcome::Addresses(addresses.iter().filter(wanted).copied().collect());
            }
        }
        if kind == RecordType::PTR
            && let Some(address) = reversed(name)
        {
            for zone in zones.iter().filter(|zone| zone.has_names) {
                if let Some(name) = zone.reverse.get(&address) {
                    return Outcome::Name(name.clone());
                }
            }
            // An address of ours means nothing outside.
            if self.is_inside(address) {
                return Outcome::Unknown;
            }
        }
        // Somebody in an internal network and nowhere else gets no packet out, neither by way of us.
        if ours || zones.iter().all(|zone| zone.internal) {
            return Outcome::Unknown;
        }
        let own = who.map(|who| &who.servers).filter(|servers| !servers.is_empty());
        let of_network =
            || zones.iter().filter(|zone| !zone.internal).map(|zone| &zone.servers).find(|servers| !servers.is_empty());
        Outcome::Elsewhere(own.or_else(of_network).cloned().unwrap_or_default())
    }
}

/// The address in a name of `in-addr.arpa` or `ip6.arpa`.
fn reversed(name: &str) -> Option<IpAddr> {
    if let Some(digits) = name.strip_suffix(".in-addr.arpa") {
        let parts: Option<Vec<u8>> = digits.split('.').rev().map(|part| part.parse().ok()).collect();
        return Some(IpAddr::from(<[u8; 4]>::try_from(parts?).ok()?));
    }
    let digits = name.strip_suffix(".ip6.arpa")?;
    let mut address = 0u128;
    let mut count = 0;
    for digit in digits.split('.').rev() {
        address = address << 4 | u128::from(u8::from_str_radix(digit, 16).ok().filter(|_| digit.len() == 1)?);
        count += 1;
    }
    (count == 32).then(|| IpAddr::from(address.to_be_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::network::Subnet;
    use crate::model::{ContainerId, Network};
    use crate::net::netd::message::Endpoint;

    fn network(name: &str, subnet: &str) -> Network {
        let subnets = vec![Subnet::new(subnet.parse().expect("subnet"))];
        Network { name: name.to_owned(), subnets, dns: true, ..Network::default() }
    }

    fn member(digit: &str, endpoints: Vec<(Network, &[&str], &[&str])>) -> Member {
        let endpoints = endpoints.into_iter().map(|(network, addresses, names)| Endpoint {
            network,
            addresses: addresses.iter().map(|address| address.parse().expect("address")).collect(),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
        });
        Member {
            id: ContainerId::try_from(digit.repeat(64)).expect("id"),
            name: digit.to_owned(),
            folder: "/x".into(),
            endpoints: endpoints.collect(),
            ports: Vec::new(),
            name_servers: Vec::new(),
        }
    }

    fn table() -> Table {
        let blue = || network("blue", "10.89.0.0/24");
        let red = || network("red", "10.89.1.0/24");
        let closed = || Network { internal: true, ..network("closed", "10.89.2.0/24") };
        let plain = || Network { dns: false, ..network("podman", "10.88.0.0/16") };
        let members = [
            member("a", vec![(blue(), &["10.89.0.2", "fd00::2"], &["Web", "www"])]),
            member("b", vec![(blue(), &["10.89.0.3"], &["db", "www"]), (red(), &["10.89.1.3"], &["db"])]),
            member("c", vec![(red(), &["10.89.1.4"], &["only"])]),
            member("d", vec![(closed(), &["10.89.2.2"], &["shut"])]),
            member("e", vec![(plain(), &["10.88.0.2"], &["plain"])]),
            Member {
                name_servers: vec!["192.0.2.53".parse().expect("address")],
                ..member("f", vec![(red(), &["10.89.1.9"], &["own"])])
            },
        ];
        Table::of(members.iter())
    }

    #[test]
    fn names_are_those_of_the_networks_that_the_client_is_in() {
        let table = table();
        let (a, aaaa, ptr) = (RecordType::A, RecordType::AAAA, RecordType::PTR);
        for (network, client, name, kind, wanted) in [
            ("blue", "10.89.0.3", "web", a, "Addresses([10.89.0.2])"),
            ("blue", "10.89.0.3", "web", aaaa, "Addresses([fd00::2])"),
            ("blue", "10.89.0.3", "web.dns.podman", a, "Addresses([10.89.0.2])"),
            ("blue", "10.89.0.3", "web", RecordType::MX, "Addresses([])"),
            ("blue", "10.89.0.2", "db", aaaa, "Addresses([])"),
            ("blue", "10.89.0.2", "www", a, "Addresses([10.89.0.2, 10.89.0.3])"),
            // b is in red, too; a is not.
            ("blue", "10.89.0.3", "only", a, "Addresses([10.89.1.4])"),
            ("blue", "10.89.0.2", "only", a, "Elsewhere([])"),
            ("red", "10.89.1.4", "web", a, "Elsewhere([])"),
            ("red", "10.89.1.3", "web", a, "Addresses([10.89.0.2])"),
            ("blue", "10.89.0.2", "gone.dns.podman", a, "Unknown"),
            ("blue", "10.89.0.2", "dns.podman", a, "Unknown"),
            ("blue", "10.89.0.2", "xdns.podman", a, "Elsewhere([])"),
            ("blue", "10.89.0.2", "example.com", a, "Elsewhere([])"),
            ("red", "10.89.1.9", "example.com", a, "Elsewhere([192.0.2.53])"),
            ("closed", "10.89.2.2", "example.com", a, "Unknown"),
            ("closed", "10.89.2.2", "shut", a, "Addresses([10.89.2.2])"),
            ("podman", "10.88.0.2", "plain", a, "Elsewhere([])"),
            ("podman", "10.88.0.2", "web", a, "Elsewhere([])"),
            ("blue", "10.89.0.2", "3.0.89.10.in-addr.arpa", ptr, "Name(\"db\")"),
            ("blue", "10.89.0.2", "4.1.89.10.in-addr.arpa", ptr, "Unknown"),
            ("blue", "10.89.0.2", "1.2.0.192.in-addr.arpa", ptr, "Elsewhere([])"),
            ("blue", "10.89.0.2", &format!("2.{}0.0.d.f.ip6.arpa", "0.".repeat(27)), ptr, "Name(\"web\")"),
            ("none", "10.89.0.2", "web", a, "Unknown"),
        ] {
            let outcome = table.ask(network, client.parse().expect("client"), name, kind);
            assert_eq!(format!("{outcome:?}"), wanted, "{client} asks {network} for {name} {kind}");
        }
    }
}
