//! `HostConfig`: what of the host a container was given.

use super::mounts::mount_options;
use crate::model::{ContainerConfig, LogDriver};
use serde_json::{Value, json};

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
    let mut host = json!({
        "Binds": binds,
        "CgroupMode": "private",
        "ContainerIDFile": config.relations.cidfile.clone().unwrap_or_default().to_string_lossy(),
        "LogConfig": { "Type": log_type, "Config": null, "Path": log_path, "Tag": "", "Size": "0B" },
        "NetworkMode": config.network.as_str(),
        "PortBindings": {},
        "RestartPolicy": { "Name": "no", "MaximumRetryCount": 0 },
        "AutoRemove": config.auto_remove,
        "VolumeDriver": "",
        "VolumesFrom": null,
        "CapAdd": [],
        "CapDrop": [],
        "Dns": [],
        "DnsOptions": [],
        "DnsSearch": [],
        "ExtraHosts": [],
        "GroupAdd": [],
        "IpcMode": "private",
        "PidMode": "private",
        "UTSMode": "private",
        "UsernsMode": "",
        "Privileged": false,
        "PublishAllPorts": false,
        "ReadonlyRootfs": false,
        "SecurityOpt": [],
        "Tmpfs": {},
        "ShmSize": 65_536_000,
        "Runtime": "coracle",
    });
    // Limits: none is set yet, and Podman prints zero for each that is not.
    for limit in [
        "OomScoreAdj",
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
    for list in ["Devices", "Ulimits"] {
        host[list] = json!([]);
    }
    for text in ["CgroupParent", "CpusetCpus", "CpusetMems"] {
        host[text] = "".into();
    }
    host
}
