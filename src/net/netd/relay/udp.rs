//! Datagrams from clients to a container and back.
//!
//! UDP knows no connections, so a *flow* stands for one: a client's address and port, and the address of ours that it wrote to. It
//! has a connected socket in N, bound to the client's address, and ends when nothing has passed for a while.

use super::source::{Path, Target};
use crate::sys::inet::{self, Beside, Kind};
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

/// A flow without an answer, and one with (as the kernel's own connection tracking has it).
const UNANSWERED: Duration = Duration::from_secs(30);
const ANSWERED: Duration = Duration::from_secs(120);

/// How many flows one client address may have at one port; the one that was quiet the longest makes room.
const OF_CLIENT: usize = 512;

/// How many datagrams are moved before others have their turn.
pub(super) const TURNS: usize = 64;

/// The largest datagram.
pub(super) const DATAGRAM_BYTES: usize = 65_535;

/// Which flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) client: SocketAddr,
    /// The own address that the client wrote to; the answer comes from it.
    pub(super) own: Option<IpAddr>,
}

#[derive(Debug)]
pub(super) struct Flow {
    pub(super) socket: OwnedFd,
    pub(super) key: Key,
    /// The service it belongs to.
    pub(super) service: u32,
    pub(super) used: Instant,
    pub(super) answered: bool,
}

impl Flow {
    pub(super) fn is_over(&self, now: Instant) -> bool {
        now.duration_since(self.used) > if self.answered { ANSWERED } else { UNANSWERED }
    }
}

/// The flows of one port.
#[derive(Debug, Default)]
pub(super) struct Flows {
    by_key: HashMap<Key, u32>,
    of_client: HashMap<IpAddr, Vec<u32>>,
}

impl Flows {
    pub(super) fn get(&self, key: &Key) -> Option<u32> {
        self.by_key.get(key).copied()
    }

    pub(super) fn is_full(&self, client: IpAddr) -> bool {
        self.of_client.get(&client).is_some_and(|flows| flows.len() >= OF_CLIENT)
    }

    pub(super) fn of(&self, client: IpAddr) -> impl Iterator<Item = u32> {
        self.of_client.get(&client).into_iter().flatten().copied()
    }

    pub(super) fn insert(&mut self, key: Key, at: u32) {
        self.by_key.insert(key, at);
        self.of_client.entry(key.client.ip()).or_default().push(at);
    }

    pub(super) fn remove(&mut self, key: &Key) {
        let Some(at) = self.by_key.remove(key) else { return };
        if let Some(flows) = self.of_client.get_mut(&key.client.ip()) {
            flows.retain(|other| *other != at);
            if flows.is_empty() {
                self.of_client.remove(&key.client.ip());
            }
        }
    }
}

/// Makes the socket of a flow, in N.
pub(super) fn connect(target: &Target, client: SocketAddr, port: u16) -> io::Result<OwnedFd> {
    let path = target.path(client, port).ok_or(io::ErrorKind::AddrNotAvailable)?;
    let socket = inet::socket_for(path.to.ip(), Kind::Datagram)?;
    bind(&socket, &path)?;
    rustix::net::connect(&socket, &path.to)?;
    Ok(socket)
}

/// Binds a connecting socket to whom the container is to see. Where the client's port is in use with that address (it has another
/// connection), another port of it has to do.
///
/// The gateway needs no binding: it is the address that the kernel takes for a container of its network. So one port of it can have
/// connections to several containers, and none is looked for beforehand.
pub(super) fn bind(socket: &OwnedFd, path: &Path) -> io::Result<()> {
    if !path.kept {
        return Ok(());
    }
    inet::set_transparent(socket, path.from.ip())?;
    rustix::net::sockopt::set_socket_reuseaddr(socket, true)?;
    rustix::net::bind(socket, &path.from)
        .or_else(|_| rustix::net::bind(socket, &SocketAddr::new(path.from.ip(), 0)))
        .map_err(io::Error::from)
}

/// Space for datagrams on their way.
#[derive(Debug)]
pub(super) struct Space {
    pub(super) bytes: Box<[u8]>,
    pub(super) beside: Beside,
}

impl Default for Space {
    fn default() -> Self {
        Self { bytes: vec![0; DATAGRAM_BYTES].into(), beside: Beside::default() }
    }
}
