//! What a command says to netd, and what comes back: one JSON text a packet.

use crate::model::{ContainerId, Network, PortMapping};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::path::PathBuf;

/// The longest packet that is taken. A container has some dozen names, addresses and ports; ranges of ports are one entry.
pub(super) const PACKET_BYTES: usize = 128 << 10;

/// What a command asks for.
#[derive(Debug, Serialize, Deserialize)]
pub enum Request {
    /// A container is about to be started, or to be joined to other networks. Answered with [`Answer::Joined`] when the bridges
    /// are there and the ports are bound.
    Join(Member),
    /// Init of the container of this connection's `Join` is there; its pidfd comes along. Answered with [`Answer::Done`].
    Running,
    /// The container is to be no longer known, though it may run. Answered with [`Answer::Done`], also where it is not known.
    Withdraw(ContainerId),
    /// Which ports are not served though they are published. Answered with [`Answer::Ports`].
    Ports,
    /// Nothing; answered with [`Answer::Done`].
    Ping,
}

/// What netd answers.
#[derive(Debug, Serialize, Deserialize)]
pub enum Answer {
    /// With three descriptors: N, a NETLINK_ROUTE socket made in N, the hand that keeps the way out. Without a way out: why.
    Joined {
        no_way_out: Option<String>,
    },
    Done,
    /// The ports of running containers that somebody else had when netd came back, one place of the host each.
    Ports {
        lost: Vec<Bound>,
    },
    Refused(Refusal),
}

/// The ports of one container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound {
    pub container: ContainerId,
    pub ports: Vec<PortMapping>,
}

/// A container as netd knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub id: ContainerId,
    /// For messages; the names that are answered are those of the endpoints.
    pub name: String,
    /// `containers/<id>`, absolute: `run.json` in it says whether the container runs.
    pub folder: PathBuf,
    /// In the order in which the container is joined to them. The published ports of a family lead to the first one with a default
    /// route, else to the first one.
    pub endpoints: Vec<Endpoint>,
    pub ports: Vec<PortMapping>,
    /// `--dns`: asked in place of the networks' and the host's name servers.
    pub name_servers: Vec<IpAddr>,
}

/// One network of a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// The whole network: netd makes its bridge where it is missing.
    pub network: Network,
    /// The container's addresses in it, at most one for each subnet.
    pub addresses: Vec<IpAddr>,
    /// By these the members of the network find the container: name, short id, host name, aliases. Used where the network has
    /// `dns`.
    pub names: Vec<String>,
}

/// Why netd did not do it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Refusal {
    #[error("port {address}/{protocol} of the host is taken{}", by(owner))]
    PortTaken { address: String, protocol: String, owner: Option<String> },
    #[error(
        "port {port} of the host is for root only (sudo sysctl net.ipv4.ip_unprivileged_port_start={port} lets users have it, or take one from {first} on)"
    )]
    PortForRoot { port: u16, first: u16 },
    #[error("the host has no address {address} to publish a port at")]
    NoSuchAddress { address: String },
    #[error("publish port {address}/{protocol}: {reason}")]
    Port { address: String, protocol: String, reason: String },
    #[error("set the network {network} up: {reason}")]
    Network { network: String, reason: String },
    #[error("the message makes no sense to netd: {reason}")]
    Misunderstood { reason: String },
    #[error(
        "the container {container} was started without a network and cannot join one while it runs (restart it, then connect it; or connect it while it is stopped)"
    )]
    Homeless { container: String },
    #[error("the container has ended")]
    Ended,
}

fn by(owner: &Option<String>) -> String {
    owner.as_ref().map_or_else(String::new, |owner| format!(" by {owner}"))
}

impl Member {
    /// The networks that the container is in.
    pub fn networks(&self) -> impl Iterator<Item = &Network> {
        self.endpoints.iter().map(|endpoint| &endpoint.network)
    }
}
