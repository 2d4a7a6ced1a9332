//! Published and exposed ports of a new container.

use super::ContainerError;
use super::create::CreateRequest;
use crate::model::{BadPort, Expose, ExposedPort, NetworkMode, PortMapping, Ports, Protocol};
use crate::sys::inet::{self, Kind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::OwnedFd;

/// What the user asks for; a host port of 0 is to be chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PortsRequest {
    pub publish: Vec<PortMapping>,
    pub expose: Vec<ExposedPort>,
    /// `-P`.
    pub publish_all: bool,
}

/// Why ports cannot be published.
#[derive(Debug, thiserror::Error)]
pub enum PortsError {
    #[error("the image exposes a port that is none")]
    Image(#[source] BadPort),
    #[error(
        "conflicting port mappings for host port {port} (protocol {protocol}): it leads to {first} and to {second} of the container"
    )]
    Conflict { port: u16, protocol: Protocol, first: u16, second: u16 },
    #[error(
        "cannot set port bindings on an existing container network namespace (publish them with the container that it belongs to)"
    )]
    Foreign,
    #[error("find a free port of the host")]
    NoFree(#[source] std::io::Error),
}

/// How often a free port is looked for that no other mapping of the container has.
const ATTEMPTS: usize = 64;

impl PortsRequest {
    /// Tells whether ports are asked for that a container without a network of its own cannot have: they are left out.
    #[must_use]
    pub fn is_discarded_by(&self, network: &NetworkMode) -> bool {
        (self.publish_all || !self.publish.is_empty()) && matches!(network, NetworkMode::Host | NetworkMode::None)
    }
}

/// Works out the ports of a container: what the image exposes comes in, free ports of the host are chosen.
pub(super) fn settle(request: &CreateRequest, network: &NetworkMode, image: &[String]) -> Result<Ports, ContainerError> {
    let wanted = &request.ports;
    let mut exposed = wanted.expose.clone();
    for text in image {
        match text.parse::<Expose>() {
            Ok(Expose(ports)) => exposed.extend(ports),
            // What nobody can publish may be named by an image all the same.
            Err(BadPort::Sctp) => {}
            Err(error) => return Err(PortsError::Image(error).into()),
        }
    }
    exposed.sort_unstable();
    exposed.dedup();
    let publishes = wanted.publish_all || !wanted.publish.is_empty();
    match network {
        NetworkMode::Container(_) | NetworkMode::Path(_) if publishes => return Err(PortsError::Foreign.into()),
        NetworkMode::Host | NetworkMode::None | NetworkMode::Container(_) | NetworkMode::Path(_) => {
            return Ok(Ports { published: Vec::new(), exposed, publish_all: false });
        }
        _ => {}
    }
    let mut asked = wanted.publish.clone();
    if wanted.publish_all {
        let is_asked = |port: &ExposedPort| {
            let leads = |mapping: &PortMapping| mapping.pairs().any(|(_, inside)| inside == port.port);
            wanted.publish.iter().any(|mapping| mapping.protocol == port.protocol && leads(mapping))
        };
        asked.extend(exposed.iter().filter(|port| !is_asked(port)).map(|port| PortMapping {
            host_ip: None,
            host_port: 0,
            container_port: port.port,
            count: 1,
            protocol: port.protocol,
        }));
    }
    Ok(Ports { published: assign(asked)?, exposed, publish_all: wanted.publish_all })
}

/// Gives each mapping without a port of the host one, and looks for contradictions.
fn assign(asked: Vec<PortMapping>) -> Result<Vec<PortMapping>, PortsError> {
    let (open, mut done): (Vec<_>, Vec<_>) = asked.into_iter().partition(|mapping| mapping.host_port == 0);
    check(&done)?;
    let mut distinct: Vec<PortMapping> = Vec::with_capacity(done.len());
    for mapping in done.drain(..) {
        if !distinct.contains(&mapping) {
            distinct.push(mapping);
        }
    }
    // Held until all are chosen, so that none is chosen twice.
    let mut held = Vec::new();
    for mapping in open {
        for (_, container_port) in mapping.pairs() {
            let host_port = free_port(&mapping, &distinct, &mut held).map_err(PortsError::NoFree)?;
            distinct.push(PortMapping { host_port, container_port, count: 1, ..mapping.clone() });
        }
    }
    Ok(distinct)
}

/// A port that is free at the mapping's address.
fn free_port(mapping: &PortMapping, others: &[PortMapping], held: &mut Vec<OwnedFd>) -> std::io::Result<u16> {
    let kind = match mapping.protocol {
        Protocol::Tcp => Kind::Stream,
        Protocol::Udp => Kind::Datagram,
    };
    let first = mapping.host_ip.unwrap_or(Ipv4Addr::UNSPECIFIED.into());
    let mut last = std::io::Error::from(std::io::ErrorKind::AddrInUse);
    for _ in 0..ATTEMPTS {
        let socket = inet::server(SocketAddr::new(first, 0), kind)?;
        let port = SocketAddr::try_from(rustix::net::getsockname(&socket)?).map_or(0, |address| address.port());
        let taken = others.iter().any(|other| other.protocol == mapping.protocol && other.pairs().any(|(host, _)| host == port));
        held.push(socket);
        if taken || port == 0 {
            continue;
        }
        if mapping.host_ip.is_none() {
            match inet::server(SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), port), kind) {
                Ok(socket) => held.push(socket),
                Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
                    last = error;
                    continue;
                }
                // The host has no IPv6.
                Err(_) => {}
            }
        }
        return Ok(port);
    }
    Err(last)
}

/// No port of the host may lead to two ports of the container.
fn check(mappings: &[PortMapping]) -> Result<(), PortsError> {
    for (at, one) in mappings.iter().enumerate() {
        for other in &mappings[at + 1..] {
            let same_place = one.protocol == other.protocol
                && match (one.host_ip, other.host_ip) {
                    (Some(a), Some(b)) => a == b || a.is_ipv4() == b.is_ipv4() && (a.is_unspecified() || b.is_unspecified()),
                    _ => true,
                };
            if !same_place || one == other {
                continue;
            }
            let start = one.host_port.max(other.host_port);
            let end = (u32::from(one.host_port) + u32::from(one.count)).min(u32::from(other.host_port) + u32::from(other.count));
            if u32::from(start) < end {
                let leads = |mapping: &PortMapping| mapping.container_port.saturating_add(start - mapping.host_port);
                let (first, second) = (leads(one), leads(other));
                return Err(PortsError::Conflict { port: start, protocol: one.protocol, first, second });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Publish;

    fn request(publish: &[&str], expose: &[&str], publish_all: bool) -> CreateRequest {
        let publish = publish.iter().flat_map(|text| text.parse::<Publish>().expect("ports").0).collect();
        let expose = expose.iter().flat_map(|text| text.parse::<Expose>().expect("ports").0).collect();
        CreateRequest { ports: PortsRequest { publish, expose, publish_all }, ..CreateRequest::default() }
    }

    const BRIDGE: NetworkMode = NetworkMode::Private;

    #[test]
    fn one_port_of_the_host_leads_to_one_port_of_the_container() {
        for (publish, wanted) in [
            (&["8080:80", "8080:81"][..], Some("8080 (protocol tcp): it leads to 80 and to 81")),
            (&["8080-8090:80-90", "8085:1"], Some("8085 (protocol tcp): it leads to 85 and to 1")),
            (&["127.0.0.1:8080:80", "8080:80"], Some("8080 (protocol tcp)")),
            (&["127.0.0.1:8080:80", "127.0.0.2:8080:81"], None),
            (&["127.0.0.1:8080:80", "[::1]:8080:81"], None),
            (&["8080:80", "8080:80/udp"], None),
            (&["8080:80", "8081:80"], None),
        ] {
            let done = settle(&request(publish, &[], false), &BRIDGE, &[]);
            match (done, wanted) {
                (Ok(_), None) => {}
                (Err(error), Some(part)) => assert!(error.to_string().contains(part), "{error}"),
                other => panic!("{publish:?}: {other:?}"),
            }
        }
        let twice = settle(&request(&["8080:80", "8080:80"], &[], false), &BRIDGE, &[]).expect("the same twice");
        assert_eq!(twice.published.len(), 1);
    }

    #[test]
    fn free_ports_are_chosen_for_those_without_one_and_for_all_that_are_exposed() {
        let image = ["80/tcp".to_owned(), "53/udp".to_owned(), "9/sctp".to_owned()];
        let ports = settle(&request(&["8080:80", "127.0.0.1::90-91"], &["81"], true), &BRIDGE, &image).expect("ports");
        let mut shown: Vec<String> =
            ports.published.iter().map(|one| format!("{}/{}", one.container_port, one.protocol)).collect();
        shown.sort();
        assert_eq!(shown, ["53/udp", "80/tcp", "81/tcp", "90/tcp", "91/tcp"]);
        assert!(ports.published.iter().all(|one| one.host_port > 0 && one.count == 1));
        assert_eq!(ports.exposed.len(), 3);
        assert!(settle(&request(&[], &[], false), &BRIDGE, &["x".to_owned()]).is_err());
    }

    #[test]
    fn without_a_network_of_its_own_a_container_publishes_nothing() {
        let wanted = request(&["8080:80"], &[], false);
        assert_eq!(settle(&wanted, &NetworkMode::Host, &[]).expect("left out").published, []);
        assert!(wanted.ports.is_discarded_by(&NetworkMode::None));
        assert!(settle(&wanted, &NetworkMode::Path("/x".into()), &[]).is_err());
    }
}
