//! The namespaces of a spec.

use crate::model::{ContainerConfig, NetworkMode, Sharing};
use oci_spec::OciSpecError;
use oci_spec::runtime::{LinuxNamespace, LinuxNamespaceBuilder, LinuxNamespaceType};

/// Lists the namespaces that the container has of its own, and those that it joins by a path.
pub(super) fn namespaces(config: &ContainerConfig) -> Result<Vec<LinuxNamespace>, OciSpecError> {
    let isolation = &config.isolation;
    let network = match &config.network {
        NetworkMode::Host => Sharing::Host,
        NetworkMode::None
        | NetworkMode::Private
        | NetworkMode::Pasta(_)
        | NetworkMode::Slirp4netns(_)
        | NetworkMode::Bridge(_) => Sharing::Private,
        NetworkMode::Container(id) => Sharing::Container(id.clone()),
        NetworkMode::Path(path) => Sharing::Path(path.clone()),
    };
    let all = [
        (LinuxNamespaceType::Mount, &Sharing::Private),
        (LinuxNamespaceType::Pid, &isolation.pid),
        (LinuxNamespaceType::Ipc, &isolation.ipc),
        (LinuxNamespaceType::Uts, &isolation.uts),
        (LinuxNamespaceType::Cgroup, &isolation.cgroup),
        (LinuxNamespaceType::Network, &network),
    ];
    let build = |(kind, sharing): (LinuxNamespaceType, &Sharing)| match sharing {
        Sharing::Private => Some(LinuxNamespaceBuilder::default().typ(kind).build()),
        Sharing::Path(path) => Some(LinuxNamespaceBuilder::default().typ(kind).path(path.clone()).build()),
        // The other container's init is known by a pidfd, which is no path.
        Sharing::Host | Sharing::Container(_) => None,
    };
    all.into_iter().filter_map(build).collect()
}
