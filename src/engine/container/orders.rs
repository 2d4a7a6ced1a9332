//! What a monitor is told about a container: the same at every start.

use super::health::first_phase;
use crate::config::Paths;
use crate::engine::events::subject;
use crate::model::{ContainerConfig, Health, LogDriver, Mount, Origin, RestartPolicy};
use crate::monitor::args::{EventsRule, HealthRule, Helper, MonitorArgs, RestartRule, RestartWhen, StopRule};
use crate::monitor::logs::target::{FileTarget, JournalTarget, LogTarget};
use crate::monitor::logs::{journald, k8s_file};
use crate::sys::stamp;
use std::ffi::OsString;
use std::path::PathBuf;

/// How often the monitor has started the container by itself before this start.
#[derive(Clone, Debug, Default)]
pub struct Begin {
    pub restarts: u32,
    /// The last wait before such a start.
    pub backoff_ms: u64,
    /// The socket of the service manager that is to be told how the container is.
    pub manager: Option<PathBuf>,
}

/// The orders for a start at this moment; init's pid is filled in when it is known.
pub(super) fn of(config: &ContainerConfig, paths: &Paths, begin: &Begin) -> MonitorArgs {
    let supervision = &config.supervision;
    let restart = supervision.may_restart().then_some(RestartRule {
        when: match supervision.restart {
            RestartPolicy::No => RestartWhen::Asked,
            RestartPolicy::Always | RestartPolicy::UnlessStopped => RestartWhen::Always,
            RestartPolicy::OnFailure(most) => RestartWhen::Failure { most },
        },
        restarts: begin.restarts,
        backoff_ms: begin.backoff_ms,
    });
    MonitorArgs {
        log: log(config),
        remove: config.auto_remove,
        stop: StopRule { signal: config.stop_signal, seconds: config.stop_timeout },
        timeout: Some(supervision.timeout).filter(|seconds| *seconds > 0),
        helper: (restart.is_some() || supervision.health.is_some()).then(|| helper(config, paths)),
        restart,
        health: supervision.health.as_ref().map(health),
        events: Some(events(config, paths, false)),
        ..MonitorArgs::new(0, stamp::now())
    }
}

/// For a container with `--rm` that nobody stays with: what the monitor cannot remove itself, the helper does, where there is any.
pub(super) fn leave_nothing(orders: &mut MonitorArgs, config: &ContainerConfig, paths: &Paths) {
    let anonymous = |mount: &Mount| matches!(mount.from, Origin::Volume { anonymous: true, .. });
    if config.auto_remove && config.mounts.iter().any(anonymous) {
        orders.forget = true;
        orders.helper.get_or_insert_with(|| helper(config, paths));
    }
}

/// The orders for the monitor of an exec session.
pub(super) fn of_session(config: &ContainerConfig, paths: &Paths) -> MonitorArgs {
    MonitorArgs { events: Some(events(config, paths, true)), ..MonitorArgs::new(0, stamp::now()) }
}

fn events(config: &ContainerConfig, paths: &Paths, session: bool) -> EventsRule {
    EventsRule { folder: paths.events(), subject: subject(config).as_str().to_owned(), session }
}

/// How much longer than its time limit a check may take before the monitor kills it: the start of its processes.
const CHECK_GRACE_MS: u64 = 10_000;

fn health(health: &Health) -> HealthRule {
    let startup = health.startup.as_ref();
    // A check that never runs by itself has no start period either.
    let start_interval = if health.interval_ms == 0 { 0 } else { health.start_interval_ms };
    let limit = health.probe.timeout_ms.max(startup.map_or(0, |check| check.probe.timeout_ms));
    HealthRule {
        interval_ms: [health.interval_ms, start_interval, startup.map_or(0, |check| check.interval_ms)],
        phase: first_phase(health),
        limit_ms: limit.saturating_add(CHECK_GRACE_MS),
    }
}

/// This program, for the container's sake.
fn helper(config: &ContainerConfig, paths: &Paths) -> Helper {
    let program = crate::config::program::own();
    let words = ["--data".into(), paths.data().into(), "--run".into(), paths.run().into(), config.id.as_str().into()];
    Helper { program, file: None, words: words.to_vec() }
}

fn log(config: &ContainerConfig) -> LogTarget {
    match config.log_driver {
        LogDriver::K8sFile | LogDriver::JsonFile => LogTarget::File(log_file(config)),
        LogDriver::Journald => {
            LogTarget::Journal(JournalTarget { socket: journald::SOCKET.into(), fields: journal_fields(config) })
        }
        LogDriver::None | LogDriver::Passthrough | LogDriver::PassthroughTty => LogTarget::None,
    }
}

/// The log's files; the path is relative to the container's folder, or absolute.
pub(super) fn log_file(config: &ContainerConfig) -> FileTarget {
    let options = &config.supervision.log;
    let path = options.path.clone().unwrap_or_else(|| PathBuf::from(k8s_file::FILE));
    FileTarget::new(path, options.max_size, options.max_files)
}

/// Podman's fields. The text is kept to one line: a line break would begin another field.
fn journal_fields(config: &ContainerConfig) -> Vec<OsString> {
    let tag = &config.supervision.log.tag;
    let identifier = if tag.is_empty() { &config.name } else { tag };
    let mut fields = vec![
        format!("CONTAINER_NAME={}", config.name),
        format!("CONTAINER_ID={}", config.id.short()),
        format!("CONTAINER_ID_FULL={}", config.id),
        format!("SYSLOG_IDENTIFIER={identifier}"),
    ];
    if !tag.is_empty() {
        fields.push(format!("CONTAINER_TAG={tag}"));
    }
    fields.extend(config.supervision.log.labels.iter().cloned());
    fields.into_iter().map(|field| field.replace('\n', " ").into()).collect()
}
