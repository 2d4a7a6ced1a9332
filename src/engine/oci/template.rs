//! `spec`: a configuration to begin with.

use super::SPEC_VERSION;
use serde_json::{Value, json};

const CAPABILITIES: [&str; 3] = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"];

const MASKED: [&str; 10] = [
    "/proc/acpi",
    "/proc/asound",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/timer_list",
    "/sys/firmware",
];

const READ_ONLY: [&str; 5] = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/// Returns a configuration that runs `sh` in the folder `rootfs`. With `own` ids it has a user namespace whose root is that user and group.
#[must_use]
pub fn template(own: Option<(u32, u32)>) -> Value {
    let mount = |target: &str, kind: &str, options: &[&str]| json!({"destination": target, "type": kind, "source": kind, "options": options});
    let closed = ["nosuid", "noexec", "nodev"];
    let with = |more: &[&'static str]| [&closed[..], more].concat();
    let pts: &[&str] = if own.is_some() {
        &["newinstance", "ptmxmode=0666", "mode=0620"]
    } else {
        &["newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]
    };
    let pts = [&["nosuid", "noexec"], pts].concat();
    let mut mounts = vec![
        mount("/proc", "proc", &closed),
        mount("/dev", "tmpfs", &["nosuid", "strictatime", "mode=755", "size=65536k"]),
        mount("/dev/pts", "devpts", &pts),
        mount("/dev/shm", "tmpfs", &with(&["mode=1777", "size=65536k"])),
        mount("/dev/mqueue", "mqueue", &closed),
        mount("/sys", "sysfs", &with(&["ro"])),
        mount("/sys/fs/cgroup", "cgroup", &with(&["relatime", "ro"])),
    ];
    let mut namespaces = vec!["pid", "network", "ipc", "uts", "mount", "cgroup"];
    let mut linux = json!({"maskedPaths": MASKED, "readonlyPaths": READ_ONLY});
    if let Some((uid, gid)) = own {
        namespaces.push("user");
        let one = |id: u32| json!([{"containerID": 0, "hostID": id, "size": 1}]);
        linux["uidMappings"] = one(uid);
        linux["gidMappings"] = one(gid);
        // The host's, where a new one is not permitted.
        mounts[5] = json!({"destination": "/sys", "type": "none", "source": "/sys", "options": with(&["rbind", "ro"])});
        mounts.truncate(6);
        namespaces.retain(|kind| *kind != "network");
    } else {
        linux["resources"] = json!({"devices": [{"allow": false, "access": "rwm"}]});
    }
    linux["namespaces"] = namespaces.into_iter().map(|kind| json!({"type": kind})).collect();
    json!({
        "ociVersion": SPEC_VERSION,
        "process": {
            "terminal": true,
            "user": {"uid": 0, "gid": 0},
            "args": ["sh"],
            "env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
            "cwd": "/",
            "capabilities": {"bounding": CAPABILITIES, "effective": CAPABILITIES, "permitted": CAPABILITIES},
            "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024}],
            "noNewPrivileges": true,
        },
        "root": {"path": "rootfs", "readonly": true},
        "hostname": "coracle",
        "mounts": mounts,
        "linux": linux,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_a_configuration() {
        for own in [None, Some((1000, 1000))] {
            let spec: oci_spec::runtime::Spec = serde_json::from_value(template(own)).unwrap();
            assert_eq!(spec.version(), SPEC_VERSION);
            let maps = spec.linux().as_ref().unwrap().uid_mappings().as_ref().map_or(0, Vec::len);
            assert_eq!(maps, usize::from(own.is_some()));
        }
    }
}
