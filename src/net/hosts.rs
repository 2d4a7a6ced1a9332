//! `/etc/hosts` of a container.

use super::NetError;
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What goes into the file.
#[derive(Clone, Copy, Debug)]
pub struct Hosts<'a> {
    /// The host's `/etc/hosts`, as Podman's `base_hosts_file` has it; or nothing.
    pub base: &'a str,
    /// The container's own names: host name, container name. Empty ones are left out.
    pub names: &'a [&'a str],
    /// The container's own addresses; loopback where it has none.
    pub own: &'a [IpAddr],
    /// The host as the container reaches it, for `host.containers.internal`; nothing where it does not.
    pub host: Option<IpAddr>,
    /// `--add-host`: these come first, so they count.
    pub added: &'a [(IpAddr, &'a str)],
}

/// The names under which a container finds its host.
const HOST_NAMES: [&str; 2] = ["host.containers.internal", "host.docker.internal"];

impl Hosts<'_> {
    /// Makes the text.
    ///
    /// # Errors
    /// A name could forge a line of its own.
    pub fn text(&self) -> Result<String, NetError> {
        let mut own: Vec<&str> = Vec::new();
        for name in self.names.iter().filter(|name| !name.is_empty()) {
            if !own.contains(name) {
                own.push(name);
            }
        }
        let added = self.added.iter().map(|(_, name)| name);
        if let Some(bad) = own.iter().chain(added).find(|name| !is_name(name)) {
            return Err(NetError::BadName { name: (*bad).to_owned() });
        }
        let mut text = String::new();
        for (address, name) in self.added {
            line(&mut text, *address, &[name]);
        }
        let taken =
            |name: &str| own.contains(&name) || self.added.iter().any(|(_, added)| *added == name) || HOST_NAMES.contains(&name);
        let base = entries(self.base);
        for (address, names) in [
            (IpAddr::V4(Ipv4Addr::LOCALHOST), &["localhost", "localhost.localdomain"][..]),
            (IpAddr::V6(Ipv6Addr::LOCALHOST), &["localhost", "ip6-localhost", "ip6-loopback"]),
        ] {
            if !base.iter().any(|(other, names)| *other == address && names.contains(&"localhost")) {
                line(&mut text, address, names);
            }
        }
        for (address, names) in &base {
            let names: Vec<&str> = names.iter().copied().filter(|name| !taken(name)).collect();
            line(&mut text, *address, &names);
        }
        for address in self.own {
            line(&mut text, *address, &own);
        }
        if let Some(address) = self.host {
            line(&mut text, address, &HOST_NAMES);
        }
        Ok(text)
    }
}

/// Makes a container's file one for other addresses of its own: a line for each of `own` that has none, and none for those of `left`.
/// What else is in it, perhaps by the container's own hand, stays.
#[must_use]
pub fn with_addresses(old: &str, names: &[&str], own: &[IpAddr], left: &[IpAddr]) -> String {
    let address = |line: &str| line.split_ascii_whitespace().next().and_then(|word| word.parse::<IpAddr>().ok());
    let mut text = String::new();
    for kept in old.lines().filter(|line| address(line).is_none_or(|address| own.contains(&address) || !left.contains(&address)))
    {
        text.push_str(kept);
        text.push('\n');
    }
    let mut names = names.iter().copied().filter(|name| !name.is_empty()).collect::<Vec<_>>();
    names.dedup();
    for new in own.iter().filter(|new| old.lines().all(|line| address(line) != Some(**new))) {
        line(&mut text, *new, &names);
    }
    text
}

fn line(text: &mut String, address: IpAddr, names: &[&str]) {
    if !names.is_empty() {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{address}\t{}", names.join(" "));
    }
}

/// The entries of a hosts(5) file; what is none is left out.
fn entries(text: &str) -> Vec<(IpAddr, Vec<&str>)> {
    text.lines()
        .filter_map(|line| {
            let mut words = line.split('#').next()?.split_ascii_whitespace();
            let address = words.next()?.parse().ok()?;
            Some((address, words.filter(|name| is_name(name)).collect()))
        })
        .collect()
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|letter| letter.is_whitespace() || letter.is_control() || letter == '#')
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const LOCALHOST: &str = "127.0.0.1\tlocalhost localhost.localdomain\n::1\tlocalhost ip6-localhost ip6-loopback\n";

    fn hosts<'a>(base: &'a str, names: &'a [&'a str]) -> Hosts<'a> {
        Hosts { base, names, own: &[LOCAL], host: None, added: &[] }
    }

    #[test]
    fn the_file_has_exactly_these_lines() {
        assert_eq!(hosts("", &["abc", "web"]).text().unwrap(), format!("{LOCALHOST}127.0.0.1\tabc web\n"));
        assert_eq!(hosts("", &["same", "same", ""]).text().unwrap(), format!("{LOCALHOST}127.0.0.1\tsame\n"));
        assert_eq!(hosts("", &[]).text().unwrap(), LOCALHOST);

        let address: IpAddr = "192.0.2.7".parse().unwrap();
        let own = ["10.0.2.100".parse().unwrap()];
        let full = Hosts { own: &own, host: Some(address), added: &[(address, "db")], ..hosts("", &["abc"]) };
        assert_eq!(
            full.text().unwrap(),
            format!("192.0.2.7\tdb\n{LOCALHOST}10.0.2.100\tabc\n192.0.2.7\thost.containers.internal host.docker.internal\n")
        );
    }

    #[test]
    fn the_hosts_own_entries_come_along_but_not_over_ours() {
        let base = "127.0.0.1 localhost\n# note\n127.0.1.1\tbox box.lan # me\n192.0.2.1 web other\nbad line\n::1 localhost\n\
                    192.0.2.2 web\n192.0.2.3 host.docker.internal\n";
        let wanted = "127.0.0.1\tlocalhost\n127.0.1.1\tbox box.lan\n192.0.2.1\tother\n::1\tlocalhost\n127.0.0.1\tabc web\n";
        assert_eq!(hosts(base, &["abc", "web"]).text().unwrap(), wanted);
    }

    #[test]
    fn lines_of_own_addresses_come_and_go_and_others_stay() {
        let [one, two]: [IpAddr; 2] = ["10.89.0.2".parse().unwrap(), "10.89.1.2".parse().unwrap()];
        let old = "127.0.0.1\tlocalhost\n10.89.0.2\tabc web\n# mine\n192.0.2.1 db\n";
        let both = with_addresses(old, &["abc", "web"], &[one, two], &[]);
        assert_eq!(both, format!("{old}10.89.1.2\tabc web\n"));
        assert_eq!(with_addresses(&both, &["abc", "web"], &[one], &[two]), old);
        assert_eq!(
            with_addresses(&both, &["abc", "web"], &[two], &[one]),
            old.replace("0.2\tabc", "1.2\tabc").replacen("10.89.1.2\tabc web\n", "", 1) + "10.89.1.2\tabc web\n"
        );
    }

    #[test]
    fn a_name_cannot_forge_a_line() {
        for bad in ["a\n1.2.3.4 b", "a b", "a\tb", "a#", "a\u{1b}[2J", "a\0", "a\r"] {
            assert!(matches!(hosts("", &[bad]).text(), Err(NetError::BadName { .. })), "{bad:?}");
            let added = [(LOCAL, bad)];
            assert!(matches!(Hosts { added: &added, ..hosts("", &[]) }.text(), Err(NetError::BadName { .. })), "{bad:?}");
        }
    }
}
