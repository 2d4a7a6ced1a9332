//! The limits of `HostConfig`: what was asked for, in Podman's fields, which print zero for what was not.

use crate::cgroup::usage;
use crate::engine::container::status::State;
use crate::model::limits::{Bound, CgroupsMode, DEFAULT_PIDS, DeviceRate, Limits, Rate};
use serde_json::{Value, json};
use std::path::Path;

pub(super) fn add(host: &mut Value, limits: &Limits, state: &State) {
    let number = |bound: Option<Bound>| bound.map_or(0, Bound::as_number);
    let (quota, period) = (number(limits.cpu_quota_usec), limits.cpu_period_usec.unwrap_or(0));
    let parent = limits.cgroup_parent.as_deref().unwrap_or_default();
    let fields = json!({
        "Cgroups": if limits.cgroups == CgroupsMode::Enabled { "default" } else { limits.cgroups.as_str() },
        "CgroupManager": "cgroupfs",
        "CgroupParent": parent,
        "CgroupConf": if limits.conf.is_empty() { Value::Null } else { json!(limits.conf) },
        "Memory": match limits.memory { Some(Bound::At(bytes)) => bytes, _ => 0 },
        "MemorySwap": number(swap(limits)),
        "MemoryReservation": limits.memory_reservation.unwrap_or(0),
        // Cgroup v1 alone has these.
        "MemorySwappiness": 0,
        "KernelMemory": 0,
        "OomKillDisable": false,
        "CpuRealtimePeriod": 0,
        "CpuRealtimeRuntime": 0,
        "CpuShares": limits.cpu_shares.unwrap_or(0),
        "CpuPeriod": period,
        "CpuQuota": quota,
        "NanoCpus": nano_cpus(quota, period),
        "CpusetCpus": limits.cpuset_cpus.as_deref().unwrap_or_default(),
        "CpusetMems": limits.cpuset_mems.as_deref().unwrap_or_default(),
        "BlkioWeight": limits.blkio_weight.unwrap_or(0),
        "BlkioWeightDevice": device_weights(limits),
        "BlkioDeviceReadBps": device_rates(limits, Rate::Rbps),
        "BlkioDeviceWriteBps": device_rates(limits, Rate::Wbps),
        "BlkioDeviceReadIOps": device_rates(limits, Rate::Riops),
        "BlkioDeviceWriteIOps": device_rates(limits, Rate::Wiops),
        "PidsLimit": pids(limits, state),
    });
    if let (Some(host), Value::Object(fields)) = (host.as_object_mut(), fields) {
        host.extend(fields);
    }
}

/// Where only the memory is bounded, the swap is, too.
fn swap(limits: &Limits) -> Option<Bound> {
    limits.memory_swap.or(match limits.memory {
        Some(Bound::At(bytes)) => Some(Bound::At(bytes.saturating_mul(2))),
        _ => None,
    })
}

fn nano_cpus(quota: i64, period: u64) -> i64 {
    let period = i64::try_from(period).unwrap_or(i64::MAX);
    if quota <= 0 || period == 0 { 0 } else { quota.saturating_mul(1000).saturating_mul(1_000_000) / period }
}

/// The default is set where the kernel lets us, so of a running container it is looked up.
fn pids(limits: &Limits, state: &State) -> i64 {
    let running = state.run.as_ref().filter(|_| state.status.is_alive());
    match (limits.pids, running) {
        (Some(Bound::Unlimited), _) => 0,
        (Some(bound), _) => bound.as_number(),
        (None, _) if limits.cgroups == CgroupsMode::Disabled => 0,
        (None, None) => Bound::At(DEFAULT_PIDS).as_number(),
        (None, Some(run)) => {
            let limit = run.cgroup.as_deref().and_then(|path| usage::task_limit(Path::new(path)));
            limit.map_or(0, |limit| Bound::At(limit).as_number())
        }
    }
}

fn device_weights(limits: &Limits) -> Vec<Value> {
    limits.device_weights.iter().map(|one| json!({ "Path": one.device, "Weight": one.weight })).collect()
}

fn device_rates(limits: &Limits, rate: Rate) -> Vec<Value> {
    let shown = |one: &DeviceRate| json!({ "Path": one.device, "Rate": one.value });
    limits.device_rates.iter().filter(|one| one.rate == rate).map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Status;

    fn shown(limits: &Limits) -> Value {
        let mut host = json!({});
        add(&mut host, limits, &State { status: Status::Created, run: None, exit: None });
        host
    }

    #[test]
    fn limits_stand_in_podmans_fields() {
        let limits = Limits {
            memory: Some(Bound::At(1000)),
            cpu_quota_usec: Some(Bound::At(150_000)),
            cpu_period_usec: Some(100_000),
            device_rates: vec![DeviceRate { device: "/dev/sda".into(), rate: Rate::Wbps, value: 5 }],
            ..Limits::default()
        };
        let host = shown(&limits);
        for (field, wanted) in [
            ("Memory", json!(1000)),
            ("MemorySwap", json!(2000)),
            ("NanoCpus", json!(1_500_000_000)),
            ("CpuQuota", json!(150_000)),
            ("PidsLimit", json!(2048)),
            ("BlkioDeviceWriteBps", json!([{ "Path": "/dev/sda", "Rate": 5 }])),
            ("BlkioDeviceReadBps", json!([])),
            ("Cgroups", json!("default")),
        ] {
            assert_eq!(host[field], wanted, "{field}");
        }
    }

    #[test]
    fn no_bound_has_podmans_numbers() {
        let limits = Limits {
            memory: Some(Bound::Unlimited),
            memory_swap: Some(Bound::Unlimited),
            pids: Some(Bound::Unlimited),
            cpu_quota_usec: Some(Bound::Unlimited),
            ..Limits::default()
        };
        let host = shown(&limits);
        for (field, wanted) in [("Memory", 0), ("MemorySwap", -1), ("PidsLimit", 0), ("CpuQuota", -1), ("NanoCpus", 0)] {
            assert_eq!(host[field], json!(wanted), "{field}");
        }
        assert_eq!(shown(&Limits { cgroups: CgroupsMode::Disabled, ..Limits::default() })["PidsLimit"], json!(0));
    }
}
