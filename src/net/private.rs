//! `--network private`: one user-mode stack for one container.
//!
//! Who waits for whom: the command makes a [`Leash`] and forks the monitor, which keeps the holding end for as long as it lives.
//! The container's init waits at its pipe. The command, in the host's namespaces and with the user's own ids, starts the stack with
//! [`start`] for init's pid and lets init go on when that returns.
//!
//! The stack has to end with the container and `pasta` does so by itself only in some versions, never when it is given a process
//! (0.0~git20230309 of Debian 12 stays for ever, and keeps the namespace). So the kernel kills it when the leash is let go, which
//! is when the monitor ends, also by SIGKILL ([`crate::sys::leash`]).

use super::NetError;
use super::helper::{Helper, pipe};
use super::stand_in::StandIn;
use crate::config::program::find_program;
use crate::sys::fd;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::PathBuf;
use std::process::{Command, Stdio};

pub(super) const PASTA: &str = "pasta";
pub(super) const SLIRP4NETNS: &str = "slirp4netns";

/// The address at which pasta takes questions for the host's name server (link-local, so nothing else's; Podman's choice).
const PASTA_DNS: Ipv4Addr = Ipv4Addr::new(169, 254, 1, 1);
/// The name server in slirp4netns's own network.
const SLIRP_DNS: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 3);

/// The address at which pasta takes what is for the host, where that is asked for (Podman's choice).
const PASTA_HOST: Ipv4Addr = Ipv4Addr::new(169, 254, 1, 2);

/// What the container's namespace has been joined to the host with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stack {
    /// The container has the host's addresses and routes.
    Pasta,
    /// The container is 10.0.2.100.
    Slirp4netns,
    /// Nothing: the host itself has no way out, and no stack can be made. Loopback works.
    LoopbackOnly,
}

impl Stack {
    /// The name server that reaches the host's one, also where that listens on the host's loopback only.
    #[must_use]
    pub fn nameserver(self) -> Option<Ipv4Addr> {
        match self {
            Self::Pasta => Some(PASTA_DNS),
            Self::Slirp4netns => Some(SLIRP_DNS),
            Self::LoopbackOnly => None,
        }
    }
}

/// Whether the container is to reach the host itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToHost {
    Unasked,
    /// What the host offers on its own address to everybody; never what listens on its loopback only.
    Offered,
}

impl Stack {
    /// The address at which the container reaches the host, where it was started with [`ToHost::Offered`].
    #[must_use]
    pub fn host(self) -> Option<Ipv4Addr> {
        match self {
            Self::Pasta => Some(PASTA_HOST),
            Self::Slirp4netns => own_address(),
            Self::LoopbackOnly => None,
        }
    }
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
/// Init sets loopback up itself: with [`Stack::LoopbackOnly`] nobody else does.
///
/// To be called with the user's own ids in the host's namespaces, or as root of the session user namespace in the host's other ones. The caller's own copy of the leash's hand has to be closed
/// by then, or it holds the stack too. Nothing of the host's loopback can be reached and no port is forwarded.
///
/// With pasta the container has the host's own address, so that the host itself is out of reach, unless another address is made to
/// stand for it (`--map-guest-addr`, since passt 2024_08_21). That is done with [`ToHost::Offered`] only: an older pasta refuses it, and
/// slirp4netns is tried, whose container can speak to the host's own address. The gateway's address, which both would let stand for
/// the host, means its loopback there.
///
/// # Errors
/// No stack can be made though the host has a way out; the message is the helper's own.
pub fn start(init: i32, collar: &OwnedFd, host: ToHost) -> Result<Stack, NetError> {
    let first = match find_program(PASTA) {
        Some(program) => match start_pasta(program, init, collar, host) {
            Ok(()) => return Ok(Stack::Pasta),
            Err(error) => Some(error),
        },
        None => None,
    };
    let second = match find_program(SLIRP4NETNS) {
        Some(program) => match start_slirp4netns(program, init, collar) {
            Ok(()) => return Ok(Stack::Slirp4netns),
            Err(error) => Some(error),
        },
        None => None,
    };
    match first.or(second) {
        None => Err(NetError::NoHelper),
        // pasta copies the host's default route, and has nothing to copy on a machine without one.
        Some(NetError::Refused { .. }) if !has_way_out() => Ok(Stack::LoopbackOnly),
        Some(error) => Err(error),
    }
}

fn start_pasta(program: PathBuf, init: i32, collar: &OwnedFd, host: ToHost) -> Result<(), NetError> {
    let mut command = Command::new(program);
    command.args(["--foreground", "--quiet", "--config-net", "--no-map-gw"]);
    command.args(["-t", "none", "-u", "none", "-T", "none", "-U", "none"]);
    command.args(["--dns-forward", &PASTA_DNS.to_string()]);
    if host == ToHost::Offered {
        command.args(["--map-guest-addr", &PASTA_HOST.to_string()]);
    }
    // It writes its pid when all is set up: that file is our pipe.
    command.args(["--pid", "/proc/self/fd/1"]);
    let in_session = rustix::process::geteuid().is_root();
    let stand_in = in_session.then(|| StandIn::of(init)).transpose()?;
    match &stand_in {
        // By the path alone: of a process it would join the user namespace, too, and that is the one that we are in. The leash
        // ends pasta, not the end of the path.
        Some(stand_in) => {
            command.args(["--netns-only", "--no-netns-quit", "--netns", &format!("/proc/{}/ns/net", stand_in.pid())]);
        }
        None => {
            command.arg(init.to_string());
        }
    }
    let (ready, ready_writer) = pipe(PASTA)?;
    command.stdout(ready_writer);
    Helper::start(PASTA, command, collar)?.wait_until_ready(ready, collar).map(drop)
}

fn start_slirp4netns(program: PathBuf, init: i32, collar: &OwnedFd) -> Result<(), NetError> {
    let mut command = Command::new(program);
    command.args(["--configure", "--mtu=65520", "--disable-host-loopback", "--enable-ipv6"]);
    command.args(["--enable-sandbox", "--enable-seccomp"]);
    let (ready, ready_writer) = pipe(SLIRP4NETNS)?;
    // Not its stdout, on which it prints and which it would close. The command is single-threaded: nobody else's child gets it.
    fd::keep_on_exec(&ready_writer).map_err(|source| NetError::Start { helper: SLIRP4NETNS, source })?;
    command.arg(format!("--ready-fd={}", ready_writer.as_raw_fd())).args([&init.to_string(), "tap0"]);
    command.stdout(Stdio::null());
    let helper = Helper::start(SLIRP4NETNS, command, collar)?;
    drop(ready_writer);
    helper.wait_until_ready(ready, collar).map(drop)
}

/// Tells whether the host has a default route.
fn has_way_out() -> bool {
    let (v4, v6) = default_routes();
    v4 || v6
}

/// Tells whether the host has a default route for IPv4, and for IPv6.
pub(super) fn default_routes() -> (bool, bool) {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    has_default_route(&read("/proc/net/route"), &read("/proc/net/ipv6_route"))
}

/// Looks for a default route in the texts of `/proc/net/route` and `/proc/net/ipv6_route`.
fn has_default_route(ipv4: &str, ipv6: &str) -> (bool, bool) {
    let is_zero = |field: Option<&str>| field.is_some_and(|field| field.bytes().all(|byte| byte == b'0'));
    // Interface, destination, gateway, flags, reference count, use, metric, mask; the first line is a heading.
    let four = ipv4.lines().skip(1).any(|line| {
        let mut fields = line.split_ascii_whitespace().skip(1);
        is_zero(fields.next()) && is_zero(fields.nth(5))
    });
    // Destination, its prefix length, …, interface at place 9. Loopback holds a "no route" entry.
    let six = ipv6.lines().any(|line| {
        let mut fields = line.split_ascii_whitespace();
        is_zero(fields.next()) && is_zero(fields.next()) && fields.nth(7).is_some_and(|interface| interface != "lo")
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
        assert_eq!(has_default_route(&format!("{HEAD}{default}{local}"), ""), (true, false));
        assert_eq!(has_default_route(&format!("{HEAD}{local}"), ""), (false, false));
        assert_eq!(has_default_route("", ""), (false, false));
        assert_eq!(has_default_route(HEAD, &six("lo")), (false, false));
        assert_eq!(has_default_route(HEAD, &six("eth0")), (false, true));
    }
}
