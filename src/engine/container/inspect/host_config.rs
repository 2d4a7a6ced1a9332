//! `HostConfig`: what of the host a container was given.

use super::mounts::mount_options;
use crate::model::{CapSet, ContainerConfig, Init, LogDriver, Ulimit};
use serde_json::{Value, json};

/// Podman does not show what was typed but how the set differs from the default.
fn capability_changes(config: &ContainerConfig) -> (Vec<String>, Vec<String>) {
    if config.security.privileged {
        return (Vec::new(), Vec::new());
    }
    let bounding = config.security.rights().bounding;
    (bounding.without(CapSet::DEFAULT).names(), CapSet::DEFAULT.without(bounding).names())
}

pub(super) fn host_config(config: &ContainerConfig, log: &str) -> Value {
    let (log_type, log_path) = match config.log_driver {
        LogDriver::K8sFile => ("k8s-file", log),
        LogDriver::None => ("none", ""),
    };
    let binds: Vec<String> = config
        .mounts
        .iter()
        .map(|mount| {
            let access = if mount.read_only { "ro" } else { "rw" };
            let options = mount_options(mount).join(",");
            format!("{}:{}:{access},{},{options}", mount.source.display(), mount.target, mount.propagation)
        })
        .collect();
    let (cap_add, cap_drop) = capability_changes(config);
    let mut host = json!({
        "Binds": binds,
        "CgroupMode": "private",
        "ContainerIDFile": "",
        "LogConfig": { "Type": log_type, "Config": null, "Path": log_path, "Tag": "", "Size": "0B" },
        "NetworkMode": config.network.as_str(),
        "PortBindings": {},
        "RestartPolicy": { "Name": "no", "MaximumRetryCount": 0 },
        "AutoRemove": config.auto_remove,
        "VolumeDriver": "",
        "VolumesFrom": null,
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
        "ReadonlyRootfs": false,
        "SecurityOpt": config.security.options,
        "Tmpfs": {},
        "ShmSize": 65_536_000,
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
