//! Whether the host can give what the settings of a new container ask for.

use super::ContainerError;
use crate::model::{BaseHosts, ContainerConfig, Init, NetworkMode};
use crate::runtime::limits;

/// Checks limits, kernel settings and time zone, so that a wrong one fails before anything is made.
///
/// # Errors
/// Each names what is wrong with it.
pub(super) fn check(config: &ContainerConfig) -> Result<(), ContainerError> {
    for ulimit in &config.settings.ulimits {
        let own = limits::own(&ulimit.name);
        let (_, hard) =
            own.ok_or_else(|| invalid("the ulimit", &ulimit.name, "there is no limit of this name (see getrlimit(2))"))?;
        if ulimit.hard > hard {
            return Err(ContainerError::AboveHardLimit {
                name: ulimit.name.clone(),
                wanted: shown(ulimit.hard),
                limit: shown(hard),
            });
        }
    }
    for name in config.settings.sysctls.keys() {
        if let Some(why) = refused(name, config) {
            return Err(invalid("the kernel setting", name, why));
        }
    }
    if let Some(score) = config.settings.oom_score_adj {
        let own = std::fs::read_to_string("/proc/self/oom_score_adj").ok().and_then(|text| text.trim().parse::<i32>().ok());
        if !(-1000..=1000).contains(&score) {
            return Err(invalid("--oom-score-adj", &score.to_string(), "it goes from -1000 to 1000"));
        }
        if own.is_some_and(|own| score < own) {
            return Err(invalid(
                "--oom-score-adj",
                &score.to_string(),
                "it cannot be below your own (see /proc/self/oom_score_adj)",
            ));
        }
    }
    if let Init::Program(path) = &config.settings.init
        && !path.is_file()
    {
        return Err(invalid("--init-path", &path.to_string_lossy(), "there is no such file"));
    }
    if config.settings.init != Init::Command && !config.isolation.pid.is_private() {
        return Err(invalid("--init", "with a shared --pid", "the container has no process 1 of its own"));
    }
    names_of_another(config)?;
    super::timezone::check(&config.settings.timezone)
}

/// Who shares another's network has that one's files of names, too.
fn names_of_another(config: &ContainerConfig) -> Result<(), ContainerError> {
    let names = &config.settings.names;
    let is_others = matches!(config.network, NetworkMode::Container(_));
    let has_hosts = !names.added_hosts.is_empty() || matches!(names.base_hosts, BaseHosts::File(_));
    if has_hosts && is_others {
        let why = "/etc/hosts is the other container's: give the option to that one";
        return Err(invalid("--add-host or --hosts-file", "with --network container", why));
    }
    let has_resolver = !(names.dns.is_empty() && names.dns_search.is_empty() && names.dns_options.is_empty());
    let why = match config.network {
        NetworkMode::Container(_) => "/etc/resolv.conf is the other container's: give the option to that one",
        NetworkMode::None => "without a network no name server can be reached",
        _ => return Ok(()),
    };
    if has_resolver { Err(invalid("--dns or its like", "with this --network", why)) } else { Ok(()) }
}

fn invalid(what: &'static str, value: &str, why: &'static str) -> ContainerError {
    ContainerError::Invalid { what, value: value.to_owned(), why }
}

fn shown(limit: u64) -> String {
    if limit == u64::MAX { "unlimited".to_owned() } else { limit.to_string() }
}

/// Says why a setting may not be changed from a container: only those of namespaces of its own are its own.
fn refused(name: &str, config: &ContainerConfig) -> Option<&'static str> {
    const IPC: [&str; 9] = [
        "kernel.auto_msgmni",
        "kernel.msgmax",
        "kernel.msgmnb",
        "kernel.msgmni",
        "kernel.sem",
        "kernel.shmall",
        "kernel.shmmax",
        "kernel.shmmni",
        "kernel.shm_rmid_forced",
    ];
    if name.starts_with("net.") {
        return (!config.network.is_own())
            .then_some("the network namespace is shared, so it would be another's (use --network private or none)");
    }
    let ipc = name.starts_with("fs.mqueue.") || IPC.contains(&name);
    if ipc && !config.isolation.ipc.is_private() {
        return Some("the ipc namespace is shared, so it would be another's (leave --ipc out)");
    }
    if name == "kernel.domainname" && !config.isolation.uts.is_private() {
        return Some("the UTS namespace is shared, so it would be another's (leave --uts out)");
    }
    if ipc || name == "kernel.domainname" {
        return None;
    }
    if name == "kernel.hostname" {
        return Some("the host name is set with --hostname");
    }
    Some(
        "it belongs to no namespace of the container, so it would be the host's (net.*, fs.mqueue.*, kernel.msg*, kernel.sem, kernel.shm* and kernel.domainname can be set)",
    )
}
