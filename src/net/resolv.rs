//! `/etc/resolv.conf` of a container.

use std::net::IpAddr;

/// Where systemd-resolved writes the name servers that its stub asks.
pub const RESOLVED_UPSTREAM: &str = "/run/systemd/resolve/resolv.conf";

/// The parts of a resolv.conf(5) that we carry over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Resolv {
    nameservers: Vec<IpAddr>,
    search: Vec<String>,
    options: Vec<String>,
}

/// What the container can reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The host's own network: everything that the host reaches.
    Host,
    /// A network of its own. The host's loopback is out of reach; what asks `forwarder`, if there is one, asks the host's first
    /// name server.
    Own { forwarder: Option<IpAddr> },
}

/// What takes the place of the host's own entries; an empty list leaves them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Instead<'a> {
    pub nameservers: &'a [IpAddr],
    /// `.` alone for no search list.
    pub search: &'a [String],
    pub options: &'a [String],
}

/// Makes the text of the container's `/etc/resolv.conf` from that of the host.
///
/// `upstream` is the text of [`RESOLVED_UPSTREAM`], where there is such a file: on its own network a container cannot ask the
/// stub at 127.0.0.53.
#[must_use]
pub fn text(host: &str, upstream: Option<&str>, reach: Reach, instead: Instead<'_>) -> String {
    let mut resolv = Resolv::parse(host);
    if !instead.search.is_empty() {
        resolv.search = instead.search.iter().filter(|domain| *domain != ".").cloned().collect();
    }
    if !instead.options.is_empty() {
        resolv.options = instead.options.to_vec();
    }
    if !instead.nameservers.is_empty() {
        resolv.nameservers = instead.nameservers.to_vec();
    } else if let Reach::Own { forwarder } = reach {
        let before = resolv.nameservers.len();
        resolv.nameservers.retain(|address| is_reachable(*address));
        if resolv.nameservers.len() < before || before == 0 {
            // The forwarder first: it also knows the names that the host's own resolver keeps to itself (a VPN's, say).
            let upstream = upstream.map(Resolv::parse).unwrap_or_default();
            let others: Vec<IpAddr> = upstream.nameservers.into_iter().chain(resolv.nameservers).collect();
            resolv.nameservers = forwarder.into_iter().collect();
            for address in others {
                if is_reachable(address) && !resolv.nameservers.contains(&address) {
                    resolv.nameservers.push(address);
                }
            }
        }
    }
    resolv.render()
}

/// Makes the text of a container in networks: `instead` names who is asked there, `domain` is searched before the host's.
#[must_use]
pub fn in_networks(host: &str, domain: Option<&str>, instead: Instead<'_>) -> String {
    let mut resolv = Resolv::parse(host);
    if !instead.search.is_empty() {
        resolv.search = instead.search.iter().filter(|domain| *domain != ".").cloned().collect();
    }
    if !instead.options.is_empty() {
        resolv.options = instead.options.to_vec();
    }
    // What the host's own stub does with its answers is of no use behind another one.
    resolv.options.retain(|option| option != "trust-ad");
    if let Some(domain) = domain {
        resolv.search.retain(|other| other != domain);
        resolv.search.insert(0, domain.to_owned());
    }
    resolv.nameservers = instead.nameservers.to_vec();
    resolv.render()
}

fn is_reachable(address: IpAddr) -> bool {
    let link_local = matches!(address, IpAddr::V6(address) if address.is_unicast_link_local());
    !address.is_loopback() && !address.is_unspecified() && !link_local
}

impl Resolv {
    /// Reads a resolv.conf(5): the last `search` or `domain` counts, options add up, what makes no sense is left out.
    fn parse(text: &str) -> Self {
        let mut resolv = Self::default();
        for line in text.lines() {
            let line = line.split(['#', ';']).next().unwrap_or_default();
            let mut words = line.split_ascii_whitespace().filter(|word| !word.chars().any(char::is_control));
            let Some(keyword) = words.next() else { continue };
            match keyword {
                "nameserver" => resolv.nameservers.extend(words.next().and_then(|word| word.parse::<IpAddr>().ok())),
                "search" | "domain" => resolv.search = words.map(str::to_owned).collect(),
                "options" => resolv.options.extend(words.map(str::to_owned)),
                _ => {}
            }
        }
        resolv
    }

    fn render(&self) -> String {
        let mut text = String::new();
        for (keyword, words) in [("search", &self.search), ("options", &self.options)] {
            if !words.is_empty() {
                text.push_str(&format!("{keyword} {}\n", words.join(" ")));
            }
        }
        for address in &self.nameservers {
            text.push_str(&format!("nameserver {address}\n"));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_servers_are_those_that_the_container_reaches() {
        let own = |address: &str| Reach::Own { forwarder: Some(address.parse().unwrap()) };
        let alone = Reach::Own { forwarder: None };
        let stub = "nameserver 127.0.0.53\noptions edns0 trust-ad\nsearch lan\n";
        let upstream = Some("nameserver 192.0.2.53\nnameserver fe80::1\n");
        let cases: [(&str, &str, Option<&str>, Reach, &str); 10] = [
            ("plain", "nameserver 192.0.2.1\nsearch a b\n", None, own("169.254.1.1"), "search a b\nnameserver 192.0.2.1\n"),
            ("host", stub, upstream, Reach::Host, "search lan\noptions edns0 trust-ad\nnameserver 127.0.0.53\n"),
            (
                "stub",
                stub,
                upstream,
                own("169.254.1.1"),
                "search lan\noptions edns0 trust-ad\nnameserver 169.254.1.1\nnameserver 192.0.2.53\n",
            ),
            ("stub alone", "nameserver 127.0.0.53\n", upstream, alone, "nameserver 192.0.2.53\n"),
            ("loopback", "nameserver ::1\n", None, own("10.0.2.3"), "nameserver 10.0.2.3\n"),
            ("some", "nameserver 127.0.0.1\nnameserver 192.0.2.9\n", None, alone, "nameserver 192.0.2.9\n"),
            ("empty", "", None, own("10.0.2.3"), "nameserver 10.0.2.3\n"),
            ("nothing", "", None, alone, ""),
            ("scoped", "nameserver fe80::1%eth0\n", None, alone, ""),
            (
                "comments",
                "# x\n;y\n nameserver\t192.0.2.1 # z\nnameserver bad\nsortlist 1\n",
                None,
                alone,
                "nameserver 192.0.2.1\n",
            ),
        ];
        for (name, host, upstream, reach, wanted) in cases {
            assert_eq!(text(host, upstream, reach, Instead::default()), wanted, "{name}");
        }
    }

    #[test]
    fn the_last_search_list_counts_and_options_add_up() {
        let host = "search a\ndomain b\nsearch c d\noptions ndots:2\noptions rotate\n";
        assert_eq!(text(host, None, Reach::Host, Instead::default()), "search c d\noptions ndots:2 rotate\n");
    }

    #[test]
    fn control_characters_do_not_pass() {
        assert_eq!(text("search a\u{1b}[2J b\nnameserver 192.0.2.1\0\n", None, Reach::Host, Instead::default()), "search b\n");
    }

    #[test]
    fn what_is_asked_for_takes_the_place_of_the_hosts() {
        let host = "nameserver 192.0.2.1\nsearch lan\noptions ndots:2\n";
        let own = Reach::Own { forwarder: Some("169.254.1.1".parse().unwrap()) };
        let dns = ["192.0.2.53".parse().unwrap()];
        let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let (search, dot, options) = (words(&["a", "b"]), words(&["."]), words(&["rotate"]));
        let none = Instead::default;
        for (instead, wanted) in [
            (Instead { nameservers: &dns, ..none() }, "search lan\noptions ndots:2\nnameserver 192.0.2.53\n"),
            (Instead { search: &search, ..none() }, "search a b\noptions ndots:2\nnameserver 192.0.2.1\n"),
            (Instead { search: &dot, options: &options, ..none() }, "options rotate\nnameserver 192.0.2.1\n"),
        ] {
            assert_eq!(text(host, None, own, instead), wanted);
        }
    }
}
