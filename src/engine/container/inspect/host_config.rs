//! `HostConfig`: what of the host a container was given.

use super::mounts;
use crate::model::{ContainerConfig, LogDriver};
use crate::runtime::spec::mounts::DEFAULT_SHM_BYTES;
use serde_json::{Value, json};

pub(super) fn host_config(config: &ContainerConfig, log: &str) -> Value {
    let (log_type, log_path) = match config.log_driver {
        LogDriver::K8sFile => ("k8s-file", log),
        LogDriver::None => ("none", ""),
    };
    let mut host = json!({
        "Binds": mounts::binds(config),
        "CgroupMode": "private",
        "ContainerIDFile": "",
        "LogConfig": { "Type": log_type, "Config": null, "Path": log_path, "Tag": "", "Size": "0B" },
        "NetworkMode": config.network.as_str(),
        "PortBindings": {},
        "RestartPolicy": { "Name": "no", "MaximumRetryCount": 0 },
        "AutoRemove": config.auto_remove,
        "VolumeDriver": "",
        "VolumesFrom": if config.filesystem.volumes_from.is_empty() { Value::Null } else { json!(config.filesystem.volumes_from) },
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
        "ReadonlyRootfs": config.filesystem.read_only,
        "SecurityOpt": [],
        "Tmpfs": mounts::tmpfs(config),
        "ShmSize": config.filesystem.shm_size.unwrap_or(DEFAULT_SHM_BYTES),
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
