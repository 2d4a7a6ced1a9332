//! The files of ours in a container: `/etc/hosts`, `/etc/hostname`, `/etc/resolv.conf`, `/run/.containerenv`.

use super::{ContainerError, timezone};
use crate::model::{ContainerConfig, NetworkMode};
use crate::net::hosts::Hosts;
use crate::net::resolv::{self, Reach};
use crate::runtime::spec::OwnFile;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

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
    let list = [
        ("resolv.conf", "/etc/resolv.conf", contents.resolv_conf),
        ("hosts", "/etc/hosts", contents.hosts),
        ("hostname", "/etc/hostname", format!("{}\n", config.hostname)),
        ("containerenv", "/run/.containerenv", containerenv),
    ];
    let mut list: Vec<(&str, &'static str, Vec<u8>)> =
        list.into_iter().map(|(name, target, text)| (name, target, text.into_bytes())).collect();
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
    pub(super) fn of(config: &ContainerConfig) -> Result<Self, ContainerError> {
        let shared = config.network == NetworkMode::Host;
        let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let hosts = Hosts {
            base: if shared { &read("/etc/hosts") } else { "" },
            names: &[&config.hostname, &config.name],
            own: loopback,
            host: shared.then_some(loopback),
            added: &[],
        };
        let resolv_conf = if config.network == NetworkMode::None { String::new() } else { resolv_conf(shared, None) };
        Ok(Self { hosts: hosts.text()?, resolv_conf })
    }
}

/// Writes the name server that a user-mode stack offers into the file, which the container has mounted by now: so in place.
pub(super) fn use_forwarder(folder: &Path, forwarder: Option<Ipv4Addr>) -> Result<(), ContainerError> {
    let Some(forwarder) = forwarder else { return Ok(()) };
    let path = folder.join("resolv.conf");
    let text = resolv_conf(false, Some(IpAddr::V4(forwarder)));
    std::fs::write(&path, text).map_err(|source| ContainerError::File { action: "write", path, source })
}

fn resolv_conf(shared: bool, forwarder: Option<IpAddr>) -> String {
    let reach = if shared { Reach::Host } else { Reach::Own { forwarder } };
    let upstream = std::fs::read_to_string(resolv::RESOLVED_UPSTREAM).ok();
    resolv::text(&read("/etc/resolv.conf"), upstream.as_deref(), reach)
}

/// A host without the file, or with one that is no text, has nothing to carry over.
fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}
