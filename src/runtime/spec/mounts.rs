//! The mounts of a spec.

use super::{OwnFile, masks};
use crate::model::isolation::IpcKind;
use crate::model::{BindMount, ContainerConfig, Init, Sharing};
use oci_spec::OciSpecError;
use oci_spec::runtime::{Mount, MountBuilder};
use std::path::Path;

/// Lists the mounts in their order: the kernel's file systems, our own files, the user's by depth.
pub(super) fn mounts(config: &ContainerConfig, files: &[OwnFile]) -> Result<Vec<Mount>, OciSpecError> {
    let security = &config.security;
    let mut proc = vec!["nosuid", "noexec", "nodev"];
    proc.extend(security.proc_options.iter().map(String::as_str));
    let sys = if security.privileged { "rw" } else { "ro" };
    let cgroup = if masks::unmasked(security, "/sys/fs/cgroup") { "rw" } else { "ro" };
    let mut list = vec![
        special("/proc", "proc", &proc)?,
        special("/dev", "tmpfs", &["nosuid", "strictatime", "mode=755", "size=65536k"])?,
        special("/sys", "sysfs", &["nosuid", "noexec", "nodev", sys])?,
        special("/dev/pts", "devpts", &["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"])?,
        special("/dev/mqueue", "mqueue", &["nosuid", "noexec", "nodev"])?,
        special("/dev/shm", "tmpfs", &["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"])?,
        special("/sys/fs/cgroup", "cgroup", &["nosuid", "noexec", "nodev", cgroup])?,
    ];
    share_memory(config, &mut list)?;
    let mut binds: Vec<&BindMount> = config.mounts.iter().collect();
    // A mount below another comes after it; equal depths keep the user's order.
    binds.sort_by_key(|bind| Path::new(&bind.target).components().count());
    for file in files {
        if !binds.iter().any(|bind| Path::new(&bind.target) == Path::new(file.target)) {
            list.push(bind(&file.source, file.target, &["bind", "rprivate", "nosuid", "nodev", "noexec"])?);
        }
    }
    if let Init::Program(program) = &config.settings.init {
        list.push(bind(program, super::INIT, &["bind", "rprivate", "ro", "nosuid", "nodev"])?);
    }
    for user in binds {
        list.push(bind(&user.source, &user.target, &bind_options(user))?);
    }
    Ok(list)
}

/// Shared memory and message queues come from where the ipc namespace does.
fn share_memory(config: &ContainerConfig, list: &mut Vec<Mount>) -> Result<(), OciSpecError> {
    let isolation = &config.isolation;
    if isolation.ipc == Sharing::Private {
        if isolation.ipc_kind == IpcKind::None {
            list.retain(|mount| mount.destination() != Path::new("/dev/shm"));
        }
        return Ok(());
    }
    for path in ["/dev/mqueue", "/dev/shm"] {
        let Some(place) = list.iter_mut().find(|mount| mount.destination() == Path::new(path)) else { continue };
        // A namespace that a path names has no files that we could find.
        if !matches!(isolation.ipc, Sharing::Path(_)) {
            *place = bind(Path::new(path), path, &["rbind", "rprivate", "nosuid", "nodev", "noexec"])?;
        }
    }
    if isolation.ipc == Sharing::Host && !Path::new("/dev/mqueue").is_dir() {
        list.retain(|mount| mount.destination() != Path::new("/dev/mqueue"));
    }
    Ok(())
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
