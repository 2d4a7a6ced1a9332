//! `info`: what there is and where, with Podman's names.

use super::{Engine, EngineError};
use crate::cgroup::Delegation;
use crate::config::program::{find_program, own};
use crate::image::Platform;
use crate::model::{CapSet, Status};
use crate::storage::driver::{self, Driver};
use crate::userns::map::{self, Ids};
use crate::userns::subid::Range;
use serde_json::{Value, json};
use std::path::Path;

impl Engine {
    /// Describes the host, the store and this program. The fields have the names that templates use.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn info(&self) -> Result<Value, EngineError> {
        Ok(json!({
            "Host": self.host(),
            "Store": self.store()?,
            "Registries": {},
            "Plugins": {
                "Volume": ["local"],
                "Network": ["none", "host", "private"],
                "Log": ["k8s-file", "none"],
                "Authorization": null,
            },
            "Version": version(),
        }))
    }

    fn host(&self) -> Value {
        let system = rustix::system::uname();
        let memory = text("/proc/meminfo");
        let bytes = |name: &str| kilobytes(&memory, name) * 1024;
        let own = own();
        let delegation = Delegation::find();
        let controllers = delegation.as_ref().map(|own| text(own.path().join("cgroup.controllers"))).unwrap_or_default();
        json!({
            "Arch": Platform::host().architecture,
            "BuildahVersion": "",
            "CgroupManager": "cgroupfs",
            "CgroupsVersion": "v2",
            "CgroupControllers": controllers.split_whitespace().collect::<Vec<_>>(),
            "Conmon": program(&own.with_file_name(crate::monitor::args::PROGRAM)),
            "CPUs": std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            "Distribution": distribution(&text("/etc/os-release")),
            "EventLogger": "file",
            "Hostname": system.nodename().to_string_lossy(),
            "IDMappings": id_mappings(),
            "Kernel": system.release().to_string_lossy(),
            "LogDriver": "k8s-file",
            "MemFree": bytes("MemFree"),
            "MemTotal": bytes("MemTotal"),
            "NetworkBackend": "coracle",
            "OCIRuntime": { "Name": "coracle", "Package": "", "Path": own.to_string_lossy(), "Version": env!("CARGO_PKG_VERSION") },
            "OS": "linux",
            "Pasta": helper("pasta"),
            "RemoteSocket": { "Path": self.paths.run().join("coracle.sock").to_string_lossy(), "Exists": false },
            "RootlessNetworkCmd": if find_program("pasta").is_some() { "pasta" } else { "slirp4netns" },
            "Security": {
                "AppArmorEnabled": false,
                "DefaultCapabilities": CapSet::DEFAULT.names().join(","),
                "Rootless": true,
                "SECCOMPEnabled": true,
                "SECCOMPProfilePath": "",
                "SELinuxEnabled": false,
            },
            "ServiceIsRemote": false,
            "Slirp4NetNS": helper("slirp4netns"),
            "SwapFree": bytes("SwapFree"),
            "SwapTotal": bytes("SwapTotal"),
            "Uptime": uptime(&text("/proc/uptime")),
        })
    }

    fn store(&self) -> Result<Value, EngineError> {
        let states: Vec<Status> = self.containers()?.into_iter().map(|(_, state)| state.status).collect();
        let count = |wanted: Status| states.iter().filter(|status| **status == wanted).count();
        let (running, paused) = (count(Status::Running), count(Status::Paused));
        let data = self.paths.data();
        let driver = driver::remembered(&self.paths)?.unwrap_or_default();
        let options = match driver.program() {
            Some(path) => {
                json!({ "overlay.mount_program": { "Executable": path.to_string_lossy(), "Package": "", "Version": "" } })
            }
            None => json!({}),
        };
        let disk = rustix::fs::statvfs(data).ok();
        let (size, used) = disk.map_or((0, 0), |disk| {
            let all = disk.f_blocks * disk.f_frsize;
            (all, all.saturating_sub(disk.f_bfree * disk.f_frsize))
        });
        Ok(json!({
            "ConfigFile": self.paths.wanted().file.clone().unwrap_or_default(),
            "ContainerStore": {
                "Number": states.len(), "Paused": paused, "Running": running, "Stopped": states.len() - running - paused,
            },
            "GraphDriverName": driver.name(),
            "GraphOptions": options,
            "GraphRoot": data.to_string_lossy(),
            "GraphRootAllocated": size,
            "GraphRootUsed": used,
            "GraphStatus": {
                "Backing Filesystem": driver::file_system(data),
                "Native Overlay Diff": (driver == Driver::Overlay).to_string(),
            },
            "ImageCopyTmpDir": self.paths.tmp().to_string_lossy(),
            "ImageStore": { "Number": self.db.images()?.len() },
            "RunRoot": self.paths.run().to_string_lossy(),
            "VolumePath": data.join("volumes").to_string_lossy(),
            "TransientStore": false,
        }))
    }
}

/// Describes this program.
#[must_use]
pub fn version() -> Value {
    let platform = Platform::host();
    json!({
        "APIVersion": env!("CARGO_PKG_VERSION"),
        "Version": env!("CARGO_PKG_VERSION"),
        "GoVersion": "",
        "GitCommit": "",
        "BuiltTime": "",
        "Built": 0,
        "OsArch": format!("linux/{}", platform.architecture),
        "Os": "linux",
    })
}

fn text(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// The number of a line of `/proc/meminfo`.
fn kilobytes(memory: &str, name: &str) -> u64 {
    let line = memory.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

fn program(path: &Path) -> Value {
    json!({ "Package": "", "Path": path.to_string_lossy(), "Version": env!("CARGO_PKG_VERSION") })
}

fn helper(name: &str) -> Value {
    let path = find_program(name).unwrap_or_default();
    json!({ "Executable": path.to_string_lossy(), "Package": "", "Version": "" })
}

fn distribution(release: &str) -> Value {
    let field = |name: &str| {
        let value = release.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        value.unwrap_or_default().trim_matches(['"', '\'']).to_owned()
    };
    json!({
        "Distribution": field("ID"),
        "Variant": field("VARIANT_ID"),
        "Version": field("VERSION_ID"),
        "Codename": field("VERSION_CODENAME"),
    })
}

fn id_mappings() -> Value {
    let (uid, gid) = (rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw());
    let (uids, gids) = match map::available() {
        Ids::Ranges { uids, gids } => (uids, gids),
        Ids::Single(_) => (Vec::new(), Vec::new()),
    };
    let list = |own: u32, ranges: &[Range]| {
        let mut next = 1;
        let mut list = vec![json!({ "ContainerID": 0, "HostID": own, "Size": 1 })];
        for range in ranges {
            list.push(json!({ "ContainerID": next, "HostID": range.start, "Size": range.count }));
            next += range.count;
        }
        list
    };
    json!({ "GIDMap": list(gid, &gids), "UIDMap": list(uid, &uids) })
}

/// As Podman writes it: `3h 29m 18.00s (Approximately 0.12 days)`.
fn uptime(text: &str) -> String {
    let seconds: u64 = text.split('.').next().and_then(|whole| whole.parse().ok()).unwrap_or(0);
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    let short = format!("{hours}h {minutes}m {}.00s", seconds % 60);
    let hundredths = seconds * 100 / 86_400;
    if hours == 0 { short } else { format!("{short} (Approximately {}.{:02} days)", hundredths / 100, hundredths % 100) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_read_from_their_files() {
        let memory = "MemTotal:       24684092 kB\nMemFree:        17896864 kB\n";
        assert_eq!((kilobytes(memory, "MemFree"), kilobytes(memory, "Mem"), kilobytes("", "MemFree")), (17_896_864, 0, 0));
        let release = distribution("ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n");
        assert_eq!((release["Distribution"].as_str(), release["Version"].as_str()), (Some("debian"), Some("12")));
        assert_eq!(uptime("12558.02 9.9\n"), "3h 29m 18.00s (Approximately 0.14 days)");
        assert_eq!(uptime("59.02 9.9\n"), "0h 0m 59.00s");
    }
}
