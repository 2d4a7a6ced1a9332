//! N's way out: pasta, else slirp4netns, else a pasta that is too old to be trusted with everything ([`Age`]).
//!
//! N gets link-local addresses of its own. pasta would give it those of the host, which then could not be reached from N, and would
//! be wrong as soon as the host gets others.

use super::groups;
use crate::config::program::find_program;
use crate::net::NetError;
use crate::net::helper;
use crate::net::private::{self, PASTA, SLIRP4NETNS};
use crate::net::stand_in::StandIn;
use crate::sys::netlink::{NewRoute, Route};
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The way out's interface in N.
pub(super) const INTERFACE: &str = "out0";

/// N's address and the router's behind the interface.
const OWN: &str = "169.254.4.1";
const ROUTER: &str = "169.254.4.2";
const OWN_V6: &str = "fd37:6f72:6163::1";
const ROUTER_V6: &str = "fe80::1";
/// The network of slirp4netns, where N is the hundredth.
const SLIRP_NETWORK: &str = "169.254.4.0/24";

/// It would tell N's address by a router advertisement, which a router like N does not listen to.
const SLIRP_OWN_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 0x100);
const SLIRP_ROUTER_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 2);

/// Which pasta will do.
///
/// Before 2024_08_21 it loses the end of a connection that both sides close at once, and says nothing of a port that nobody
/// listens on. slirp4netns is slower and does neither, so an old pasta is the last resort.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Age {
    /// One that knows `--map-guest-addr`, which came with that version.
    New,
    Any,
}

/// The address families that a host or a way out has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Families {
    pub v4: bool,
    pub v6: bool,
}

impl Families {
    /// Those for which the host has a default route.
    #[must_use]
    pub fn of_host() -> Self {
        let (v4, v6) = private::default_routes();
        Self { v4, v6 }
    }
}

/// By what N is joined to the host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Way {
    /// With the pid of the helper, and the interfaces of the host's default routes to which it keeps: IPv4 and IPv6.
    Pasta { pid: i32, through: (Option<String>, Option<String>) },
    /// It needs no route of the host's to start.
    Slirp4netns { pid: i32 },
    /// The host had no way out, and no helper starts without one.
    Nothing,
    /// The host has a way out, and there is nothing to join N to it by: why, and the mend.
    Missing { reason: String },
}

impl Way {
    /// Tells whether the host has a family of addresses that N cannot use.
    #[must_use]
    pub fn lacks(&self, host: Families) -> bool {
        match self {
            Self::Pasta { through: (v4, v6), .. } => host.v4 && v4.is_none() || host.v6 && v6.is_none(),
            Self::Slirp4netns { .. } => false,
            Self::Nothing | Self::Missing { .. } => host.v4 || host.v6,
        }
    }

    /// Tells whether the helper keeps to an interface that the host's packets do not go out by any more.
    #[must_use]
    pub fn is_astray(&self) -> bool {
        let Self::Pasta { through: (v4, v6), .. } = self else { return false };
        let (now_v4, now_v6) = private::default_interfaces();
        // One that is gone for a while may come back.
        let moved = |before: &Option<String>, now: &Option<String>| now.is_some() && before != now;
        moved(v4, &now_v4) || moved(v6, &now_v6)
    }

    /// The pid of the helper.
    #[must_use]
    pub fn pid(&self) -> Option<i32> {
        match self {
            Self::Pasta { pid, .. } | Self::Slirp4netns { pid } => Some(*pid),
            Self::Nothing | Self::Missing { .. } => None,
        }
    }
}

/// The host's own address, at which it offers what it offers to all.
#[must_use]
pub fn host_address() -> Option<Ipv4Addr> {
    private::own_address()
}

/// Joins N to the host. To be called as root of S in the host's other namespaces, single-threaded, when N has no way out (any more).
///
/// Where no helper is installed, or none can use the host's way out, N is without: its containers reach each other all the same.
///
/// # Errors
/// The namespace cannot be found, or the interface cannot be set up.
pub fn start_stack(namespace: BorrowedFd<'_>, route: &Route, collar: &OwnedFd) -> Result<Way, NetError> {
    let through = private::default_interfaces();
    let families = Families { v4: through.0.is_some(), v6: through.1.is_some() };
    let stand_in = StandIn::in_namespace(namespace)?;
    let path = format!("/proc/{}/ns/net", stand_in.pid());
    let mut refused = None;
    let mut way = None;
    for (name, age) in [(PASTA, Age::New), (SLIRP4NETNS, Age::Any), (PASTA, Age::Any)] {
        let Some(program) = find_program(name) else { continue };
        let started = match name {
            PASTA => start_pasta(&program, &path, families, age, collar).map(|pid| Way::Pasta { pid, through: through.clone() }),
            _ => start_slirp4netns(program, &path, collar).map(|pid| Way::Slirp4netns { pid }),
        };
        match started {
            Ok(found) => {
                way = Some(found);
                break;
            }
            // Of the last one, for the first may only have been too old.
            Err(error) => refused = Some(error),
        }
    }
    match (way, refused) {
        (Some(way), _) => {
            let fail = |source| NetError::Start { helper: PASTA, source };
            if let Some(index) = route.index_of(INTERFACE).map_err(fail)? {
                if matches!(way, Way::Slirp4netns { .. }) {
                    let via = Some(IpAddr::V6(SLIRP_ROUTER_V6));
                    let out = NewRoute { to: (Ipv6Addr::UNSPECIFIED.into(), 0), via, metric: 0 };
                    // Where the kernel has no IPv6 there is none.
                    let _ = route.configure(index, &[(SLIRP_OWN_V6.into(), 64)], &[out]);
                }
                route.set_group(index, groups::OUT).map_err(fail)?;
            }
            Ok(way)
        }
        (None, Some(NetError::Refused { .. })) if families == Families::default() => Ok(Way::Nothing),
        (None, refused) => Ok(Way::Missing { reason: refused.unwrap_or(NetError::NoHelper).to_string() }),
    }
}

fn start_pasta(program: &Path, namespace: &str, families: Families, age: Age, collar: &OwnedFd) -> Result<i32, NetError> {
    helper::pasta(program, collar, |command| {
        command.args(["--foreground", "--quiet", "--config-net", "--no-map-gw", "--ns-ifname", INTERFACE]);
        command.args(["-t", "none", "-u", "none", "-T", "none", "-U", "none", "--no-dhcp", "--no-dhcpv6", "--no-ra"]);
        if age == Age::New {
            command.args(["--map-guest-addr", "none"]);
        }
        if families.v4 {
            command.args(["--address", OWN, "--netmask", "30", "--gateway", ROUTER]);
        }
        if families.v6 {
            command.args(["--address", OWN_V6, "--gateway", ROUTER_V6]);
        }
        match families {
            Families { v4: true, v6: false } => drop(command.arg("--ipv4-only")),
            Families { v4: false, v6: true } => drop(command.arg("--ipv6-only")),
            _ => {}
        }
        command.args(["--netns-only", "--no-netns-quit", "--netns", namespace]);
    })
}

fn start_slirp4netns(program: PathBuf, namespace: &str, collar: &OwnedFd) -> Result<i32, NetError> {
    let mut command = Command::new(program);
    command.args(["--configure", "--mtu=65520", "--disable-host-loopback", "--enable-ipv6", "--disable-dns"]);
    command.args(["--enable-sandbox", "--enable-seccomp", "--cidr", SLIRP_NETWORK, "--netns-type=path"]);
    helper::slirp4netns(command, namespace, INTERFACE, collar)
}
