//! From `linux.resources` of a configuration to what is written into the files of a cgroup v2.

use super::CgroupError;
use super::settings::{Setting, cpu_weight, io_weight, io_weight_of};
use oci_spec::runtime::{LinuxBlockIo, LinuxCpu, LinuxMemory, LinuxResources, LinuxThrottleDevice};

fn not_here(field: &str, why: &'static str) -> CgroupError {
    CgroupError::NotHere { field: format!("linux.resources.{field}"), why }
}

const ONLY_V1: &str = "only cgroup v1 has that";

/// Returns what is to be written. Rules for devices are no files; see [`super::devices`].
///
/// # Errors
/// Something is asked for that cgroup v2 does not have.
pub fn settings(resources: &LinuxResources) -> Result<Vec<Setting>, CgroupError> {
    let mut list = Vec::new();
    if let Some(wanted) = resources.memory() {
        memory(wanted, &mut list)?;
    }
    if let Some(wanted) = resources.cpu() {
        processor(wanted, &mut list)?;
    }
    if let Some(wanted) = resources.pids() {
        list.push(Setting::new("linux.resources.pids.limit", "pids.max", bound(wanted.limit())));
    }
    if let Some(wanted) = resources.block_io() {
        disks(wanted, &mut list)?;
    }
    for page in resources.hugepage_limits().iter().flatten() {
        let file = format!("hugetlb.{}.max", page.page_size());
        let used = Setting::new("linux.resources.hugepageLimits", &file, bound(page.limit()));
        // What is reserved is bounded as well, where the kernel counts that.
        let reserved = Setting { file: format!("hugetlb.{}.rsvd.max", page.page_size()), implied: true, ..used.clone() };
        list.extend([used, reserved]);
    }
    for (device, limit) in resources.rdma().iter().flatten() {
        if limit.hca_handles().is_none() && limit.hca_objects().is_none() {
            return Err(not_here("rdma", "an entry takes hcaHandles or hcaObjects"));
        }
        let text = |number: Option<u32>| number.map_or_else(|| "max".to_owned(), |number| number.to_string());
        let (handles, objects) = (text(limit.hca_handles()), text(limit.hca_objects()));
        let line = format!("{device} hca_handle={handles} hca_object={objects}");
        list.push(Setting::new("linux.resources.rdma", "rdma.max", line));
    }
    let network = resources.network().as_ref();
    let classed = network.is_some_and(|network| network.class_id().is_some_and(|id| id != 0));
    if classed || network.is_some_and(|network| network.priorities().iter().flatten().next().is_some()) {
        return Err(not_here("network", ONLY_V1));
    }
    for (name, value) in resources.unified().iter().flatten() {
        if name.contains('/') || name.starts_with("cgroup.") && name.ends_with("procs") {
            return Err(not_here("unified", "a name is that of one file with a setting"));
        }
        list.push(Setting::new("linux.resources.unified", name, value.as_str()));
    }
    Ok(list)
}

/// A number of the specification: below zero is no bound.
fn bound(number: i64) -> String {
    if number < 0 { "max".to_owned() } else { number.to_string() }
}

fn memory(wanted: &LinuxMemory, list: &mut Vec<Setting>) -> Result<(), CgroupError> {
    if wanted.kernel().is_some_and(|limit| limit > 0) || wanted.kernel_tcp().is_some_and(|limit| limit > 0) {
        return Err(not_here("memory.kernel, memory.kernelTCP", ONLY_V1));
    }
    if wanted.swappiness().is_some() {
        return Err(not_here("memory.swappiness", ONLY_V1));
    }
    if wanted.disable_oom_killer() == Some(true) {
        return Err(not_here("memory.disableOOMKiller", ONLY_V1));
    }
    let limit = wanted.limit().filter(|limit| *limit != 0);
    if let Some(limit) = limit {
        list.push(Setting::new("linux.resources.memory.limit", "memory.max", bound(limit)));
    }
    if let Some(swap) = wanted.swap().filter(|swap| *swap != 0) {
        // The bound of cgroup v2 is on swap alone.
        let value = match limit {
            _ if swap < 0 => "max".to_owned(),
            Some(limit) if limit > 0 && swap >= limit => (swap - limit).to_string(),
            _ => return Err(not_here("memory.swap", "it is the sum of memory and swap: it takes a limit, and is not below it")),
        };
        list.push(Setting::new("linux.resources.memory.swap", "memory.swap.max", value));
    }
    if let Some(reservation) = wanted.reservation().filter(|bytes| *bytes != 0) {
        list.push(Setting::new("linux.resources.memory.reservation", "memory.low", bound(reservation)));
    }
    Ok(())
}

fn processor(wanted: &LinuxCpu, list: &mut Vec<Setting>) -> Result<(), CgroupError> {
    let real_time =
        wanted.realtime_runtime().is_some_and(|time| time != 0) || wanted.realtime_period().is_some_and(|time| time != 0);
    if real_time {
        return Err(not_here("cpu.realtimeRuntime, cpu.realtimePeriod", ONLY_V1));
    }
    if let Some(shares) = wanted.shares().filter(|shares| *shares != 0) {
        list.push(Setting::new("linux.resources.cpu.shares", "cpu.weight", cpu_weight(shares).to_string()));
    }
    let (quota, period) = (wanted.quota().filter(|quota| *quota != 0), wanted.period().filter(|period| *period != 0));
    if quota.is_some() || period.is_some() {
        let quota = bound(quota.unwrap_or(-1));
        let value = period.map_or_else(|| quota.clone(), |period| format!("{quota} {period}"));
        list.push(Setting::new("linux.resources.cpu.quota", "cpu.max", value));
    }
    if let Some(burst) = wanted.burst() {
        list.push(Setting::new("linux.resources.cpu.burst", "cpu.max.burst", burst.to_string()));
    }
    if let Some(idle) = wanted.idle() {
        list.push(Setting::new("linux.resources.cpu.idle", "cpu.idle", idle.to_string()));
    }
    for (field, file, value) in
        [("linux.resources.cpu.cpus", "cpuset.cpus", wanted.cpus()), ("linux.resources.cpu.mems", "cpuset.mems", wanted.mems())]
    {
        if let Some(value) = value.as_ref().filter(|value| !value.is_empty()) {
            list.push(Setting::new(field, file, value.as_str()));
        }
    }
    Ok(())
}

fn disks(wanted: &LinuxBlockIo, list: &mut Vec<Setting>) -> Result<(), CgroupError> {
    let leaf = wanted.leaf_weight().is_some_and(|weight| weight != 0)
        || wanted.weight_device().iter().flatten().any(|one| one.leaf_weight().is_some_and(|weight| weight != 0));
    if leaf {
        return Err(not_here("blockIO.leafWeight", ONLY_V1));
    }
    if let Some(weight) = wanted.weight().filter(|weight| *weight != 0) {
        let field = "linux.resources.blockIO.weight";
        list.push(io_weight(field, &weight.to_string(), &io_weight_of(weight).to_string()));
    }
    for one in wanted.weight_device().iter().flatten() {
        let weight = one.weight().ok_or_else(|| not_here("blockIO.weightDevice", "an entry takes a weight"))?;
        let line = |weight: u64| format!("{}:{} {weight}", one.major(), one.minor());
        list.push(io_weight("linux.resources.blockIO.weightDevice", &line(weight.into()), &line(io_weight_of(weight))));
    }
    let rates: [(&str, &Option<Vec<LinuxThrottleDevice>>); 4] = [
        ("rbps", wanted.throttle_read_bps_device()),
        ("wbps", wanted.throttle_write_bps_device()),
        ("riops", wanted.throttle_read_iops_device()),
        ("wiops", wanted.throttle_write_iops_device()),
    ];
    for (key, devices) in rates {
        for one in devices.iter().flatten() {
            let value = if one.rate() == 0 { "max".to_owned() } else { one.rate().to_string() };
            let line = format!("{}:{} {key}={value}", one.major(), one.minor());
            list.push(Setting::new("linux.resources.blockIO.throttle…Device", "io.max", line));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> Result<Vec<String>, String> {
        let resources: LinuxResources = serde_json::from_str(text).unwrap();
        let list = settings(&resources).map_err(|error| error.to_string())?;
        Ok(list.iter().map(|one| format!("{}={}", one.file, one.value)).collect())
    }

    #[test]
    fn resources_become_files() {
        for (text, wanted) in [
            (r#"{"devices":[{"allow":false,"access":"rwm"}]}"#, &[][..]),
            (
                r#"{"memory":{"limit":64,"swap":80,"reservation":-1,"kernel":-1}}"#,
                &["memory.max=64", "memory.swap.max=16", "memory.low=max"],
            ),
            (r#"{"memory":{"limit":-1,"swap":-1}}"#, &["memory.max=max", "memory.swap.max=max"]),
            (
                r#"{"cpu":{"shares":1024,"quota":5000,"period":10000,"cpus":"0","idle":1,"burst":7}}"#,
                &["cpu.weight=100", "cpu.max=5000 10000", "cpu.max.burst=7", "cpu.idle=1", "cpuset.cpus=0"],
            ),
            (r#"{"cpu":{"quota":-1}}"#, &["cpu.max=max"]),
            (r#"{"pids":{"limit":-1}}"#, &["pids.max=max"]),
            (
                r#"{"pids":{"limit":5},"hugepageLimits":[{"pageSize":"2MB","limit":9}]}"#,
                &["pids.max=5", "hugetlb.2MB.max=9", "hugetlb.2MB.rsvd.max=9"],
            ),
            (
                r#"{"blockIO":{"weight":1000,"throttleReadBpsDevice":[{"major":8,"minor":0,"rate":5}]}}"#,
                &["io.weight=10000", "io.max=8:0 rbps=5"],
            ),
            (r#"{"unified":{"memory.high":"77"}}"#, &["memory.high=77"]),
        ] {
            assert_eq!(written(text).unwrap(), wanted, "{text}");
        }
    }

    #[test]
    fn what_only_version_one_had_is_refused() {
        for (text, word) in [
            (r#"{"memory":{"kernel":5}}"#, "memory.kernel"),
            (r#"{"memory":{"swappiness":5}}"#, "swappiness"),
            (r#"{"memory":{"disableOOMKiller":true}}"#, "disableOOMKiller"),
            (r#"{"memory":{"swap":80}}"#, "memory.swap"),
            (r#"{"memory":{"limit":90,"swap":80}}"#, "memory.swap"),
            (r#"{"cpu":{"realtimeRuntime":5}}"#, "realtime"),
            (r#"{"network":{"classID":5}}"#, "network"),
            (r#"{"blockIO":{"leafWeight":5}}"#, "leafWeight"),
            (r#"{"blockIO":{"weightDevice":[{"major":8,"minor":0}]}}"#, "takes a weight"),
            (r#"{"rdma":{"mlx":{}}}"#, "hcaHandles"),
            (r#"{"unified":{"../x":"77"}}"#, "unified"),
        ] {
            let error = written(text).expect_err(text);
            assert!(error.contains(word), "{error}");
        }
    }
}
