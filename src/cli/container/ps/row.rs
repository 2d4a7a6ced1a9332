//! One container as `ps` shows it: as cells, as fields of a template, as JSON.

use crate::cli::ui::{human_ago, human_duration, human_size_compact};
use crate::engine::container::list::Listed;
use crate::model::{ExposedPort, NetworkMode, PortMapping, Ports, Status};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

/// What Podman prints for a time that has not come: the year 1, in seconds since the epoch.
const NEVER: i64 = -62_135_596_800;
/// A longer command is cut in the table.
const COMMAND_WIDTH: usize = 20;

/// A container and how to show it.
#[derive(Debug)]
pub(super) struct Row<'a> {
    pub listed: &'a Listed,
    /// Nanoseconds since the epoch.
    pub now: i64,
    /// `--no-trunc`.
    pub whole: bool,
}

impl Row<'_> {
    pub(super) fn id(&self) -> &str {
        let id = &self.listed.config.id;
        if self.whole { id.as_str() } else { id.short() }
    }

    /// The cells of the default table.
    pub(super) fn cells(&self, pod: bool, size: bool) -> Vec<String> {
        let config = &self.listed.config;
        let mut cells = vec![
            self.id().to_owned(),
            config.image_name.clone(),
            self.command(),
            self.created(),
            self.status(),
            self.ports(),
            config.name.clone(),
        ];
        if pod {
            // No container is in one.
            cells.extend([String::new(), String::new()]);
        }
        if size {
            cells.push(self.size());
        }
        cells
    }

    /// The fields of templates: Podman's.
    pub(super) fn fields(&self) -> Value {
        let Listed { config, state, .. } = self.listed;
        let image = if self.whole { config.image.hex() } else { config.image.short() };
        json!({
            "AutoRemove": config.auto_remove,
            "CIDFile": self.cidfile(),
            "Command": self.command(),
            "Created": self.created(),
            "CreatedAt": created_at(config.created_at),
            "CreatedHuman": self.created(),
            "ExitCode": self.exit_code(),
            "Exited": state.status == Status::Exited,
            "ExitedAt": self.exited_at(),
            "ExposedPorts": self.exposed().unwrap_or_else(|| json!({})),
            "ID": self.id(),
            "Image": config.image_name,
            "ImageID": image,
            "IsInfra": false,
            "Labels": config.labels,
            "Mounts": self.mounts(),
            "Names": config.name,
            "Networks": self.networks().join(","),
            "Pid": self.pid(),
            "Pod": "",
            "PodName": "",
            "Ports": self.ports(),
            "Restarts": state.restarts(),
            "RunningFor": self.created(),
            "Size": self.size(),
            "StartedAt": self.started_at(),
            "State": state.status,
            "Status": self.status(),
        })
    }

    /// The object of `--format json`: Podman's.
    pub(super) fn json(&self) -> Value {
        let Listed { config, state, size, .. } = self.listed;
        let labels = if config.labels.is_empty() { Value::Null } else { json!(config.labels) };
        json!({
            "AutoRemove": config.auto_remove,
            "CIDFile": self.cidfile(),
            "Command": config.argv,
            "CreatedAt": self.created(),
            "Exited": state.status == Status::Exited,
            "ExitedAt": self.exited_at(),
            "ExitCode": self.exit_code(),
            "ExposedPorts": self.exposed(),
            "Id": config.id,
            "Image": config.image_name,
            "ImageID": config.image.hex(),
            "IsInfra": false,
            "Labels": labels,
            "Mounts": self.mounts(),
            "Names": [config.name],
            "Namespaces": {},
            "Networks": self.networks(),
            "Pid": self.pid(),
            "Pod": "",
            "PodName": "",
            "Ports": self.port_objects(),
            "Restarts": state.restarts(),
            "Size": size.map(|size| json!({ "rootFsSize": size.total, "rwSize": size.own })),
            "StartedAt": self.started_at(),
            "State": state.status,
            "Status": self.status(),
            "Created": config.created_at / 1_000_000_000,
        })
    }

    fn cidfile(&self) -> String {
        let path = self.listed.config.relations.cidfile.as_deref();
        path.map(|path| path.to_string_lossy().into_owned()).unwrap_or_default()
    }

    fn command(&self) -> String {
        let whole = self.listed.config.argv.join(" ");
        if self.whole || whole.chars().count() <= COMMAND_WIDTH {
            return whole;
        }
        whole.chars().take(COMMAND_WIDTH - 3).collect::<String>() + "..."
    }

    fn created(&self) -> String {
        human_ago(self.since(self.listed.config.created_at))
    }

    fn status(&self) -> String {
        let state = &self.listed.state;
        match (state.status, &state.run, &state.exit) {
            (Status::Running, Some(run), _) => {
                let health = self.listed.health.map_or_else(String::new, |health| format!(" ({})", health.as_str()));
                format!("Up {}{health}", human_duration(self.since(run.started_at)))
            }
            (Status::Exited, _, Some(exit)) if state.restarting().is_some() => {
                format!("Restarting ({}) {}", exit.code, human_ago(self.since(exit.finished_at)))
            }
            (Status::Exited, _, Some(exit)) => format!("Exited ({}) {}", exit.code, human_ago(self.since(exit.finished_at))),
            (status, ..) => {
                let word = status.as_str();
                word[..1].to_uppercase() + &word[1..]
            }
        }
    }

    fn size(&self) -> String {
        self.listed.size.map_or_else(String::new, |size| {
            format!("{} (virtual {})", human_size_compact(size.own), human_size_compact(size.total))
        })
    }

    fn mounts(&self) -> Vec<&str> {
        self.listed.config.mounts.iter().map(|mount| mount.target.as_str()).collect()
    }

    fn networks(&self) -> Vec<&str> {
        match self.listed.config.network {
            NetworkMode::Host => vec!["host"],
            _ => self.listed.config.network.attachments().iter().map(|attachment| attachment.network.as_str()).collect(),
        }
    }

    /// What is published, `0.0.0.0:8000-8001->80-81/tcp`, then what is only exposed.
    fn ports(&self) -> String {
        let Ports { published, exposed, .. } = &self.listed.config.ports;
        let range = |first: u16, count: u16| match count {
            1 => first.to_string(),
            count => format!("{first}-{}", first.saturating_add(count - 1)),
        };
        let mut published: Vec<&PortMapping> = published.iter().collect();
        published.sort_by_key(|one| (one.protocol, one.container_port, one.host_port));
        let is_published = |port: &ExposedPort| {
            published.iter().any(|one| one.protocol == port.protocol && one.pairs().any(|(_, inside)| inside == port.port))
        };
        let named = exposed.iter().filter(|port| !is_published(port)).map(|port| format!("{}/{}", port.port, port.protocol));
        let shown = published.iter().map(|one| {
            let ip = one.host_ip.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
            let ip = if ip.is_ipv6() { format!("[{ip}]") } else { ip.to_string() };
            let (host, inside) = (range(one.host_port, one.count), range(one.container_port, one.count));
            format!("{ip}:{host}->{inside}/{}", one.protocol)
        });
        shown.chain(named).collect::<Vec<_>>().join(", ")
    }

    /// Podman's objects; nothing where no port is published.
    fn port_objects(&self) -> Option<Value> {
        let published = &self.listed.config.ports.published;
        let object = |one: &PortMapping| {
            json!({
                "host_ip": one.host_ip.map(|ip| ip.to_string()).unwrap_or_default(),
                "container_port": one.container_port,
                "host_port": one.host_port,
                "range": one.count,
                "protocol": one.protocol,
            })
        };
        (!published.is_empty()).then(|| published.iter().map(object).collect())
    }

    /// Podman's map from ports to protocols; nothing where none is exposed.
    fn exposed(&self) -> Option<Value> {
        let exposed = &self.listed.config.ports.exposed;
        let mut map = BTreeMap::<String, Vec<&str>>::new();
        for port in exposed {
            map.entry(port.port.to_string()).or_default().push(port.protocol.as_str());
        }
        (!map.is_empty()).then(|| json!(map))
    }

    fn pid(&self) -> i32 {
        self.listed.state.run.as_ref().map_or(0, |run| run.init.pid)
    }

    fn exit_code(&self) -> i32 {
        self.listed.state.exit.as_ref().map_or(0, |exit| exit.code)
    }

    fn started_at(&self) -> i64 {
        let state = &self.listed.state;
        let at = state.run.as_ref().map(|run| run.started_at).or(state.exit.as_ref().map(|exit| exit.started_at));
        at.map_or(NEVER, |at| at / 1_000_000_000)
    }

    fn exited_at(&self) -> i64 {
        self.listed.state.exit.as_ref().map_or(NEVER, |exit| exit.finished_at / 1_000_000_000)
    }

    /// A clock that was set back makes no time negative.
    fn since(&self, moment: i64) -> Duration {
        Duration::from_nanos(u64::try_from(self.now.saturating_sub(moment)).unwrap_or(0))
    }
}

/// As Go prints a time: `2026-11-21 03:54:20.156059417 +0000 UTC`.
fn created_at(nanoseconds: i64) -> String {
    jiff::Timestamp::from_nanosecond(i128::from(nanoseconds)).map_or_else(
        |_| String::new(),
        |moment| format!("{} +0000 UTC", moment.to_string().trim_end_matches('Z').replace('T', " ")),
    )
}
