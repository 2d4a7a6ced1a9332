//! `HostConfig`: what of the host a container was given.

use super::{limits, mounts};
use crate::engine::container::status::State;
use crate::model::{CapSet, ContainerConfig, Init, LogDriver, Ulimit};
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

pub(super) fn host_config(config: &ContainerConfig, state: &State, log: &str) -> Value {
    let (log_type, log_path) = match config.log_driver {
        LogDriver::K8sFile => ("k8s-file", log),
        LogDriver::None => ("none", ""),
    };
    let (cap_add, cap_drop) = capability_changes(config);
    let volumes_from = &config.filesystem.volumes_from;
    let mut host = json!({
        "Binds": mounts::binds(config),
        "CgroupMode": "private",
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
        "GroupAdd": [],
        "IpcMode": "private",
        "PidMode": "private",
        "UTSMode": "private",
        "UsernsMode": "",
        "Privileged": config.security.privileged,
        "PublishAllPorts": false,
        "ReadonlyRootfs": config.filesystem.read_only,
        "SecurityOpt": config.security.options,
        "Tmpfs": mounts::tmpfs(config),
        "ShmSize": config.filesystem.shm_size.unwrap_or(DEFAULT_SHM_BYTES),
        "Runtime": "coracle",
    });
    host["OomScoreAdj"] = config.settings.oom_score_adj.unwrap_or(0).into();
    host["Ulimits"] = config.settings.ulimits.iter().map(ulimit).collect();
    host["Init"] = (config.settings.init != Init::Command).into();
    host["Devices"] = json!([]);
    limits::add(&mut host, &config.limits, state);
    host
}

fn ulimit(ulimit: &Ulimit) -> Value {
    // No limit is -1 in Go.
    let number = |limit: u64| i64::try_from(limit).unwrap_or(-1);
    let name = format!("RLIMIT_{}", ulimit.name.to_ascii_uppercase());
    json!({ "Name": name, "Soft": number(ulimit.soft), "Hard": number(ulimit.hard) })
}
