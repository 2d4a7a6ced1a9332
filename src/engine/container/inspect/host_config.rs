//! `HostConfig`: what of the host a container was given.

use super::{limits, mounts};
use crate::engine::container::status::State;
use crate::model::idmap::Ranges;
use crate::model::isolation::IpcKind;
use crate::model::{AddedHost, CapSet, ContainerConfig, Device, IdMap, Init, Sharing, Ulimit, UserNamespace};
use crate::runtime::spec::mounts::DEFAULT_SHM_BYTES;
use serde_json::{Value, json};

/// Podman does not show what was typed but how the set differs from the default.
fn capability_changes(config: &ContainerConfig) -> (Vec<String>, Vec<String>) {
    if config.security.privileged {
        return (Vec::new(), Vec::new());
    }
    let bounding = config.security.rights().bounding;
    (bounding.without(CapSet::DEFAULT).names(), CapSet::DEFAULT.without(bounding).names())
}

fn groups(config: &ContainerConfig) -> Vec<String> {
    if config.isolation.keep_groups { vec!["keep-groups".to_owned()] } else { config.isolation.groups.clone() }
}

fn ipc_mode(config: &ContainerConfig) -> String {
    match (&config.isolation.ipc, config.isolation.ipc_kind) {
        (Sharing::Private, IpcKind::Shareable) => "shareable".to_owned(),
        (Sharing::Private, IpcKind::None) => "none".to_owned(),
        (sharing, _) => sharing.text(),
    }
}

/// Podman shows that a container has a user namespace of its own, not which words made it.
fn userns_mode(config: &ContainerConfig) -> String {
    match (&config.isolation.userns, &config.isolation.id_map) {
        (UserNamespace::Container(id), _) => format!("container:{id}"),
        (UserNamespace::Path(path), _) => format!("ns:{}", path.display()),
        (_, Some(_)) => "private".to_owned(),
        (_, None) => String::new(),
    }
}

/// `container:session:count`, where 0 of the session is the caller and 1… are the subordinate ids.
fn map_lines(ranges: &Ranges) -> Vec<String> {
    ranges.runs().iter().map(|run| format!("{}:{}:{}", run.inside, run.outside, run.count)).collect()
}

pub(super) fn host_config(config: &ContainerConfig, state: &State, log: &str) -> Value {
    let isolation = &config.isolation;
    let (cap_add, cap_drop) = capability_changes(config);
    let names = &config.settings.names;
    let volumes_from = &config.filesystem.volumes_from;
    let mut host = json!({
        "Binds": mounts::binds(config),
        "CgroupMode": isolation.cgroup.text(),
        "ContainerIDFile": config.relations.cidfile.clone().unwrap_or_default().to_string_lossy(),
        "LogConfig": log_config(config, log),
        "NetworkMode": config.network.as_str(),
        "PortBindings": super::ports::bindings(&config.ports),
        "RestartPolicy": {
            "Name": config.supervision.restart.as_str(),
            "MaximumRetryCount": config.supervision.restart.most(),
        },
        "AutoRemove": config.auto_remove,
        "VolumeDriver": "",
        "VolumesFrom": if volumes_from.is_empty() { Value::Null } else { json!(volumes_from) },
        "CapAdd": cap_add,
        "CapDrop": cap_drop,
        "Dns": names.dns,
        "DnsOptions": names.dns_options,
        "DnsSearch": names.dns_search,
        "ExtraHosts": names.added_hosts.iter().map(added_host).collect::<Vec<_>>(),
        "GroupAdd": groups(config),
        "IpcMode": ipc_mode(config),
        "PidMode": isolation.pid.text(),
        "UTSMode": isolation.uts.text(),
        "UsernsMode": userns_mode(config),
        "Privileged": config.security.privileged,
        "PublishAllPorts": config.ports.publish_all,
        "ReadonlyRootfs": config.filesystem.read_only,
        "SecurityOpt": config.security.options,
        "Tmpfs": mounts::tmpfs(config),
        "ShmSize": config.filesystem.shm_size.unwrap_or(DEFAULT_SHM_BYTES),
        "Runtime": "coracle",
    });
    if let Some(IdMap { uids, gids }) = &isolation.id_map {
        host["IDMappings"] = json!({ "UidMap": map_lines(uids), "GidMap": map_lines(gids) });
    }
    host["OomScoreAdj"] = config.settings.oom_score_adj.unwrap_or(0).into();
    host["Ulimits"] = config.settings.ulimits.iter().map(ulimit).collect();
    host["Annotations"] = json!(config.settings.annotations);
    host["Init"] = (config.settings.init != Init::Command).into();
    host["Devices"] = config.security.devices.iter().map(device).collect();
    limits::add(&mut host, &config.limits, state);
    host
}

fn ulimit(ulimit: &Ulimit) -> Value {
    // No limit is -1 in Go.
    let number = |limit: u64| i64::try_from(limit).unwrap_or(-1);
    let name = format!("RLIMIT_{}", ulimit.name.to_ascii_uppercase());
    json!({ "Name": name, "Soft": number(ulimit.soft), "Hard": number(ulimit.hard) })
}

fn added_host(host: &AddedHost) -> String {
    let address = host.address.map_or_else(|| "host-gateway".to_owned(), |address| address.to_string());
    format!("{}:{address}", host.names.join(";"))
}

fn device(device: &Device) -> Value {
    json!({ "PathOnHost": device.source, "PathInContainer": device.target, "CgroupPermissions": device.access })
}

/// `own` is the log's path where the user named none.
fn log_config(config: &ContainerConfig, own: &str) -> Value {
    let options = &config.supervision.log;
    let path = match &options.path {
        _ if !config.log_driver.is_file() => String::new(),
        Some(path) => path.to_string_lossy().into_owned(),
        None => own.to_owned(),
    };
    let mut log = json!({
        "Type": config.log_driver.as_str(),
        "Config": null,
        "Path": path,
        "Tag": options.tag,
        "Size": size(options.max_size),
    });
    if options.max_files > 0 {
        // Podman has no such option, and so no field.
        log["MaxFiles"] = options.max_files.into();
    }
    log
}

/// Podman's spelling of a size: in thousands, at most four digits.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 7] = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
    let (mut scale, mut unit) = (1_u128, 0);
    while u128::from(bytes) >= scale * 1000 && unit + 1 < UNITS.len() {
        (scale, unit) = (scale * 1000, unit + 1);
    }
    let whole = u128::from(bytes) / scale;
    let decimals: usize = if whole >= 100 {
        1
    } else if whole >= 10 {
        2
    } else {
        3
    };
    let step = scale / 10_u128.pow(u32::try_from(decimals).unwrap_or(0)).min(scale);
    let rounded = (u128::from(bytes) + step / 2) / step;
    let parts = scale / step;
    let fraction = format!("{:0decimals$}", rounded % parts);
    let text = if parts > 1 { format!("{}.{fraction}", rounded / parts) } else { rounded.to_string() };
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text}{}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_written_as_podman_does() {
        for (bytes, text) in [
            (0, "0B"),
            (999, "999B"),
            (1000, "1kB"),
            (1500, "1.5kB"),
            (10_485_760, "10.49MB"),
            (104_857_600, "104.9MB"),
            (1_000_000, "1MB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }
}
