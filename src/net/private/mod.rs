//! `--network private`: one user-mode stack for one container.
//!
//! Who waits for whom: the command makes a [`Leash`] and forks the monitor, which keeps the holding end for as long as it lives.
//! The container's init waits at its pipe. The command, in the host's namespaces and with the user's own ids, starts the stack with
//! [`start`] for init's pid and lets init go on when that returns.
//!
//! The stack has to end with the container and `pasta` does so by itself only in some versions, never when it is given a process
//! (0.0~git20230309 of Debian 12 stays for ever, and keeps the namespace). So the kernel kills it when the leash is let go, which
//! is when the monitor ends, also by SIGKILL ([`crate::sys::leash`]).

mod pasta;
mod slirp4netns;

use super::NetError;
use crate::config::program::find_program;
use crate::model::PortMapping;
use crate::sys::fd;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::os::fd::OwnedFd;
use std::path::Path;

pub(super) const PASTA: &str = "pasta";
pub(super) const SLIRP4NETNS: &str = "slirp4netns";

/// Which stack is to be had.
#[derive(Clone, Copy, Debug)]
pub enum Choice<'a> {
    /// pasta, else slirp4netns, else a pasta of before 2024_08_21, which has faults with the ends of connections.
    Any,
    /// The other way round.
    Slirp4netnsFirst,
    /// pasta and no other, with these arguments of the user's.
    Pasta(&'a [String]),
    /// slirp4netns and no other, with these options: `NAME=VALUE`.
    Slirp4netns(&'a [String]),
}

/// What is wanted of a container's stack.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    pub choice: Choice<'a>,
    /// Arguments of pasta that hold for all containers.
    pub pasta_options: &'a [String],
    pub ports: &'a [PortMapping],
    /// A folder of the container's for a socket, which is gone when the stack is there.
    pub folder: &'a Path,
}

/// What a container has got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stack {
    /// The name server that reaches the host's one, also where that listens on the host's loopback only.
    pub nameserver: Option<Ipv4Addr>,
    /// The address at which the container reaches what the host offers to everybody; never what listens on its loopback only,
    /// unless the user has asked for that.
    pub host: Option<Ipv4Addr>,
}

/// The address of this host from which it would speak to others.
pub(super) fn own_address() -> Option<Ipv4Addr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    // Nothing is sent: the kernel chooses the route, and with it the address. The other one is for documentation (RFC 5737).
    socket.connect((Ipv4Addr::new(203, 0, 113, 1), 9)).ok()?;
    match socket.local_addr().ok()?.ip() {
        IpAddr::V4(address) if !address.is_unspecified() && !address.is_loopback() => Some(address),
        _ => None,
    }
}

/// The two ends of what ends the stack. Both are close-on-exec.
#[derive(Debug)]
pub struct Leash {
    /// For the monitor, and for nobody else: the stack dies when every copy is closed.
    pub hand: OwnedFd,
    /// For [`start`].
    pub collar: OwnedFd,
}

impl Leash {
    /// Makes a leash. To be called before the monitor is forked.
    ///
    /// # Errors
    /// No descriptors are left.
    pub fn new() -> Result<Self, NetError> {
        let (collar, hand) = fd::pipe().map_err(NetError::Leash)?;
        Ok(Self { hand, collar })
    }
}

/// Joins the network namespace of the process `init` to the host, and returns when its interface has addresses and routes.
///
/// Init sets loopback up itself: where the host has no way out and no stack can be made nobody else does, and loopback is all there is.
///
/// To be called with the user's own ids in the host's namespaces, or as root of the session user namespace in the host's other ones,
/// single-threaded. The caller's own copy of the leash's hand has to be closed by then, or it holds the stack too.
///
/// # Errors
/// No stack can be made though the host has a way out; the message is the helper's own. An option is not known, a port is taken.
pub fn start(init: i32, collar: &OwnedFd, wish: &Wish<'_>) -> Result<Stack, NetError> {
    let pasta = |own: &[String], old| find_program(PASTA).map(|program| pasta::start(&program, init, collar, wish, own, old));
    let slirp = |own: &[String]| find_program(SLIRP4NETNS).map(|program| slirp4netns::start(program, init, collar, wish, own));
    let tried = match wish.choice {
        Choice::Pasta(own) => return pasta(own, pasta::Old::Will).ok_or(NetError::NoSuchHelper { helper: PASTA })?,
        Choice::Slirp4netns(own) => return slirp(own).ok_or(NetError::NoSuchHelper { helper: SLIRP4NETNS })?,
        Choice::Any => first_of(pasta(&[], pasta::Old::WillNot), || first_of(slirp(&[]), || pasta(&[], pasta::Old::Will))),
        Choice::Slirp4netnsFirst => first_of(slirp(&[]), || pasta(&[], pasta::Old::Will)),
    };
    match tried.ok_or(NetError::NoHelper)? {
        // pasta copies the host's default route, and has nothing to copy on a machine without one.
        Err(NetError::Refused { .. }) if !has_way_out() && wish.ports.is_empty() => Ok(Stack::default()),
        done => done,
    }
}

type Tried = Option<Result<Stack, NetError>>;

/// The first that works; where none does, what the last one says.
fn first_of(first: Tried, second: impl FnOnce() -> Tried) -> Tried {
    match first {
        Some(Ok(stack)) => Some(Ok(stack)),
        failed => match (failed, second()) {
            (_, Some(Ok(stack))) => Some(Ok(stack)),
            (failed, None) => failed,
            // The first may only have been too old.
            (_, failed) => failed,
        },
    }
}

/// Tells whether the host has a default route.
fn has_way_out() -> bool {
    let (v4, v6) = default_routes();
    v4 || v6
}

/// Tells whether the host has a default route for IPv4, and for IPv6.
pub(super) fn default_routes() -> (bool, bool) {
    let (v4, v6) = default_interfaces();
    (v4.is_some(), v6.is_some())
}

/// The interfaces of the host's default routes for IPv4, and for IPv6; of several the one that the kernel prefers.
pub(super) fn default_interfaces() -> (Option<String>, Option<String>) {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    interfaces_of(&read("/proc/net/route"), &read(IPV6_ROUTES))
}

/// Tells whether the host has a default route for IPv6.
#[must_use]
pub fn has_ipv6() -> bool {
    interfaces_of("", &std::fs::read_to_string(IPV6_ROUTES).unwrap_or_default()).1.is_some()
}

const IPV6_ROUTES: &str = "/proc/net/ipv6_route";

/// Looks for the first default route in the texts of `/proc/net/route` and `/proc/net/ipv6_route`, which have those of lower metric first.
#[must_use]
pub fn interfaces_of(ipv4: &str, ipv6: &str) -> (Option<String>, Option<String>) {
    let is_zero = |field: Option<&str>| field.is_some_and(|field| field.bytes().all(|byte| byte == b'0'));
    // Interface, destination, gateway, flags, reference count, use, metric, mask; the first line is a heading.
    let four = ipv4.lines().skip(1).find_map(|line| {
        let mut fields = line.split_ascii_whitespace();
        let interface = fields.next()?;
        (is_zero(fields.next()) && is_zero(fields.nth(5))).then(|| interface.to_owned())
    });
    // Destination, its prefix length, …, interface at place 9. Loopback holds a "no route" entry.
    let six = ipv6.lines().find_map(|line| {
        let mut fields = line.split_ascii_whitespace();
        let everywhere = is_zero(fields.next()) && is_zero(fields.next());
        fields.nth(7).filter(|interface| everywhere && *interface != "lo").map(str::to_owned)
    });
    (four, six)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_default_route_is_seen() {
        const HEAD: &str = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n";
        let local = "eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n";
        let default = "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n";
        let zero = "0".repeat(32);
        let six = |interface| format!("{zero} 00 {zero} 00 {zero} ffffffff 00000001 00000000 00200200 {interface}\n");
        let of = |ipv4: &str, ipv6: &str| interfaces_of(ipv4, ipv6);
        assert_eq!(of(&format!("{HEAD}{local}{default}"), ""), (Some("eth0".to_owned()), None));
        assert_eq!(of(&format!("{HEAD}{local}"), ""), (None, None));
        assert_eq!(of("", ""), (None, None));
        assert_eq!(of(HEAD, &six("lo")), (None, None));
        assert_eq!(of(HEAD, &(six("wlan0") + &six("eth0"))), (None, Some("wlan0".to_owned())));
    }
}
