//! The host's name servers: `/etc/resolv.conf`, read again when it is another file than the last time.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::Arc;

/// More are not asked (resolv.conf(5), `MAXNS`).
const MOST: usize = 3;

const PORT: u16 = 53;

/// Which file it was: where, which, how long, when changed.
type Stamp = (u64, u64, u64, i64, i64);

#[derive(Debug)]
pub(super) struct Resolvers {
    path: PathBuf,
    stamp: Option<Stamp>,
    servers: Arc<[SocketAddr]>,
}

impl Resolvers {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, stamp: None, servers: Arc::new([]) }
    }

    /// The servers of now. One look at the file is cheaper than a question, and needs no watch that a rename could fool.
    pub(super) fn now(&mut self) -> Arc<[SocketAddr]> {
        let meta = std::fs::metadata(&self.path).ok();
        let stamp = meta.map(|meta| (meta.dev(), meta.ino(), meta.size(), meta.mtime(), meta.mtime_nsec()));
        if stamp != self.stamp || self.servers.is_empty() {
            self.servers = servers(&std::fs::read_to_string(&self.path).unwrap_or_default()).into();
            self.stamp = stamp;
        }
        Arc::clone(&self.servers)
    }
}

/// The name servers of a resolv.conf(5); the host itself where there is none.
fn servers(text: &str) -> Vec<SocketAddr> {
    let mut servers: Vec<SocketAddr> = text
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("nameserver"))
        .filter(|rest| rest.starts_with([' ', '\t']))
        .filter_map(|rest| server(rest.split_ascii_whitespace().next()?))
        .take(MOST)
        .collect();
    if servers.is_empty() {
        servers.push(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), PORT));
    }
    servers
}

fn server(text: &str) -> Option<SocketAddr> {
    match text.split_once('%') {
        None => Some(SocketAddr::new(text.parse::<IpAddr>().ok()?, PORT)),
        Some((address, scope)) => {
            let address: Ipv6Addr = address.parse().ok()?;
            let index = scope.parse().ok().or_else(|| nix::net::if_::if_nametoindex(scope).ok())?;
            Some(SocketAddrV6::new(address, PORT, 0, index).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_three_servers_count_and_a_changed_file_is_seen() {
        let text = "# x\nnameserver 192.0.2.1\nnameserver\t::1 # no\nsearch a\nnameserverx 9.9.9.9\nnameserver bad\n\
                    nameserver fe80::1%7\nnameserver 192.0.2.4\n";
        let shown: Vec<String> = servers(text).iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["192.0.2.1:53", "[::1]:53", "[fe80::1%7]:53"]);
        assert_eq!(servers("")[0].to_string(), "127.0.0.1:53");

        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("resolv.conf");
        let mut resolvers = Resolvers::new(path.clone());
        assert_eq!(resolvers.now()[0].to_string(), "127.0.0.1:53");
        std::fs::write(&path, "nameserver 192.0.2.1\n").expect("write");
        assert_eq!(resolvers.now()[0].to_string(), "192.0.2.1:53");
        std::fs::write(folder.path().join("new"), "nameserver 192.0.2.2\n").expect("write");
        std::fs::rename(folder.path().join("new"), &path).expect("rename");
        assert_eq!(resolvers.now()[0].to_string(), "192.0.2.2:53");
    }
}
