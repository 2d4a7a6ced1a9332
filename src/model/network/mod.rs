//! Networks, and how containers are joined to them.

mod attachment;
mod lease;
mod mac;
mod mode;
mod subnet;

pub use attachment::Attachment;
pub use ipnet::{IpNet, Ipv4Net, Ipv6Net};
pub use lease::Lease;
pub use mac::{BadMac, MacAddress};
pub use mode::NetworkMode;
pub use subnet::{LeaseRange, Subnet, following, overlap};

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// The only driver that a user without rights on the host's links can have.
pub const DRIVER: &str = "bridge";

/// A network that containers join with an interface of their own: a bridge in the session network namespace. A field that an
/// older row does not have gets its default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Network {
    pub name: String,
    /// 64 lower-case hexadecimal digits.
    pub id: String,
    /// The name of the bridge; at most 15 bytes.
    pub interface: String,
    /// Nanoseconds since the epoch.
    pub created_at: i64,
    /// At least one of IPv4 or IPv6, none that overlaps another.
    pub subnets: Vec<Subnet>,
    pub routes: Vec<Route>,
    pub ipv6: bool,
    /// There is no way out of it.
    pub internal: bool,
    /// Containers find each other by name.
    pub dns: bool,
    /// Where names that no container has are asked for, instead of the host's name servers.
    pub dns_servers: Vec<IpAddr>,
    pub labels: BTreeMap<String, String>,
    /// `-o`, as given and checked.
    pub options: BTreeMap<String, String>,
}

/// A route that each container of a network gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    pub destination: IpNet,
    pub gateway: IpAddr,
    pub metric: Option<u32>,
}

/// Which other networks a network is kept apart from (`-o isolate=`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Isolate {
    #[default]
    Off,
    /// From those that are isolated themselves.
    On,
    /// From all others.
    Strict,
}

impl Network {
    /// Returns the first twelve digits of the id, the form that tables show.
    #[must_use]
    pub fn short_id(&self) -> &str {
        self.id.get(..12).unwrap_or(&self.id)
    }

    /// The subnet in which an address lies.
    #[must_use]
    pub fn subnet_of(&self, address: IpAddr) -> Option<&Subnet> {
        self.subnets.iter().find(|subnet| subnet.net.contains(&address))
    }

    /// `-o isolate=`.
    #[must_use]
    pub fn isolate(&self) -> Isolate {
        match self.options.get("isolate").map(String::as_str) {
            Some("strict") => Isolate::Strict,
            Some("true" | "1" | "t" | "T" | "TRUE" | "True") => Isolate::On,
            _ => Isolate::Off,
        }
    }

    /// `-o mtu=`, bytes; none for what the way out has.
    #[must_use]
    pub fn mtu(&self) -> Option<u32> {
        self.number("mtu").filter(|mtu| *mtu > 0)
    }

    /// `-o metric=`, of the default route; none for the usual one.
    #[must_use]
    pub fn metric(&self) -> Option<u32> {
        self.number("metric")
    }

    /// `-o no_default_route=`: containers get no default route by this network. Those of an internal one never do.
    #[must_use]
    pub fn has_default_route(&self) -> bool {
        !self.internal && !matches!(self.options.get("no_default_route").map(String::as_str), Some("true" | "1"))
    }

    fn number(&self, option: &str) -> Option<u32> {
        self.options.get(option)?.parse().ok()
    }
}
