//! `Config`: what of a container does not depend on the host.

use crate::model::{ContainerConfig, signal};
use serde_json::{Value, json};

pub(super) fn config_of(config: &ContainerConfig) -> Value {
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
        "Timezone": config.settings.timezone,
        "Umask": format!("{:04o}", config.isolation.umask.unwrap_or(0o022)),
        "Timeout": 0,
        "StopTimeout": config.stop_timeout,
        "Passwd": config.isolation.accounts.complete,
    })
}
