//! `inspect` of containers, with Podman's names and shapes.

use super::status::State;
use crate::engine::{Engine, EngineError};
use crate::model::{BindMount, ContainerConfig, LogDriver, NetworkMode, Status, signal};
use crate::runtime::spec::DEFAULT_CAPABILITIES;
use serde_json::{Value, json};

/// What Podman prints for a time that has not come.
const NEVER: &str = "0001-01-01T00:00:00Z";

impl Engine {
    /// Describes a container.
    ///
    /// # Errors
    /// It is not known, or the store fails.
    pub fn inspect_container(&self, name: &str) -> Result<Value, EngineError> {
        let config = self.container(name)?;
        let state = self.status(&config);
        let image = self.db.images_by_id_prefix(config.image.hex())?.pop();
        let folder = self.paths.container(&config.id);
        let file = |name: &str| folder.join(name).to_string_lossy().into_owned();
        let layers = image.as_ref().map(|image| image.layers.as_slice()).unwrap_or_default();
        let lower: Vec<String> = layers
            .iter()
            .rev()
            .map(|layer| self.paths.layers().join(layer.hex()).join("diff").to_string_lossy().into_owned())
            .collect();
        let mut driver = json!({ "UpperDir": file("upper"), "WorkDir": file("work") });
        if !lower.is_empty() {
            driver["LowerDir"] = lower.join(":").into();
        }
        let program = config.argv.first().map(String::as_str).unwrap_or_default();
        Ok(json!({
            "Id": config.id,
            "Created": time(config.created_at),
            "Path": program,
            "Args": config.argv.get(1..).unwrap_or_default(),
            "State": state_of(&state),
            "Image": config.image.hex(),
            "ImageDigest": image.as_ref().map(|image| image.manifest.to_string()).unwrap_or_default(),
            "ImageName": config.image_name,
            "Rootfs": "",
            "Pod": "",
            "ResolvConfPath": file("resolv.conf"),
            "HostnamePath": file("hostname"),
            "HostsPath": file("hosts"),
            "StaticDir": folder.to_string_lossy(),
            "OCIRuntime": "coracle",
            "Name": config.name,
            "RestartCount": 0,
            "Driver": "overlay",
            "MountLabel": "",
            "ProcessLabel": "",
            "AppArmorProfile": "",
            "EffectiveCaps": DEFAULT_CAPABILITIES,
            "BoundingCaps": DEFAULT_CAPABILITIES,
            "ExecIDs": [],
            "GraphDriver": { "Name": "overlay", "Data": driver },
            "Mounts": config.mounts.iter().map(mount).collect::<Vec<_>>(),
            "Dependencies": [],
            "NetworkSettings": network_settings(&config),
            "Namespace": "",
            "IsInfra": false,
            "IsService": false,
            "Config": config_of(&config),
            "HostConfig": host_config(&config, &file("ctr.log")),
        }))
    }
}

/// Writes nanoseconds since the epoch in RFC 3339.
fn time(nanoseconds: i64) -> String {
    match jiff::Timestamp::from_nanosecond(i128::from(nanoseconds)) {
        Ok(moment) if nanoseconds != 0 => moment.to_string(),
        _ => NEVER.to_owned(),
    }
}

fn state_of(state: &State) -> Value {
    let started = match (&state.run, &state.exit) {
        (Some(run), _) => time(run.started_at),
        (None, Some(exit)) => time(exit.started_at),
        (None, None) => NEVER.to_owned(),
    };
    let exit = state.exit.as_ref();
    json!({
        "OciVersion": "1.2.0",
        "Status": state.status,
        "Running": state.status.is_alive(),
        "Paused": state.status == Status::Paused,
        "Restarting": false,
        "OOMKilled": exit.is_some_and(|exit| exit.oom_killed),
        "Dead": false,
        "Pid": state.run.as_ref().map_or(0, |run| run.init.pid),
        // Podman's name for the process that watches a container; ours is coracle-monitor.
        "ConmonPid": state.run.as_ref().map_or(0, |run| run.monitor.pid),
        "ExitCode": exit.map_or(0, |exit| exit.code),
        "Error": "",
        "StartedAt": started,
        "FinishedAt": exit.map_or_else(|| NEVER.to_owned(), |exit| time(exit.finished_at)),
        "Health": { "Status": "", "FailingStreak": 0, "Log": null },
        "CgroupPath": state.run.as_ref().and_then(|run| run.cgroup.as_deref()).unwrap_or_default(),
        "CheckpointedAt": NEVER,
        "RestoredAt": NEVER,
    })
}

fn mount(mount: &BindMount) -> Value {
    json!({
        "Type": "bind",
        "Source": mount.source.to_string_lossy(),
        "Destination": mount.target,
        "Driver": "",
        "Mode": "",
        "Options": mount_options(mount),
        "RW": !mount.read_only,
        "Propagation": mount.propagation,
    })
}

/// The options beside `ro` or `rw` and the propagation, which have fields of their own.
fn mount_options(mount: &BindMount) -> Vec<&'static str> {
    let mut options = vec![if mount.recursive { "rbind" } else { "bind" }];
    options.extend(
        [(mount.suid, "nosuid"), (mount.dev, "nodev"), (mount.exec, "noexec")]
            .iter()
            .filter_map(|(allowed, option)| if *allowed { None } else { Some(*option) }),
    );
    options
}

fn network_settings(config: &ContainerConfig) -> Value {
    let mut settings = json!({
        "EndpointID": "",
        "Gateway": "",
        "IPAddress": "",
        "IPPrefixLen": 0,
        "IPv6Gateway": "",
        "GlobalIPv6Address": "",
        "GlobalIPv6PrefixLen": 0,
        "MacAddress": "",
        "Bridge": "",
        "SandboxID": "",
        "HairpinMode": false,
        "LinkLocalIPv6Address": "",
        "LinkLocalIPv6PrefixLen": 0,
        "Ports": {},
        "SandboxKey": "",
        "Networks": {},
    });
    if config.network != NetworkMode::Private {
        let endpoint = json!({ "NetworkID": config.network.as_str(), "IPAddress": "", "MacAddress": "", "Aliases": [] });
        settings["Networks"] = json!({ config.network.as_str(): endpoint });
    }
    settings
}

fn config_of(config: &ContainerConfig) -> Value {
    // Podman prints null for an entrypoint that is not there.
    let entrypoint = if config.entrypoint.is_empty() { Value::Null } else { json!(config.entrypoint) };
    json!({
        "Hostname": config.hostname,
        "Domainname": "",
        "User": config.user,
        "AttachStdin": false,
        "AttachStdout": false,
        "AttachStderr": false,
        "Tty": config.tty,
        "OpenStdin": config.stdin_open,
        "StdinOnce": false,
        "Env": config.env,
        "Cmd": config.command,
        "Image": config.image_name,
        "Volumes": null,
        "WorkingDir": config.workdir,
        "Entrypoint": entrypoint,
        "OnBuild": null,
        "Labels": config.labels,
        "Annotations": {},
        "StopSignal": signal::name(config.stop_signal),
        "CreateCommand": config.create_command,
        "Umask": "0022",
        "Timeout": 0,
        "StopTimeout": config.stop_timeout,
        "Passwd": true,
    })
}

fn host_config(config: &ContainerConfig, log: &str) -> Value {
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
        "ContainerIDFile": "",
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ExitRecord;

    #[test]
    fn times_are_rfc_3339_and_zero_is_never() {
        assert_eq!(time(1_795_233_260_156_059_417), "2026-11-21T03:54:20.156059417Z");
        assert_eq!(time(0), NEVER);
    }

    #[test]
    fn the_state_tells_how_it_ended() {
        let exit = ExitRecord { code: 137, started_at: 1_000_000_000, finished_at: 2_000_000_000, oom_killed: true };
        let state = state_of(&State { status: Status::Exited, run: None, exit: Some(exit) });
        assert_eq!(state["Status"], "exited");
        assert_eq!((&state["Running"], &state["OOMKilled"]), (&json!(false), &json!(true)));
        assert_eq!((&state["ExitCode"], &state["Pid"]), (&json!(137), &json!(0)));
        assert_eq!(state["FinishedAt"], "1970-01-01T00:00:02Z");
        let created = state_of(&State { status: Status::Created, run: None, exit: None });
        assert_eq!((&created["StartedAt"], &created["ExitCode"]), (&json!(NEVER), &json!(0)));
    }
}
