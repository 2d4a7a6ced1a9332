//! `HostConfig`: what of the host a container was given.

use super::mounts;
use crate::model::idmap::Ranges;
use crate::model::isolation::IpcKind;
use crate::model::{CapSet, ContainerConfig, IdMap, Init, LogDriver, Sharing, Ulimit, UserNamespace};
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

pub(super) fn host_config(config: &ContainerConfig, log: &str) -> Value {
    let (log_type, log_path) = match config.log_driver {
        LogDriver::K8sFile => ("k8s-file", log),
        LogDriver::None => ("none", ""),
    };
    let isolation = &config.isolation;
    let (cap_add, cap_drop) = capability_changes(config);
    let volumes_from = &config.filesystem.volumes_from;
    let mut host = json!({
        "Binds": mounts::binds(config),
        "CgroupMode": isolation.cgroup.text(),
        "ContainerIDFile": config.relations.cidfile.clone().unwrap_or_default().to_string_lossy(),
        "LogConfig": { "Type": log_type, "Config": null, "Path": log_path, "Tag": "", "Size": "0B" },
        "NetworkMode": config.network.as_str(),
        "PortBindings": {},
        "RestartPolicy": { "Name": "no", "MaximumRetryCount": 0 },
        "AutoRemove": config.auto_remove,
        "VolumeDriver": "",
        "VolumesFrom": if volumes_from.is_empty() { Value::Null } else { json!(volumes_from) },
        "CapAdd": cap_add,
        "CapDrop": cap_drop,
        "Dns": [],
        "DnsOptions": [],
        "DnsSearch": [],
        "ExtraHosts": [],
        "GroupAdd": groups(config),
        "IpcMode": ipc_mode(config),
        "PidMode": isolation.pid.text(),
        "UTSMode": isolation.uts.text(),
        "UsernsMode": userns_mode(config),
        "Privileged": config.security.privileged,
        "PublishAllPorts": false,
        "ReadonlyRootfs": config.filesystem.read_only,
        "SecurityOpt": config.security.options,
        "Tmpfs": mounts::tmpfs(config),
        "ShmSize": config.filesystem.shm_size.unwrap_or(DEFAULT_SHM_BYTES),
        "Runtime": "coracle",
    });
    // Limits: none is set yet, and Podman prints zero for each that is not.
    for limit in [
        "CpuShares",
        "Memory",
        "NanoCpus",
        "BlkioWeight",
        "CpuPeriod",
        "CpuQuota",
        "MemoryReservation",
        "MemorySwap",
        "MemorySwappiness",
        "PidsLimit",
    ] {
        host[limit] = 0.into();
    }
    if let Some(IdMap { uids, gids }) = &isolation.id_map {
        host["IDMappings"] = json!({ "UidMap": map_lines(uids), "GidMap": map_lines(gids) });
    }
    host["OomScoreAdj"] = config.settings.oom_score_adj.unwrap_or(0).into();
    host["Ulimits"] = config.settings.ulimits.iter().map(ulimit).collect();
    host["Init"] = (config.settings.init != Init::Command).into();
    host["Devices"] = json!([]);
    for text in ["CgroupParent", "CpusetCpus", "CpusetMems"] {
        host[text] = "".into();
    }
    host
}

fn ulimit(ulimit: &Ulimit) -> Value {
    // No limit is -1 in Go.
    let number = |limit: u64| i64::try_from(limit).unwrap_or(-1);
    let name = format!("RLIMIT_{}", ulimit.name.to_ascii_uppercase());
    json!({ "Name": name, "Soft": number(ulimit.soft), "Hard": number(ulimit.hard) })
}
