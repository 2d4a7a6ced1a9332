//! The interfaces of a container in networks: veth pairs whose other ends are ports of bridges.
//!
//! M makes the pairs with a netlink socket that belongs to the bridges' namespace ([`crate::sys::netlink`]), the far ends at once in I's
//! namespace: I's pid names that. Then I, which has the rights over its own namespace only, gives them their addresses and routes.
//! A pair goes with I's namespace, so whoever dies on the way leaves nothing.

use super::message::{Failure, Stage};
use super::mounts::open_kernel_file;
use crate::sys::netlink::{self, NewPair, NewRoute, Route};
use crate::sys::root::SafeRoot;
use rustix::fs::OFlags;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::os::fd::BorrowedFd;
use std::path::Path;

/// One interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    pub pair: NewPair,
    /// With the lengths of their prefixes.
    pub addresses: Vec<(IpAddr, u8)>,
    pub routes: Vec<NewRoute>,
}

/// Tells whoever serves the interfaces of I.
pub type Announce = Box<dyn FnOnce(BorrowedFd<'_>) -> Result<(), String>>;

/// What M makes the interfaces with.
pub struct Wires {
    /// A socket of the bridges' namespace, M's alone.
    pub route: Route,
    /// Told of I by its pidfd when its interfaces are there, before it goes on. An error ends the start.
    pub announce: Announce,
}

impl fmt::Debug for Wires {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wires").field("route", &self.route).finish_non_exhaustive()
    }
}

impl Wires {
    /// Makes the pairs for I; in M.
    pub(super) fn lay(self, interfaces: &[Interface], init: i32, pidfd: BorrowedFd<'_>) -> Result<(), Failure> {
        for interface in interfaces {
            let at = Failure::at(Stage::Interface, interface.pair.name.clone());
            self.route.add_pair(&interface.pair, netlink::Into::Process(init)).map_err(at)?;
        }
        (self.announce)(pidfd).map_err(|text| Failure::text(Stage::Network, text))
    }
}

/// Gives the interfaces their addresses and routes; in I, whose `/proc` is that of `root`.
pub(super) fn configure(root: &SafeRoot, interfaces: &[Interface]) -> Result<(), Failure> {
    let at = |name: &str| Failure::at(Stage::Interface, name.to_owned());
    let route = Route::open().map_err(at("netlink"))?;
    for interface in interfaces {
        let name = &interface.pair.name;
        settle_ipv6(interface, |path, value| {
            let file = open_kernel_file(root, Path::new(path), OFlags::WRONLY)?;
            rustix::io::retry_on_intr(|| rustix::io::write(&file, value.as_bytes()))?;
            Ok(())
        })
        .map_err(at(name))?;
        apply(&route, interface).map_err(at(name))?;
    }
    Ok(())
}

/// Gives an interface its addresses and routes in the caller's network namespace, whose settings the caller's `/proc/sys` shows.
///
/// # Errors
/// There is no such interface, or the kernel refuses an address.
pub fn configure_here(interface: &Interface) -> io::Result<()> {
    settle_ipv6(interface, |path, value| std::fs::write(Path::new("/").join(path), value))?;
    apply(&Route::open()?, interface)
}

fn apply(route: &Route, interface: &Interface) -> io::Result<()> {
    let index = route.index_of(&interface.pair.name)?.ok_or_else(|| io::Error::from_raw_os_error(libc::ENODEV))?;
    route.configure(index, &interface.addresses, &interface.routes)
}

/// Nobody but us gives an interface addresses and routes (a neighbour could advertise itself as a router: CVE-2020-13401). Where a network
/// has no IPv6 the interface has none either, not even a link-local address.
fn settle_ipv6(interface: &Interface, write: impl Fn(&str, &str) -> io::Result<()>) -> io::Result<()> {
    let has_v6 = interface.addresses.iter().any(|(address, _)| address.is_ipv6());
    let folder = format!("proc/sys/net/ipv6/conf/{}", interface.pair.name);
    let mut done = write(&format!("{folder}/accept_ra"), "0");
    if !has_v6 {
        done = done.and_then(|()| write(&format!("{folder}/disable_ipv6"), "1"));
    }
    match done {
        // A kernel without IPv6.
        Err(error) if error.kind() == io::ErrorKind::NotFound && !has_v6 => Ok(()),
        done => done,
    }
}
