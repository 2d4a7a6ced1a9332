//! Capabilities: their names, their numbers, and which of them a container has.

use serde::{Deserialize, Serialize};

/// The names in the order of their numbers (linux/capability.h), without `CAP_`.
const NAMES: [&str; 41] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
];

/// A set of capabilities: bit n is capability n, as in the `CapEff` line of `/proc/<pid>/status`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CapSet(pub u64);

impl CapSet {
    /// Every capability that there is.
    pub const ALL: Self = Self((1 << NAMES.len()) - 1);
    /// What a container's root has unless told otherwise: Podman's eleven.
    pub const DEFAULT: Self = Self(0x8004_05fb);

    pub const NONE: Self = Self(0);
    pub const DAC_READ_SEARCH: Self = Self(1 << 2);
    pub const SYS_MODULE: Self = Self(1 << 16);
    pub const SYS_RAWIO: Self = Self(1 << 17);
    pub const SYS_CHROOT: Self = Self(1 << 18);
    pub const SYS_PTRACE: Self = Self(1 << 19);
    pub const SYS_PACCT: Self = Self(1 << 20);
    pub const SYS_ADMIN: Self = Self(1 << 21);
    pub const SYS_TIME: Self = Self(1 << 25);
    pub const SYS_TTY_CONFIG: Self = Self(1 << 26);
    pub const AUDIT_WRITE: Self = Self(1 << 29);
    pub const PERFMON: Self = Self(1 << 38);
    pub const BPF: Self = Self(1 << 39);

    /// Reads the name of a capability, with or without `CAP_`, or `ALL`, in any case.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let upper = name.to_ascii_uppercase();
        if upper == "ALL" {
            return Some(Self::ALL);
        }
        let bare = upper.strip_prefix("CAP_").unwrap_or(&upper);
        NAMES.iter().position(|known| *known == bare).map(|number| Self(1 << number))
    }

    /// Reads the kernel's mask, as `/proc/<pid>/status` shows it; numbers that have no name yet are left out.
    #[must_use]
    pub const fn from_mask(mask: u64) -> Self {
        Self(mask & Self::ALL.0)
    }

    /// Returns the capabilities of both.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns the capabilities that the other does not have.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Tells whether the two have a capability in common.
    #[must_use]
    pub const fn any_of(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Tells whether all of the other's are among them.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The names without `CAP_`, by number.
    pub fn bare_names(self) -> impl Iterator<Item = &'static str> {
        NAMES.iter().enumerate().filter(move |(number, _)| self.0 & (1 << number) != 0).map(|(_, name)| *name)
    }

    /// The full names (`CAP_CHOWN`), in the alphabet's order as Podman lists them.
    #[must_use]
    pub fn names(self) -> Vec<String> {
        let mut names: Vec<String> = self.bare_names().map(|name| format!("CAP_{name}")).collect();
        names.sort_unstable();
        names
    }
}

impl FromIterator<Self> for CapSet {
    fn from_iter<I: IntoIterator<Item = Self>>(list: I) -> Self {
        list.into_iter().fold(Self::NONE, Self::or)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_in_every_spelling() {
        for (name, bits) in [
            ("CHOWN", 1),
            ("cap_chown", 1),
            ("Net_Bind_Service", 1 << 10),
            ("CAP_CHECKPOINT_RESTORE", 1 << 40),
            ("all", (1 << 41) - 1),
        ] {
            assert_eq!(CapSet::parse(name), Some(CapSet(bits)), "{name}");
        }
        for name in ["", "CAP_", "NET", "CAP_ALL", "CAP_CAP_CHOWN"] {
            assert_eq!(CapSet::parse(name), None, "{name:?}");
        }
    }

    #[test]
    fn the_default_is_podmans_eleven() {
        let names = CapSet::DEFAULT.names();
        assert_eq!(
            names.join(" "),
            "CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_FSETID CAP_KILL CAP_NET_BIND_SERVICE CAP_SETFCAP CAP_SETGID CAP_SETPCAP CAP_SETUID CAP_SYS_CHROOT"
        );
        assert_eq!(names.iter().filter_map(|name| CapSet::parse(name)).collect::<CapSet>(), CapSet::DEFAULT);
    }
}
