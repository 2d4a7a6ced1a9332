//! TCP and UDP sockets: what the standard library has no word for.

use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, SockaddrStorage, setsockopt, sockopt};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with, sockopt as options};
use std::io::{self, IoSlice, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::{AsFd, AsRawFd as _, OwnedFd};

/// What a socket speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Stream,
    Datagram,
}

/// How many connections wait to be accepted.
const BACKLOG: i32 = 1024;

/// Makes a socket for the family of `address` in the caller's network namespace: close-on-exec, does not block.
///
/// # Errors
/// The host has no such family, or no descriptors are left.
pub fn socket_for(address: IpAddr, kind: Kind) -> io::Result<OwnedFd> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let kind = match kind {
        Kind::Stream => SocketType::STREAM,
        Kind::Datagram => SocketType::DGRAM,
    };
    Ok(socket_with(family, kind, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, None)?)
}

/// One address family for each socket that waits for clients: the other one is bound by itself, and clients have their own addresses.
fn socket_to_bind(address: IpAddr, kind: Kind) -> io::Result<OwnedFd> {
    let socket = socket_for(address, kind)?;
    if address.is_ipv6() {
        options::set_ipv6_v6only(&socket, true)?;
    }
    Ok(socket)
}

/// Binds a socket that waits for clients at exactly this address. Datagrams come with the address that they were sent to.
///
/// # Errors
/// `EADDRINUSE`, `EADDRNOTAVAIL`, `EACCES`.
pub fn server(address: SocketAddr, kind: Kind) -> io::Result<OwnedFd> {
    let socket = socket_to_bind(address.ip(), kind)?;
    match kind {
        Kind::Stream => {
            // Connections of before that wait for their end are no reason to refuse.
            options::set_socket_reuseaddr(&socket, true)?;
            rustix::net::bind(&socket, &address)?;
            rustix::net::listen(&socket, BACKLOG)?;
        }
        Kind::Datagram => {
            match address {
                SocketAddr::V4(_) => setsockopt(&socket, sockopt::Ipv4PacketInfo, &true)?,
                SocketAddr::V6(_) => setsockopt(&socket, sockopt::Ipv6RecvPacketInfo, &true)?,
            }
            rustix::net::bind(&socket, &address)?;
        }
    }
    Ok(socket)
}

/// As [`server`], for an address that need not be there yet, and for what comes in by the interface `interface` only.
///
/// # Errors
/// As for [`server`]; `ENODEV` without the interface, `EPERM` where the caller has no rights over the namespace.
pub fn server_on(address: SocketAddr, kind: Kind, interface: &str) -> io::Result<OwnedFd> {
    let socket = socket_to_bind(address.ip(), kind)?;
    match address {
        SocketAddr::V4(_) => options::set_ip_freebind(&socket, true)?,
        SocketAddr::V6(_) => options::set_ipv6_freebind(&socket, true)?,
    }
    setsockopt(&socket, sockopt::BindToDevice, &interface.into())?;
    options::set_socket_reuseaddr(&socket, true)?;
    rustix::net::bind(&socket, &address)?;
    if kind == Kind::Stream {
        rustix::net::listen(&socket, BACKLOG)?;
    }
    Ok(socket)
}

/// Lets a socket be bound to an address that is not the host's own (`IP_TRANSPARENT`, ip(7)).
///
/// # Errors
/// `EPERM` without `CAP_NET_ADMIN` over the socket's namespace.
pub fn set_transparent(socket: impl AsFd, address: IpAddr) -> io::Result<()> {
    match address {
        IpAddr::V4(_) => setsockopt(&socket, sockopt::IpTransparent, &true)?,
        IpAddr::V6(_) => {
            let on: libc::c_int = 1;
            let size = libc::socklen_t::try_from(size_of::<libc::c_int>()).unwrap_or(4);
            let fd = socket.as_fd().as_raw_fd();
            // SAFETY: on is a live int of the size passed, and the kernel reads it.
            let done = unsafe {
                libc::setsockopt(fd, libc::IPPROTO_IPV6, libc::IPV6_TRANSPARENT, (&raw const on).cast::<libc::c_void>(), size)
            };
            if done != 0 {
                return Err(io::Error::last_os_error());
            }
        }
    }
    Ok(())
}

/// One received datagram.
#[derive(Clone, Copy, Debug)]
pub struct Datagram {
    pub length: usize,
    pub from: SocketAddr,
    /// The own address that it was sent to, where the socket tells it.
    pub to: Option<IpAddr>,
}

/// Space for what comes beside a datagram.
#[derive(Debug)]
pub struct Beside(Vec<u8>);

impl Default for Beside {
    fn default() -> Self {
        Self(nix::cmsg_space!(libc::in_pktinfo, libc::in6_pktinfo))
    }
}

/// Receives one datagram; what does not fit is cut off.
///
/// # Errors
/// `EAGAIN` when there is none, and what the network has reported (`ECONNREFUSED`).
pub fn receive_datagram(socket: impl AsFd, space: &mut [u8], beside: &mut Beside) -> io::Result<Datagram> {
    let mut vectors = [IoSliceMut::new(space)];
    let fd = socket.as_fd().as_raw_fd();
    let received = nix::sys::socket::recvmsg::<SockaddrStorage>(fd, &mut vectors, Some(&mut beside.0), MsgFlags::MSG_DONTWAIT)?;
    let to = received.cmsgs()?.find_map(|message| match message {
        ControlMessageOwned::Ipv4PacketInfo(info) => Some(Ipv4Addr::from(u32::from_be(info.ipi_addr.s_addr)).into()),
        ControlMessageOwned::Ipv6PacketInfo(info) => Some(Ipv6Addr::from(info.ipi6_addr.s6_addr).into()),
        _ => None,
    });
    let from = received.address.as_ref().and_then(socket_address).ok_or(io::ErrorKind::InvalidData)?;
    Ok(Datagram { length: received.bytes, from, to })
}

/// Sends one datagram from the own address `from`, where that is said.
///
/// # Errors
/// `EAGAIN` when there is no room, and what the network has reported.
pub fn send_datagram(socket: impl AsFd, packet: &[u8], to: SocketAddr, from: Option<IpAddr>) -> io::Result<()> {
    let vectors = [IoSlice::new(packet)];
    let (v4, v6);
    let control = match from {
        Some(IpAddr::V4(from)) => {
            let nothing = libc::in_addr { s_addr: 0 };
            v4 = libc::in_pktinfo {
                ipi_ifindex: 0,
                ipi_spec_dst: libc::in_addr { s_addr: u32::from(from).to_be() },
                ipi_addr: nothing,
            };
            Some(ControlMessage::Ipv4PacketInfo(&v4))
        }
        Some(IpAddr::V6(from)) => {
            v6 = libc::in6_pktinfo { ipi6_addr: libc::in6_addr { s6_addr: from.octets() }, ipi6_ifindex: 0 };
            Some(ControlMessage::Ipv6PacketInfo(&v6))
        }
        None => None,
    };
    let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
    let to = SockaddrStorage::from(to);
    nix::sys::socket::sendmsg(socket.as_fd().as_raw_fd(), &vectors, control.as_slice(), flags, Some(&to))?;
    Ok(())
}

fn socket_address(address: &SockaddrStorage) -> Option<SocketAddr> {
    if let Some(v4) = address.as_sockaddr_in() {
        return Some(SocketAddrV4::from(*v4).into());
    }
    address.as_sockaddr_in6().map(|v6| SocketAddrV6::from(*v6).into())
}

/// The user at the other end of a unix socket.
///
/// # Errors
/// It is no such socket.
pub fn peer_user(socket: impl AsFd) -> io::Result<u32> {
    Ok(nix::sys::socket::getsockopt(&socket, sockopt::PeerCredentials)?.uid())
}
