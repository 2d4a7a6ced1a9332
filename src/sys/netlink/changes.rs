//! What the kernel tells of changes to addresses and routes.

use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, bind, recv, socket_with};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// `RTMGRP_IPV4_IFADDR`, `RTMGRP_IPV4_ROUTE`, `RTMGRP_IPV6_IFADDR` and `RTMGRP_IPV6_ROUTE` (rtnetlink(7)): a link that goes away takes
/// its routes with it, so links need not be listened for. The kernel lets everybody join them.
const GROUPS: u32 = 0x10 | 0x40 | 0x100 | 0x400;

/// A socket that can be read when an address or a route of the network namespace in which it was made has changed.
#[derive(Debug)]
pub struct Changes {
    socket: OwnedFd,
}

impl Changes {
    /// Begins to listen in the caller's network namespace.
    ///
    /// # Errors
    /// No descriptors are left.
    pub fn open() -> io::Result<Self> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, None)?;
        bind(&socket, &SocketAddrNetlink::new(0, GROUPS))?;
        Ok(Self { socket })
    }

    /// Takes all that there is. What it says is not looked at: messages can be lost (`ENOBUFS`), so the state itself has to be read.
    ///
    /// # Errors
    /// The socket cannot be read.
    pub fn drain(&self) -> io::Result<()> {
        // Of a message that is longer the rest is thrown away.
        let mut space = [0; 256];
        loop {
            match recv(&self.socket, &mut space, RecvFlags::TRUNC) {
                Ok(_) | Err(rustix::io::Errno::NOBUFS | rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::AGAIN) => return Ok(()),
                Err(errno) => return Err(errno.into()),
            }
        }
    }
}

impl AsFd for Changes {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_waited_for() {
        let changes = Changes::open().unwrap();
        changes.drain().unwrap();
    }
}
