//! How a registry may be asked.

use crate::image::auth::Credentials;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

/// What the user and the configuration say about one registry.
#[derive(Clone, Debug)]
pub struct Access {
    /// Insist on HTTPS with a certificate that is known.
    pub tls_verify: bool,
    /// Folders with `*.crt` of authorities, `*.cert` and `*.key` of the client; what is not there says nothing.
    pub certificates: Vec<PathBuf>,
    pub credentials: Option<Credentials>,
    pub retry: Retry,
    pub patience: Patience,
}

/// How long a registry may say nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Without a byte, after a request or in an answer. One that sends next to nothing in this time has failed, too.
    pub silence: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { silence: Duration::from_secs(30) }
    }
}

/// How often and how fast a failed request is made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    pub times: u32,
    /// The pause before each; nothing: half a second, doubled each time, and what the registry says.
    pub delay: Option<Duration>,
    /// Also where no connection comes to be: a registry that is not there is mostly misspelt.
    pub unreachable: bool,
}

impl Default for Retry {
    fn default() -> Self {
        Self { times: 3, delay: None, unreachable: false }
    }
}

impl Default for Access {
    fn default() -> Self {
        Self {
            tls_verify: true,
            certificates: Vec::new(),
            credentials: None,
            retry: Retry::default(),
            patience: Patience::default(),
        }
    }
}

/// Tells whether a registry is on this machine, where nobody listens on the way.
pub(super) fn is_loopback(registry: &str) -> bool {
    let host = match registry.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, _)) => host,
        None => registry.split_once(':').map_or(registry, |(host, _)| host),
    };
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn only_addresses_of_this_machine_are_loopback() {
        for host in ["localhost", "localhost:5000", "127.0.0.1:5000", "127.8.8.8", "[::1]:5000"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["docker.io", "localhost.evil.io", "127.0.0.1.evil.io", "10.0.0.1:5000", "[fe80::1]"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
