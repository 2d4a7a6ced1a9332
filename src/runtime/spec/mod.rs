//! From a container's configuration to an OCI runtime spec.

mod masks;
mod mounts;
mod namespaces;

use crate::model::ContainerConfig;
use oci_spec::OciSpecError;
use oci_spec::runtime::{
    Capabilities, Capability, LinuxBuilder, LinuxCapabilitiesBuilder, Process, ProcessBuilder, RootBuilder, Spec, SpecBuilder,
    UserBuilder,
};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The capabilities of a container's root: Podman's eleven.
pub const DEFAULT_CAPABILITIES: [Capability; 11] = [
    Capability::Chown,
    Capability::DacOverride,
    Capability::Fowner,
    Capability::Fsetid,
    Capability::Kill,
    Capability::NetBindService,
    Capability::Setfcap,
    Capability::Setgid,
    Capability::Setpcap,
    Capability::Setuid,
    Capability::SysChroot,
];

/// A file of ours that is mounted into the container.
#[derive(Debug)]
pub struct OwnFile {
    pub source: PathBuf,
    pub target: &'static str,
}

/// Builds the spec. `root` is the folder that the root file system is attached on; `files` are `/etc/hosts` and its like.
///
/// # Errors
/// A part that the specification requires is missing.
pub fn build(config: &ContainerConfig, root: &Path, files: &[OwnFile]) -> Result<Spec, OciSpecError> {
    let process = session_process(config, config.argv.clone(), &config.env, None, config.tty)?;
    let linux = LinuxBuilder::default()
        .namespaces(namespaces::namespaces(config)?)
        .sysctl(sysctls(config))
        .masked_paths(masks::masked())
        .readonly_paths(masks::READ_ONLY.map(str::to_owned))
        .build()?;
    SpecBuilder::default()
        .version("1.2.0")
        .root(RootBuilder::default().path(root).readonly(false).build()?)
        .process(process)
        .hostname(config.hostname.clone())
        .mounts(mounts::mounts(config, files)?)
        .linux(linux)
        .build()
}

/// Builds the process part: of init, or of an exec session with its own command, environment and working directory.
///
/// # Errors
/// A part that the specification requires is missing.
pub fn session_process(
    config: &ContainerConfig,
    argv: Vec<String>,
    env: &[String],
    workdir: Option<&str>,
    tty: bool,
) -> Result<Process, OciSpecError> {
    let capabilities: Capabilities = DEFAULT_CAPABILITIES.into_iter().collect();
    ProcessBuilder::default()
        .terminal(tty)
        .user(UserBuilder::default().uid(0u32).gid(0u32).umask(config.isolation.umask.unwrap_or(0o022)).build()?)
        .args(argv)
        .env(env.to_vec())
        .cwd(PathBuf::from(workdir.unwrap_or(&config.workdir)))
        .capabilities(
            LinuxCapabilitiesBuilder::default()
                .bounding(capabilities.clone())
                .effective(capabilities.clone())
                .permitted(capabilities)
                .inheritable(Capabilities::new())
                .ambient(Capabilities::new())
                .build()?,
        )
        .rlimits(Vec::new())
        .no_new_privileges(false)
        .build()
}

/// Everybody in the container may ping (Podman's default); the setting is the network namespace's.
fn sysctls(config: &ContainerConfig) -> HashMap<String, String> {
    // The kernel takes only a group that the namespace has.
    let group = config.isolation.id_map.as_ref().map_or(Some(0), |map| map.gids.runs().first().map(|run| run.inside));
    let range = group.filter(|_| config.network.is_own()).map(|gid| format!("{gid} {gid}"));
    range.map(|range| ("net.ipv4.ping_group_range".to_owned(), range)).into_iter().collect()
}

/// The default capabilities as a mask.
#[must_use]
pub fn default_mask() -> crate::runtime::seccomp::CapMask {
    DEFAULT_CAPABILITIES.iter().fold(crate::runtime::seccomp::CapMask::default(), |mask, one| mask.or(mask_of(*one)))
}

/// A capability as the bit of its number.
fn mask_of(capability: Capability) -> crate::runtime::seccomp::CapMask {
    let set = rustix::thread::CapabilitySet::from_name(&capability.to_string());
    crate::runtime::seccomp::CapMask(set.map_or(0, |set| set.bits()))
}
