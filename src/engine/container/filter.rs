//! `--filter KEY=VALUE` of `ps`: the same key again is an or, other keys are an and. Labels are always an and, as in Podman.

use super::ContainerError;
use super::moment::moment;
use super::status::State;
use crate::engine::{Engine, EngineError};
use crate::model::id::is_lower_hex;
use crate::model::{ContainerConfig, HealthStatus, Mount, NetworkMode, Origin, RestartPolicy, Status};
use regex_lite::Regex;

/// One `--filter`.
#[derive(Clone, Debug)]
pub enum Filter {
    Id(Pattern),
    Name(Pattern),
    Command(Pattern),
    Label(String, Option<String>),
    NotLabel(String, Option<String>),
    Exited(i32),
    Status(StatusWord),
    Ancestor(String),
    Before(Reference),
    Since(Reference),
    Volume(String),
    /// Nanoseconds since the epoch.
    Until(i64),
    Network(String),
    /// None: without a check.
    Health(Option<HealthStatus>),
    /// Containers of a pod: there are no pods, so none has one.
    Pod,
    RestartPolicy(String),
    StartsOnBoot(bool),
}

/// A state that a filter may name. Podman knows more of them than our containers can be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusWord {
    Known(Status),
    Never,
}

/// A container that others are compared with: as the user names it, then when it was made.
#[derive(Clone, Debug)]
pub enum Reference {
    Named(String),
    /// Nanoseconds since the epoch.
    Made(i64),
}

/// A regular expression, found anywhere in the text.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

/// What filters look at.
#[derive(Debug)]
pub(super) struct Subject<'a> {
    pub config: &'a ContainerConfig,
    pub state: &'a State,
    /// Of a container that has a check.
    pub health: Option<HealthStatus>,
}

/// Filters whose containers have been looked up.
#[derive(Debug)]
pub(super) struct Resolved(Vec<Filter>);

impl Filter {
    /// Reads `KEY=VALUE` or `label!=VALUE`. `now` is in nanoseconds since the epoch.
    ///
    /// # Errors
    /// The key is not known or the value does not fit it.
    pub fn parse(text: &str, now: i64) -> Result<Self, ContainerError> {
        let invalid = |why| ContainerError::Invalid { what: "the filter", value: text.to_owned(), why };
        let (key, value) = text.split_once('=').ok_or_else(|| invalid("it has to be KEY=VALUE"))?;
        let pattern = |value: &str| Regex::new(value).map(Pattern).map_err(|_| invalid("its value is no regular expression"));
        let label = || match value.split_once('=') {
            Some((name, wanted)) => (name.to_owned(), Some(wanted.to_owned())),
            None => (value.to_owned(), None),
        };
        Ok(match key {
            "id" if is_lower_hex(value) => Self::Id(pattern(&format!("^{value}"))?),
            "id" => Self::Id(pattern(value)?),
            "name" => Self::Name(pattern(value.strip_prefix('/').unwrap_or(value))?),
            "command" => Self::Command(pattern(value)?),
            "label" => Self::Label(label().0, label().1),
            "label!" => Self::NotLabel(label().0, label().1),
            "exited" => Self::Exited(value.parse().map_err(|_| invalid("its value has to be an exit code"))?),
            "status" => Self::Status(status(value).ok_or_else(|| {
                invalid("the states are created, initialized, running, paused, stopped, exited, stopping, removing and unknown")
            })?),
            "ancestor" => Self::Ancestor(value.to_owned()),
            "before" => Self::Before(Reference::Named(value.to_owned())),
            "since" => Self::Since(Reference::Named(value.to_owned())),
            "volume" => Self::Volume(value.to_owned()),
            "until" => Self::Until(
                moment(value, now)
                    .ok_or_else(|| invalid("its value has to be a time (2026-01-31T12:00:00Z) or a span (1h30m)"))?,
            ),
            "network" => Self::Network(value.to_owned()),
            "pod" => Self::Pod,
            "restart-policy" => Self::RestartPolicy(value.to_owned()),
            "should-start-on-boot" => {
                Self::StartsOnBoot(value.parse().map_err(|_| invalid("its value has to be true or false"))?)
            }
            "health" => Self::Health(match value {
                "none" => None,
                "starting" => Some(HealthStatus::Starting),
                "healthy" => Some(HealthStatus::Healthy),
                "unhealthy" => Some(HealthStatus::Unhealthy),
                _ => return Err(invalid("the states of health are starting, healthy, unhealthy and none")),
            }),
            _ => {
                return Err(invalid(
                    "the keys are id, name, label, label!, exited, status, ancestor, before, since, volume, until, command, network, health, pod, restart-policy and should-start-on-boot",
                ));
            }
        })
    }

    fn accepts(&self, subject: &Subject<'_>) -> bool {
        let Subject { config, state, health } = subject;
        let has = |name: &String, wanted: &Option<String>| {
            config.labels.get(name).is_some_and(|value| wanted.as_ref().is_none_or(|wanted| wanted == value))
        };
        match self {
            Self::Id(pattern) => pattern.0.is_match(config.id.as_str()),
            Self::Name(pattern) => pattern.0.is_match(&config.name),
            Self::Command(pattern) => config.argv.first().is_some_and(|program| pattern.0.is_match(program)),
            Self::Label(name, wanted) => has(name, wanted),
            Self::NotLabel(name, wanted) => !has(name, wanted),
            Self::Exited(code) => state.exit.as_ref().is_some_and(|exit| exit.code == *code),
            Self::Status(word) => *word == StatusWord::Known(state.status),
            Self::Ancestor(image) => is_ancestor(image, config),
            Self::Volume(path) => config.mounts.iter().any(|mount| mount.target == *path || comes_from(mount, path)),
            Self::Until(moment) => config.created_at < *moment,
            Self::Health(wanted) => health == wanted,
            Self::Pod => false,
            Self::RestartPolicy(policy) => config.supervision.restart.as_str() == policy,
            // What podman-restart.service starts.
            Self::StartsOnBoot(wanted) => (config.supervision.restart == RestartPolicy::Always) == *wanted,
            Self::Network(name) => match &config.network {
                NetworkMode::Bridge(attachments) => attachments.iter().any(|attachment| attachment.network == *name),
                mode => mode.as_str() == name.as_str(),
            },
            Self::Before(Reference::Made(moment)) => config.created_at < *moment,
            Self::Since(Reference::Made(moment)) => config.created_at > *moment,
            // Looked up before any container is compared.
            Self::Before(Reference::Named(_)) | Self::Since(Reference::Named(_)) => false,
        }
    }

    fn is_label(&self) -> bool {
        matches!(self, Self::Label(..) | Self::NotLabel(..))
    }
}

impl Resolved {
    /// Tells whether a container passes all keys.
    pub(super) fn accept(&self, subject: &Subject<'_>) -> bool {
        self.0.iter().all(|filter| {
            let same = |other: &&Filter| std::mem::discriminant(*other) == std::mem::discriminant(filter);
            if filter.is_label() {
                filter.accepts(subject)
            } else {
                self.0.iter().filter(same).any(|other| other.accepts(subject))
            }
        })
    }

    /// A status in the filters shows containers that do not run too.
    pub(super) fn name_a_status(&self) -> bool {
        self.0.iter().any(|filter| matches!(filter, Filter::Status(_)))
    }
}

impl Engine {
    /// Looks up the containers that filters name.
    pub(super) fn resolve_filters(&self, filters: &[Filter]) -> Result<Resolved, EngineError> {
        let made = |name: &String| Ok::<_, EngineError>(Reference::Made(self.container(name)?.created_at));
        let resolve = |filter: &Filter| {
            Ok(match filter {
                Filter::Before(Reference::Named(name)) => Filter::Before(made(name)?),
                Filter::Since(Reference::Named(name)) => Filter::Since(made(name)?),
                Filter::Network(name) => match self.network(name) {
                    Ok(network) => Filter::Network(network.name),
                    // A mode, or nothing: then no container is joined to it.
                    Err(EngineError::Network(_)) => filter.clone(),
                    Err(error) => return Err(error),
                },
                other => other.clone(),
            })
        };
        filters.iter().map(resolve).collect::<Result<_, EngineError>>().map(Resolved)
    }
}

fn status(word: &str) -> Option<StatusWord> {
    Some(match word {
        "created" | "configured" => StatusWord::Known(Status::Created),
        "running" => StatusWord::Known(Status::Running),
        "paused" => StatusWord::Known(Status::Paused),
        "exited" | "stopped" => StatusWord::Known(Status::Exited),
        "removing" => StatusWord::Known(Status::Removing),
        "initialized" | "stopping" | "unknown" => StatusWord::Never,
        _ => return None,
    })
}

/// An image may be named by its id, and by its reference whole, without the tag, or without the registry and folders before it.
fn is_ancestor(image: &str, config: &ContainerConfig) -> bool {
    let id = image.strip_prefix("sha256:").unwrap_or(image);
    if is_lower_hex(id) && id.len() >= 4 && config.image.hex().starts_with(id) {
        return true;
    }
    let full = config.image_name.as_str();
    let without_digest = full.split('@').next().unwrap_or(full);
    // A colon before a slash is that of a registry's port.
    let repository = match without_digest.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => without_digest,
    };
    [full, without_digest, repository]
        .iter()
        .any(|name| *name == image || name.strip_suffix(image).is_some_and(|before| before.ends_with('/')))
}

/// Tells whether a mount is of the volume `name`, or of the host's path `name`.
fn comes_from(mount: &Mount, name: &str) -> bool {
    match &mount.from {
        Origin::Volume { name: volume, .. } => volume == name,
        Origin::Bind { source, .. } | Origin::Overlay { source, .. } => source.as_os_str() == name,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        ContainerId, Digest, ExitRecord, Filesystem, ImageId, Isolation, LogDriver, Relations, Security, Settings, Supervision,
    };

    fn container() -> ContainerConfig {
        ContainerConfig {
            id: ContainerId::from_bytes(&[0xab; 32]),
            name: "web-1".into(),
            image: ImageId::new(Digest::from_sha256(&[0xcd; 32])),
            image_name: "localhost:5000/team/nginx:1.27".into(),
            created_at: 1_000_000_000_000,
            argv: vec!["nginx".into(), "-g".into()],
            entrypoint: Vec::new(),
            command: vec!["nginx".into(), "-g".into()],
            env: Vec::new(),
            workdir: "/".into(),
            make_workdir: true,
            user: String::new(),
            hostname: "h".into(),
            tty: false,
            stdin_open: false,
            labels: [("a.b".to_owned(), "c".to_owned()), ("empty".to_owned(), String::new())].into(),
            mounts: vec![Mount::new("/data", Origin::Bind { source: "/srv".into(), recursive: true, no_dereference: false })],
            network: NetworkMode::None,
            ports: crate::model::Ports::default(),
            auto_remove: false,
            stop_signal: 15,
            stop_timeout: 10,
            log_driver: LogDriver::K8sFile,
            filesystem: Filesystem::default(),
            isolation: Isolation::default(),
            limits: crate::model::Limits::default(),
            security: Security::default(),
            settings: Settings::default(),
            supervision: Supervision::default(),
            relations: Relations::default(),
            create_command: Vec::new(),
        }
    }

    fn passes(filters: &[&str]) -> bool {
        let config = container();
        let exit = ExitRecord { code: 3, started_at: 1, finished_at: 2, oom_killed: false, restarts: 0, restarting: None };
        let state = State { status: Status::Exited, run: None, exit: Some(exit) };
        let parsed = filters.iter().map(|text| Filter::parse(text, 2_000_000_000_000).expect(text)).collect();
        Resolved(parsed).accept(&Subject { config: &config, state: &state, health: None })
    }

    #[test]
    fn filters_select_as_podmans() {
        for (filters, pass) in [
            (&["id=abab"][..], true),
            (&["id=baba"], false),
            (&["id=^a.*b$"], true),
            (&["name=eb"], true),
            (&["name=^web$"], false),
            (&["name=/web"], true),
            (&["label=a.b"], true),
            (&["label=a.b=c"], true),
            (&["label=a.b=d"], false),
            (&["label=empty="], true),
            (&["label=a.b", "label=nope"], false),
            (&["label!=nope"], true),
            (&["label!=a.b"], false),
            (&["label!=a.b=d"], true),
            (&["exited=3"], true),
            (&["exited=0", "exited=3"], true),
            (&["exited=0"], false),
            (&["status=exited"], true),
            (&["status=stopped"], true),
            (&["status=running", "status=created"], false),
            (&["status=exited", "name=other"], false),
            (&["ancestor=nginx"], true),
            (&["ancestor=nginx:1.27"], true),
            (&["ancestor=team/nginx"], true),
            (&["ancestor=localhost:5000/team/nginx:1.27"], true),
            (&["ancestor=cdcdcd"], true),
            (&["ancestor=inx"], false),
            (&["ancestor=nginx:2"], false),
            (&["volume=/data"], true),
            (&["volume=/srv"], true),
            (&["volume=/dat"], false),
            (&["network=none"], true),
            (&["network=host"], false),
            (&["command=nginx"], true),
            (&["until=10m"], true),
            (&["health=none"], true),
            (&["health=healthy"], false),
            (&["until=30m"], false),
            (&[], true),
        ] {
            assert_eq!(passes(filters), pass, "{filters:?}");
        }
    }

    #[test]
    fn a_filter_that_is_none_says_what_would_be_one() {
        for (bad, said) in [
            ("name", "KEY=VALUE"),
            ("foo=bar", "the keys are id, name"),
            ("status=foo", "the states are created"),
            ("exited=x", "exit code"),
            ("name=(", "regular expression"),
            ("until=soon", "span"),
        ] {
            let error = Filter::parse(bad, 0).expect_err(bad).to_string();
            assert!(error.contains(said), "{bad}: {error}");
        }
    }
}
