//! Listeners of published ports, in the host's network namespace, and whose a taken port is.

use super::message::Refusal;
use crate::model::{PortMapping, Protocol};
use crate::sys::inet::{self, Kind};
use rustix::io::Errno;
use std::collections::HashSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::OwnedFd;

/// One listener: where it is and where it leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Listener {
    pub(super) address: SocketAddr,
    pub(super) protocol: Protocol,
    /// The container's port.
    pub(super) port: u16,
}

/// The listeners that some mappings mean. Where no address is named there are two for each port; the one for IPv6 is not
/// insisted on, the host may have none.
pub(super) fn listeners(mappings: &[PortMapping]) -> Vec<Listener> {
    let (mut listeners, mut known) = (Vec::new(), HashSet::new());
    for mapping in mappings {
        let addresses = match mapping.host_ip {
            Some(ip) => vec![ip],
            None => vec![Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()],
        };
        for (host, port) in mapping.pairs() {
            for ip in &addresses {
                let listener = Listener { address: SocketAddr::new(*ip, host), protocol: mapping.protocol, port };
                if known.insert(listener) {
                    listeners.push(listener);
                }
            }
        }
    }
    listeners
}

pub(super) fn kind(protocol: Protocol) -> Kind {
    match protocol {
        Protocol::Tcp => Kind::Stream,
        Protocol::Udp => Kind::Datagram,
    }
}

/// Makes a listener; nothing where it is for IPv6 at all addresses and the host has no IPv6. `known` names the owner of a listener of ours.
pub(super) fn bind(listener: &Listener, known: impl FnOnce() -> Option<String>) -> Result<Option<OwnedFd>, Refusal> {
    let error = match inet::server(listener.address, kind(listener.protocol)) {
        Ok(socket) => return Ok(Some(socket)),
        Err(error) => error,
    };
    let address = listener.address.to_string();
    let ip = listener.address.ip();
    match Errno::from_io_error(&error) {
        Some(Errno::AFNOSUPPORT | Errno::ADDRNOTAVAIL) if ip == IpAddr::from(Ipv6Addr::UNSPECIFIED) => Ok(None),
        Some(Errno::ADDRINUSE) => {
            let owner = known().or_else(|| owner(listener));
            Err(Refusal::PortTaken { address, protocol: listener.protocol.to_string(), owner })
        }
        Some(Errno::ACCESS) => Err(Refusal::PortForRoot { port: listener.address.port(), first: first_for_users() }),
        Some(Errno::ADDRNOTAVAIL) => Err(Refusal::NoSuchAddress { address: ip.to_string() }),
        _ => Err(Refusal::Port { address, protocol: listener.protocol.to_string(), reason: error.to_string() }),
    }
}

/// The first port that users may have.
fn first_for_users() -> u16 {
    let text = std::fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start").unwrap_or_default();
    text.trim().parse().unwrap_or(1024)
}

/// Two listeners that cannot both be.
pub(super) fn collide(one: &Listener, other: &Listener) -> bool {
    let (a, b) = (one.address.ip(), other.address.ip());
    one.protocol == other.protocol
        && one.address.port() == other.address.port()
        && a.is_ipv4() == b.is_ipv4()
        && (a == b || a.is_unspecified() || b.is_unspecified())
}

/// The program that has the port, where it is one of the user's: those of others do not show their descriptors. And from inside S
/// none of the host's shows them, so the command asks once more.
pub(super) fn owner(listener: &Listener) -> Option<String> {
    let protocol = listener.protocol.as_str();
    let inodes: Vec<String> = [protocol.to_owned(), format!("{protocol}6")]
        .iter()
        .filter_map(|name| std::fs::read_to_string(format!("/proc/net/{name}")).ok())
        .flat_map(|text| inodes(&text, listener))
        .collect();
    for pid in crate::sys::process::all() {
        let Ok(fds) = std::fs::read_dir(format!("/proc/{pid}/fd")) else { continue };
        for fd in fds.flatten() {
            let Ok(link) = std::fs::read_link(fd.path()) else { continue };
            let held = link.to_str().and_then(|link| link.strip_prefix("socket:[")?.strip_suffix(']'));
            if held.is_some_and(|inode| inodes.iter().any(|wanted| wanted == inode)) {
                let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
                return Some(format!("{} (process {pid})", name.trim()));
            }
        }
    }
    None
}

/// The inodes of the sockets in a `/proc/net/tcp` or `udp` that wait for clients at the listener's port.
fn inodes(text: &str, listener: &Listener) -> Vec<String> {
    let wanted = format!("{:04X}", listener.address.port());
    let waiting = match listener.protocol {
        Protocol::Tcp => "0A",
        Protocol::Udp => "07",
    };
    let row = |line: &str| {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let port = fields.get(1)?.rsplit_once(':')?.1;
        (port == wanted && *fields.get(3)? == waiting).then(|| fields.get(9).map(|inode| (*inode).to_owned()))?
    };
    text.lines().skip(1).filter_map(row).collect()
}

/// As many descriptors as the host allows: a connection needs some, and each port has one or two.
pub(super) fn raise_limit() -> io::Result<()> {
    let mut limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    limit.current = limit.maximum;
    rustix::process::setrlimit(rustix::process::Resource::Nofile, limit).map_err(io::Error::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Publish;

    fn all(text: &str) -> Vec<Listener> {
        listeners(&text.parse::<Publish>().expect("ports").0)
    }

    #[test]
    fn a_port_without_an_address_is_at_all_of_both_families_and_else_nowhere_else() {
        let shown =
            |text: &str| all(text).iter().map(|one| format!("{}>{}", one.address, one.port)).collect::<Vec<_>>().join(" ");
        assert_eq!(shown("8080-8081:80-81"), "0.0.0.0:8080>80 [::]:8080>80 0.0.0.0:8081>81 [::]:8081>81");
        assert_eq!(shown("127.0.0.1:8080:80"), "127.0.0.1:8080>80");
        assert_eq!(shown("[::1]:8080:80"), "[::1]:8080>80");
        for (one, other, wanted) in [
            ("127.0.0.1:80:1", "0.0.0.0:80:1", true),
            ("127.0.0.1:80:1", "127.0.0.2:80:1", false),
            ("127.0.0.1:80:1", "[::]:80:1", false),
            ("127.0.0.1:80:1", "127.0.0.1:80:1/udp", false),
            ("127.0.0.1:80:1", "127.0.0.1:80:2", true),
        ] {
            assert_eq!(collide(&all(one)[0], &all(other)[0]), wanted, "{one} {other}");
        }
    }

    #[test]
    fn a_taken_port_is_told_with_its_owner() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("listener");
        let address = taken.local_addr().expect("address");
        let listener = Listener { address, protocol: Protocol::Tcp, port: 80 };
        let Err(Refusal::PortTaken { owner: Some(owner), .. }) = bind(&listener, || None) else { panic!("taken") };
        assert!(owner.contains(&format!("(process {})", std::process::id())), "{owner}");
        let known = bind(&listener, || Some("container web".to_owned())).expect_err("taken");
        assert_eq!(known.to_string(), format!("port {address}/tcp of the host is taken by container web"));
        drop(taken);
        assert!(bind(&listener, || None).expect("free").is_some());
        let foreign = Listener { address: "192.0.2.1:5000".parse().expect("address"), ..listener };
        assert_eq!(bind(&foreign, || None).expect_err("foreign"), Refusal::NoSuchAddress { address: "192.0.2.1".to_owned() });
    }
}
