//! Whole packets with descriptors over `SOCK_SEQPACKET` sockets (unix(7)).

use rustix::io::{Errno, retry_on_intr};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
    recvmsg, sendmsg,
};
use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{BorrowedFd, OwnedFd};

/// How many descriptors one packet may carry.
const MOST: usize = 4;

/// Sends one packet and copies of at most four descriptors.
///
/// # Errors
/// The other end is closed (`EPIPE`), or the packet is too long (`EMSGSIZE`).
pub fn send(socket: BorrowedFd<'_>, packet: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<()> {
    let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !fds.is_empty() && !control.push(SendAncillaryMessage::ScmRights(fds)) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    retry_on_intr(|| sendmsg(socket, &[IoSlice::new(packet)], &mut control, SendFlags::NOSIGNAL))?;
    Ok(())
}

/// Receives one packet into `space` and the descriptors that come with it, close-on-exec. An empty packet is the end.
///
/// # Errors
/// The socket fails, or the packet is longer than `space` (`EMSGSIZE`).
pub fn receive<'a>(socket: BorrowedFd<'_>, space: &'a mut [u8]) -> io::Result<(&'a [u8], Vec<OwnedFd>)> {
    let mut control_space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
    let mut control = RecvAncillaryBuffer::new(&mut control_space);
    let received = loop {
        match recvmsg(socket, &mut [IoSliceMut::new(space)], &mut control, RecvFlags::CMSG_CLOEXEC) {
            // Told once, ahead of what the other end has sent before it was closed (see socket::receive).
            Err(Errno::INTR | Errno::CONNRESET) => {}
            received => break received?,
        }
    };
    let mut fds = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(rights) = message {
            fds.extend(rights);
        }
    }
    if received.flags.contains(ReturnFlags::TRUNC) {
        return Err(io::Error::from_raw_os_error(libc::EMSGSIZE));
    }
    Ok((&space[..received.bytes], fds))
}
