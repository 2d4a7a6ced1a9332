//! What a container needs of its networks when it starts: addresses, its place at netd, and what its interfaces are made with.

use super::NetworkError;
use crate::engine::{Engine, EngineError};
use crate::model::network::Subnet;
use crate::model::{Attachment, ContainerConfig, Lease, Network};
use crate::net::netd::client::{self, ClientError, Joined};
use crate::net::netd::message::{Endpoint, Member, Refusal};
use crate::net::session::{self, bridge};
use crate::runtime::interfaces::{Interface, Wires};
use crate::sys::netlink::{NewPair, NewRoute, Route};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::PathBuf;

/// The metric of a container's routes for which none was chosen (netavark's).
const METRIC: u32 = 100;

/// A container's place in its networks.
#[derive(Debug)]
pub(in crate::engine) struct Plugged {
    pub interfaces: Vec<Interface>,
    pub wires: Wires,
    /// What the container's monitor keeps open.
    pub keep: Vec<OwnedFd>,
    pub names: Surroundings,
    /// What the user is to be told.
    pub note: Option<String>,
}

/// What a container's files say about its networks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::engine) struct Surroundings {
    /// Its own addresses.
    pub own: Vec<IpAddr>,
    /// Who is asked for names.
    pub name_servers: Vec<IpAddr>,
    /// Containers find each other by name.
    pub by_name: bool,
    /// At which address it reaches the host.
    pub host: Option<IpAddr>,
}

/// One network of a container that starts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub network: &'a Network,
    pub attachment: &'a Attachment,
    pub lease: &'a Lease,
}

impl Place<'_> {
    /// The subnets in which the container has an address: one that runs keeps what it has when the default network gets IPv6.
    fn subnets(&self) -> impl Iterator<Item = &Subnet> {
        let has = |subnet: &&Subnet| self.lease.addresses.iter().any(|address| subnet.net.contains(&address.addr()));
        self.network.subnets.iter().filter(has)
    }
}

impl Engine {
    /// Gives a container that starts its addresses and its place at netd, which is started where needed. The container's folder is
    /// locked.
    ///
    /// # Errors
    /// A network or an address cannot be had, a port is taken, or netd cannot work here.
    pub(in crate::engine) fn plug(&mut self, config: &ContainerConfig) -> Result<Plugged, EngineError> {
        let networks = self.networks_of(config)?;
        let leases = self.take_addresses(config, &networks)?;
        let places: Vec<Place<'_>> =
            networks.iter().zip(&leases).map(|((network, attachment), lease)| Place { network, attachment, lease }).collect();
        let Joined { namespace, route, hand, hold, no_way_out } = self.join(config, &places)?;
        let route = Route::from_socket(route);
        let interfaces = interfaces(&route, &places)?;
        let wants_out = places.iter().any(|place| place.network.has_default_route());
        let note = no_way_out.filter(|_| wants_out);
        let note = note.map(|reason| format!("the container reaches other containers, but nothing outside: {reason}"));
        let announce = move |init: BorrowedFd<'_>| announced(hold.running(init)).map_err(|error| error.to_string());
        let wires = Wires { route, announce: Box::new(announce) };
        Ok(Plugged { interfaces, wires, keep: vec![namespace, hand], names: surroundings(&places), note })
    }

    /// Has netd take the container in, in these networks.
    pub(super) fn join(&self, config: &ContainerConfig, places: &[Place<'_>]) -> Result<Joined, EngineError> {
        let member = member(config, self.paths.container(&config.id), places);
        Ok(client::join(&self.paths, member).map_err(NetworkError::Helper)?)
    }

    /// Tells whether a container can have a user-mode stack of its own instead of its networks, where those cannot be had on this machine: it
    /// has but the default one, and nobody can tell the difference but by the address.
    pub(in crate::engine) fn can_do_without(config: &ContainerConfig, error: &EngineError) -> bool {
        let [attachment] = config.network.attachments() else { return false };
        let plain = Attachment { interface: String::new(), ..attachment.clone() } == Attachment::to(&attachment.network);
        let EngineError::Network(NetworkError::Helper(error)) = error else { return false };
        let unable = matches!(error, ClientError::Reported { .. } | ClientError::Refused(Refusal::Network { .. }));
        let is_default = super::network_conf().is_ok_and(|conf| conf.default_network == attachment.network);
        plain && unable && is_default
    }
}

/// netd may have been killed since it has answered. It has written down what it was told, and who starts it next finds the container
/// by its record.
pub(super) fn announced(told: Result<(), ClientError>) -> Result<(), ClientError> {
    match told {
        Err(ClientError::Gone | ClientError::Ask(_)) => Ok(()),
        told => told,
    }
}

fn member(config: &ContainerConfig, folder: PathBuf, places: &[Place<'_>]) -> Member {
    let endpoints = places.iter().map(|place| {
        let mut names = vec![config.name.clone(), config.id.short().to_owned(), config.hostname.clone()];
        names.extend(place.attachment.aliases.iter().cloned());
        Endpoint {
            network: place.network.clone(),
            addresses: place.lease.addresses.iter().map(ipnet::IpNet::addr).collect(),
            names,
        }
    });
    Member {
        id: config.id.clone(),
        name: config.name.clone(),
        folder,
        endpoints: endpoints.collect(),
        ports: config.ports.published.clone(),
        name_servers: config.settings.names.dns.clone(),
    }
}

/// What the interfaces are made of. The bridges are there.
pub(super) fn interfaces(route: &Route, places: &[Place<'_>]) -> Result<Vec<Interface>, EngineError> {
    let mut taken = Vec::new();
    places.iter().map(|place| interface(route, place, &mut taken)).collect()
}

/// One interface; `taken` are the families and metrics for which there is a default route by now.
fn interface(route: &Route, place: &Place<'_>, taken: &mut Vec<(bool, u32)>) -> Result<Interface, EngineError> {
    let Place { network, attachment, lease } = place;
    let fail = |source| NetworkError::Bridge { name: network.name.clone(), source };
    let bridge = route.index_of(&network.interface).map_err(fail)?;
    let bridge = bridge.ok_or_else(|| fail(std::io::ErrorKind::NotFound.into()))?;
    let chosen = &attachment.options;
    let pair = NewPair {
        bridge,
        near: chosen.get("host_interface_name").cloned(),
        name: attachment.interface.clone(),
        mac: lease.mac.bytes(),
        mtu: chosen.get("mtu").and_then(|mtu| mtu.parse().ok()).unwrap_or_else(|| bridge::mtu(network)),
    };
    let mut routes = Vec::new();
    if network.has_default_route() {
        let metric = network.metric().unwrap_or(METRIC);
        for Subnet { gateway, .. } in place.subnets() {
            let key = (gateway.is_ipv6(), metric);
            if !taken.contains(&key) {
                taken.push(key);
                routes.push(NewRoute { to: everywhere(*gateway), via: Some(*gateway), metric });
            }
        }
    }
    routes.extend(network.routes.iter().map(|route| NewRoute {
        to: (route.destination.network(), route.destination.prefix_len()),
        via: Some(route.gateway),
        metric: route.metric.unwrap_or(METRIC),
    }));
    let addresses = lease.addresses.iter().map(|net| (net.addr(), net.prefix_len())).collect();
    Ok(Interface { pair, addresses, routes })
}

fn everywhere(like: IpAddr) -> (IpAddr, u8) {
    let any = if like.is_ipv6() { Ipv6Addr::UNSPECIFIED.into() } else { Ipv4Addr::UNSPECIFIED.into() };
    (any, 0)
}

/// What the files say: netd answers on the gateways' addresses, in every network.
pub(super) fn surroundings(places: &[Place<'_>]) -> Surroundings {
    let gateways = places.iter().flat_map(|place| place.subnets().map(|subnet| subnet.gateway));
    let reaches_host = places.iter().any(|place| place.network.has_default_route() && has_v4(place.network));
    Surroundings {
        own: places.iter().flat_map(|place| place.lease.addresses.iter().map(ipnet::IpNet::addr)).collect(),
        name_servers: gateways.collect(),
        by_name: places.iter().any(|place| place.network.dns),
        host: reaches_host.then_some(IpAddr::V4(session::HOST)),
    }
}

fn has_v4(network: &Network) -> bool {
    network.subnets.iter().any(|subnet| subnet.gateway.is_ipv4())
}
