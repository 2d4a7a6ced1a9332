//! What a container may do.

use super::CapSet;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Capabilities, filters, masks and devices, as asked for. A field that an older row does not have gets its default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Security {
    /// All capabilities of the namespace, no masks, no filter, the host's devices.
    pub privileged: bool,
    /// What root has where nothing is said, if it is not the usual set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_caps: Option<CapSet>,
    pub cap_add: CapSet,
    pub cap_drop: CapSet,
    /// `--cap-drop ALL` was among them: then `cap_add` counts after it.
    pub drop_all: bool,
    /// `--cap-add ALL` was among them: then `cap_drop` counts after it.
    pub add_all: bool,
    pub no_new_privileges: bool,
    pub seccomp: Seccomp,
    /// Paths that are hidden beside the usual ones.
    pub mask: Vec<String>,
    /// Patterns of paths that are not hidden and not made read-only; `ALL` for all.
    pub unmask: Vec<String>,
    /// Options of the mount of `/proc`.
    pub proc_options: Vec<String>,
    /// The options of `--security-opt` as they were written; for inspect.
    pub options: Vec<String>,
    pub devices: Vec<Device>,
    /// Devices by the names of the Container Device Interface.
    pub cdi_devices: Vec<String>,
    /// GPUs as asked for: `all`, or a number or name of one. When the container is made they become `cdi_devices`.
    pub gpus: Vec<String>,
    /// Folders of device specs beside the usual ones.
    pub cdi_folders: Vec<PathBuf>,
}

/// Which system call filter a container has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Seccomp {
    #[default]
    Default,
    Unconfined,
    /// A profile of the user's. It is compiled when the container is made; the file is not read again.
    Profile(PathBuf),
    /// The profile in the image's label `io.containers.seccomp.profile`; the default where it has none.
    Image,
}

/// A device node of the host, or a folder of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Absolute, on the host.
    pub source: PathBuf,
    /// Absolute, in the container.
    pub target: String,
    /// `r`, `w` and `m` as asked for.
    pub access: String,
}

/// The capabilities of a container's processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rights {
    /// The most that any process can have, and what root has.
    pub bounding: CapSet,
    /// What a user other than root begins with: those that were added by name (Podman's rule).
    pub user: CapSet,
}

impl Security {
    /// Works out the capabilities.
    #[must_use]
    pub fn rights(&self) -> Rights {
        if self.privileged {
            return Rights { bounding: CapSet::ALL, user: self.cap_add };
        }
        let bounding = if self.drop_all {
            self.cap_add
        } else if self.add_all {
            CapSet::ALL.without(self.cap_drop)
        } else {
            self.default_caps.unwrap_or(CapSet::DEFAULT).or(self.cap_add).without(self.cap_drop)
        };
        Rights { bounding, user: if self.add_all { bounding } else { self.cap_add } }
    }

    /// Tells whether nothing of `/proc` and `/sys` is hidden.
    #[must_use]
    pub fn unmask_all(&self) -> bool {
        self.privileged || self.unmask.iter().any(|pattern| pattern.eq_ignore_ascii_case("all"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &str) -> CapSet {
        names.split_whitespace().filter_map(CapSet::parse).collect()
    }

    #[test]
    fn capabilities_merge_as_in_podman() {
        let none = Security::default;
        for (name, security, bounding, user) in [
            ("default", none(), CapSet::DEFAULT, CapSet::NONE),
            ("add", Security { cap_add: set("net_raw"), ..none() }, CapSet::DEFAULT.or(set("net_raw")), set("net_raw")),
            ("drop", Security { cap_drop: set("chown"), ..none() }, CapSet::DEFAULT.without(set("chown")), CapSet::NONE),
            ("drop all", Security { drop_all: true, ..none() }, CapSet::NONE, CapSet::NONE),
            ("drop all, add", Security { drop_all: true, cap_add: set("chown"), ..none() }, set("chown"), set("chown")),
            ("add all", Security { add_all: true, cap_add: CapSet::ALL, ..none() }, CapSet::ALL, CapSet::ALL),
            (
                "add all, drop",
                Security { add_all: true, cap_drop: set("sys_admin"), ..none() },
                CapSet::ALL.without(set("sys_admin")),
                CapSet::ALL.without(set("sys_admin")),
            ),
            ("privileged", Security { privileged: true, cap_drop: set("chown"), ..none() }, CapSet::ALL, CapSet::NONE),
        ] {
            assert_eq!(security.rights(), Rights { bounding, user }, "{name}");
        }
    }
}
