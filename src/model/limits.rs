//! What a container may use of the machine.

mod parse;

pub use parse::{LimitError, cpus, device_rate, device_weight, list, pair, size, weight};

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// How many tasks a container may have where nothing else is said and the kernel lets us bound it; Podman's number.
pub const DEFAULT_PIDS: u64 = 2048;

/// The period of `cpu.max` in microseconds where none is given; the kernel's own.
pub const DEFAULT_CPU_PERIOD_USEC: u64 = 100_000;

/// An upper bound, or expressly none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bound {
    Unlimited,
    At(u64),
}

impl Bound {
    /// Returns the number as Podman prints it: -1 for none.
    #[must_use]
    pub fn as_number(self) -> i64 {
        match self {
            Self::Unlimited => -1,
            Self::At(number) => i64::try_from(number).unwrap_or(i64::MAX),
        }
    }
}

/// Whether and where a container has a cgroup of its own (`--cgroups`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CgroupsMode {
    /// Where the caller may make one; asked for from systemd where a limit needs it.
    #[default]
    Enabled,
    /// None: the container is in its caller's cgroup.
    Disabled,
    /// One for the container; the monitor stays in the caller's.
    NoConmon,
    /// Below the caller's own, which has to be delegated to the user.
    Split,
}

impl CgroupsMode {
    /// Every word that `--cgroups` takes.
    pub const ALL: [Self; 4] = [Self::Enabled, Self::Disabled, Self::NoConmon, Self::Split];

    /// Returns the word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
            Self::NoConmon => "no-conmon",
            Self::Split => "split",
        }
    }
}

/// What of a block device is bounded: the key of `io.max`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rate {
    /// Bytes read in a second.
    Rbps,
    /// Bytes written in a second.
    Wbps,
    /// Reads in a second.
    Riops,
    /// Writes in a second.
    Wiops,
}

impl Rate {
    /// Returns the kernel's word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rbps => "rbps",
            Self::Wbps => "wbps",
            Self::Riops => "riops",
            Self::Wiops => "wiops",
        }
    }
}

/// A bound on the traffic with one block device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRate {
    /// The device's file on the host.
    pub device: PathBuf,
    pub rate: Rate,
    /// Bytes or operations in a second.
    pub value: u64,
}

/// A share of one block device's time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceWeight {
    /// The device's file on the host.
    pub device: PathBuf,
    /// 10 to 1000.
    pub weight: u16,
}

/// The limits of a container, as asked for. What is not given is not bounded. A field that an older row does not have gets its
/// default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Bytes of memory.
    pub memory: Option<Bound>,
    /// Bytes of memory and swap together. Where only `memory` is bounded, twice that.
    pub memory_swap: Option<Bound>,
    /// Bytes that are taken back last when memory runs short.
    pub memory_reservation: Option<u64>,
    /// Tasks; where nothing is given, [`DEFAULT_PIDS`] where the kernel lets us.
    pub pids: Option<Bound>,
    /// Microseconds of processor time in each period; `--cpus` is written with this, too.
    pub cpu_quota_usec: Option<Bound>,
    pub cpu_period_usec: Option<u64>,
    /// Cgroup v1's share of processor time, 2 to 262144; 1024 is the usual one.
    pub cpu_shares: Option<u64>,
    /// A list of processors: `0-3,8`.
    pub cpuset_cpus: Option<String>,
    /// A list of memory nodes.
    pub cpuset_mems: Option<String>,
    /// 10 to 1000.
    pub blkio_weight: Option<u16>,
    pub device_weights: Vec<DeviceWeight>,
    pub device_rates: Vec<DeviceRate>,
    /// `--cgroup-conf`: names of cgroup v2 files and what is written to them.
    pub conf: BTreeMap<String, String>,
    pub cgroups: CgroupsMode,
    /// A slice of the user's systemd, or a path among the cgroups.
    pub cgroup_parent: Option<String>,
}

impl Limits {
    /// Tells whether something is asked for that only a cgroup can hold.
    #[must_use]
    pub fn need_a_cgroup(&self) -> bool {
        let elsewhere = Self { cgroups: self.cgroups, cgroup_parent: self.cgroup_parent.clone(), ..Self::default() };
        *self != elsewhere
    }

    /// Takes over what `newer` asks for; the rest stays.
    pub fn update(&mut self, newer: &Self) {
        fn take<T: Clone>(old: &mut Option<T>, new: &Option<T>) {
            if new.is_some() {
                old.clone_from(new);
            }
        }
        take(&mut self.memory, &newer.memory);
        take(&mut self.memory_swap, &newer.memory_swap);
        take(&mut self.memory_reservation, &newer.memory_reservation);
        take(&mut self.pids, &newer.pids);
        take(&mut self.cpu_quota_usec, &newer.cpu_quota_usec);
        take(&mut self.cpu_period_usec, &newer.cpu_period_usec);
        take(&mut self.cpu_shares, &newer.cpu_shares);
        take(&mut self.cpuset_cpus, &newer.cpuset_cpus);
        take(&mut self.cpuset_mems, &newer.cpuset_mems);
        take(&mut self.blkio_weight, &newer.blkio_weight);
        for weight in &newer.device_weights {
            self.device_weights.retain(|old| old.device != weight.device);
            self.device_weights.push(weight.clone());
        }
        for rate in &newer.device_rates {
            self.device_rates.retain(|old| (&old.device, old.rate) != (&rate.device, rate.rate));
            self.device_rates.push(rate.clone());
        }
        self.conf.extend(newer.conf.clone());
    }

    /// Checks what depends on more than one option.
    ///
    /// # Errors
    /// Two of them contradict each other.
    pub fn check(&self) -> Result<(), LimitError> {
        let memory = match self.memory {
            Some(Bound::At(bytes)) => Some(bytes),
            _ => None,
        };
        match (memory, self.memory_swap) {
            (None, Some(Bound::At(_))) => return Err(LimitError::SwapWithoutMemory),
            (Some(memory), Some(Bound::At(both))) if both < memory => return Err(LimitError::SwapBelowMemory),
            _ => {}
        }
        if let (Some(memory), Some(reserved)) = (memory, self.memory_reservation)
            && reserved > memory
        {
            return Err(LimitError::ReservationAboveMemory);
        }
        match self.cgroups {
            CgroupsMode::Disabled if self.need_a_cgroup() || self.cgroup_parent.is_some() => Err(LimitError::NoCgroupWanted),
            CgroupsMode::Split if self.cgroup_parent.is_some() => Err(LimitError::SplitWithParent),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(bytes: u64) -> Limits {
        Limits { memory: Some(Bound::At(bytes)), ..Limits::default() }
    }

    #[test]
    fn a_row_without_limits_is_read() {
        assert_eq!(serde_json::from_str::<Limits>("{}").unwrap(), Limits::default());
        let full = Limits { memory_swap: Some(Bound::Unlimited), cgroups: CgroupsMode::Split, ..memory(5) };
        assert_eq!(serde_json::from_str::<Limits>(&serde_json::to_string(&full).unwrap()).unwrap(), full);
    }

    #[test]
    fn what_is_no_matter_of_cgroups_needs_none() {
        let limits = Limits { cgroups: CgroupsMode::NoConmon, cgroup_parent: Some("a.slice".into()), ..Limits::default() };
        assert!(!limits.need_a_cgroup());
        assert!(memory(5).need_a_cgroup());
    }

    #[test]
    fn contradictions_are_found() {
        let swap = |bytes| Some(Bound::At(bytes));
        for (limits, fits) in [
            (memory(5), true),
            (Limits { memory_swap: swap(5), ..memory(5) }, true),
            (Limits { memory_swap: swap(4), ..memory(5) }, false),
            (Limits { memory_swap: swap(4), ..Limits::default() }, false),
            (Limits { memory_swap: Some(Bound::Unlimited), ..memory(5) }, true),
            (Limits { memory_reservation: Some(6), ..memory(5) }, false),
            (Limits { cgroups: CgroupsMode::Disabled, ..memory(5) }, false),
            (Limits { cgroups: CgroupsMode::Disabled, ..Limits::default() }, true),
            (Limits { cgroups: CgroupsMode::Split, cgroup_parent: Some("a".into()), ..Limits::default() }, false),
        ] {
            assert_eq!(limits.check().is_ok(), fits, "{limits:?}");
        }
    }

    #[test]
    fn an_update_keeps_what_it_does_not_name() {
        let rate = |device: &str, value| DeviceRate { device: device.into(), rate: Rate::Rbps, value };
        let mut limits = Limits { cpu_shares: Some(2), device_rates: vec![rate("/a", 1), rate("/b", 1)], ..memory(5) };
        limits.update(&Limits { pids: Some(Bound::At(9)), device_rates: vec![rate("/b", 2)], ..memory(7) });
        let wanted = Limits {
            cpu_shares: Some(2),
            pids: Some(Bound::At(9)),
            device_rates: vec![rate("/a", 1), rate("/b", 2)],
            ..memory(7)
        };
        assert_eq!(limits, wanted);
    }
}
