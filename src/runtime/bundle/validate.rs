//! What is looked at before anything is made: the sentences of the runtime specification that say MUST of a configuration, and the
//! parts of it that this runtime cannot do.

use super::config::{Bundle, ConfigError, refused};
use super::{affinity, labels, memory, mounts};
use oci_spec::runtime::{Hook, Linux, LinuxNamespaceType, Process, Spec};
use std::collections::BTreeSet;
use std::path::Path;

type Checked = Result<(), ConfigError>;

/// Checks a configuration.
///
/// # Errors
/// The first thing that cannot be.
pub(super) fn check(bundle: &Bundle) -> Checked {
    let spec = &bundle.spec;
    version(spec.version())?;
    if spec.vm().is_some() {
        return Err(refused("vm", "this runtime makes no virtual machines"));
    }
    let Some(root) = spec.root() else { return Err(refused("root", "it is missing")) };
    if root.path().as_os_str().is_empty() {
        return Err(refused("root.path", "it is empty"));
    }
    let folder = bundle.root();
    if !folder.is_dir() {
        return Err(refused("root.path", format!("{} is no folder", folder.display())));
    }
    if let Some(process) = spec.process() {
        check_process(process)?;
    }
    let namespaces = namespaces(spec)?;
    check_names(spec, &namespaces)?;
    for mount in spec.mounts().iter().flatten() {
        mounts::check(mount)?;
    }
    hooks(spec)?;
    match spec.linux() {
        Some(linux) => check_linux(linux, &namespaces)?,
        None => return Err(refused("linux", "it is missing, and with it the namespaces")),
    }
    Ok(())
}

/// config.md "Specification version".
fn version(text: &str) -> Checked {
    let why = |why: &str| refused("ociVersion", format!("{text:?} {why}"));
    let core = text.split(['-', '+']).next().unwrap_or_default();
    let numbers: Vec<u32> = core.split('.').filter_map(|part| part.parse().ok()).collect();
    if numbers.len() != 3 || core.split('.').count() != 3 {
        return Err(why("is no version (as in 1.2.0)"));
    }
    if numbers[0] != 1 { Err(why("is not one that this runtime knows: 1.0.0 up to before 2.0.0")) } else { Ok(()) }
}

/// Checks a process, of the configuration or of an exec session.
///
/// # Errors
/// The first thing that cannot be.
pub fn check_process(process: &Process) -> Checked {
    if !process.cwd().is_absolute() {
        return Err(refused("process.cwd", format!("{} is not absolute", process.cwd().display())));
    }
    let first = process.args().iter().flatten().next();
    if first.is_none_or(String::is_empty) {
        return Err(refused("process.args", "there is no program"));
    }
    let mut seen = BTreeSet::new();
    for limit in process.rlimits().iter().flatten() {
        let name = limit.typ().to_string();
        if limit.soft() > limit.hard() {
            return Err(refused("process.rlimits", format!("{name}: the soft limit is above the hard one")));
        }
        if !seen.insert(name.clone()) {
            return Err(refused("process.rlimits", format!("{name} stands there twice")));
        }
    }
    if process.user().umask().is_some_and(|umask| umask > 0o777) {
        return Err(refused("process.user.umask", "it is beyond 0777"));
    }
    if process.oom_score_adj().is_some_and(|score| !(-1000..=1000).contains(&score)) {
        return Err(refused("process.oomScoreAdj", "it is not in -1000…1000"));
    }
    if process.io_priority().as_ref().is_some_and(|priority| !(0..=7).contains(&priority.priority())) {
        return Err(refused("process.ioPriority.priority", "it is not in 0…7"));
    }
    let holds_zero = |text: &String| text.contains('\0');
    if process.args().iter().flatten().chain(process.env().iter().flatten()).any(holds_zero) {
        return Err(refused("process", "an argument or a variable holds a zero byte"));
    }
    if let Some(wanted) = process.exec_cpu_affinity() {
        for list in [wanted.initial(), wanted.cpu_affinity_final()].into_iter().flatten() {
            affinity::parse(list).map_err(|why| refused("process.execCPUAffinity", why))?;
        }
    }
    labels::check(process)
}

/// The namespaces that the container does not share with its caller.
pub(super) struct Own(Vec<LinuxNamespaceType>);

impl Own {
    fn has(&self, kind: LinuxNamespaceType) -> bool {
        self.0.contains(&kind)
    }
}

fn namespaces(spec: &Spec) -> Result<Own, ConfigError> {
    let mut own = Vec::new();
    for namespace in spec.linux().iter().flat_map(|linux| linux.namespaces().iter().flatten()) {
        let kind = namespace.typ();
        if own.contains(&kind) {
            return Err(refused("linux.namespaces", format!("{kind} stands there twice")));
        }
        if namespace.path().as_ref().is_some_and(|path| !path.is_absolute()) {
            return Err(refused("linux.namespaces", format!("the path of {kind} is not absolute")));
        }
        own.push(kind);
    }
    let is_new = |kind| crate::runtime::init::has_new_namespace(spec, kind);
    if !is_new(LinuxNamespaceType::Mount) && (is_new(LinuxNamespaceType::User) || !rustix::process::geteuid().is_root()) {
        let why = "there is no new mount namespace, and a new user namespace has no right to mount in another";
        return Err(refused("linux.namespaces", why));
    }
    Ok(Own(own))
}

fn check_names(spec: &Spec, own: &Own) -> Checked {
    for (field, name) in [("hostname", spec.hostname()), ("domainname", spec.domainname())] {
        let Some(name) = name.as_ref().filter(|name| !name.is_empty()) else { continue };
        if !own.has(LinuxNamespaceType::Uts) {
            return Err(refused(field, "it takes a uts namespace, else it were the host's"));
        }
        if name.len() > 64 {
            return Err(refused(field, "it is longer than 64 bytes"));
        }
    }
    Ok(())
}

fn hooks(spec: &Spec) -> Checked {
    let Some(hooks) = spec.hooks() else { return Ok(()) };
    let prestart = hooks.prestart();
    let all = [
        ("prestart", prestart),
        ("createRuntime", hooks.create_runtime()),
        ("createContainer", hooks.create_container()),
        ("startContainer", hooks.start_container()),
        ("poststart", hooks.poststart()),
        ("poststop", hooks.poststop()),
    ];
    for (name, list) in all {
        for hook in list.iter().flatten() {
            check_hook(&format!("hooks.{name}"), hook)?;
        }
    }
    Ok(())
}

fn check_hook(field: &str, hook: &Hook) -> Checked {
    if !hook.path().is_absolute() {
        return Err(refused(format!("{field}.path"), format!("{} is not absolute", hook.path().display())));
    }
    if hook.timeout().is_some_and(|seconds| seconds <= 0) {
        return Err(refused(format!("{field}.timeout"), "it is not above zero"));
    }
    Ok(())
}

fn check_linux(linux: &Linux, own: &Own) -> Checked {
    let not_here = [
        ("linux.intelRdt", linux.intel_rdt().is_some()),
        ("linux.netDevices", linux.net_devices().as_ref().is_some_and(|devices| !devices.is_empty())),
    ];
    if let Some((field, _)) = not_here.iter().find(|(_, is_there)| *is_there) {
        return Err(refused(*field, "this runtime does not do that"));
    }
    if let Some(policy) = linux.memory_policy() {
        memory::check(policy).map_err(|why| refused("linux.memoryPolicy.nodes", why))?;
    }
    let mappings = [linux.uid_mappings(), linux.gid_mappings()].into_iter().flatten().any(|list| !list.is_empty());
    if mappings && !own.has(LinuxNamespaceType::User) {
        return Err(refused("linux.uidMappings", "there is no user namespace for them"));
    }
    let joined = linux.namespaces().iter().flatten().any(|one| one.typ() == LinuxNamespaceType::User && one.path().is_some());
    if mappings && joined {
        return Err(refused("linux.uidMappings", "the user namespace that is joined has a map already"));
    }
    if linux.time_offsets().as_ref().is_some_and(|offsets| !offsets.is_empty()) {
        let new = linux.namespaces().iter().flatten().any(|one| one.typ() == LinuxNamespaceType::Time && one.path().is_none());
        if !new {
            return Err(refused("linux.timeOffsets", "they take a new time namespace"));
        }
        let offsets = linux.time_offsets().iter().flatten();
        if let Some((clock, _)) = offsets.into_iter().find(|(clock, _)| !matches!(clock.as_str(), "monotonic" | "boottime")) {
            return Err(refused("linux.timeOffsets", format!("there is no clock {clock:?}, only monotonic and boottime")));
        }
    }
    for name in linux.sysctl().iter().flatten().map(|(name, _)| name) {
        check_sysctl(name, own)?;
    }
    if linux.personality().as_ref().is_some_and(|wanted| wanted.flags().iter().flatten().next().is_some()) {
        return Err(refused("linux.personality.flags", "there are none that are supported"));
    }
    if let Some(word) = linux.rootfs_propagation().as_ref().filter(|word| !word.is_empty())
        && mounts::propagation(word).is_none()
    {
        return Err(refused("linux.rootfsPropagation", format!("{word:?} is none of shared, slave, private, unbindable")));
    }
    if linux.mount_label().as_ref().is_some_and(|label| !label.is_empty()) && !labels::has_selinux() {
        return Err(refused("linux.mountLabel", "this machine has no SELinux"));
    }
    for path in linux.masked_paths().iter().chain(linux.readonly_paths()).flatten() {
        if !Path::new(path).is_absolute() {
            return Err(refused("linux.maskedPaths, linux.readonlyPaths", format!("{path} is not absolute")));
        }
    }
    for device in linux.devices().iter().flatten() {
        if !device.path().is_absolute() {
            return Err(refused("linux.devices", format!("{} is not absolute", device.path().display())));
        }
    }
    Ok(())
}

/// Only what belongs to a namespace of the container's own may be set: all else is the machine's.
fn check_sysctl(name: &str, own: &Own) -> Checked {
    let dotted = name.replace('/', ".");
    let needed = match dotted.as_str() {
        "kernel.hostname" => return Err(refused("linux.sysctl", "kernel.hostname is what the field hostname sets")),
        "kernel.domainname" => Some(LinuxNamespaceType::Uts),
        "kernel.msgmax"
        | "kernel.msgmnb"
        | "kernel.msgmni"
        | "kernel.sem"
        | "kernel.shmall"
        | "kernel.shmmax"
        | "kernel.shmmni"
        | "kernel.shm_rmid_forced" => Some(LinuxNamespaceType::Ipc),
        other if other.starts_with("fs.mqueue.") => Some(LinuxNamespaceType::Ipc),
        other if other.starts_with("net.") => Some(LinuxNamespaceType::Network),
        other if other.starts_with("user.") => Some(LinuxNamespaceType::User),
        _ => None,
    };
    match needed {
        Some(kind) if own.has(kind) => Ok(()),
        Some(kind) => Err(refused("linux.sysctl", format!("{name} takes a {kind} namespace, else it were the host's"))),
        None => Err(refused("linux.sysctl", format!("{name} belongs to no namespace: it were the whole machine's"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn bundle(change: &str, value: &Value) -> Result<(), String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("rootfs")).unwrap();
        let mut config = json!({
            "ociVersion": "1.0.2", "root": {"path": "rootfs"},
            "process": {"cwd": "/", "args": ["true"], "user": {"uid": 0, "gid": 0}},
            "linux": {"namespaces": [{"type": "mount"}, {"type": "uts"}, {"type": "ipc"}]},
        });
        if let Some((parent, name)) = change.rsplit_once('/') {
            let parent = config.pointer_mut(parent).unwrap();
            parent[name] = value.clone();
            if value.is_null() {
                parent.as_object_mut().unwrap().remove(name);
            }
        }
        std::fs::write(folder.path().join("config.json"), config.to_string()).unwrap();
        Bundle::load(folder.path(), None).map(drop).map_err(|error| {
            let below = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
            format!("{error}: {below}")
        })
    }

    #[test]
    fn a_small_configuration_is_good() {
        bundle("", &Value::Null).unwrap();
        for version in ["1.0.0", "1.0.2-dev", "1.1.0+x", "1.3.0", "1.99.1"] {
            bundle("/ociVersion", &json!(version)).unwrap();
        }
        bundle("/process", &Value::Null).unwrap();
        bundle("/process/capabilities", &json!({"bounding": ["CAP_NO_SUCH", "CAP_CHOWN"]})).unwrap();
        bundle("/hostname", &json!("a")).unwrap();
        bundle("/linux/sysctl", &json!({"kernel.shmmax": "1"})).unwrap();
        bundle("/linux/namespaces", &json!([{"type": "mount"}, {"type": "time"}, {"type": "user"}])).unwrap();
    }

    #[test]
    fn what_the_specification_forbids_is_named() {
        let table = [
            ("/ociVersion", json!("2.0.0"), "ociVersion"),
            ("/ociVersion", json!("1.0"), "ociVersion"),
            ("/ociVersion", Value::Null, "ociVersion"),
            ("/root", Value::Null, "root"),
            ("/root/path", json!("nowhere"), "root.path"),
            ("/linux", Value::Null, "linux"),
            ("/process/cwd", json!("tmp"), "process.cwd"),
            ("/process/args", json!([]), "process.args"),
            ("/process/args", json!(["a\0b"]), "zero byte"),
            (
                "/process/rlimits",
                json!([{"type": "RLIMIT_CORE", "soft": 1, "hard": 1}, {"type": "RLIMIT_CORE", "soft": 1, "hard": 1}]),
                "twice",
            ),
            ("/process/rlimits", json!([{"type": "RLIMIT_CORE", "soft": 2, "hard": 1}]), "above"),
            ("/process/rlimits", json!([{"type": "RLIMIT_NOSUCH", "soft": 1, "hard": 1}]), "RLIMIT_NOSUCH"),
            ("/process/oomScoreAdj", json!(2000), "oomScoreAdj"),
            ("/linux/namespaces", json!([{"type": "mount"}, {"type": "mount"}]), "twice"),
            ("/linux/namespaces", json!([{"type": "mount"}, {"type": "uts", "path": "x"}]), "not absolute"),
            ("/linux/namespaces", json!([{"type": "pid"}, {"type": "user"}]), "mount namespace"),
            ("/linux/namespaces", json!([{"type": "nosuch"}]), "nosuch"),
            ("/linux/uidMappings", json!([{"containerID": 0, "hostID": 0, "size": 1}]), "user namespace"),
            ("/linux/sysctl", json!({"kernel.panic": "1"}), "kernel.panic"),
            ("/linux/sysctl", json!({"kernel.hostname": "a"}), "hostname"),
            ("/linux/sysctl", json!({"net.core.somaxconn": "1"}), "net namespace"),
            ("/linux/rootfsPropagation", json!("odd"), "rootfsPropagation"),
            ("/linux/intelRdt", json!({"closID": "a"}), "intelRdt"),
            ("/linux/netDevices", json!({"eth0": {}}), "netDevices"),
            ("/linux/memoryPolicy", json!({"mode": "MPOL_BIND", "nodes": "x"}), "memoryPolicy"),
            ("/linux/memoryPolicy", json!({"mode": "MPOL_ODD"}), "MPOL_ODD"),
            ("/linux/timeOffsets", json!({"monotonic": {"secs": 1}}), "time namespace"),
            ("/linux/personality", json!({"domain": "LINUX", "flags": ["X"]}), "personality"),
            ("/linux/maskedPaths", json!(["proc"]), "maskedPaths"),
            ("/linux/seccomp", json!({"defaultAction": "SCMP_ACT_MAYBE"}), "SCMP_ACT_MAYBE"),
            ("/linux/mountLabel", json!("system_u:x"), "SELinux"),
            ("/mounts", json!([{"destination": "", "type": "proc"}]), "destination"),
            ("/mounts", json!([{"destination": "/a", "options": ["bind"]}]), "source"),
            ("/hooks", json!({"poststop": [{"path": "x"}]}), "hooks.poststop"),
            ("/hooks", json!({"prestart": [{"path": "/x", "timeout": 0}]}), "timeout"),
            ("/vm", json!({"kernel": {"path": "/x"}}), "vm"),
        ];
        for (field, value, word) in table {
            let error = bundle(field, &value).expect_err(field);
            assert!(error.contains(word), "{field}: {error}");
        }
        let no_uts = json!([{"type": "mount"}]);
        assert!(bundle("/linux/namespaces", &no_uts).is_ok());
    }
}
