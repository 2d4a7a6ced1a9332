//! slirp4netns for one container. Its options are those of Podman's `--network slirp4netns:…`; ports go in by its API socket
//! (slirp4netns(1), "API SOCKET").

use super::{SLIRP4NETNS, Stack, Wish, own_address};
use crate::model::network::Ipv4Net;
use crate::model::{PortMapping, Protocol};
use crate::net::NetError;
use crate::net::helper;
use crate::sys::fd;
use rustix::fs::{Mode, OFlags};
use serde_json::{Value, json};
use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Shutdown};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Command;

/// The network that a container has where the user chooses none.
const NETWORK: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(10, 0, 2, 0), 24);

const SOCKET: &str = "slirp4netns.sock";

/// What the user has chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Options {
    network: Ipv4Net,
    mtu: u32,
    ipv6: bool,
    host_loopback: bool,
    outbound: Option<String>,
    outbound_v6: Option<String>,
}

impl Options {
    fn parse(words: &[String]) -> Result<Self, NetError> {
        let mut options =
            Self { network: NETWORK, mtu: 65520, ipv6: true, host_loopback: false, outbound: None, outbound_v6: None };
        for word in words {
            let bad = |why| NetError::SlirpOption { option: word.clone(), why };
            let (name, value) = word.split_once('=').ok_or_else(|| bad("write NAME=VALUE"))?;
            let switch = || value.parse::<bool>().map_err(|_| bad("it is true or false"));
            match name {
                "allow_host_loopback" => options.host_loopback = switch()?,
                "enable_ipv6" => options.ipv6 = switch()?,
                "mtu" => options.mtu = value.parse().map_err(|_| bad("it is a number of bytes"))?,
                "cidr" => {
                    let network: Ipv4Net = value.parse().map_err(|_| bad("it is an IPv4 network"))?;
                    let fits = network.prefix_len() <= 25;
                    options.network =
                        fits.then(|| network.trunc()).ok_or_else(|| bad("the network needs at least 128 addresses"))?;
                }
                "outbound_addr" => options.outbound = Some(value.to_owned()),
                "outbound_addr6" => options.outbound_v6 = Some(value.to_owned()),
                // Both work here by the API socket.
                "port_handler" if matches!(value, "slirp4netns" | "rootlesskit") => {}
                "port_handler" => return Err(bad("it is slirp4netns or rootlesskit")),
                _ => {
                    let known =
                        "there are allow_host_loopback, cidr, enable_ipv6, mtu, outbound_addr, outbound_addr6, port_handler";
                    return Err(bad(known));
                }
            }
        }
        Ok(options)
    }

    fn arguments(&self) -> Vec<String> {
        let mut list: Vec<String> = ["--configure", "--enable-sandbox", "--enable-seccomp"].map(str::to_owned).to_vec();
        list.push(format!("--mtu={}", self.mtu));
        list.push(format!("--cidr={}", self.network));
        if !self.host_loopback {
            list.push("--disable-host-loopback".to_owned());
        }
        if self.ipv6 {
            list.push("--enable-ipv6".to_owned());
        }
        list.extend(self.outbound.iter().map(|address| format!("--outbound-addr={address}")));
        list.extend(self.outbound_v6.iter().map(|address| format!("--outbound-addr6={address}")));
        list
    }

    /// The address with this place in the network.
    fn address(&self, place: u32) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.network.network().to_bits() + place)
    }
}

pub(super) fn start(program: PathBuf, init: i32, collar: &OwnedFd, wish: &Wish<'_>, own: &[String]) -> Result<Stack, NetError> {
    let fail = |source| NetError::Start { helper: SLIRP4NETNS, source };
    let options = Options::parse(own)?;
    let mut command = Command::new(program);
    command.args(options.arguments());
    // A socket's path may not be longer than 107 bytes: so by the folder's descriptor, which passes the exec.
    let folder = rustix::fs::open(wish.folder, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
    let folder = folder.map_err(|errno| fail(errno.into()))?;
    if !wish.ports.is_empty() {
        fd::keep_on_exec(&folder).map_err(fail)?;
        command.arg(format!("--api-socket=/proc/self/fd/{}/{SOCKET}", folder.as_raw_fd()));
    }
    helper::slirp4netns(command, &init.to_string(), "tap0", collar)?;
    let published = wish.ports.iter().try_for_each(|mapping| publish(&folder, mapping));
    if !wish.ports.is_empty() {
        // Nobody else is to speak to it; the monitor would take it away with the folder.
        let _ = rustix::fs::unlinkat(&folder, SOCKET, rustix::fs::AtFlags::empty());
    }
    published?;
    let host = if options.host_loopback { Some(options.address(2)) } else { own_address() };
    Ok(Stack { nameserver: Some(options.address(3)), host })
}

fn publish(folder: &OwnedFd, mapping: &PortMapping) -> Result<(), NetError> {
    mapping.pairs().try_for_each(|(host, inside)| {
        let protocol = mapping.protocol;
        let fail = |message: String| NetError::SlirpPort { port: format!("{host}/{protocol}"), message };
        let address = match mapping.host_ip {
            // libslirp takes the question in, and has no way for the answer.
            Some(address) if protocol == Protocol::Udp && address.is_loopback() => {
                let why = "answers do not come back to the host's own loopback (use --network bridge, or name another address of the host)";
                return Err(fail(why.to_owned()));
            }
            None => Ipv4Addr::UNSPECIFIED,
            Some(IpAddr::V4(address)) => address,
            Some(IpAddr::V6(_)) => return Err(fail("it listens on IPv4 addresses only (use pasta, or a bridge)".to_owned())),
        };
        let answer = ask(folder, &request(protocol, address, host, inside)).map_err(|error| fail(error.to_string()))?;
        match answer.pointer("/error/desc").and_then(Value::as_str) {
            Some(why) => Err(fail(format!("{why} (is the port taken?)"))),
            None => Ok(()),
        }
    })
}

fn request(protocol: Protocol, address: Ipv4Addr, host: u16, inside: u16) -> Value {
    json!({ "execute": "add_hostfwd", "arguments": {
        "proto": protocol.as_str(), "host_addr": address.to_string(), "host_port": host, "guest_port": inside,
    }})
}

fn ask(folder: &OwnedFd, request: &Value) -> io::Result<Value> {
    let mut socket = UnixStream::connect(format!("/proc/self/fd/{}/{SOCKET}", folder.as_raw_fd()))?;
    socket.write_all(request.to_string().as_bytes())?;
    socket.shutdown(Shutdown::Write)?;
    let mut answer = Vec::new();
    socket.take(4096).read_to_end(&mut answer)?;
    serde_json::from_slice(&answer).map_err(io::Error::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_podmans() {
        let parse = |words: &[&str]| Options::parse(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        let plain = parse(&[]).unwrap();
        assert_eq!(
            plain.arguments().join(" "),
            "--configure --enable-sandbox --enable-seccomp --mtu=65520 --cidr=10.0.2.0/24 --disable-host-loopback --enable-ipv6"
        );
        assert_eq!(plain.address(3).to_string(), "10.0.2.3");
        let other = ["allow_host_loopback=true", "enable_ipv6=false", "mtu=1400", "cidr=10.7.0.9/24", "outbound_addr=192.0.2.1"];
        assert_eq!(
            parse(&other).unwrap().arguments().join(" "),
            "--configure --enable-sandbox --enable-seccomp --mtu=1400 --cidr=10.7.0.0/24 --outbound-addr=192.0.2.1"
        );
        for bad in ["mtu", "mtu=x", "cidr=10.0.0.0/28", "cidr=fd00::/64", "enable_ipv6=1", "port_handler=x", "nosuch=1"] {
            assert!(matches!(parse(&[bad]), Err(NetError::SlirpOption { .. })), "{bad}");
        }
        assert!(parse(&["port_handler=slirp4netns"]).is_ok());
    }
}
