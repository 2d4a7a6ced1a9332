//! The containers that netd serves: their listeners, their names, their networks.

use super::dns::{Names, Place};
use super::inside::Inside;
use super::message::{Bound, Member, Refusal};
use super::ports::{self, Listener};
use super::relay::{Relay, Side, Target};
use crate::model::{ContainerId, Network, PortMapping, network, with_causes};
use crate::net::session::{bridge, firewall, host_address};
use crate::sys::netlink::Route;
use crate::sys::replace::replace;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How long a bridge stays that nobody uses: the next container of the network may come at once.
const UNUSED: Duration = Duration::from_secs(5);

/// How far a container is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Its names and ports are taken for as long as this connection is open.
    Starting {
        asker: u64,
    },
    Running,
}

/// A listener with the number by which the relay knows it.
type Numbered = (u64, Listener);

struct Kept {
    member: Member,
    stage: Stage,
    listeners: Vec<Numbered>,
    /// Those that somebody else had when netd came back.
    lost: Vec<Listener>,
}

pub(super) struct Members {
    /// `<run>/net/members`.
    folder: PathBuf,
    all: HashMap<ContainerId, Kept>,
    names: Names,
    relay: Relay,
    inside: Inside,
    route: Route,
    next_listener: u64,
    unused: BTreeMap<String, (Network, Instant)>,
    host: Option<Ipv4Addr>,
}

impl Members {
    /// `host` is the address of the host that N's rules have.
    pub(super) fn new(folder: PathBuf, names: Names, relay: Relay, inside: Inside, route: Route, host: Option<Ipv4Addr>) -> Self {
        let all = HashMap::new();
        Self { folder, all, names, relay, inside, route, next_listener: 0, unused: BTreeMap::new(), host }
    }

    pub(super) fn names(&mut self) -> &mut Names {
        &mut self.names
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(super) fn member(&self, id: &ContainerId) -> Option<&Member> {
        self.all.get(id).map(|kept| &kept.member)
    }

    pub(super) fn stage(&self, id: &ContainerId) -> Option<Stage> {
        self.all.get(id).map(|kept| kept.stage)
    }

    /// Takes a container in, or takes what has become of one that runs. Nothing has changed where this fails.
    pub(super) fn join(&mut self, member: Member, asker: u64) -> Result<(), Refusal> {
        let id = member.id.clone();
        if self.stage(&id).is_some_and(|stage| stage != Stage::Running) {
            self.remove(&id);
        }
        let listeners = self.take(&member).inspect_err(|_| {
            // Bridges may have been made already.
            self.publish_names();
            self.note_unused(&member);
        })?;
        let stage = self.stage(&id).unwrap_or(Stage::Starting { asker });
        self.put(member, stage, listeners, Vec::new());
        Ok(())
    }

    /// Makes and keeps what the container needs; its listeners.
    fn take(&mut self, member: &Member) -> Result<Vec<Numbered>, Refusal> {
        self.prepare(member)?;
        let (listeners, _) = self.listen(member, false)?;
        let written = serde_json::to_vec(member).map_err(io::Error::from);
        let written = written.and_then(|text| replace(&self.folder.join(member.id.as_str()), &text));
        if let Err(error) = written {
            self.close_others(&listeners, &member.id);
            return Err(Refusal::Network { network: name_of(member), reason: error.to_string() });
        }
        Ok(listeners)
    }

    /// Takes a container in that has been running while there was no netd. A port that somebody else has by now is lost.
    pub(super) fn adopt(&mut self, member: Member, stage: Stage) {
        // What cannot be had again is no reason to do without the rest.
        let _ = self.prepare(&member);
        let Ok((listeners, lost)) = self.listen(&member, true) else { return };
        self.put(member, stage, listeners, lost);
    }

    /// Its init is there.
    pub(super) fn set_running(&mut self, id: &ContainerId) {
        if let Some(kept) = self.all.get_mut(id) {
            kept.stage = Stage::Running;
        }
        self.publish_names();
    }

    /// Lets everything of a container go.
    pub(super) fn remove(&mut self, id: &ContainerId) {
        let Some(kept) = self.all.remove(id) else { return };
        self.relay.close(kept.listeners.iter().map(|(number, _)| *number).collect());
        let _ = std::fs::remove_file(self.folder.join(id.as_str()));
        self.publish_names();
        self.note_unused(&kept.member);
    }

    /// The ports that could not be had again.
    pub(super) fn lost(&self) -> Vec<Bound> {
        let one = |listener: &Listener| PortMapping {
            host_ip: Some(listener.address.ip()),
            host_port: listener.address.port(),
            container_port: listener.port,
            count: 1,
            protocol: listener.protocol,
        };
        let those = self.all.values().filter(|kept| !kept.lost.is_empty());
        those.map(|kept| Bound { container: kept.member.id.clone(), ports: kept.lost.iter().map(one).collect() }).collect()
    }

    /// Removes the bridges that nobody has used for a while; when to look again.
    pub(super) fn sweep(&mut self) -> Option<Duration> {
        let now = Instant::now();
        let old: Vec<String> = self
            .unused
            .iter()
            .filter(|(_, (_, since))| now.duration_since(*since) >= UNUSED)
            .map(|(name, _)| name.clone())
            .collect();
        for name in old {
            if let Some((network, _)) = self.unused.remove(&name) {
                let _ = bridge::remove(&self.route, &network);
            }
        }
        self.unused.values().map(|(_, since)| (*since + UNUSED).saturating_duration_since(now)).min()
    }

    /// The host may have another address than the last time, which stands for it in N.
    pub(super) fn follow_host(&mut self) {
        let host = host_address();
        if host != self.host {
            self.host = host;
            // A program is waited for, not by this thread. Where it fails the old address goes on to be the host's in N; the next
            // change is another chance.
            self.inside.later(move || drop(firewall::set_host(host)));
        }
    }

    fn put(&mut self, member: Member, stage: Stage, listeners: Vec<Numbered>, lost: Vec<Listener>) {
        let target = target(&member);
        let id = member.id.clone();
        let now: HashSet<u64> = listeners.iter().map(|(number, _)| *number).collect();
        if let Some(old) = self.all.insert(id, Kept { member, stage, listeners, lost }) {
            let (kept, gone) = old.listeners.iter().map(|(number, _)| *number).partition(|number| now.contains(number));
            self.relay.retarget(kept, target);
            self.relay.close(gone);
            self.note_unused(&old.member);
        }
        self.publish_names();
    }

    /// Makes what the container's networks need: bridges, the name service on them.
    fn prepare(&mut self, member: &Member) -> Result<(), Refusal> {
        for network in member.networks() {
            let fail = |reason: String| Refusal::Network { network: network.name.clone(), reason };
            if let Some((old, _)) = self.unused.remove(&network.interface)
                && !bridge::serves(&old, network)
            {
                bridge::remove(&self.route, &old).map_err(|error| fail(with_causes(&error)))?;
            }
            // Another one that waits to be removed may have the same addresses.
            let overlapping = self.unused.extract_if(.., |_, (old, _)| overlap(old, network));
            for (_, (old, _)) in overlapping {
                bridge::remove(&self.route, &old).map_err(|error| fail(with_causes(&error)))?;
            }
            bridge::ensure(&self.route, network).map_err(|error| fail(with_causes(&error)))?;
        }
        let networks = self.all.values().flat_map(|kept| kept.member.networks()).chain(member.networks());
        let places = places(networks);
        self.names.set_places(&places).map_err(|(network, error)| Refusal::Network {
            network,
            reason: format!("listen for questions about names: {error}"),
        })
    }

    /// Binds the container's ports; those that it has already stay as they are. With `some` those that can be had: the others come
    /// along.
    fn listen(&mut self, member: &Member, some: bool) -> Result<(Vec<Numbered>, Vec<Listener>), Refusal> {
        let target = target(member);
        let mut listeners: Vec<Numbered> = Vec::new();
        let mut lost = Vec::new();
        let own = self.all.get(&member.id).map(|kept| kept.listeners.as_slice()).unwrap_or_default();
        let own: HashMap<Listener, u64> = own.iter().map(|(number, listener)| (*listener, *number)).collect();
        for wanted in ports::listeners(&member.ports) {
            if let Some(number) = own.get(&wanted) {
                listeners.push((*number, wanted));
                continue;
            }
            let known = || {
                let others = self.all.values().filter(|kept| kept.listeners.iter().any(|(_, one)| ports::collide(one, &wanted)));
                others.map(|kept| format!("container {}", kept.member.name)).next()
            };
            match ports::bind(&wanted, known) {
                Ok(Some(socket)) => {
                    self.next_listener += 1;
                    self.relay.serve(self.next_listener, socket, ports::kind(wanted.protocol), wanted.port, target);
                    listeners.push((self.next_listener, wanted));
                }
                Ok(None) => {}
                Err(_) if some => lost.push(wanted),
                Err(refusal) => {
                    self.close_others(&listeners, &member.id);
                    return Err(refusal);
                }
            }
        }
        Ok((listeners, lost))
    }

    /// Closes the listeners that a failed attempt has made.
    fn close_others(&self, listeners: &[Numbered], id: &ContainerId) {
        let own = self.all.get(id).map(|kept| kept.listeners.as_slice()).unwrap_or_default();
        let own: HashSet<u64> = own.iter().map(|(number, _)| *number).collect();
        self.relay.close(listeners.iter().map(|(number, _)| *number).filter(|number| !own.contains(number)).collect());
    }

    /// The names of those that run are answered, at the networks that are in use.
    fn publish_names(&mut self) {
        let running = self.all.values().filter(|kept| kept.stage == Stage::Running).map(|kept| &kept.member);
        self.names.set_members(running);
        let places = places(self.all.values().flat_map(|kept| kept.member.networks()));
        // Only fewer than there were: this closes, and opens nothing.
        let _ = self.names.set_places(&places);
    }

    fn note_unused(&mut self, member: &Member) {
        for network in member.networks() {
            let used = self.all.values().any(|kept| kept.member.networks().any(|other| other.interface == network.interface));
            if !used {
                self.unused.insert(network.interface.clone(), (network.clone(), Instant::now()));
            }
        }
    }
}

/// Where names are answered for these networks.
fn places<'a>(networks: impl Iterator<Item = &'a Network>) -> Vec<Place> {
    let mut places = Vec::new();
    for network in networks.filter(|network| network.dns || !network.internal) {
        for subnet in &network.subnets {
            let place = Place { network: network.name.clone(), interface: network.interface.clone(), gateway: subnet.gateway };
            if !places.contains(&place) {
                places.push(place);
            }
        }
    }
    places
}

/// Where the ports of a container lead: for each family to its address in the network by which it has its way out, else in its
/// first one.
fn target(member: &Member) -> Target {
    let side = |v4: bool| {
        let mut sides = member.endpoints.iter().flat_map(|endpoint| {
            let network = &endpoint.network;
            endpoint.addresses.iter().filter(move |address| address.is_ipv4() == v4).filter_map(move |address: &IpAddr| {
                let subnet = network.subnet_of(*address)?;
                let (gateway, prefix) = (subnet.gateway, subnet.net.prefix_len());
                Some(Side { address: *address, gateway, prefix, answers_all: network.has_default_route() })
            })
        });
        let first = sides.next()?;
        Some(if first.answers_all { first } else { sides.find(|side| side.answers_all).unwrap_or(first) })
    };
    Target { v4: side(true), v6: side(false) }
}

fn overlap(one: &Network, other: &Network) -> bool {
    one.subnets.iter().any(|one| other.subnets.iter().any(|other| network::overlap(&one.net, &other.net)))
}

fn name_of(member: &Member) -> String {
    member.endpoints.first().map(|endpoint| endpoint.network.name.clone()).unwrap_or_default()
}
