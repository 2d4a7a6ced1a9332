//! The container's network.
//!
//! # Theory of operation
//!
//! - `none`: a network namespace of its own in which init sets loopback up ([`crate::sys::netdev::loopback_up`]).
//! - `host`: the host's namespace; nothing is done here.
//! - `private`: a namespace of its own, loopback, and one user-mode stack that joins it to the host: `pasta`, else
//!   `slirp4netns` ([`private`]). The stack is a process of the user in the host's namespaces. It opens a tap device in the
//!   container's namespace and speaks to the world by ordinary sockets.
//!
//! [`hosts`] and [`resolv`] make the texts of the container's `/etc/hosts` and `/etc/resolv.conf`.

mod helper;
pub mod hosts;
pub mod netd;
pub mod private;
pub mod resolv;
pub mod session;
mod stand_in;

pub use private::Leash;

use crate::model::Protocol;
use std::io;

/// Why the container gets no network.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    #[error("make the pipe that ends the network helper")]
    Leash(#[source] io::Error),
    #[error("no network helper is installed (apt install passt, or slirp4netns; or use --network none or host)")]
    NoHelper,
    #[error("{helper} is not installed (install it, or use another --network)")]
    NoSuchHelper { helper: &'static str },
    #[error("{option:?} is no option of slirp4netns here: {why}")]
    SlirpOption { option: String, why: &'static str },
    #[error("publish port {port} by slirp4netns: {message}")]
    SlirpPort { port: String, message: String },
    #[error(
        "publish port {port}/{protocol} by this pasta: clients on the host itself would come from 127.0.0.1, which programs trust \
         (install passt of 2024-10-30 or later, name another address of the host, or use --network bridge{})",
        if *protocol == Protocol::Tcp { " or slirp4netns" } else { "" }
    )]
    OldPastaPort { port: u16, protocol: Protocol },
    #[error("start {helper} for the container's network")]
    Start {
        helper: &'static str,
        #[source]
        source: io::Error,
    },
    #[error("{helper} cannot join the container's network to the host: {message}{}", mend(message))]
    Refused { helper: &'static str, message: String },
    #[error("{helper} did not answer within {seconds} seconds")]
    Timeout { helper: &'static str, seconds: u64 },
    #[error("no nft is installed, which keeps networks apart (apt install nftables; or use --network private)")]
    NoNft,
    #[error("load the rules that keep networks apart: {message}")]
    Rules { message: String },
    #[error("make the session network namespace: {message}")]
    Session { message: String },
    #[error("make the session network namespace")]
    MakeSession(#[source] io::Error),
    #[error("let the session network namespace forward packets (is /proc/sys read-only here? use --network private)")]
    Forward {
        #[source]
        source: io::Error,
    },
    #[error("make the bridge of the network {network}")]
    Bridge {
        network: String,
        #[source]
        source: io::Error,
    },
    #[error("{helper} was ended: the container's monitor is gone")]
    LetGo { helper: &'static str },
    #[error("{name:?} cannot be a host name: it is empty or holds white space, \"#\" or a control character")]
    BadName { name: String },
}

fn mend(message: &str) -> &'static str {
    if message.contains("tun") {
        " (load the module: sudo modprobe tun)"
    } else if message.contains("ns/net") || message.contains("ns/user") {
        " (is it kept from it by an AppArmor profile? see sudo dmesg)"
    } else {
        ""
    }
}
