//! The files of ours in a container: `/etc/hosts`, `/etc/hostname`, `/etc/resolv.conf`, `/run/.containerenv`.

use super::ContainerError;
use crate::model::ContainerConfig;
use crate::runtime::spec::OwnFile;
use std::path::Path;

/// Writes the files into the container's folder, anew for each start, and says where each belongs.
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
    pub resolv_conf: String,
    pub hosts: String,
}
