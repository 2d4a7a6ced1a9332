//! From a container's configuration to an OCI runtime spec.

pub mod devices;
mod masks;
pub mod mounts;
mod namespaces;

use super::limits;
use crate::model::{CapSet, ContainerConfig, Init, Rights, Settings, Ulimit};
use oci_spec::OciSpecError;
use oci_spec::runtime::{
    Capabilities, Capability, LinuxBuilder, LinuxCapabilitiesBuilder, PosixRlimit, PosixRlimitBuilder, PosixRlimitType, Process,
    ProcessBuilder, RootBuilder, Spec, SpecBuilder, UserBuilder,
};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// A file of ours that is mounted into the container.
#[derive(Debug)]
pub struct OwnFile {
    pub source: PathBuf,
    pub target: &'static str,
}

/// Builds the spec. `root` is the folder that the root file system is attached on; `files` are `/etc/hosts` and its like,
/// `sources` what the store has for the mounts.
///
/// # Errors
/// A part that the specification requires is missing.
pub fn build(config: &ContainerConfig, root: &Path, files: &[OwnFile], sources: &mounts::Sources) -> Result<Spec, OciSpecError> {
    let process = session_process(config, argv(config), &config.env, None, config.tty, config.security.rights())?;
    let mut masks = masks::masks(&config.security);
    if config.filesystem.read_only && !config.filesystem.read_only_tmpfs {
        // With all that is mounted below it.
        masks.read_only.push("/dev".to_owned());
    }
    let linux = LinuxBuilder::default()
        .namespaces(namespaces::namespaces(config)?)
        .sysctl(sysctls(config))
        .masked_paths(masks.hidden)
        .readonly_paths(masks.read_only)
        .build()?;
    SpecBuilder::default()
        .version("1.2.0")
        .root(RootBuilder::default().path(root).readonly(config.filesystem.read_only).build()?)
        .process(process)
        .hostname(config.hostname.clone())
        .mounts(mounts::mounts(config, files, sources)?)
        .annotations(config.settings.annotations.clone().into_iter().collect::<HashMap<_, _>>())
        .linux(linux)
        .build()
}

/// Puts more variables (`NAME=value`) into the environment; they win.
pub fn add_variables(spec: &mut Spec, variables: Vec<String>) {
    if let Some(process) = spec.process_mut() {
        let name = |entry: &str| entry.split('=').next().unwrap_or_default().to_owned();
        let mut env = process.env().clone().unwrap_or_default();
        env.retain(|entry| !variables.iter().any(|other| name(other) == name(entry)));
        env.extend(variables);
        process.set_env(Some(env));
    }
}

/// Builds the process part: of init, or of an exec session with its own command, environment, working directory and rights.
///
/// # Errors
/// A part that the specification requires is missing.
pub fn session_process(
    config: &ContainerConfig,
    argv: Vec<String>,
    env: &[String],
    workdir: Option<&str>,
    tty: bool,
    rights: Rights,
) -> Result<Process, OciSpecError> {
    let bounding = capabilities(rights.bounding);
    // What a user is to keep over execve has to be inheritable and ambient. Root needs neither: it gets all that is permitted.
    let kept = if is_root(&config.user) { Capabilities::new() } else { capabilities(rights.user) };
    ProcessBuilder::default()
        .terminal(tty)
        .user(UserBuilder::default().uid(0u32).gid(0u32).umask(config.isolation.umask.unwrap_or(0o022)).build()?)
        .args(argv)
        .env(env.to_vec())
        .cwd(PathBuf::from(workdir.unwrap_or(&config.workdir)))
        .capabilities(
            LinuxCapabilitiesBuilder::default()
                .bounding(bounding.clone())
                .effective(bounding.clone())
                .permitted(bounding)
                .inheritable(kept.clone())
                .ambient(kept)
                .build()?,
        )
        .rlimits(rlimits(&config.settings))
        .no_new_privileges(config.security.no_new_privileges)
        .build()
        .map(|mut process| {
            process.set_oom_score_adj(config.settings.oom_score_adj);
            process
        })
}

/// The limits that were asked for; for those that are not named the runtime has its own rule.
fn rlimits(settings: &Settings) -> Vec<PosixRlimit> {
    let own = |name: &&str| limits::own(name).map(|(soft, hard)| Ulimit { name: (*name).to_owned(), soft, hard });
    let hosts = if settings.host_limits { ["nofile", "nproc"].iter().filter_map(own).collect() } else { Vec::new() };
    let limit = |ulimit: &Ulimit| {
        let typ: PosixRlimitType = format!("RLIMIT_{}", ulimit.name.to_ascii_uppercase()).parse().ok()?;
        PosixRlimitBuilder::default().typ(typ).soft(ulimit.soft).hard(ulimit.hard).build().ok()
    };
    hosts.iter().chain(&settings.ulimits).filter_map(limit).collect()
}

/// Everybody in the container may ping (Podman's default; the setting is the network namespace's), and what was asked for.
fn sysctls(config: &ContainerConfig) -> HashMap<String, String> {
    // The kernel takes only a group that the namespace has.
    let group = config.isolation.id_map.as_ref().map_or(Some(0), |map| map.gids.runs().first().map(|run| run.inside));
    let range = group.filter(|_| config.network.is_own()).map(|gid| format!("{gid} {gid}"));
    let ping = range.map(|range| ("net.ipv4.ping_group_range".to_owned(), range));
    ping.into_iter().chain(config.settings.sysctls.clone()).collect()
}

/// Where a program of the host's that is to be process 1 lies in the container.
const INIT: &str = "/run/coracle-init";

/// The command, behind the user's own init where there is one.
fn argv(config: &ContainerConfig) -> Vec<String> {
    let mut argv = config.argv.clone();
    if matches!(config.settings.init, Init::Program(_)) {
        argv.splice(0..0, [INIT.to_owned(), "--".to_owned()]);
    }
    argv
}

/// Tells whether `user[:group]` names root.
#[must_use]
pub fn is_root(user: &str) -> bool {
    matches!(user.split(':').next().unwrap_or_default(), "" | "0" | "root")
}

fn capabilities(set: CapSet) -> Capabilities {
    // Every name of ours is one of the specification's.
    set.bare_names().filter_map(|name| name.parse::<Capability>().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_capability_has_a_name_in_the_specification() {
        assert_eq!(capabilities(CapSet::ALL).len(), 41);
        assert!(capabilities(CapSet::SYS_ADMIN).contains(&Capability::SysAdmin));
    }

    #[test]
    fn root_is_nobody_else() {
        for (user, wanted) in [("", true), ("0", true), ("root:app", true), ("0:5", true), ("1000", false), ("rooty", false)] {
            assert_eq!(is_root(user), wanted, "{user}");
        }
    }
}
