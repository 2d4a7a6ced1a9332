//! pasta for one container.
//!
//! The container has the host's own address, so that the host itself is out of reach, unless another address is made to stand for it
//! (`--map-guest-addr`, since passt 2024_08_21). An older pasta refuses that option: then the container gets an address of its own instead, and the host has
//! its. The gateway's address, which pasta would let stand for the host, means its loopback; so it does only where the user says so (`--map-gw`).

use super::{Stack, Wish, own_address};
use crate::model::{PortMapping, Protocol};
use crate::net::NetError;
use crate::net::helper;
use crate::net::stand_in::StandIn;
use std::net::Ipv4Addr;
use std::os::fd::OwnedFd;
use std::path::Path;

/// The address at which pasta takes questions for the host's name server (link-local, so nothing else's; Podman's choice).
const DNS: Ipv4Addr = Ipv4Addr::new(169, 254, 1, 1);

/// The address at which pasta takes what is for the host (Podman's choice).
const HOST: Ipv4Addr = Ipv4Addr::new(169, 254, 1, 2);

/// The container's own address and its router's, where it cannot have the host's.
const OWN: &str = "169.254.4.1";
const ROUTER: &str = "169.254.4.2";

/// Options that settle which addresses the container has.
const ADDRESSES: [&str; 10] = ["-a", "--address", "-n", "--netmask", "-g", "--gateway", "-i", "--interface", "-6", "--ipv6-only"];

/// How the container reaches the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// By an address that stands for it.
    Mapped,
    /// By its own address, as the container has another.
    Own,
    /// As the user has settled it.
    Settled,
}

/// Whether a pasta will do that does not know `--map-guest-addr`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Old {
    Will,
    WillNot,
}

pub(super) fn start(
    program: &Path,
    init: i32,
    collar: &OwnedFd,
    wish: &Wish<'_>,
    own: &[String],
    old: Old,
) -> Result<Stack, NetError> {
    let given: Vec<&str> = wish.pasta_options.iter().chain(own).map(String::as_str).collect();
    let settled = ["--map-guest-addr", "--map-gw"].iter().any(|option| has(&given, option));
    let reach = if settled { Reach::Settled } else { Reach::Mapped };
    let reach = match run(program, init, collar, &arguments(&given, wish.ports, reach)) {
        Ok(()) => reach,
        Err(NetError::Refused { message, .. })
            if old == Old::Will && reach == Reach::Mapped && message.contains("map-guest-addr") =>
        {
            // Such a pasta makes a connection from the host's loopback one from the container's own, which programs trust.
            if let Some(port) =
                wish.ports.iter().find(|port| port.host_ip.is_none_or(|ip| ip.is_loopback() || ip.is_unspecified()))
            {
                return Err(NetError::OldPastaPort { port: port.host_port, protocol: port.protocol });
            }
            let own = !ADDRESSES.iter().any(|option| has(&given, option)) && own_address().is_some();
            let reach = if own { Reach::Own } else { Reach::Settled };
            run(program, init, collar, &arguments(&given, wish.ports, reach))?;
            reach
        }
        Err(error) => return Err(error),
    };
    let host = match reach {
        Reach::Mapped => Some(HOST),
        Reach::Own => own_address(),
        Reach::Settled => value(&given, "--map-guest-addr").and_then(|address| address.parse().ok()),
    };
    let nameserver = match value(&given, "--dns-forward") {
        Some(address) => address.parse().ok(),
        None => Some(DNS),
    };
    Ok(Stack { nameserver, host })
}

/// The arguments: ours where the user has not given others, then the user's.
fn arguments(given: &[&str], ports: &[PortMapping], reach: Reach) -> Vec<String> {
    let mut list: Vec<String> = ["--foreground", "--quiet", "--config-net"].map(str::to_owned).to_vec();
    if !has(given, "--map-gw") && !has(given, "--no-map-gw") {
        list.push("--no-map-gw".to_owned());
    }
    for (short, long, protocol) in [("-t", "--tcp-ports", Protocol::Tcp), ("-u", "--udp-ports", Protocol::Udp)] {
        let published: Vec<String> = ports.iter().filter(|port| port.protocol == protocol).map(port).collect();
        for port in &published {
            list.extend([short.to_owned(), port.clone()]);
        }
        if published.is_empty() && !has(given, short) && !has(given, long) {
            list.extend([short.to_owned(), "none".to_owned()]);
        }
    }
    for (short, long) in [("-T", "--tcp-ns"), ("-U", "--udp-ns")] {
        if !has(given, short) && !has(given, long) {
            list.extend([short.to_owned(), "none".to_owned()]);
        }
    }
    if !has(given, "--dns-forward") {
        list.extend(["--dns-forward".to_owned(), DNS.to_string()]);
    }
    match reach {
        Reach::Mapped => list.extend(["--map-guest-addr".to_owned(), HOST.to_string()]),
        Reach::Own => list.extend(["-a", OWN, "-n", "30", "-g", ROUTER].map(str::to_owned)),
        Reach::Settled => {}
    }
    // Podman's own word for leaving "--no-map-gw" out.
    list.extend(given.iter().filter(|word| **word != "--map-gw").map(|word| (*word).to_owned()));
    list
}

fn port(mapping: &PortMapping) -> String {
    let range = |first: u16| match mapping.count {
        1 => first.to_string(),
        count => format!("{first}-{}", first.saturating_add(count - 1)),
    };
    let address = mapping.host_ip.map_or_else(String::new, |address| format!("{address}/"));
    format!("{address}{}:{}", range(mapping.host_port), range(mapping.container_port))
}

/// Tells whether an option is among the arguments, be it `--option`, `--option=value` or `-o`.
fn has(given: &[&str], option: &str) -> bool {
    given.iter().any(|word| word.split('=').next() == Some(option))
}

/// The value of an option.
fn value<'a>(given: &[&'a str], option: &str) -> Option<&'a str> {
    let at = given.iter().position(|word| word.split('=').next() == Some(option))?;
    given[at].split_once('=').map(|(_, value)| value).or_else(|| given.get(at + 1).copied())
}

fn run(program: &Path, init: i32, collar: &OwnedFd, arguments: &[String]) -> Result<(), NetError> {
    let in_session = rustix::process::geteuid().is_root();
    let stand_in = in_session.then(|| StandIn::of(init)).transpose()?;
    let started = helper::pasta(program, collar, |command| {
        command.args(arguments);
        match &stand_in {
            // By the path alone: of a process it would join the user namespace, too, and that is the one that we are in. The leash
            // ends pasta, not the end of the path.
            Some(stand_in) => {
                command.args(["--netns-only", "--no-netns-quit", "--netns", &format!("/proc/{}/ns/net", stand_in.pid())]);
            }
            None => drop(command.arg(init.to_string())),
        }
    });
    started.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_arguments_take_the_place_of_ours() {
        let text = |given: &[&str], reach| arguments(given, &[], reach).join(" ");
        let common = "--foreground --quiet --config-net";
        let none = "-t none -u none -T none -U none --dns-forward 169.254.1.1";
        assert_eq!(text(&[], Reach::Mapped), format!("{common} --no-map-gw {none} --map-guest-addr 169.254.1.2"));
        assert_eq!(text(&[], Reach::Own), format!("{common} --no-map-gw {none} -a 169.254.4.1 -n 30 -g 169.254.4.2"));
        assert_eq!(text(&["--map-gw"], Reach::Settled), format!("{common} {none}"));
        assert_eq!(
            text(&["-t", "8080", "--udp-ns=53", "--dns-forward", "192.0.2.1"], Reach::Settled),
            format!("{common} --no-map-gw -u none -T none -t 8080 --udp-ns=53 --dns-forward 192.0.2.1")
        );
        assert_eq!(value(&["--dns-forward=192.0.2.1"], "--dns-forward"), Some("192.0.2.1"));
        assert_eq!(value(&["--dns-forward", "192.0.2.1"], "--dns-forward"), Some("192.0.2.1"));
    }

    #[test]
    fn ports_are_ranges_behind_their_address() {
        let mapping = PortMapping { host_ip: None, host_port: 8080, container_port: 80, count: 1, protocol: Protocol::Tcp };
        assert_eq!(port(&mapping), "8080:80");
        let range = PortMapping { host_ip: "127.0.0.1".parse().ok(), count: 3, ..mapping };
        assert_eq!(port(&range), "127.0.0.1/8080-8082:80-82");
        assert!(arguments(&[], &[range], Reach::Mapped).join(" ").contains("-t 127.0.0.1/8080-8082:80-82 -u none"));
    }
}
