//! Route netlink: rtnetlink(7), as far as bridges, veth pairs, addresses and routes go.
//!
//! A [`Route`] socket belongs to the network namespace in which it was made, whoever holds it: so a process in the host's namespace
//! changes another one, over which it has `CAP_NET_ADMIN`, without entering it. Two processes must not share one, as each would
//! read the other's answers.
//!
//! The messages are put together here: the crates for it know the whole protocol, and a start sends a handful of requests.

use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socket_with};
use std::io;
use std::net::IpAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// A socket for requests to the kernel.
#[derive(Debug)]
pub struct Route {
    socket: OwnedFd,
}

/// linux/rtnetlink.h.
mod kind {
    pub(super) const NEWLINK: u16 = 16;
    pub(super) const DELLINK: u16 = 17;
    pub(super) const GETLINK: u16 = 18;
    pub(super) const SETLINK: u16 = 19;
    pub(super) const NEWADDR: u16 = 20;
    pub(super) const NEWROUTE: u16 = 24;
    pub(super) const GETROUTE: u16 = 26;
    pub(super) const NEWRULE: u16 = 32;
    pub(super) const ERROR: u16 = 2;
    pub(super) const DONE: u16 = 3;
}

const REQUEST: u16 = 1;
const ACK: u16 = 4;
const DUMP: u16 = 0x300;
const EXCLUSIVE: u16 = 0x200;
const CREATE: u16 = 0x400;
const REPLACE: u16 = 0x100;

const NESTED: u16 = 0x8000;

const HEADER: usize = 16;

/// A request that is being put together.
#[derive(Debug)]
struct Message {
    bytes: Vec<u8>,
}

impl Message {
    fn new(kind: u16, flags: u16, body: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(256);
        bytes.extend([0; 4]);
        bytes.extend(kind.to_ne_bytes());
        bytes.extend((flags | REQUEST).to_ne_bytes());
        bytes.extend([0; 8]);
        bytes.extend(body);
        Self { bytes }
    }

    fn attribute(&mut self, kind: u16, value: &[u8]) -> &mut Self {
        let length = u16::try_from(value.len() + 4).unwrap_or(u16::MAX);
        self.bytes.extend(length.to_ne_bytes());
        self.bytes.extend(kind.to_ne_bytes());
        self.bytes.extend(value);
        self.align();
        self
    }

    fn number(&mut self, kind: u16, value: u32) -> &mut Self {
        self.attribute(kind, &value.to_ne_bytes())
    }

    /// A string with its zero.
    fn text(&mut self, kind: u16, value: &str) -> &mut Self {
        self.attribute(kind, &[value.as_bytes(), &[0]].concat())
    }

    fn nested(&mut self, kind: u16, fill: impl FnOnce(&mut Self)) -> &mut Self {
        let at = self.bytes.len();
        self.bytes.extend([0; 2]);
        self.bytes.extend((kind | NESTED).to_ne_bytes());
        fill(self);
        let length = u16::try_from(self.bytes.len() - at).unwrap_or(u16::MAX);
        self.bytes[at..at + 2].copy_from_slice(&length.to_ne_bytes());
        self
    }

    fn align(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }

    fn finish(mut self, sequence: u32) -> Vec<u8> {
        let length = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        self.bytes[..4].copy_from_slice(&length.to_ne_bytes());
        self.bytes[8..12].copy_from_slice(&sequence.to_ne_bytes());
        self.bytes
    }
}

/// Struct `ifinfomsg`.
fn link_body(index: u32, up: bool) -> [u8; 16] {
    let mut body = [0; 16];
    body[4..8].copy_from_slice(&index.to_ne_bytes());
    if up {
        // The flags, and which of them count.
        let up = libc::IFF_UP.unsigned_abs().to_ne_bytes();
        body[8..12].copy_from_slice(&up);
        body[12..16].copy_from_slice(&up);
    }
    body
}

/// A bridge to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewBridge {
    pub name: String,
    pub mac: [u8; 6],
    /// Bytes.
    pub mtu: u32,
    /// The interface group, by which rules for packets know it.
    pub group: u32,
}

/// A veth pair to be made: one end a port of a bridge in the socket's namespace, the other in the namespace of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPair {
    /// The bridge's index.
    pub bridge: u32,
    /// The name of the near end; none for one that the kernel chooses.
    pub near: Option<String>,
    /// The name of the end over there.
    pub name: String,
    /// The address of that end.
    pub mac: [u8; 6],
    /// Bytes.
    pub mtu: u32,
}

/// Where the far end of a pair goes.
#[derive(Clone, Copy, Debug)]
pub enum Into<'a> {
    /// The network namespace of the process with this pid in the caller's pid namespace.
    Process(i32),
    Namespace(BorrowedFd<'a>),
}

/// A route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRoute {
    /// The destination and its prefix length.
    pub to: (IpAddr, u8),
    pub via: Option<IpAddr>,
    /// Zero for the kernel's own choice.
    pub metric: u32,
}

/// A link as a dump shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub index: u32,
    pub name: String,
    pub group: u32,
    /// The index of the bridge of which it is a port.
    pub bridge: Option<u32>,
    pub mac: Vec<u8>,
    pub is_loopback: bool,
}

impl Route {
    /// Opens a socket in the caller's network namespace.
    ///
    /// # Errors
    /// No descriptors are left.
    pub fn open() -> io::Result<Self> {
        // NETLINK_ROUTE is protocol zero.
        let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, None)?;
        Ok(Self { socket })
    }

    /// Takes a socket that another process has opened for us.
    #[must_use]
    pub fn from_socket(socket: OwnedFd) -> Self {
        Self { socket }
    }

    /// Returns the index of the interface `name`; nothing where there is none.
    ///
    /// # Errors
    /// The kernel does not answer.
    pub fn index_of(&self, name: &str) -> io::Result<Option<u32>> {
        let mut message = Message::new(kind::GETLINK, 0, &link_body(0, false));
        message.text(ifla::IFNAME, name);
        let mut index = None;
        match self.exchange(vec![message], |kind, body| {
            if kind == kind::NEWLINK {
                index = number_at(body, 4);
            }
        }) {
            Err(error) if error.raw_os_error() == Some(libc::ENODEV) => Ok(None),
            done => done.map(|()| index),
        }
    }

    /// Lists the interfaces.
    ///
    /// # Errors
    /// The kernel does not answer.
    pub fn links(&self) -> io::Result<Vec<Link>> {
        let mut links = Vec::new();
        let message = Message::new(kind::GETLINK, DUMP, &link_body(0, false));
        self.exchange(vec![message], |kind, body| {
            if kind == kind::NEWLINK {
                links.extend(link(body));
            }
        })?;
        Ok(links)
    }

    /// Lists where the routes of all tables lead, the default ones left out: addresses and prefix lengths. The addresses of the
    /// interfaces themselves are among them (the local table).
    ///
    /// # Errors
    /// The kernel does not answer.
    pub fn destinations(&self) -> io::Result<Vec<(IpAddr, u8)>> {
        let mut found = Vec::new();
        // Of no family: of each.
        let message = Message::new(kind::GETROUTE, DUMP, &[0; 12]);
        self.exchange(vec![message], |kind, body| {
            if kind == kind::NEWROUTE {
                found.extend(destination(body));
            }
        })?;
        Ok(found)
    }

    /// Makes a bridge, set up.
    ///
    /// # Errors
    /// `EEXIST`, `EOPNOTSUPP` (the kernel has no bridges).
    pub fn add_bridge(&self, bridge: &NewBridge) -> io::Result<()> {
        let mut message = Message::new(kind::NEWLINK, CREATE | EXCLUSIVE | ACK, &link_body(0, true));
        message.text(ifla::IFNAME, &bridge.name).number(ifla::MTU, bridge.mtu).attribute(ifla::ADDRESS, &bridge.mac);
        message.number(ifla::GROUP, bridge.group);
        message.nested(ifla::LINKINFO, |info| {
            info.text(ifla::INFO_KIND, "bridge");
            info.nested(ifla::INFO_DATA, |data| {
                // With one router and known ports it only costs: each port would answer queries and join groups.
                data.attribute(ifla::BR_MCAST_SNOOPING, &[0]);
            });
        });
        self.request(message)
    }

    /// Makes a veth pair, the near end a port of the bridge and set up, the far end with its name and address and down.
    ///
    /// # Errors
    /// `EEXIST` (the name is taken over there), `EPERM`, `EOPNOTSUPP` (the kernel has no veth).
    pub fn add_pair(&self, pair: &NewPair, into: Into<'_>) -> io::Result<()> {
        use std::os::fd::AsRawFd as _;
        let mut message = Message::new(kind::NEWLINK, CREATE | EXCLUSIVE | ACK, &link_body(0, true));
        let near = pair.near.as_deref().unwrap_or("veth%d");
        message.text(ifla::IFNAME, near).number(ifla::MTU, pair.mtu).number(ifla::MASTER, pair.bridge);
        message.nested(ifla::LINKINFO, |info| {
            info.text(ifla::INFO_KIND, "veth");
            info.nested(ifla::INFO_DATA, |data| {
                data.nested(ifla::VETH_PEER, |peer| {
                    peer.bytes.extend(link_body(0, false));
                    peer.text(ifla::IFNAME, &pair.name).number(ifla::MTU, pair.mtu).attribute(ifla::ADDRESS, &pair.mac);
                    match into {
                        Into::Process(pid) => peer.number(ifla::NET_NS_PID, pid.unsigned_abs()),
                        Into::Namespace(fd) => peer.number(ifla::NET_NS_FD, fd.as_raw_fd().unsigned_abs()),
                    };
                });
            });
        });
        self.request(message)
    }

    /// Sets an interface up.
    ///
    /// # Errors
    /// `ENODEV`.
    pub fn set_up(&self, index: u32) -> io::Result<()> {
        self.request(Message::new(kind::SETLINK, ACK, &link_body(index, true)))
    }

    /// Puts an interface into a group.
    ///
    /// # Errors
    /// `ENODEV`.
    pub fn set_group(&self, index: u32, group: u32) -> io::Result<()> {
        let mut message = Message::new(kind::SETLINK, ACK, &link_body(index, false));
        message.number(ifla::GROUP, group);
        self.request(message)
    }

    /// Removes an interface; of a veth pair both ends.
    ///
    /// # Errors
    /// `ENODEV`.
    pub fn remove(&self, index: u32) -> io::Result<()> {
        self.request(Message::new(kind::DELLINK, ACK, &link_body(index, false)))
    }

    /// Gives an interface addresses, sets it up, and makes its routes: all in one exchange.
    ///
    /// An IPv6 address is usable at once, without duplicate address detection.
    ///
    /// # Errors
    /// `EEXIST`, `EACCES` (IPv6 is off), `ENETUNREACH` (the gateway is in none of the networks).
    pub fn configure(&self, index: u32, addresses: &[(IpAddr, u8)], routes: &[NewRoute]) -> io::Result<()> {
        let mut messages: Vec<Message> =
            addresses.iter().map(|(address, prefix)| new_address(index, *address, *prefix)).collect();
        messages.push(Message::new(kind::SETLINK, ACK, &link_body(index, true)));
        messages.extend(routes.iter().map(|new| route(CREATE | EXCLUSIVE, index, new)));
        self.exchange(messages, |_, _| ())
    }

    /// Makes those routes of an interface that are not there.
    ///
    /// # Errors
    /// `ENETUNREACH`, `ENODEV`.
    pub fn add_missing_routes(&self, index: u32, routes: &[NewRoute]) -> io::Result<()> {
        for new in routes {
            match self.request(route(CREATE | EXCLUSIVE, index, new)) {
                Err(error) if error.raw_os_error() == Some(libc::EEXIST) => {}
                done => done?,
            }
        }
        Ok(())
    }

    /// Makes packets with the mark `mark` look into the table `table`, in which everything is local: for sockets that answer for
    /// addresses of others (`IP_TRANSPARENT`).
    ///
    /// # Errors
    /// `EAFNOSUPPORT` where IPv6 is off.
    pub fn deliver_marked(&self, v6: bool, loopback: u32, mark: u32, table: u8) -> io::Result<()> {
        let family = family(v6);
        let mut rule = Message::new(kind::NEWRULE, CREATE | EXCLUSIVE | ACK, &[family, 0, 0, 0, table, 0, 0, 1, 0, 0, 0, 0]);
        rule.number(FRA_FWMARK, mark);
        // Destination everywhere, protocol static, scope host, type local.
        let mut local = Message::new(kind::NEWROUTE, CREATE | REPLACE | ACK, &[family, 0, 0, 0, table, 4, 254, 2, 0, 0, 0, 0]);
        local.number(RTA_OIF, loopback);
        self.exchange(vec![rule, local], |_, _| ())
    }

    fn request(&self, message: Message) -> io::Result<()> {
        self.exchange(vec![message], |_, _| ())
    }

    /// Sends requests in one datagram and waits until each is answered: by an acknowledgement, by an error, or, where it did not
    /// ask for one, by its answer. Returns the first error; `take` gets what comes before it.
    fn exchange(&self, messages: Vec<Message>, mut take: impl FnMut(u16, &[u8])) -> io::Result<()> {
        let mut waiting: Vec<u32> = (1..).take(messages.len()).collect();
        let mut datagram = Vec::new();
        for (message, sequence) in messages.into_iter().zip(&waiting) {
            datagram.extend(message.finish(*sequence));
        }
        send(self.socket.as_fd(), &datagram, SendFlags::empty())?;
        let mut first_error = None;
        let mut buffer = vec![0; 64 << 10];
        while !waiting.is_empty() {
            let (length, _) = match recv(self.socket.as_fd(), buffer.as_mut_slice(), RecvFlags::empty()) {
                Err(rustix::io::Errno::INTR) => continue,
                received => received?,
            };
            let mut rest = &buffer[..length];
            while let Some((head, body, after)) = next_message(rest) {
                rest = after;
                let Some(at) = waiting.iter().position(|sequence| *sequence == head.sequence) else { continue };
                match head.kind {
                    kind::ERROR => {
                        let errno = number_at(body, 0).map_or(libc::EPROTO, |number| -number.cast_signed());
                        if errno != 0 && first_error.is_none() {
                            first_error = Some(io::Error::from_raw_os_error(errno));
                        }
                        waiting.swap_remove(at);
                    }
                    kind::DONE => {
                        waiting.swap_remove(at);
                    }
                    kind => {
                        take(kind, body);
                        if head.flags & MULTI == 0 {
                            waiting.swap_remove(at);
                        }
                    }
                }
            }
        }
        first_error.map_or(Ok(()), Err)
    }
}

impl AsFd for Route {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl From<Route> for OwnedFd {
    fn from(route: Route) -> Self {
        route.socket
    }
}

/// linux/if_link.h.
mod ifla {
    pub(super) const ADDRESS: u16 = 1;
    pub(super) const IFNAME: u16 = 3;
    pub(super) const MTU: u16 = 4;
    pub(super) const MASTER: u16 = 10;
    pub(super) const LINKINFO: u16 = 18;
    pub(super) const NET_NS_PID: u16 = 19;
    pub(super) const GROUP: u16 = 27;
    pub(super) const NET_NS_FD: u16 = 28;
    pub(super) const INFO_KIND: u16 = 1;
    pub(super) const INFO_DATA: u16 = 2;
    pub(super) const BR_MCAST_SNOOPING: u16 = 23;
    pub(super) const VETH_PEER: u16 = 1;
}

const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const IFA_BROADCAST: u16 = 4;
/// No duplicate address detection.
const IFA_F_NODAD: u8 = 2;
const RTA_DST: u16 = 1;
const RTA_OIF: u16 = 4;
const RTA_GATEWAY: u16 = 5;
const RTA_PRIORITY: u16 = 6;
const FRA_FWMARK: u16 = 10;
const MULTI: u16 = 2;
const TABLE_MAIN: u8 = 254;
const RTN_BROADCAST: u8 = 3;
const RTN_ANYCAST: u8 = 4;
const RTN_MULTICAST: u8 = 5;

fn family(v6: bool) -> u8 {
    let family = if v6 { libc::AF_INET6 } else { libc::AF_INET };
    u8::try_from(family).unwrap_or(0)
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

fn new_address(index: u32, address: IpAddr, prefix: u8) -> Message {
    let flags = if address.is_ipv6() { IFA_F_NODAD } else { 0 };
    let mut body = [family(address.is_ipv6()), prefix, flags, 0, 0, 0, 0, 0];
    body[4..8].copy_from_slice(&index.to_ne_bytes());
    let mut message = Message::new(kind::NEWADDR, CREATE | EXCLUSIVE | ACK, &body);
    message.attribute(IFA_LOCAL, &octets(address)).attribute(IFA_ADDRESS, &octets(address));
    if let IpAddr::V4(address) = address
        && prefix < 31
    {
        let broadcast = u32::from(address) | (u32::MAX >> prefix);
        message.attribute(IFA_BROADCAST, &broadcast.to_be_bytes());
    }
    message
}

fn route(flags: u16, index: u32, new: &NewRoute) -> Message {
    let (to, prefix) = new.to;
    // Scope: of a route without a gateway link, else universe. Protocol static, type unicast.
    let scope = if new.via.is_some() || to.is_ipv6() { 0 } else { 253 };
    let body = [family(to.is_ipv6()), prefix, 0, 0, TABLE_MAIN, 4, scope, 1, 0, 0, 0, 0];
    let mut message = Message::new(kind::NEWROUTE, flags | ACK, &body);
    if prefix > 0 {
        message.attribute(RTA_DST, &octets(to));
    }
    if let Some(via) = new.via {
        message.attribute(RTA_GATEWAY, &octets(via));
    }
    if new.metric > 0 {
        message.number(RTA_PRIORITY, new.metric);
    }
    message.number(RTA_OIF, index);
    message
}

struct Head {
    kind: u16,
    flags: u16,
    sequence: u32,
}

/// Takes the first message: its head, its body, and what follows.
fn next_message(bytes: &[u8]) -> Option<(Head, &[u8], &[u8])> {
    let length = usize::try_from(number_at(bytes, 0)?).ok()?;
    let half = |at: usize| bytes.get(at..at + 2).and_then(|half| half.try_into().ok()).map(u16::from_ne_bytes);
    let head = Head { kind: half(4)?, flags: half(6)?, sequence: number_at(bytes, 8)? };
    let body = bytes.get(HEADER..length)?;
    Some((head, body, bytes.get(length.next_multiple_of(4)..).unwrap_or_default()))
}

fn number_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4).and_then(|number| number.try_into().ok()).map(u32::from_ne_bytes)
}

/// The attributes from `bytes`.
fn attributes(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let half = |at: usize| bytes.get(at..at + 2).and_then(|half| half.try_into().ok()).map(u16::from_ne_bytes);
        let (length, kind) = (usize::from(half(0)?), half(2)?);
        let value = bytes.get(4..length)?;
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind & !NESTED, value))
    })
}

/// Of a unicast or local route, or one that forbids.
fn destination(body: &[u8]) -> Option<(IpAddr, u8)> {
    let (family, prefix, kind) = (*body.first()?, *body.get(1)?, *body.get(7)?);
    if prefix == 0 || matches!(kind, RTN_BROADCAST | RTN_ANYCAST | RTN_MULTICAST) {
        return None;
    }
    let (_, value) = attributes(body.get(12..)?).find(|(kind, _)| *kind == RTA_DST)?;
    let address = match i32::from(family) {
        libc::AF_INET => IpAddr::from(<[u8; 4]>::try_from(value).ok()?),
        libc::AF_INET6 => IpAddr::from(<[u8; 16]>::try_from(value).ok()?),
        _ => return None,
    };
    Some((address, prefix))
}

fn link(body: &[u8]) -> Option<Link> {
    let flags = number_at(body, 8)?;
    let mut link = Link {
        index: number_at(body, 4)?,
        name: String::new(),
        group: 0,
        bridge: None,
        mac: Vec::new(),
        is_loopback: flags & libc::IFF_LOOPBACK.unsigned_abs() != 0,
    };
    for (kind, value) in attributes(body.get(16..)?) {
        match kind {
            ifla::IFNAME => link.name = String::from_utf8_lossy(value.strip_suffix(&[0]).unwrap_or(value)).into_owned(),
            ifla::ADDRESS => link.mac = value.to_vec(),
            ifla::GROUP => link.group = number_at(value, 0).unwrap_or(0),
            ifla::MASTER => link.bridge = number_at(value, 0),
            _ => {}
        }
    }
    Some(link)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_its_length_and_aligned_attributes() {
        let mut message = Message::new(kind::NEWLINK, CREATE | ACK, &link_body(7, true));
        message.text(ifla::IFNAME, "eth0").nested(ifla::LINKINFO, |info| {
            info.text(ifla::INFO_KIND, "veth");
        });
        let bytes = message.finish(5);
        assert_eq!(number_at(&bytes, 0), Some(u32::try_from(bytes.len()).unwrap()));
        assert_eq!((bytes.len() % 4, number_at(&bytes, 8)), (0, Some(5)));
        let (head, body, rest) = next_message(&bytes).unwrap();
        assert_eq!((head.kind, head.flags, rest.len()), (kind::NEWLINK, CREATE | ACK | REQUEST, 0));
        let found: Vec<_> = attributes(&body[16..]).collect();
        assert_eq!(found[0], (ifla::IFNAME, &b"eth0\0"[..]));
        assert_eq!(attributes(found[1].1).next(), Some((ifla::INFO_KIND, &b"veth\0"[..])));
    }

    #[test]
    fn what_is_cut_off_is_no_message() {
        let bytes = Message::new(kind::NEWLINK, 0, &link_body(1, false)).finish(1);
        for length in 0..bytes.len() {
            assert!(next_message(&bytes[..length]).is_none(), "{length}");
        }
        assert!(attributes(&[9, 0, 1, 0, 1]).next().is_none());
        assert!(attributes(&[0, 0, 1, 0]).next().is_none());
    }

    #[test]
    fn the_broadcast_address_is_the_last_one() {
        let bytes = new_address(2, "10.88.1.2".parse().unwrap(), 16).finish(1);
        let found: Vec<_> = attributes(&bytes[HEADER + 8..]).collect();
        assert!(found.contains(&(IFA_BROADCAST, &[10, 88, 255, 255][..])), "{found:?}");
    }

    #[test]
    fn loopback_is_in_the_list_and_has_an_index() {
        let route = Route::open().unwrap();
        let links = route.links().unwrap();
        let lo = links.iter().find(|link| link.is_loopback).unwrap();
        assert_eq!(route.index_of(&lo.name).unwrap(), Some(lo.index));
        assert_eq!(route.index_of("no-such-link").unwrap(), None);
        assert!(route.destinations().unwrap().iter().all(|(address, prefix)| {
            *prefix > 0 && *prefix <= if address.is_ipv4() { 32 } else { 128 } && !address.is_multicast()
        }));
    }
}
