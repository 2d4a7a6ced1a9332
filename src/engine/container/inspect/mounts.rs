//! `Mounts`, and what of `HostConfig` is about them.

use crate::config::Paths;
use crate::model::{ContainerConfig, Mount, Origin};
use crate::storage::volume;
use serde_json::{Map, Value, json};

/// The volumes by name, then the bind mounts and the images, as Podman lists them. What is in memory is in `HostConfig.Tmpfs`.
pub(super) fn mounts(config: &ContainerConfig, paths: &Paths) -> Vec<Value> {
    let mut volumes: Vec<&Mount> = config.mounts.iter().filter(|mount| mount.volume().is_some()).collect();
    volumes.sort_by_key(|mount| mount.volume());
    let rest = config.mounts.iter().filter(|mount| mount.volume().is_none());
    volumes.into_iter().chain(rest).filter_map(|mount| one(mount, paths)).collect()
}

fn one(mount: &Mount, paths: &Paths) -> Option<Value> {
    let (kind, source, driver) = match &mount.from {
        Origin::Bind { source, .. } | Origin::Overlay { source, .. } => ("bind", source.clone(), ""),
        Origin::Volume { name, .. } => ("volume", volume::data(paths, name), "local"),
        Origin::Image { name, .. } => ("image", name.into(), ""),
        Origin::Tmpfs { .. } | Origin::Ramfs { .. } | Origin::Devpts { .. } => return None,
    };
    let mut shown = Map::new();
    shown.insert("Type".to_owned(), kind.into());
    if let Some(name) = mount.volume() {
        shown.insert("Name".to_owned(), name.into());
    }
    for (key, value) in [
        ("Source", json!(source.to_string_lossy())),
        ("Destination", json!(mount.target)),
        ("Driver", json!(driver)),
        ("Mode", json!("")),
        ("Options", json!(options(mount))),
        ("RW", json!(!mount.read_only)),
        ("Propagation", json!(mount.propagation)),
    ] {
        shown.insert(key.to_owned(), value);
    }
    if let Origin::Volume { subpath: Some(path), .. } | Origin::Image { subpath: Some(path), .. } = &mount.from {
        shown.insert("SubPath".to_owned(), json!(path));
    }
    Some(shown.into())
}

/// `HostConfig.Binds`.
pub(super) fn binds(config: &ContainerConfig) -> Vec<String> {
    let listed = config.mounts.iter().filter_map(|mount| {
        let source = match &mount.from {
            Origin::Bind { source, .. } | Origin::Overlay { source, .. } => source.to_string_lossy().into_owned(),
            Origin::Volume { name, .. } => name.clone(),
            _ => return None,
        };
        let options = options(mount).join(",");
        Some(format!("{source}:{}:{},{},{options}", mount.target, access(mount), mount.propagation))
    });
    listed.collect()
}

/// `HostConfig.Tmpfs`: options by target.
pub(super) fn tmpfs(config: &ContainerConfig) -> Value {
    let mut shown = Map::new();
    for mount in &config.mounts {
        let (Origin::Tmpfs { data, copy } | Origin::Ramfs { data, copy }) = &mount.from else { continue };
        let mut options = data.clone();
        options.extend([access(mount).to_owned(), mount.propagation.clone()]);
        options.extend(flags(mount).into_iter().map(str::to_owned));
        options.push(if *copy { "tmpcopyup" } else { "notmpcopyup" }.to_owned());
        shown.insert(mount.target.clone(), options.join(",").into());
    }
    shown.into()
}

fn access(mount: &Mount) -> &'static str {
    if mount.read_only { "ro" } else { "rw" }
}

fn flags(mount: &Mount) -> Vec<&'static str> {
    let all = [(mount.suid, "nosuid"), (mount.dev, "nodev"), (mount.exec, "noexec")];
    all.into_iter().filter(|(allowed, _)| !allowed).map(|(_, option)| option).collect()
}

/// The options beside `ro` or `rw` and the propagation, which have fields of their own.
fn options(mount: &Mount) -> Vec<String> {
    let mut options: Vec<String> = Vec::new();
    match &mount.from {
        Origin::Bind { recursive, no_dereference, .. } => {
            options.push(if *recursive { "rbind" } else { "bind" }.to_owned());
            options.extend(no_dereference.then(|| "no-dereference".to_owned()));
        }
        Origin::Overlay { upper, work, .. } => {
            options.push("O".to_owned());
            options.extend(upper.iter().map(|path| format!("upperdir={}", path.display())));
            options.extend(work.iter().map(|path| format!("workdir={}", path.display())));
        }
        Origin::Volume { copy, .. } => {
            options.extend((!copy).then(|| "nocopy".to_owned()));
            options.push("rbind".to_owned());
        }
        _ => {}
    }
    options.extend(mount.chown.then(|| "U".to_owned()));
    options.extend(flags(mount).into_iter().map(str::to_owned));
    options
}
