//! The rules for packets in N, loaded when N is made; afterwards only the host's address in them changes ([`set_host`]).
//!
//! - Networks do not reach each other, and internal ones nothing but themselves: only what comes from an open bridge and goes out
//!   is forwarded, and the answers to that.
//! - Within a network everything passes. The kernel shows us that only where br_netfilter is on ([`forward`] turns it off, but it may
//!   be loaded later).
//! - N itself offers containers nothing but what netd puts on their own gateway's address. A packet to the gateway of another
//!   network is dropped.
//! - A container cannot send with the address of another network's. (Within its own, the bridge knows no better.)
//! - What comes for a socket of netd's that has a client's address ([`MARK`]) is delivered to it.
//! - What netd and a container say to each other needs no translation and no memory of connections, so the kernel keeps none: that
//!   is a tenth of what a connection to a published port costs, and many questions about names fill no table.

use super::{HOST, groups};
use crate::config::program::find_program;
use crate::net::NetError;
use std::io::{self, Write as _};
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Command, Stdio};

/// The mark of packets for sockets that answer for addresses of others (`IP_TRANSPARENT`).
pub const MARK: u32 = 0x636f;

/// The table in which everything is local.
pub const TABLE: u8 = 99;

const NFT: &str = "nft";

/// The rules of a new N.
#[must_use]
pub fn rules(host: Option<Ipv4Addr>) -> String {
    let (open, internal, out) = (groups::OPEN, groups::INTERNAL, groups::OUT);
    let host = host_rule(host);
    format!(
        "table inet coracle {{
    chain host {{
        {host}
    }}
    chain early {{
        type filter hook prerouting priority raw; policy accept;
        meta iifgroup {{ {open}, {internal} }} ip6 saddr != :: fib saddr . iif oif missing drop
        meta iifgroup {{ {open}, {internal} }} meta nfproto ipv4 fib saddr . iif oif missing drop
        meta l4proto {{ tcp, udp }} socket transparent 1 meta mark set {MARK} notrack accept
        meta iifgroup {{ {open}, {internal} }} fib daddr . iif type local notrack
    }}
    chain by_us {{
        type filter hook output priority raw; policy accept;
        meta oifgroup {{ {open}, {internal} }} notrack
    }}
    chain to_host {{
        type nat hook prerouting priority dstnat; policy accept;
        meta iifgroup {open} ip daddr {HOST} jump host
    }}
    chain between {{
        type filter hook forward priority filter; policy drop;
        meta iifgroup {{ {open}, {internal} }} fib daddr . iif oif exists accept
        meta iifgroup {internal} drop
        meta oifgroup {internal} drop
        ct state established,related accept
        ct state invalid drop
        meta iifgroup {open} meta oifgroup {out} accept
        meta iifgroup {open} reject with icmpx type admin-prohibited
    }}
    chain to_us {{
        type filter hook input priority filter; policy drop;
        iif lo accept
        meta mark {MARK} accept
        meta iifgroup {{ {open}, {internal} }} fib daddr . iif type {{ local, broadcast, multicast }} accept
        ct state established,related accept
        meta iifgroup {out} meta l4proto {{ icmp, ipv6-icmp }} accept
    }}
    chain outside {{
        type nat hook postrouting priority srcnat; policy accept;
        meta oifgroup {out} masquerade
    }}
}}
"
    )
}

fn host_rule(host: Option<Ipv4Addr>) -> String {
    host.map_or_else(|| "drop".to_owned(), |host| format!("dnat ip to {host}"))
}

/// Loads the rules into the network namespace that the caller is in.
///
/// # Errors
/// There is no nft, or the kernel has not what the rules need.
pub fn load(host: Option<Ipv4Addr>) -> Result<(), NetError> {
    run(&rules(host))?;
    // Whoever a packet is for adds its checksum up anyway; doing that here, too, costs a twentieth of the throughput from the host.
    // Only after the rules, which load the module whose setting this is. Where it cannot be set it is slower, no more.
    let _ = std::fs::write("/proc/sys/net/netfilter/nf_conntrack_checksum", "0");
    Ok(())
}

/// Says what the host's own address is now; in the network namespace that the caller is in. Connections that are there keep theirs.
///
/// # Errors
/// As for [`load`].
pub fn set_host(host: Option<Ipv4Addr>) -> Result<(), NetError> {
    let rule = host_rule(host);
    run(&format!("flush chain inet coracle host\nadd rule inet coracle host {rule}\n"))
}

/// Tells whether there is a program to load rules with.
#[must_use]
pub fn is_there() -> bool {
    find_program(NFT).is_some()
}

fn run(text: &str) -> Result<(), NetError> {
    let fail = |source| NetError::Start { helper: NFT, source };
    let mut command = Command::new(find_program(NFT).ok_or(NetError::NoNft)?);
    command.args(["-f", "-"]).env_clear().current_dir("/");
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(fail)?;
    let written = child.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all(text.as_bytes()));
    let output = child.wait_with_output().map_err(fail)?;
    if output.status.success() {
        return written.map_err(fail);
    }
    let message = String::from_utf8_lossy(&output.stderr);
    let first = message.lines().next().unwrap_or("it says nothing").trim().to_owned();
    Err(NetError::Rules { message: first })
}

/// Turns forwarding on in the network namespace that the caller is in, and off what would undo the rules or speak unasked.
///
/// # Errors
/// The machine lets nobody write to `/proc/sys`.
pub fn forward() -> io::Result<()> {
    for (name, value) in [
        ("ipv4/ip_forward", "1"),
        // A container's answer to a client whose address is elsewhere comes by another way than it would go. The rules above
        // look at the source instead.
        ("ipv4/conf/all/rp_filter", "0"),
        ("ipv4/conf/default/rp_filter", "0"),
        ("ipv4/conf/all/send_redirects", "0"),
        ("ipv4/conf/default/send_redirects", "0"),
        ("ipv4/conf/default/accept_redirects", "0"),
        ("ipv4/ip_unprivileged_port_start", "0"),
    ] {
        std::fs::write(Path::new("/proc/sys/net").join(name), value)?;
    }
    for name in ["iptables", "ip6tables", "arptables"] {
        // Where there is no such module there is nothing to turn off; the rules do not depend on it.
        let _ = std::fs::write(format!("/proc/sys/net/bridge/bridge-nf-call-{name}"), "0");
    }
    for (name, value) in [
        ("ipv6/conf/all/forwarding", "1"),
        ("ipv6/conf/default/accept_ra", "0"),
        ("ipv6/conf/default/accept_redirects", "0"),
        ("ipv6/conf/default/accept_dad", "0"),
    ] {
        match std::fs::write(Path::new("/proc/sys/net").join(name), value) {
            // A kernel without IPv6.
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
