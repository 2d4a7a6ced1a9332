//! `Config`: what of a container does not depend on the host.

use crate::model::{ContainerConfig, Health, SecretUse, Startup, signal};
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
        "ExposedPorts": super::ports::exposed(&config.ports),
        "Image": config.image_name,
        "Volumes": null,
        "WorkingDir": config.workdir,
        "Entrypoint": entrypoint,
        "OnBuild": null,
        "Labels": config.labels,
        "Annotations": config.settings.annotations,
        "StopSignal": signal::name(config.stop_signal),
        "CreateCommand": config.create_command,
        "Secrets": config.settings.secrets.iter().map(secret).collect::<Vec<_>>(),
        "Timezone": config.settings.timezone,
        "Umask": format!("{:04o}", config.isolation.umask.unwrap_or(0o022)),
        "Timeout": config.supervision.timeout,
        "Healthcheck": config.supervision.health.as_ref().map(healthcheck),
        "HealthcheckOnFailureAction": config.supervision.health.as_ref().map(|health| health.on_failure.as_str()),
        "StartupHealthCheck": config.supervision.health.as_ref().and_then(|health| health.startup.as_ref()).map(startup),
        "HealthLogDestination": config.supervision.health.as_ref().map(|health| health.log.destination.as_str()),
        "HealthMaxLogCount": config.supervision.health.as_ref().map(|health| health.log.count),
        "HealthMaxLogSize": config.supervision.health.as_ref().map(|health| health.log.size),
        "sdNotifyMode": config.supervision.notify.as_str(),
        "StopTimeout": config.stop_timeout,
        "Passwd": config.isolation.accounts.complete,
    })
}

fn secret(given: &SecretUse) -> Value {
    json!({
        "Name": given.name,
        "ID": given.id,
        "Size": given.size,
        "UID": given.uid,
        "GID": given.gid,
        "Mode": given.mode,
    })
}

/// Go counts times in nanoseconds.
fn nanoseconds(milliseconds: u64) -> u64 {
    milliseconds.saturating_mul(1_000_000)
}

fn healthcheck(health: &Health) -> Value {
    json!({
        "Test": health.probe.test,
        "Interval": nanoseconds(health.interval_ms),
        "Timeout": nanoseconds(health.probe.timeout_ms),
        "StartPeriod": nanoseconds(health.start_period_ms),
        "StartInterval": nanoseconds(health.start_interval_ms),
        "Retries": health.retries,
    })
}

fn startup(check: &Startup) -> Value {
    json!({
        "Test": check.probe.test,
        "Interval": nanoseconds(check.interval_ms),
        "Timeout": nanoseconds(check.probe.timeout_ms),
        "Retries": check.retries,
        "Successes": check.successes,
    })
}
