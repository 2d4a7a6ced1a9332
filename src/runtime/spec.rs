//! From a container's configuration to an OCI runtime spec.

use crate::model::{BindMount, ContainerConfig, NetworkMode};
use oci_spec::OciSpecError;
use oci_spec::runtime::{
    Capabilities, Capability, LinuxBuilder, LinuxCapabilitiesBuilder, LinuxNamespaceBuilder, LinuxNamespaceType, Mount,
    MountBuilder, Process, ProcessBuilder, RootBuilder, Spec, SpecBuilder, UserBuilder,
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

/// Hidden from containers: hardware, keys and timing of the machine. The union of what Podman and Docker hide.
const MASKED: [&str; 13] = [
    "/proc/acpi",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/sys/firmware",
    "/sys/fs/selinux",
    "/sys/dev/block",
    "/sys/devices/virtual/powercap",
];

/// Read-only for containers.
const READ_ONLY: [&str; 6] = ["/proc/asound", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

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
        .namespaces(namespaces(config)?)
        .sysctl(sysctls(config))
        .masked_paths(masked())
        .readonly_paths(READ_ONLY.map(str::to_owned))
        .build()?;
    SpecBuilder::default()
        .version("1.2.0")
        .root(RootBuilder::default().path(root).readonly(false).build()?)
        .process(process)
        .hostname(config.hostname.clone())
        .mounts(mounts(config, files)?)
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
        .user(UserBuilder::default().uid(0u32).gid(0u32).umask(0o022u32).build()?)
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
    let own = config.network != NetworkMode::Host;
    own.then(|| ("net.ipv4.ping_group_range".to_owned(), "0 0".to_owned())).into_iter().collect()
}

/// The fixed list, and the thermal counters of each processor.
fn masked() -> Vec<String> {
    let mut paths: Vec<String> = MASKED.iter().map(|path| (*path).to_owned()).collect();
    let entries = std::fs::read_dir("/sys/devices/system/cpu").into_iter().flatten().flatten();
    let is_processor =
        |name: &str| name.strip_prefix("cpu").is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()));
    for entry in entries.filter(|entry| entry.file_name().to_str().is_some_and(is_processor)) {
        let path = entry.path().join("thermal_throttle");
        if path.symlink_metadata().is_ok() {
            paths.push(path.to_string_lossy().into_owned());
        }
    }
    paths
}

fn namespaces(config: &ContainerConfig) -> Result<Vec<oci_spec::runtime::LinuxNamespace>, OciSpecError> {
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

fn mounts(config: &ContainerConfig, files: &[OwnFile]) -> Result<Vec<Mount>, OciSpecError> {
    let mut list = vec![
        special("/proc", "proc", &["nosuid", "noexec", "nodev"])?,
        special("/dev", "tmpfs", &["nosuid", "strictatime", "mode=755", "size=65536k"])?,
        special("/sys", "sysfs", &["nosuid", "noexec", "nodev", "ro"])?,
        special("/dev/pts", "devpts", &["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"])?,
        special("/dev/mqueue", "mqueue", &["nosuid", "noexec", "nodev"])?,
        special("/dev/shm", "tmpfs", &["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"])?,
        special("/sys/fs/cgroup", "cgroup", &["nosuid", "noexec", "nodev", "ro"])?,
    ];
    let mut binds: Vec<&BindMount> = config.mounts.iter().collect();
    // A mount below another comes after it; equal depths keep the user's order.
    binds.sort_by_key(|bind| Path::new(&bind.target).components().count());
    for file in files {
        if !binds.iter().any(|bind| Path::new(&bind.target) == Path::new(file.target)) {
            list.push(bind(&file.source, file.target, &["bind", "rprivate", "nosuid", "nodev", "noexec"])?);
        }
    }
    for user in binds {
        list.push(bind(&user.source, &user.target, &bind_options(user))?);
    }
    Ok(list)
}

fn bind_options(bind: &BindMount) -> Vec<&str> {
    let mut options = vec![if bind.recursive { "rbind" } else { "bind" }, bind.propagation.as_str()];
    for (wanted, option) in [(bind.read_only, "ro"), (!bind.suid, "nosuid"), (!bind.dev, "nodev"), (!bind.exec, "noexec")] {
        if wanted {
            options.push(option);
        }
    }
    options
}

fn special(target: &str, kind: &str, options: &[&str]) -> Result<Mount, OciSpecError> {
    let options: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
    MountBuilder::default().destination(target).typ(kind).source(kind).options(options).build()
}

fn bind(source: &Path, target: &str, options: &[&str]) -> Result<Mount, OciSpecError> {
    let options: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
    MountBuilder::default().destination(target).typ("bind").source(source).options(options).build()
}

/// The default capabilities as a mask.
#[must_use]
pub fn default_mask() -> super::seccomp::CapMask {
    DEFAULT_CAPABILITIES.iter().fold(super::seccomp::CapMask::default(), |mask, one| mask.or(mask_of(*one)))
}

/// A capability as the bit of its number.
fn mask_of(capability: Capability) -> super::seccomp::CapMask {
    let set = rustix::thread::CapabilitySet::from_name(&capability.to_string());
    super::seccomp::CapMask(set.map_or(0, |set| set.bits()))
}
