//! The session network namespace N: one for each user, owned by the session user namespace S, in which the networks' bridges are.
//!
//! # Theory of operation
//!
//! ```text
//!  host's network namespace          N                                             a container
//!  pasta or slirp4netns ── tap ─── out0 ─ masquerade ─ forward ─ podman0 ─ veth0 ┄┄┄ eth0
//!                                                              └ podman1 ─ veth1 ┄┄┄ eth0 (another one)
//! ```
//!
//! - N is held by descriptors: netd's and those of the monitors of all containers in it. It goes with the last of them, and all that
//!   is in it too. The helper outside holds it as well, so it is on a leash of which the same processes have the other end.
//! - [`make`] forks a process that makes N and hands it over: it sets loopback up, turns forwarding on and loads the rules
//!   ([`firewall`]). The helper finds N by another one, which has given all its capabilities up ([`super::stand_in`]).
//! - The helper has addresses of N's own, not the host's: so the host's own address is reached like any other, and the host's network
//!   may change without N noticing. The helper speaks to the world by ordinary sockets of the host.
//! - Rules know interfaces by their group ([`groups`]), so a new bridge needs no new rule.
//! - A host without a network when N is made gets its way out later ([`Way::lacks`]).

pub mod bridge;
pub mod firewall;
pub mod groups;
mod make;
mod stack;

pub use make::make;
pub use stack::{Families, Way, host_address, start_stack};

use crate::sys::netlink::Route;
use std::net::Ipv4Addr;
use std::os::fd::OwnedFd;

/// N and what belongs to it.
#[derive(Debug)]
pub struct Session {
    /// The network namespace.
    pub namespace: OwnedFd,
    /// A socket of N, for one process only.
    pub route: Route,
    /// The way out ends when nobody holds this.
    pub hand: OwnedFd,
    pub way: Way,
}

/// At this address containers reach the host itself, whatever its own address is; nothing that listens on its loopback only.
/// Link-local, so nothing else's; Podman's choice.
pub const HOST: Ipv4Addr = Ipv4Addr::new(169, 254, 1, 2);
