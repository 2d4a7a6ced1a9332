//! What is asked of the monitor, checked and completed from the image when a container is made.

use super::ContainerError;
use super::create::CreateRequest;
use crate::image::config::Runtime;
use crate::model::{
    ContainerConfig, ContainerId, Health, HealthRequest, ImageRecord, LogDriver, LogOptions, OnFailure, Probe, RestartPolicy,
    SdNotify, Sharing, Supervision,
};
use crate::monitor::logs::journald;
use std::path::Path;

/// What the container is made of, as far as it is settled.
pub(super) struct Subject<'a> {
    pub id: &'a ContainerId,
    pub name: &'a str,
    pub image: &'a ImageRecord,
    pub defaults: &'a Runtime,
}

/// Docker's and Podman's defaults, in milliseconds.
const INTERVAL_MS: u64 = 30_000;
const TIMEOUT_MS: u64 = 30_000;
const START_INTERVAL_MS: u64 = 5_000;
const RETRIES: u32 = 3;

pub(super) fn settle(request: &CreateRequest, subject: &Subject<'_>) -> Result<Supervision, ContainerError> {
    let mut supervision = request.supervision.clone();
    if supervision.restart != RestartPolicy::No && request.auto_remove {
        return Err(invalid("--restart", supervision.restart.as_str(), "it does not go together with --rm"));
    }
    refuse_with_foreign_pids(supervision.restart, &request.isolation.pid)?;
    let driver = request.log_driver.unwrap_or(LogDriver::K8sFile);
    settle_log(&mut supervision.log, driver, request, subject)?;
    supervision.health = health(&request.health, subject.defaults)?;
    if supervision.notify == SdNotify::Healthy && supervision.health.is_none() {
        return Err(invalid("--sdnotify", "healthy", "the container has no health check (give one with --health-cmd)"));
    }
    Ok(supervision)
}

/// A new start by the monitor is made by a program that was executed in the session namespace. In another container's pid namespace
/// that one, with `CAP_SYS_PTRACE`, could look into it before it has left the host's file system (CVE-2016-9962).
fn refuse_with_foreign_pids(policy: RestartPolicy, pid: &Sharing) -> Result<(), ContainerError> {
    if policy != RestartPolicy::No && matches!(pid, Sharing::Container(_) | Sharing::Path(_)) {
        let why = "a container in another one's pid namespace cannot be started again by itself";
        return Err(invalid("--restart", policy.as_str(), why));
    }
    Ok(())
}

/// Changes the restart policy and the health check of a container that is there; what is not named stays.
pub(super) fn change(
    config: &mut ContainerConfig,
    restart: Option<RestartPolicy>,
    wishes: &HealthRequest,
) -> Result<(), ContainerError> {
    let policy = restart.unwrap_or(config.supervision.restart);
    if policy != RestartPolicy::No && config.auto_remove {
        return Err(invalid("--restart", policy.as_str(), "it does not go together with --rm"));
    }
    refuse_with_foreign_pids(policy, &config.isolation.pid)?;
    if policy != RestartPolicy::No && config.log_driver.is_passthrough() {
        let why = "a container with the log driver passthrough has nobody's streams when it is started again by itself";
        return Err(invalid("--restart", policy.as_str(), why));
    }
    config.supervision.restart = policy;
    if *wishes == HealthRequest::default() {
        return Ok(());
    }
    let known = config.supervision.health.take();
    config.supervision.health = health(&over(known, wishes), &Runtime::default())?;
    if config.supervision.notify == SdNotify::Healthy && config.supervision.health.is_none() {
        return Err(invalid(
            "--no-healthcheck",
            "",
            "the container tells by its health check that it is ready (--sdnotify healthy)",
        ));
    }
    Ok(())
}

/// Wishes, and for the rest what a container has.
fn over(known: Option<Health>, wishes: &HealthRequest) -> HealthRequest {
    let wishes = wishes.clone();
    let Some(known) = known else { return wishes };
    HealthRequest {
        disabled: wishes.disabled,
        test: wishes.test.or(Some(known.probe.test)),
        interval_ms: wishes.interval_ms.or(Some(known.interval_ms)),
        timeout_ms: wishes.timeout_ms.or(Some(known.probe.timeout_ms)),
        retries: wishes.retries.or(Some(known.retries)),
        start_period_ms: wishes.start_period_ms.or(Some(known.start_period_ms)),
        start_interval_ms: wishes.start_interval_ms.or(Some(known.start_interval_ms)),
        on_failure: wishes.on_failure.or(Some(known.on_failure)),
        startup: wishes.startup.or(known.startup),
        log: wishes.log.or(Some(known.log)),
    }
}

fn settle_log(
    log: &mut LogOptions,
    driver: LogDriver,
    request: &CreateRequest,
    subject: &Subject<'_>,
) -> Result<(), ContainerError> {
    let file_only = [("max-size", log.max_size > 0), ("max-file", log.max_files > 0), ("path", log.path.is_some())];
    if let Some((name, _)) = file_only.iter().find(|(_, given)| *given && !driver.is_file()) {
        return Err(invalid("--log-opt", name, "only the drivers k8s-file and json-file know it"));
    }
    let journal_only = [("tag", !log.tag.is_empty()), ("label", !log.labels.is_empty())];
    if let Some((name, _)) = journal_only.iter().find(|(_, given)| *given && driver != LogDriver::Journald) {
        return Err(invalid("--log-opt", name, "only the driver journald knows it"));
    }
    if log.max_files > 0 && log.max_size == 0 {
        return Err(invalid("--log-opt", "max-file", "it needs max-size, the size of each file"));
    }
    if log.path.as_ref().is_some_and(|path| !path.is_absolute()) {
        return Err(invalid("--log-opt", "path", "the path has to be absolute"));
    }
    if driver == LogDriver::Journald && !Path::new(journald::SOCKET).exists() {
        let why = "no journald listens at /run/systemd/journal/socket on this host (use --log-driver k8s-file)";
        return Err(invalid("--log-driver", "journald", why));
    }
    if driver.is_passthrough() && request.supervision.restart != RestartPolicy::No {
        let why = "a container that is started again by itself (--restart) has nobody's streams";
        return Err(invalid("--log-driver", driver.as_str(), why));
    }
    if driver.is_passthrough() && request.tty {
        return Err(invalid(
            "--log-driver",
            driver.as_str(),
            "a terminal of the container's own (-t) does not go together with it",
        ));
    }
    log.tag = tag(&log.tag, request, subject)?;
    Ok(())
}

/// Puts the values into a tag: the template's fields that are known when a container is made.
fn tag(template: &str, request: &CreateRequest, subject: &Subject<'_>) -> Result<String, ContainerError> {
    let fields = [
        ("ID", subject.id.as_str()),
        ("FullID", subject.id.as_str()),
        ("Name", subject.name),
        ("ImageName", request.image_name.as_str()),
        ("ImageID", subject.image.id.hex()),
        ("Image", subject.image.id.hex()),
    ];
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let (field, tail) = after.split_once("}}").unwrap_or((after, ""));
        let value = field.trim().strip_prefix('.').and_then(|name| fields.iter().find(|(known, _)| *known == name));
        let why = "its fields are {{.ID}}, {{.Name}}, {{.ImageName}} and {{.ImageID}}";
        let (_, value) = value.ok_or_else(|| invalid("--log-opt tag", template, why))?;
        out.push_str(before);
        out.push_str(value);
        rest = tail;
    }
    Ok(out + rest)
}

/// The user's wishes, then the image's, then what is usual.
fn health(request: &HealthRequest, image: &Runtime) -> Result<Option<Health>, ContainerError> {
    let from_image = image.healthcheck.clone().unwrap_or_default();
    let test = request.test.clone().unwrap_or(from_image.test);
    let none = request.disabled || test.first().is_none_or(|kind| kind == "NONE");
    if none {
        let wishes = HealthRequest { disabled: false, test: None, ..request.clone() };
        if wishes != HealthRequest::default() && !request.disabled {
            return Err(invalid("the health check", "", "there is no command, neither --health-cmd nor one of the image"));
        }
        return Ok(None);
    }
    let ms = |given: Option<u64>, nanoseconds: i64, usual: u64| {
        given.unwrap_or_else(|| match u64::try_from(nanoseconds / 1_000_000) {
            Ok(ms) if ms > 0 => ms,
            _ => usual,
        })
    };
    let interval_ms = ms(request.interval_ms, from_image.interval, INTERVAL_MS);
    let health = Health {
        probe: Probe { test, timeout_ms: ms(request.timeout_ms, from_image.timeout, TIMEOUT_MS) },
        interval_ms,
        retries: request.retries.unwrap_or_else(|| u32::try_from(from_image.retries).ok().filter(|n| *n > 0).unwrap_or(RETRIES)),
        start_period_ms: ms(request.start_period_ms, from_image.start_period, 0),
        start_interval_ms: ms(request.start_interval_ms, from_image.start_interval, START_INTERVAL_MS.min(interval_ms)),
        on_failure: request.on_failure.unwrap_or(OnFailure::None),
        startup: request.startup.clone(),
        log: request.log.clone().unwrap_or_default(),
    };
    if health.probe.command().is_empty() {
        return Err(invalid(
            "the health check",
            &health.probe.test.join(" "),
            "it has to be CMD and words, or CMD-SHELL and a text",
        ));
    }
    Ok(Some(health))
}

fn invalid(what: &'static str, value: &str, why: &'static str) -> ContainerError {
    ContainerError::Invalid { what, value: value.to_owned(), why }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::config::Healthcheck;

    fn words(list: &[&str]) -> Vec<String> {
        list.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn the_users_wishes_stand_before_the_images_health_check() {
        let check =
            Healthcheck { test: words(&["CMD-SHELL", "true"]), interval: 5_000_000_000, retries: 7, ..Healthcheck::default() };
        let image = Runtime { healthcheck: Some(check), ..Runtime::default() };
        let request = HealthRequest { timeout_ms: Some(100), ..HealthRequest::default() };
        let found = health(&request, &image).expect("good").expect("a check");
        assert_eq!((found.interval_ms, found.probe.timeout_ms, found.retries), (5000, 100, 7));
        assert_eq!(found.probe.command(), ["/bin/sh", "-c", "true"]);
        let disabled = HealthRequest { disabled: true, ..HealthRequest::default() };
        assert_eq!(health(&disabled, &image).expect("good"), None);
        let own = HealthRequest { test: Some(words(&["CMD", "a", "b"])), ..HealthRequest::default() };
        let found = health(&own, &Runtime::default()).expect("good").expect("a check");
        assert_eq!((found.interval_ms, found.retries, found.probe.command()), (30_000, 3, words(&["a", "b"])));
        assert_eq!(health(&HealthRequest::default(), &Runtime::default()).expect("good"), None);
        assert!(health(&request, &Runtime::default()).is_err());
    }
}
