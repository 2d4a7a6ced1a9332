//! Name servers and host names.

use super::defaults::{before, or};
use crate::cli::error::CliError;
use crate::config::containers::Containers;
use crate::model::{AddedHost, BaseHosts, HostAddress, Names};
use clap::Args;
use std::path::Path;

/// Options about how a container finds others by name.
#[derive(Debug, Args)]
pub(super) struct NameOptions {
    /// Add a line to /etc/hosts: NAME[;NAME…]:ADDRESS, where host-gateway stands for the host
    #[arg(long, value_name = "HOST")]
    add_host: Vec<String>,
    /// Ask this name server; none leaves the image's /etc/resolv.conf as it is
    #[arg(long, value_name = "ADDRESS")]
    dns: Vec<String>,
    /// Set an option of the resolver
    #[arg(long, visible_alias = "dns-opt", value_name = "OPTION")]
    dns_option: Vec<String>,
    /// Look names up in this domain; . for none
    #[arg(long, value_name = "DOMAIN")]
    dns_search: Vec<String>,
    /// Leave the image's /etc/hosts as it is
    #[arg(long, value_name = "BOOL", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = clap::ArgAction::Set, conflicts_with_all = ["add_host", "hosts_file"])]
    no_hosts: Option<bool>,
    /// Leave the image's /etc/hostname as it is
    #[arg(long)]
    no_hostname: bool,
    /// Begin /etc/hosts with that of this path; none for nothing
    #[arg(long, value_name = "FILE")]
    hosts_file: Option<String>,
    /// `host_containers_internal_ip` of containers.conf.
    #[arg(skip)]
    host_address: Option<String>,
}

impl NameOptions {
    pub(super) fn complete(&mut self, conf: &Containers) {
        if !self.dns.iter().any(|text| text == "none") {
            for (place, usual) in [
                (&mut self.dns, &conf.dns_servers),
                (&mut self.dns_option, &conf.dns_options),
                (&mut self.dns_search, &conf.dns_searches),
            ] {
                if place.is_empty() {
                    before(place, usual.as_ref());
                }
            }
        }
        or(&mut self.host_address, conf.host_containers_internal_ip.as_ref());
        let asks_for_hosts = !self.add_host.is_empty() || self.hosts_file.is_some();
        self.no_hosts = self.no_hosts.or(conf.no_hosts.filter(|_| !asks_for_hosts));
        if self.no_hosts != Some(true) {
            or(&mut self.hosts_file, conf.base_hosts_file.as_ref());
        }
    }

    /// Puts what was asked into the settings; `cwd` is what a relative path begins at.
    ///
    /// # Errors
    /// An option's text cannot be read.
    pub(super) fn apply(&self, names: &mut Names, cwd: &Path) -> Result<(), CliError> {
        for text in &self.dns {
            if text == "none" {
                names.dns_none = true;
                continue;
            }
            let address = text.parse().map_err(|_| CliError::Usage(format!("--dns {text:?} is no address of a name server")))?;
            names.dns.push(address);
        }
        if names.dns_none && !(names.dns.is_empty() && self.dns_option.is_empty() && self.dns_search.is_empty()) {
            return Err(CliError::Usage("--dns none leaves no place for other name servers, options and domains".to_owned()));
        }
        for word in self.dns_option.iter().chain(&self.dns_search) {
            if word.is_empty() || word.chars().any(|letter| letter.is_whitespace() || letter.is_control()) {
                return Err(CliError::Usage(format!("{word:?} cannot stand in a resolv.conf")));
            }
        }
        names.dns_options.clone_from(&self.dns_option);
        names.dns_search.clone_from(&self.dns_search);
        names.added_hosts = self.add_host.iter().map(|text| added_host(text)).collect::<Result<_, _>>()?;
        names.no_hosts = self.no_hosts.unwrap_or(false);
        names.host = match self.host_address.as_deref() {
            None => HostAddress::Found,
            Some("none") => HostAddress::None,
            Some(text) => {
                HostAddress::At(text.parse().map_err(|_| CliError::Usage(format!("{text:?} is no address, nor none")))?)
            }
        };
        names.no_hostname = self.no_hostname;
        names.base_hosts = match self.hosts_file.as_deref() {
            None | Some("") => BaseHosts::Default,
            Some("none") => BaseHosts::None,
            // Which file that is, only a mount of the whole image tells, at each start; a file of it can be named with `cp` once.
            Some("image") => {
                return Err(CliError::Usage("--hosts-file image is not offered: name a file, or none".to_owned()));
            }
            Some(path) => BaseHosts::File(cwd.join(path).components().collect()),
        };
        Ok(())
    }
}

/// Reads `NAME[;NAME…]:ADDRESS`; Docker also writes `NAME=ADDRESS`, and brackets around IPv6.
fn added_host(text: &str) -> Result<AddedHost, CliError> {
    let bad = || CliError::Usage(format!("--add-host {text:?}: write NAME[;NAME…]:ADDRESS, or NAME:host-gateway"));
    let (names, address) = text.split_once([':', '=']).ok_or_else(bad)?;
    let address = address.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(address);
    let address = if address == "host-gateway" { None } else { Some(address.parse().map_err(|_| bad())?) };
    let names: Vec<String> = names.split(';').map(str::to_owned).collect();
    if names.iter().any(String::is_empty) {
        return Err(bad());
    }
    Ok(AddedHost { names, address })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_names_and_an_address() {
        for (text, names, address) in [
            ("a:192.0.2.1", &["a"][..], Some("192.0.2.1")),
            ("a;b:::1", &["a", "b"], Some("::1")),
            ("a:[::1]", &["a"], Some("::1")),
            ("a=192.0.2.1", &["a"], Some("192.0.2.1")),
            ("a:host-gateway", &["a"], None),
        ] {
            let host = added_host(text).expect(text);
            assert_eq!(host.names, names, "{text}");
            assert_eq!(host.address, address.map(|address| address.parse().expect("an address")), "{text}");
        }
        for text in ["a", "a:", ":192.0.2.1", "a;:192.0.2.1", "a:x", ""] {
            assert!(added_host(text).is_err(), "{text}");
        }
    }
}
