//! Published ports.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// What a port speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    Tcp,
    Udp,
}

impl Protocol {
    /// Returns the word that options take.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Ports of the host that lead into a container: `count` of them in a row, at the container's ports in the same order.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PortMapping {
    /// The only address of the host at which the ports are; all of them, IPv4 and IPv6, where there is none.
    pub host_ip: Option<IpAddr>,
    /// The first one; never 0 in a container's configuration.
    pub host_port: u16,
    /// The first one.
    pub container_port: u16,
    /// At least 1; neither side goes beyond 65535.
    pub count: u16,
    pub protocol: Protocol,
}

impl PortMapping {
    /// The pairs of single ports: the host's, the container's.
    pub fn pairs(&self) -> impl Iterator<Item = (u16, u16)> + use<> {
        let (host, container) = (self.host_port, self.container_port);
        (0..self.count).map(move |at| (host.saturating_add(at), container.saturating_add(at)))
    }
}

/// A port of a container, or some in a row, that `--expose` or the image names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ExposedPort {
    pub port: u16,
    pub protocol: Protocol,
}

/// What a container has of ports.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ports {
    pub published: Vec<PortMapping>,
    /// Of the image and `--expose`.
    pub exposed: Vec<ExposedPort>,
    /// `-P`.
    pub publish_all: bool,
}

/// Why a text names no port.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPort {
    #[error("invalid port {text:?}: {why}")]
    Text { text: String, why: &'static str },
    #[error(
        "invalid port {text:?}: {host} ports of the host do not lead to {container} of the container (write as many on both sides)"
    )]
    Lengths { text: String, host: u32, container: u32 },
    #[error("sctp ports cannot be published: without root there is no way to pass SCTP on (use tcp or udp)")]
    Sctp,
}

/// A text of `-p`; a host port of 0 is one that is still to be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publish(pub Vec<PortMapping>);

impl FromStr for Publish {
    type Err = BadPort;

    /// Reads `[[ip:][hostPort]:]containerPort[/protocol[,protocol]]`; both ports may be ranges.
    fn from_str(text: &str) -> Result<Self, BadPort> {
        let bad = |why| BadPort::Text { text: text.to_owned(), why };
        let (rest, protocols) = protocols(text)?;
        let (front, container) = match rest.rsplit_once(':') {
            Some((front, container)) => (Some(front), container),
            None => (None, rest),
        };
        let (address, host) = match front {
            None => (None, ""),
            Some(front) if front.ends_with(']') => return Err(bad("after an address come two colons or a port")),
            Some(front) => match front.rsplit_once(':') {
                Some((address, host)) => (Some(address), host),
                None => (None, front),
            },
        };
        let host_ip = address.map(|address| {
            host_address(address).ok_or_else(|| bad("the part before the ports is no IP address (IPv6 in brackets)"))
        });
        let host_ip = host_ip.transpose()?.flatten();
        let (first, last) = range(container)
            .filter(|(first, _)| *first > 0)
            .ok_or_else(|| bad("the container's port is a number from 1 to 65535, or two with a dash"))?;
        let count = u32::from(last - first) + 1;
        let short = u16::try_from(count).map_err(|_| bad("there are too many ports"))?;
        let host_port = match host {
            "" | "0" => 0,
            host => {
                let (from, to) = range(host)
                    .filter(|(from, _)| *from > 0)
                    .ok_or_else(|| bad("the host's port is a number from 1 to 65535, or two with a dash"))?;
                let host = u32::from(to - from) + 1;
                if host != count {
                    return Err(BadPort::Lengths { text: text.to_owned(), host, container: count });
                }
                from
            }
        };
        let one = |protocol| PortMapping { host_ip, host_port, container_port: first, count: short, protocol };
        Ok(Self(protocols.into_iter().map(one).collect()))
    }
}

/// A text of `--expose` or an image's `ExposedPorts`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expose(pub Vec<ExposedPort>);

impl FromStr for Expose {
    type Err = BadPort;

    /// Reads `port[-port][/protocol]`.
    fn from_str(text: &str) -> Result<Self, BadPort> {
        let (rest, protocols) = protocols(text)?;
        let (first, last) = range(rest).filter(|(first, _)| *first > 0).ok_or(BadPort::Text {
            text: text.to_owned(),
            why: "write a number from 1 to 65535, or two with a dash, then perhaps /tcp or /udp",
        })?;
        let of = |protocol| (first..=last).map(move |port| ExposedPort { port, protocol });
        Ok(Self(protocols.into_iter().flat_map(of).collect()))
    }
}

/// An address of the host; the inner nothing is for all of them.
#[expect(clippy::option_option, reason = "no address and all addresses are two things")]
fn host_address(text: &str) -> Option<Option<IpAddr>> {
    if text.is_empty() {
        return Some(None);
    }
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let address: IpAddr = bare.unwrap_or(text).parse().ok()?;
    (bare.is_none() || address.is_ipv6()).then_some(Some(address))
}

fn protocols(text: &str) -> Result<(&str, Vec<Protocol>), BadPort> {
    let Some((rest, words)) = text.split_once('/') else { return Ok((text, vec![Protocol::Tcp])) };
    let mut protocols = Vec::new();
    for word in words.split(',') {
        let protocol = match word.to_ascii_lowercase().as_str() {
            "tcp" => Protocol::Tcp,
            "udp" => Protocol::Udp,
            "sctp" => return Err(BadPort::Sctp),
            _ => return Err(BadPort::Text { text: text.to_owned(), why: "the protocol is tcp or udp" }),
        };
        if !protocols.contains(&protocol) {
            protocols.push(protocol);
        }
    }
    Ok((rest, protocols))
}

/// `80` or `80-90`; the second is not below the first.
fn range(text: &str) -> Option<(u16, u16)> {
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u16>().ok())?;
    match text.split_once('-') {
        Some((first, last)) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some((first, last))
        }
        None => number(text).map(|port| (port, port)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        match text.parse::<Publish>() {
            Ok(Publish(mappings)) => mappings
                .iter()
                .map(|map| {
                    let ip = map.host_ip.map_or_else(|| "*".to_owned(), |ip| ip.to_string());
                    format!("{ip} {}>{}+{}/{}", map.host_port, map.container_port, map.count, map.protocol)
                })
                .collect::<Vec<_>>()
                .join(" "),
            Err(error) => format!("{error}"),
        }
    }

    #[test]
    fn every_form_of_publish_is_read() {
        for (text, wanted) in [
            ("80", "* 0>80+1/tcp"),
            ("8080:80", "* 8080>80+1/tcp"),
            (":80", "* 0>80+1/tcp"),
            ("127.0.0.1::80", "127.0.0.1 0>80+1/tcp"),
            ("127.0.0.1:8080:80/udp", "127.0.0.1 8080>80+1/udp"),
            ("[::1]:8080:80", "::1 8080>80+1/tcp"),
            ("[::1]::80", "::1 0>80+1/tcp"),
            ("::1:8080:80", "::1 8080>80+1/tcp"),
            ("0.0.0.0:8080:80", "0.0.0.0 8080>80+1/tcp"),
            ("8000-8002:80-82", "* 8000>80+3/tcp"),
            ("80-82", "* 0>80+3/tcp"),
            ("53:53/tcp,udp", "* 53>53+1/tcp * 53>53+1/udp"),
            ("53:53/UDP", "* 53>53+1/udp"),
            ("1-65535:1-65535", "* 1>1+65535/tcp"),
        ] {
            assert_eq!(read(text), wanted, "{text}");
        }
    }

    #[test]
    fn what_names_no_port_is_refused_with_the_reason() {
        for (text, part) in [
            ("", "container's port"),
            ("0", "container's port"),
            ("65536", "container's port"),
            ("x:80", "host's port"),
            ("8080:", "container's port"),
            ("90-80", "container's port"),
            ("+80", "container's port"),
            ("1.2.3:80:80", "no IP address"),
            ("[1.2.3.4]:80:80", "no IP address"),
            ("[::1]:80", "two colons"),
            ("80/icmp", "tcp or udp"),
            ("80/", "tcp or udp"),
            ("80/sctp", "SCTP"),
            ("8000-8001:80-82", "2 ports of the host do not lead to 3"),
            ("8000-8001:80", "2 ports of the host do not lead to 1"),
            ("8000:80-81", "1 ports of the host do not lead to 2"),
        ] {
            assert!(read(text).contains(part), "{text}: {}", read(text));
        }
    }

    #[test]
    fn exposed_ports_may_be_ranges() {
        let Expose(ports) = "80-82/udp".parse().expect("good");
        assert_eq!(ports.iter().map(|port| port.port).collect::<Vec<_>>(), [80, 81, 82]);
        for bad in ["", "80-79", "0", "a/tcp", "80/sctp", "127.0.0.1:80"] {
            assert!(bad.parse::<Expose>().is_err(), "{bad}");
        }
    }
}
