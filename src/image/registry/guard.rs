//! Where a registry may send us.
//!
//! - A redirect never leads from HTTPS to plain HTTP, to another scheme, or to an address of this machine or its link, unless the
//!   registry itself is there. There are ten hops at most. Credentials stay with the origin that they are for.
//! - Credentials go to the registry's own origin, and to the token server (the *realm*) that this origin names. One that proved by
//!   its certificate who it is may name any HTTPS server: it could ask for the password itself. One that did not, over plain HTTP or
//!   with certificates unchecked, may name a server on its own host only. (CVE-2020-15157, CVE-2019-10214, CVE-2026-48978.)
//! - A challenge is answered only when it comes from the registry's own origin, so not after a redirect elsewhere.

use reqwest::Url;
use std::net::IpAddr;

/// Hops of redirects that are followed.
pub(super) const MAX_HOPS: usize = 10;

/// Tells whether two addresses are of the same server, so that what is secret to one is no news to the other.
pub(super) fn same_origin(one: &Url, other: &Url) -> bool {
    one.scheme() == other.scheme() && one.host() == other.host() && one.port_or_known_default() == other.port_or_known_default()
}

/// Checks a redirect from `from` to `to` that began at `base`.
pub(super) fn check_redirect(base: &Url, from: &Url, to: &Url) -> Result<(), String> {
    match (from.scheme(), to.scheme()) {
        (_, "https") | ("http", "http") => {}
        (_, "http") => return Err(format!("it redirects from HTTPS to plain HTTP ({})", place(to))),
        (_, scheme) => return Err(format!("it redirects to something that is no web address ({scheme}:)")),
    }
    check_address(base, to).map_err(|what| format!("it redirects to {what} ({})", place(to)))
}

/// Checks the token server that the registry at `base` names. `proven`: the registry's certificate was checked.
pub(super) fn check_realm(base: &Url, proven: bool, realm: &Url) -> Result<(), String> {
    let at = place(realm);
    if realm.host().is_none() || !matches!(realm.scheme(), "http" | "https") {
        return Err(format!("its token server is no web address ({:?})", realm.scheme()));
    }
    let same_host = realm.host() == base.host();
    if realm.scheme() == "http" && (base.scheme() == "https" || !same_host) {
        return Err(format!("its token server speaks plain HTTP ({at}), so no credentials are sent there"));
    }
    if !proven && !same_host {
        return Err(format!(
            "its token server is on another host ({at}), and without a checked certificate no credentials are sent there"
        ));
    }
    check_address(base, realm).map_err(|what| format!("its token server is {what} ({at})"))
}

/// Refuses addresses that only this machine, or its neighbours on the link, can have services on.
fn check_address(base: &Url, to: &Url) -> Result<(), &'static str> {
    if to.host() == base.host() || address(base).is_some_and(|address| address.is_loopback()) && is_loopback(to) {
        return Ok(());
    }
    if is_loopback(to) {
        return Err("this machine itself");
    }
    match address(to) {
        Some(IpAddr::V4(v4)) if v4.is_link_local() => Err("a link-local address"),
        Some(IpAddr::V6(v6)) if v6.is_unicast_link_local() => Err("a link-local address"),
        Some(address) if address.is_unspecified() => Err("this machine itself"),
        _ => Ok(()),
    }
}

fn is_loopback(url: &Url) -> bool {
    url.host_str() == Some("localhost") || address(url).is_some_and(|address| address.is_loopback())
}

fn address(url: &Url) -> Option<IpAddr> {
    match url.host_str()? {
        "localhost" => Some(IpAddr::from([127, 0, 0, 1])),
        host => match host.trim_matches(['[', ']']).parse().ok()? {
            IpAddr::V6(v6) => Some(v6.to_ipv4_mapped().map_or(IpAddr::V6(v6), IpAddr::V4)),
            v4 @ IpAddr::V4(_) => Some(v4),
        },
    }
}

/// Scheme, host and port: the rest of an address may hold secrets.
fn place(url: &Url) -> String {
    url.origin().ascii_serialization()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn redirects_do_not_lead_down_or_home() {
        for (base, to, fine) in [
            ("https://r.io", "https://cdn.io/x", true),
            ("https://r.io", "http://r.io/x", false),
            ("https://r.io", "file:///etc/passwd", false),
            ("https://r.io", "ftp://r.io/x", false),
            ("https://r.io", "https://169.254.169.254/x", false),
            ("https://r.io", "https://[fe80::1]/x", false),
            ("https://r.io", "https://127.0.0.1/x", false),
            ("https://r.io", "https://[::ffff:127.0.0.1]/x", false),
            ("https://r.io", "https://localhost/x", false),
            ("https://r.io", "https://0.0.0.0/x", false),
            ("http://10.0.0.1", "http://169.254.169.254/x", false),
            ("http://127.0.0.1:5000", "http://127.0.0.1:9000/x", true),
            ("http://127.0.0.1:5000", "http://localhost:9000/x", true),
            ("http://127.0.0.1:5000", "https://cdn.io/x", true),
            ("https://10.0.0.1", "https://10.0.0.2/x", true),
        ] {
            assert_eq!(check_redirect(&url(base), &url(base), &url(to)).is_ok(), fine, "{base} {to}");
        }
    }

    #[test]
    fn only_a_proven_registry_names_a_token_server_elsewhere() {
        for (base, proven, realm, fine) in [
            ("https://registry-1.docker.io", true, "https://auth.docker.io/token", true),
            ("https://r.io", true, "https://else.example/token", true),
            ("https://r.io", false, "https://else.example/token", false),
            ("https://r.io", false, "https://r.io:8443/token", true),
            ("https://r.io", true, "http://r.io/token", false),
            ("http://127.0.0.1:5000", false, "http://127.0.0.1:5001/token", true),
            ("http://127.0.0.1:5000", false, "http://localhost:5001/token", false),
            ("http://127.0.0.1:5000", false, "https://else.example/token", false),
            ("http://10.0.0.1:5000", false, "http://10.0.0.2/token", false),
            ("https://r.io", true, "https://169.254.169.254/token", false),
            ("https://r.io", true, "file:///etc/passwd", false),
        ] {
            assert_eq!(check_realm(&url(base), proven, &url(realm)).is_ok(), fine, "{base} {realm}");
        }
        assert!(same_origin(&url("https://r.io"), &url("https://r.io:443/x")));
        assert!(!same_origin(&url("https://r.io"), &url("https://r.io:444/x")));
        assert!(!same_origin(&url("http://r.io:80"), &url("https://r.io:80")));
    }
}
