//! Route netlink: rtnetlink(7), as far as bridges, veth pairs, addresses and routes go.
//!
//! A [`Route`] socket belongs to the network namespace in which it was made, whoever holds it: so a process in the host's namespace
//! changes another one, over which it has `CAP_NET_ADMIN`, without entering it. Two processes must not share one, as each would
//! read the other's answers.
//!
//! The messages are put together here: the crates for it know the whole protocol, and a start sends a handful of requests.

mod address;
mod changes;
mod message;

pub use changes::Changes;

use address::{FRA_FWMARK, MULTI, RTA_OIF, destination, family, new_address, route};
use message::{ACK, CREATE, DUMP, EXCLUSIVE, Message, REPLACE, attributes, next_message, number_at};
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

/// A link that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    pub index: u32,
    /// The interface group, by which rules for packets know it.
    pub group: u32,
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
        Ok(self.link(name)?.map(|link| link.index))
    }

    /// Returns the interface `name`; nothing where there is none.
    ///
    /// # Errors
    /// The kernel does not answer.
    pub fn link(&self, name: &str) -> io::Result<Option<Link>> {
        let mut message = Message::new(kind::GETLINK, 0, &link_body(0, false));
        message.text(ifla::IFNAME, name);
        let mut found = None;
        match self.exchange(vec![message], |kind, body| {
            if kind == kind::NEWLINK {
                found = link(body);
            }
        }) {
            Err(error) if error.raw_os_error() == Some(libc::ENODEV) => Ok(None),
            done => done.map(|()| found),
        }
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

    /// Gives an interface those addresses that it does not have.
    ///
    /// # Errors
    /// `ENODEV`, `EACCES` (IPv6 is off).
    pub fn add_missing_addresses(&self, index: u32, addresses: &[(IpAddr, u8)]) -> io::Result<()> {
        for (address, prefix) in addresses {
            match self.request(new_address(index, *address, *prefix)) {
                Err(error) if error.raw_os_error() == Some(libc::EEXIST) => {}
                done => done?,
            }
        }
        Ok(())
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

fn link(body: &[u8]) -> Option<Link> {
    let mut all = attributes(body.get(16..)?);
    let group = all.find(|(kind, _)| *kind == ifla::GROUP).and_then(|(_, value)| number_at(value, 0)).unwrap_or(0);
    Some(Link { index: number_at(body, 4)?, group })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_has_an_index_and_a_group() {
        let route = Route::open().unwrap();
        // It is the first interface of each network namespace, and nobody gives it a group.
        assert_eq!(route.link("lo").unwrap(), Some(Link { index: 1, group: 0 }));
        assert_eq!(route.index_of("lo").unwrap(), Some(1));
        assert_eq!(route.index_of("no-such-link").unwrap(), None);
        assert!(route.destinations().unwrap().iter().all(|(address, prefix)| {
            *prefix > 0 && *prefix <= if address.is_ipv4() { 32 } else { 128 } && !address.is_multicast()
        }));
    }
}
