//! The files of ours in a container: `/etc/hosts`, `/etc/hostname`, `/etc/resolv.conf`, `/run/.containerenv`.

use super::{ContainerError, timezone};
use crate::engine::network::start::Surroundings;
use crate::model::{BaseHosts, ContainerConfig, HostAddress, NetworkMode};
use crate::net::hosts::{self as hosts_file, Hosts};
use crate::net::resolv::{self, Instead, Reach};
use crate::runtime::spec::OwnFile;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

/// Writes the files into the container's runtime folder, anew for each start, and says where each belongs. The monitor removes the
/// folder with all that is in it.
pub(super) fn write(config: &ContainerConfig, folder: &Path, contents: Contents) -> Result<Vec<OwnFile>, ContainerError> {
    let containerenv = format!(
        "engine=\"coracle-{}\"\nname=\"{}\"\nid=\"{}\"\nimage=\"{}\"\nimageid=\"{}\"\nrootless=1\n",
        env!("CARGO_PKG_VERSION"),
        config.name,
        config.id,
        config.image_name.replace(['"', '\n'], ""),
        config.image,
    );
    let names = &config.settings.names;
    let mut list = vec![("containerenv", "/run/.containerenv", containerenv.into_bytes())];
    if !names.dns_none {
        list.push(("resolv.conf", "/etc/resolv.conf", contents.resolv_conf.into_bytes()));
    }
    if !names.no_hosts {
        list.push(("hosts", "/etc/hosts", contents.hosts.into_bytes()));
    }
    if !names.no_hostname {
        list.push(("hostname", "/etc/hostname", format!("{}\n", config.hostname).into_bytes()));
    }
    if !config.settings.timezone.is_empty() {
        list.push(("localtime", "/etc/localtime", timezone::read(&config.settings.timezone)?));
    }
    let mut files = Vec::with_capacity(list.len());
    for (name, target, text) in list {
        let source = folder.join(name);
        let fail = |source_error| ContainerError::File { action: "write", path: source.clone(), source: source_error };
        std::fs::write(&source, text).map_err(fail)?;
        // Readable for every user of the container, whatever the caller's umask.
        rustix::fs::chmod(&source, rustix::fs::Mode::from_raw_mode(0o644)).map_err(|errno| fail(errno.into()))?;
        files.push(OwnFile { source, target });
    }
    Ok(files)
}

/// The texts that depend on the network.
pub(super) struct Contents {
    resolv_conf: String,
    hosts: String,
}

impl Contents {
    /// Makes the texts from those of the host.
    ///
    /// # Errors
    /// A name could forge a line.
    pub(super) fn of(config: &ContainerConfig, networks: Option<&Surroundings>, has_stack: bool) -> Result<Self, ContainerError> {
        if let Some(networks) = networks {
            let place = Place { own: &networks.own, host: networks.host };
            return Ok(Self { hosts: hosts(config, &place)?, resolv_conf: networks_resolv_conf(config, networks) });
        }
        let shared = config.network == NetworkMode::Host;
        let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let names = &config.settings.names;
        // Of a private network it is known only when its stack is there.
        let later = has_stack && !names.no_hosts;
        let hosts =
            if later { String::new() } else { hosts(config, &Place { own: &[loopback], host: shared.then_some(loopback) })? };
        let resolv_conf = if config.network == NetworkMode::None { String::new() } else { resolv_conf(config, shared, None) };
        Ok(Self { hosts, resolv_conf })
    }
}

/// Where a container is.
struct Place<'a> {
    own: &'a [IpAddr],
    /// The address at which the host is reached.
    host: Option<IpAddr>,
}

/// The text of `/etc/hosts`.
fn hosts(config: &ContainerConfig, place: &Place<'_>) -> Result<String, ContainerError> {
    let names = &config.settings.names;
    let base = match &names.base_hosts {
        BaseHosts::File(path) => std::fs::read_to_string(path).map_err(|source| ContainerError::File {
            action: "read the hosts file",
            path: path.clone(),
            source,
        })?,
        BaseHosts::Default if config.network == NetworkMode::Host => read("/etc/hosts"),
        BaseHosts::Default | BaseHosts::None => String::new(),
    };
    let (gateway, host) = match names.host {
        HostAddress::Found => (place.host, place.host),
        HostAddress::None => (place.host, None),
        HostAddress::At(address) => (Some(address), Some(address)),
    };
    let mut added = Vec::new();
    for entry in &names.added_hosts {
        let address = entry.address.or(gateway).ok_or_else(|| ContainerError::Invalid {
            what: "the added host",
            value: format!("{}:host-gateway", entry.names.join(";")),
            why: "the host cannot be reached from this network (use --network host, or write its address)",
        })?;
        added.extend(entry.names.iter().map(|name| (address, name.as_str())));
    }
    let names = &[config.hostname.as_str(), &config.name];
    Ok(Hosts { base: &base, names, own: place.own, host, added: &added }.text()?)
}

/// Writes the hosts file, when the address of the host is known; the container has it mounted by now.
pub(super) fn use_host(config: &ContainerConfig, folder: &Path, host: Option<Ipv4Addr>) -> Result<(), ContainerError> {
    if config.settings.names.no_hosts {
        return Ok(());
    }
    let path = folder.join("hosts");
    let own = [IpAddr::V4(Ipv4Addr::LOCALHOST)];
    let text = hosts(config, &Place { own: &own, host: host.map(IpAddr::V4) })?;
    std::fs::write(&path, text).map_err(|source| ContainerError::File { action: "write", path, source })
}

/// Writes the name server that a user-mode stack offers into the file, which the container has mounted by now: so in place.
pub(super) fn use_forwarder(config: &ContainerConfig, folder: &Path, forwarder: Option<Ipv4Addr>) -> Result<(), ContainerError> {
    let Some(forwarder) = forwarder.filter(|_| !config.settings.names.dns_none) else { return Ok(()) };
    let path = folder.join("resolv.conf");
    let text = resolv_conf(config, false, Some(IpAddr::V4(forwarder)));
    std::fs::write(&path, text).map_err(|source| ContainerError::File { action: "write", path, source })
}

fn resolv_conf(config: &ContainerConfig, shared: bool, forwarder: Option<IpAddr>) -> String {
    let names = &config.settings.names;
    let instead = Instead { nameservers: &names.dns, search: &names.dns_search, options: &names.dns_options };
    let reach = if shared { Reach::Host } else { Reach::Own { forwarder } };
    let upstream = std::fs::read_to_string(resolv::RESOLVED_UPSTREAM).ok();
    resolv::text(&read("/etc/resolv.conf"), upstream.as_deref(), reach, instead)
}

/// Brings the files of a running container to its networks as they are now: in place, since the container has them mounted. In its
/// hosts file only the lines of its own addresses change; those in `left` go.
pub(in crate::engine) fn follow_networks(
    config: &ContainerConfig,
    folder: &Path,
    networks: &Surroundings,
    left: &[IpAddr],
) -> Result<(), ContainerError> {
    let names = &config.settings.names;
    let write = |path: PathBuf, text: &str| {
        std::fs::write(&path, text).map_err(|source| ContainerError::File { action: "write", path, source })
    };
    if !names.dns_none {
        write(folder.join("resolv.conf"), &networks_resolv_conf(config, networks))?;
    }
    if !names.no_hosts {
        let path = folder.join("hosts");
        let old = read(&path.to_string_lossy());
        let own = [config.hostname.as_str(), &config.name];
        let text = hosts_file::with_addresses(&old, &own, &networks.own, left);
        if text != old {
            write(path, &text)?;
        }
    }
    Ok(())
}

/// The search domain in which containers find each other (Podman's).
const DOMAIN: &str = "dns.podman";

/// The file of a container in networks: netd is asked, and netd asks the name servers that were chosen.
fn networks_resolv_conf(config: &ContainerConfig, networks: &Surroundings) -> String {
    let names = &config.settings.names;
    let instead = Instead { nameservers: &networks.name_servers, search: &names.dns_search, options: &names.dns_options };
    // Also before domains that were chosen: what they answer hides no container. "." alone is none at all.
    let own = networks.by_name && !names.dns_search.iter().any(|domain| domain == ".");
    let host = read("/etc/resolv.conf");
    resolv::in_networks(&host, own.then_some(DOMAIN), instead)
}

/// A host without the file, or with one that is no text, has nothing to carry over.
fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}
