//! The mounts of a spec.

use super::{OwnFile, masks};
use crate::model::isolation::IpcKind;
use crate::model::{ContainerConfig, Init, Mount as Wanted, Origin, Sharing};
use crate::runtime::binds;
use oci_spec::OciSpecError;
use oci_spec::runtime::{Mount, MountBuilder};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What the store has for the mounts of a container.
#[derive(Debug, Default)]
pub struct Sources {
    /// By name.
    pub volumes: BTreeMap<String, VolumeSource>,
    /// The folders of an image's layers, topmost first, by the target it is mounted on.
    pub images: BTreeMap<String, Vec<PathBuf>>,
    /// The upper and the work folder of an overlay, by its target.
    pub uppers: BTreeMap<String, (PathBuf, PathBuf)>,
    /// Mounts that are not the user's words: secrets and the like. Sorted in among the user's by depth.
    pub more: Vec<Mount>,
}

/// What a volume is at this start.
#[derive(Clone, Debug)]
pub enum VolumeSource {
    /// `volumes/<name>/_data`, with options for the mount.
    Store(PathBuf, Vec<String>),
    /// A folder of the host, with options for the mount.
    Folder(PathBuf, Vec<String>),
    /// Options of the file system.
    Tmpfs(Vec<String>),
}

/// The bytes of `/dev/shm` where nothing else is asked for: Podman's 65536k.
pub const DEFAULT_SHM_BYTES: u64 = 65_536 << 10;

/// Lists the mounts in their order: the kernel's file systems, then our own files and the user's mounts by depth.
pub(super) fn mounts(config: &ContainerConfig, files: &[OwnFile], sources: &Sources) -> Result<Vec<Mount>, OciSpecError> {
    let security = &config.security;
    let mut proc = vec!["nosuid", "noexec", "nodev"];
    proc.extend(security.proc_options.iter().map(String::as_str));
    let sys = if security.privileged { "rw" } else { "ro" };
    let cgroup = if masks::unmasked(security, "/sys/fs/cgroup") { "rw" } else { "ro" };
    let shm = shm_size(config);
    let kernels: [(&str, &str, &[&str]); 7] = [
        ("/proc", "proc", &proc),
        ("/dev", "tmpfs", &["nosuid", "strictatime", "mode=755", "size=65536k"]),
        ("/sys", "sysfs", &["nosuid", "noexec", "nodev", sys]),
        ("/dev/pts", "devpts", &["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]),
        ("/dev/mqueue", "mqueue", &["nosuid", "noexec", "nodev"]),
        ("/dev/shm", "tmpfs", &["nosuid", "noexec", "nodev", "mode=1777", &shm]),
        ("/sys/fs/cgroup", "cgroup", &["nosuid", "noexec", "nodev", cgroup]),
    ];
    let mut list = Vec::with_capacity(kernels.len() + files.len() + config.mounts.len());
    // What the user mounts on the very place of one of these is wanted instead of it.
    for (target, kind, options) in kernels.iter().filter(|(target, ..)| on(config, Path::new(target)).is_none()) {
        list.push(mount(target, kind, None, owned(options))?);
    }
    share_memory(config, &mut list)?;
    let kernel_count = list.len();
    for file in files {
        let target = Path::new(file.target);
        if on(config, target).is_some() {
            continue;
        }
        let mut options = owned(&["bind", "rprivate", "nosuid", "nodev", "noexec"]);
        // Nothing is made in a folder of the user's for the sake of a file of ours.
        if config.mounts.iter().any(|wanted| is_users(wanted) && target.starts_with(&wanted.target)) {
            options.push(binds::IF_PRESENT.to_owned());
        }
        list.push(mount(file.target, "bind", Some(&file.source), options)?);
    }
    if let Init::Program(program) = &config.settings.init {
        list.push(mount(super::INIT, "bind", Some(program), owned(&["bind", "rprivate", "ro", "nosuid", "nodev"]))?);
    }
    for wanted in &config.mounts {
        list.push(user_mount(wanted, sources)?);
    }
    list.extend(sources.more.iter().cloned());
    // A mount below another comes after it; equal depths keep their order.
    list[kernel_count..].sort_by_key(|mount| mount.destination().components().count());
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
            let options = owned(&["rbind", "rprivate", "nosuid", "nodev", "noexec"]);
            *place = mount(path, "bind", Some(Path::new(path)), options)?;
        }
    }
    if isolation.ipc == Sharing::Host && !Path::new("/dev/mqueue").is_dir() {
        list.retain(|mount| mount.destination() != Path::new("/dev/mqueue"));
    }
    Ok(())
}

/// The user's mount on exactly this path.
fn on<'a>(config: &'a ContainerConfig, target: &Path) -> Option<&'a Wanted> {
    config.mounts.iter().find(|mount| Path::new(&mount.target) == target)
}

/// Tells whether a mount is a folder of the user's, or one where nothing can be made.
fn is_users(mount: &Wanted) -> bool {
    mount.read_only || matches!(mount.from, Origin::Bind { .. } | Origin::Overlay { upper: Some(_), .. })
}

fn shm_size(config: &ContainerConfig) -> String {
    format!("size={}", config.filesystem.shm_size.unwrap_or(DEFAULT_SHM_BYTES))
}

fn user_mount(wanted: &Wanted, sources: &Sources) -> Result<Mount, OciSpecError> {
    let target = wanted.target.as_str();
    match &wanted.from {
        Origin::Bind { source, recursive, no_dereference } => {
            let mut options = bind_options(wanted, *recursive);
            if *no_dereference {
                options.push(binds::NO_DEREFERENCE.to_owned());
            }
            mount(target, "bind", Some(source), options)
        }
        Origin::Volume { name, copy, subpath, .. } => match sources.volumes.get(name) {
            Some(VolumeSource::Tmpfs(data)) => mount(target, "tmpfs", None, memory_options(wanted, data, *copy)),
            Some(VolumeSource::Folder(source, more)) => {
                let mut options = bind_options(wanted, true);
                options.extend(more.iter().cloned());
                options.extend(subpath.iter().map(|path| format!("{}={path}", binds::SUBPATH)));
                mount(target, "bind", Some(source), options)
            }
            Some(VolumeSource::Store(source, more)) => {
                let mut options = bind_options(wanted, true);
                options.extend(more.iter().cloned());
                match subpath {
                    Some(path) => options.push(format!("{}={path}", binds::SUBPATH)),
                    None => options.push(if *copy { binds::VOLUME } else { binds::VOLUME_NOCOPY }.to_owned()),
                }
                mount(target, "bind", Some(source), options)
            }
            None => Err(OciSpecError::Other(format!("the volume {name} is not prepared"))),
        },
        Origin::Tmpfs { data, copy } => mount(target, "tmpfs", None, memory_options(wanted, data, *copy)),
        Origin::Ramfs { data, copy } => mount(target, "ramfs", None, memory_options(wanted, data, *copy)),
        Origin::Devpts { data } => mount(target, "devpts", None, memory_options(wanted, data, false)),
        Origin::Overlay { source, .. } => overlay(wanted, std::slice::from_ref(source), None, sources),
        Origin::Image { subpath, .. } => {
            let layers = sources.images.get(target).map(Vec::as_slice).unwrap_or_default();
            overlay(wanted, layers, subpath.as_deref(), sources)
        }
    }
}

fn overlay(wanted: &Wanted, lowers: &[PathBuf], subpath: Option<&str>, sources: &Sources) -> Result<Mount, OciSpecError> {
    let mut options = flags(wanted, "");
    options.extend(lowers.iter().map(|lower| format!("lowerdir+={}", lower.display())));
    if let Some((upper, work)) = sources.uppers.get(&wanted.target) {
        options.push(format!("upperdir={}", upper.display()));
        options.push(format!("workdir={}", work.display()));
    }
    options.extend(subpath.map(|path| format!("{}={path}", binds::SUBPATH)));
    mount(&wanted.target, "overlay", None, options)
}

/// The attributes, with `prefix` (`r` for recursive ones), and what is to be done with the mount.
fn flags(wanted: &Wanted, prefix: &str) -> Vec<String> {
    let mut options = Vec::new();
    for (set, option) in [(!wanted.suid, "nosuid"), (!wanted.dev, "nodev"), (!wanted.exec, "noexec")] {
        if set {
            options.push(format!("{prefix}{option}"));
        }
    }
    if wanted.read_only {
        options.push(if wanted.writable_below { "ro".to_owned() } else { format!("{prefix}ro") });
    }
    if wanted.chown {
        options.push(binds::CHOWN.to_owned());
    }
    options
}

fn bind_options(wanted: &Wanted, recursive: bool) -> Vec<String> {
    let mut options = vec![if recursive { "rbind" } else { "bind" }.to_owned(), wanted.propagation.clone()];
    options.extend(flags(wanted, if recursive { "r" } else { "" }));
    options
}

fn memory_options(wanted: &Wanted, data: &[String], copy: bool) -> Vec<String> {
    let mut options = flags(wanted, "");
    options.extend(data.iter().cloned());
    if copy {
        options.push("tmpcopyup".to_owned());
    }
    options
}

fn owned(options: &[&str]) -> Vec<String> {
    options.iter().map(|option| (*option).to_owned()).collect()
}

fn mount(target: &str, kind: &str, source: Option<&Path>, options: Vec<String>) -> Result<Mount, OciSpecError> {
    let source = source.unwrap_or(Path::new(kind));
    MountBuilder::default().destination(target).typ(kind).source(source).options(options).build()
}
