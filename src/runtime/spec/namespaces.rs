//! The namespaces of a spec.

use crate::model::{ContainerConfig, NetworkMode};
use oci_spec::OciSpecError;
use oci_spec::runtime::{LinuxNamespace, LinuxNamespaceBuilder, LinuxNamespaceType};

/// Lists the namespaces that the container has of its own or joins.
pub(super) fn namespaces(config: &ContainerConfig) -> Result<Vec<LinuxNamespace>, OciSpecError> {
    let mut kinds = vec![
        LinuxNamespaceType::Mount,
        LinuxNamespaceType::Pid,
        LinuxNamespaceType::Ipc,
        LinuxNamespaceType::Uts,
        LinuxNamespaceType::Cgroup,
    ];
    if config.network != NetworkMode::Host {
        kinds.push(LinuxNamespaceType::Network);
    }
    kinds.into_iter().map(|kind| LinuxNamespaceBuilder::default().typ(kind).build()).collect()
}
