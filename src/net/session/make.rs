//! Making N.

use super::{Session, firewall, stack};
use crate::model::with_causes;
use crate::net::{Leash, NetError};
use crate::sys::clone::{self, CloneFlags};
use crate::sys::netlink::Route;
use crate::sys::{fd, netdev, packet, socket};
use std::fs::File;
use std::os::fd::{AsFd as _, OwnedFd};

/// The index of every namespace's loopback interface.
const LOOPBACK: u32 = 1;

/// How long a message about a failure may be, bytes.
const MESSAGE_BYTES: usize = 4096;

/// Makes N with its rules and its way out, but no bridge. To be called as root of S in the host's other namespaces, single-threaded.
///
/// # Errors
/// There is no nft, no helper for the way out, or the machine refuses something. Nothing is left then.
pub fn make() -> Result<Session, NetError> {
    if !firewall::is_there() {
        return Err(NetError::NoNft);
    }
    let (namespace, route) = prepared()?;
    let Leash { hand, collar } = Leash::new()?;
    let way = stack::start_stack(namespace.as_fd(), &route, &collar)?;
    Ok(Session { namespace, route, hand, way })
}

/// Makes the namespace and what is in it.
fn prepared() -> Result<(OwnedFd, Route), NetError> {
    let host = stack::host_address();
    let (here, there) = socket::seqpacket_pair().map_err(NetError::MakeSession)?;
    let mut there = Some(there);
    let child = clone::spawn(CloneFlags::NEWNET, None, || {
        let Some(there) = there.take().filter(|there| fd::close_all_but(&[there.as_fd()]).is_ok()) else { return 125 };
        let sent = match set_up(host) {
            Ok((namespace, route)) => packet::send(there.as_fd(), b"made", &[namespace.as_fd(), route.as_fd()]),
            Err(error) => packet::send(there.as_fd(), message(&error).as_bytes(), &[]),
        };
        i32::from(sent.is_err())
    })
    .map_err(NetError::MakeSession)?;
    drop(there);
    let mut space = [0; MESSAGE_BYTES];
    let received = packet::receive(here.as_fd(), &mut space).map_err(NetError::MakeSession);
    child.wait().map_err(NetError::MakeSession)?;
    let (text, fds) = received?;
    match <[OwnedFd; 2]>::try_from(fds) {
        Ok([namespace, route]) => Ok((namespace, Route::from_socket(route))),
        Err(_) if text.is_empty() => Err(NetError::Session { message: "it was killed".to_owned() }),
        Err(_) => Err(NetError::Session { message: String::from_utf8_lossy(text).into_owned() }),
    }
}

/// In the new namespace.
fn set_up(host: Option<std::net::Ipv4Addr>) -> Result<(OwnedFd, Route), NetError> {
    netdev::loopback_up().map_err(NetError::MakeSession)?;
    firewall::forward().map_err(|source| NetError::Forward { source })?;
    firewall::load(host)?;
    let route = Route::open().map_err(NetError::MakeSession)?;
    for v6 in [false, true] {
        match route.deliver_marked(v6, LOOPBACK, firewall::MARK, firewall::TABLE) {
            // A kernel without IPv6.
            Err(error) if v6 && matches!(error.raw_os_error(), Some(libc::EAFNOSUPPORT | libc::EOPNOTSUPP)) => {}
            done => done.map_err(NetError::MakeSession)?,
        }
    }
    let namespace = File::open("/proc/self/ns/net").map_err(NetError::MakeSession)?;
    Ok((namespace.into(), route))
}

fn message(error: &NetError) -> String {
    let mut text = with_causes(error);
    text.truncate(text.floor_char_boundary(MESSAGE_BYTES));
    text
}
