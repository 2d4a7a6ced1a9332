//! From limits to what is written into the files of a cgroup v2.
//!
//! The conversions are those of runc and crun, so that a number means the same under every runtime.

use super::CgroupError;
use crate::model::limits::{Bound, DEFAULT_CPU_PERIOD_USEC, DEFAULT_PIDS, Limits};
use rustix::fs::FileType;
use std::fmt::Write as _;
use std::io;
use std::path::Path;

/// One file of a cgroup and what is written to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    pub file: String,
    pub value: String,
    /// The option that wants it, for messages.
    pub option: &'static str,
    /// A file that is tried first, where the kernel has it.
    pub before: Option<(&'static str, String)>,
    /// Nobody has asked for it: it is set where it can be.
    pub implied: bool,
}

impl Setting {
    pub(super) fn new(option: &'static str, file: &str, value: impl Into<String>) -> Self {
        Self { file: file.to_owned(), value: value.into(), option, before: None, implied: false }
    }

    /// Tells whether the container may only run with it. No bound is what a cgroup without the controller has anyway.
    #[must_use]
    pub fn is_needed(&self) -> bool {
        !self.implied && !self.is_unbounded()
    }

    fn is_unbounded(&self) -> bool {
        self.value == "max"
    }

    /// The controller that the file belongs to; none for those that every cgroup has.
    #[must_use]
    pub fn controller(&self) -> Option<&str> {
        self.file.split('.').next().filter(|name| *name != "cgroup")
    }
}

/// Returns what is to be written for these limits, the implied ones last.
///
/// # Errors
/// A device is not there, or is no block device.
pub fn settings(limits: &Limits) -> Result<Vec<Setting>, CgroupError> {
    settings_with(limits, device_number)
}

fn settings_with(
    limits: &Limits,
    number_of: impl Fn(&Path) -> Result<(u32, u32), CgroupError>,
) -> Result<Vec<Setting>, CgroupError> {
    let mut list = Vec::new();
    memory(limits, &mut list);
    processor(limits, &mut list);
    if let Some(weight) = limits.blkio_weight {
        list.push(io_weight("--blkio-weight", &weight.to_string(), &io_weight_of(weight).to_string()));
    }
    for one in &limits.device_weights {
        let (major, minor) = number_of(&one.device)?;
        let line = |weight: u64| format!("{major}:{minor} {weight}");
        list.push(io_weight("--blkio-weight-device", &line(one.weight.into()), &line(io_weight_of(one.weight))));
    }
    for one in &limits.device_rates {
        let (major, minor) = number_of(&one.device)?;
        let value = if one.value == 0 { "max".to_owned() } else { one.value.to_string() };
        list.push(Setting::new(
            "--device-{read,write}-{bps,iops}",
            "io.max",
            format!("{major}:{minor} {}={value}", one.rate.as_str()),
        ));
    }
    if let Some(bound) = limits.pids {
        list.push(Setting::new("--pids-limit", "pids.max", text_of(bound)));
    }
    for (name, value) in &limits.conf {
        list.push(Setting::new("--cgroup-conf", name, value.as_str()));
    }
    if limits.pids.is_none() && !limits.conf.contains_key("pids.max") {
        let default = Setting::new("--pids-limit", "pids.max", DEFAULT_PIDS.to_string());
        list.push(Setting { implied: true, ..default });
    }
    Ok(list)
}

fn memory(limits: &Limits, list: &mut Vec<Setting>) {
    if let Some(bound) = limits.memory {
        list.push(Setting::new("--memory", "memory.max", text_of(bound)));
    }
    // The bound of cgroup v2 is on swap alone.
    match (limits.memory, limits.memory_swap) {
        (_, Some(Bound::Unlimited)) => list.push(Setting::new("--memory-swap", "memory.swap.max", "max")),
        (Some(Bound::At(memory)), Some(Bound::At(both))) => {
            list.push(Setting::new("--memory-swap", "memory.swap.max", both.saturating_sub(memory).to_string()));
        }
        // Where the kernel keeps no account of swap, there is none to bound.
        (Some(bound), None) => {
            let twice = Setting::new("--memory", "memory.swap.max", text_of(bound));
            list.push(Setting { implied: true, ..twice });
        }
        _ => {}
    }
    if let Some(bytes) = limits.memory_reservation {
        list.push(Setting::new("--memory-reservation", "memory.low", bytes.to_string()));
    }
}

fn processor(limits: &Limits, list: &mut Vec<Setting>) {
    if limits.cpu_quota_usec.is_some() || limits.cpu_period_usec.is_some() {
        let quota = limits.cpu_quota_usec.map_or_else(|| "max".to_owned(), text_of);
        let period = limits.cpu_period_usec.unwrap_or(DEFAULT_CPU_PERIOD_USEC);
        list.push(Setting::new("--cpus (--cpu-quota, --cpu-period)", "cpu.max", format!("{quota} {period}")));
    }
    if let Some(shares) = limits.cpu_shares {
        list.push(Setting::new("--cpu-shares", "cpu.weight", cpu_weight(shares).to_string()));
    }
    if let Some(cpus) = &limits.cpuset_cpus {
        list.push(Setting::new("--cpuset-cpus", "cpuset.cpus", cpus.as_str()));
    }
    if let Some(nodes) = &limits.cpuset_mems {
        list.push(Setting::new("--cpuset-mems", "cpuset.mems", nodes.as_str()));
    }
}

/// The BFQ scheduler has a file of its own, with the scale of cgroup v1.
pub(super) fn io_weight(option: &'static str, bfq: &str, weight: &str) -> Setting {
    Setting { before: Some(("io.bfq.weight", bfq.to_owned())), ..Setting::new(option, "io.weight", weight) }
}

fn text_of(bound: Bound) -> String {
    match bound {
        Bound::Unlimited => "max".to_owned(),
        Bound::At(number) => number.to_string(),
    }
}

/// From 10…1000 to 1…10000.
pub(super) fn io_weight_of(weight: u16) -> u64 {
    1 + (u64::from(weight).saturating_sub(10)) * 9999 / 990
}

/// From cgroup v1's shares (2…262144, usually 1024) to a weight (1…10000, usually 100).
///
/// The curve goes through the smallest, the usual and the largest of both scales, as in runc 1.4 and crun 1.23; before, a straight
/// line made 1024 shares a weight of 39.
#[must_use]
pub fn cpu_weight(shares: u64) -> u64 {
    match shares {
        0..=2 => 1,
        262_144.. => 10_000,
        _ => {
            // At most 18 bits.
            let log = f64::from(u32::try_from(shares).unwrap_or(u32::MAX)).log2();
            let exponent = (log * log + 125.0 * log) / 612.0 - 7.0 / 34.0;
            // A whole number must not be made the next one by the last bit.
            let weight = (10_f64.powf(exponent) - 1e-9).ceil();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 1 to 10000")]
            let weight = weight as u64;
            weight.clamp(1, 10_000)
        }
    }
}

fn device_number(path: &Path) -> Result<(u32, u32), CgroupError> {
    let fail = |source| CgroupError::Device { path: path.to_owned(), source };
    let stat = rustix::fs::stat(path).map_err(|errno| fail(errno.into()))?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::BlockDevice {
        return Err(fail(io::Error::from_raw_os_error(libc::ENOTBLK)));
    }
    Ok((rustix::fs::major(stat.st_rdev), rustix::fs::minor(stat.st_rdev)))
}

/// Writes the settings into the cgroup whose folder is `path`.
///
/// # Errors
/// The kernel refuses a value, or has no such file.
pub fn apply(path: &Path, settings: &[Setting]) -> Result<(), CgroupError> {
    for setting in settings {
        match write(path, setting) {
            Err(_) if setting.implied => {}
            Err(_) if setting.is_unbounded() && !path.join(&setting.file).exists() => {}
            done => done?,
        }
    }
    Ok(())
}

fn write(path: &Path, setting: &Setting) -> Result<(), CgroupError> {
    let Setting { file, value, option, before, .. } = setting;
    if let Some((first, value)) = before {
        match super::control::write(path, first, value) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            done => return done.map_err(|source| refused(path, option, first, value, source)),
        }
    }
    super::control::write(path, file, value).map_err(|source| refused(path, option, file, value, source))
}

fn refused(path: &Path, option: &'static str, file: &str, value: &str, source: io::Error) -> CgroupError {
    let mut why = String::new();
    match (source.raw_os_error(), file) {
        (Some(libc::ENODEV), "io.max") => why.push_str(" (the device has to be a whole disk, not a partition)"),
        (Some(libc::EINVAL | libc::ERANGE), _) => {
            let effective = match file {
                "cpuset.cpus" => "cpuset.cpus.effective",
                "cpuset.mems" => "cpuset.mems.effective",
                _ => "",
            };
            let allowed = std::fs::read_to_string(path.join(effective)).unwrap_or_default();
            if !effective.is_empty() && !allowed.trim().is_empty() {
                let _ = write!(why, " (there are {})", allowed.trim());
            }
        }
        (Some(libc::ENOENT), "io.weight") => why.push_str(" (this kernel has neither the iocost nor the BFQ weights)"),
        (Some(libc::ENOENT), "memory.swap.max") => why.push_str(" (this kernel keeps no account of swap)"),
        (Some(libc::ENOENT), _) => why.push_str(" (this kernel has no such setting)"),
        _ => {}
    }
    CgroupError::Set { option, file: file.to_owned(), value: value.to_owned(), why, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::limits::{DeviceRate, DeviceWeight, Rate};

    fn written(limits: &Limits) -> Vec<String> {
        let number = |path: &Path| Ok(if path == Path::new("/dev/sda") { (8, 0) } else { (8, 16) });
        let list = settings_with(limits, number).unwrap();
        list.iter().map(|one| format!("{}={}{}", one.file, one.value, if one.implied { " implied" } else { "" })).collect()
    }

    #[test]
    fn limits_become_files() {
        let none = Limits { pids: Some(Bound::Unlimited), ..Limits::default() };
        let memory = |bytes| Some(Bound::At(bytes));
        let table = [
            (none.clone(), vec!["pids.max=max"]),
            (Limits::default(), vec!["pids.max=2048 implied"]),
            (Limits { memory: memory(64), ..none.clone() }, vec!["memory.max=64", "memory.swap.max=64 implied", "pids.max=max"]),
            (
                Limits { memory: memory(64), memory_swap: memory(80), ..none.clone() },
                vec!["memory.max=64", "memory.swap.max=16", "pids.max=max"],
            ),
            (
                Limits { memory: memory(64), memory_swap: Some(Bound::Unlimited), memory_reservation: Some(7), ..none.clone() },
                vec!["memory.max=64", "memory.swap.max=max", "memory.low=7", "pids.max=max"],
            ),
            (Limits { cpu_quota_usec: memory(50_000), ..none.clone() }, vec!["cpu.max=50000 100000", "pids.max=max"]),
            (Limits { cpu_period_usec: Some(5000), ..none.clone() }, vec!["cpu.max=max 5000", "pids.max=max"]),
            (
                Limits { cpu_shares: Some(1024), cpuset_cpus: Some("0-1".into()), ..none.clone() },
                vec!["cpu.weight=100", "cpuset.cpus=0-1", "pids.max=max"],
            ),
            (Limits { conf: [("pids.max".into(), "7".into())].into(), ..Limits::default() }, vec!["pids.max=7"]),
            (
                Limits {
                    blkio_weight: Some(1000),
                    device_weights: vec![DeviceWeight { device: "/dev/sdb".into(), weight: 10 }],
                    device_rates: vec![
                        DeviceRate { device: "/dev/sda".into(), rate: Rate::Wbps, value: 5 },
                        DeviceRate { device: "/dev/sda".into(), rate: Rate::Riops, value: 0 },
                    ],
                    ..none
                },
                vec!["io.weight=10000", "io.weight=8:16 1", "io.max=8:0 wbps=5", "io.max=8:0 riops=max", "pids.max=max"],
            ),
        ];
        for (limits, wanted) in table {
            assert_eq!(written(&limits), wanted, "{limits:?}");
        }
    }

    #[test]
    fn shares_become_weights_on_the_curve() {
        for (shares, weight) in
            [(0, 1), (2, 1), (10, 4), (512, 59), (1024, 100), (2048, 174), (262_143, 10_000), (1 << 40, 10_000)]
        {
            assert_eq!(cpu_weight(shares), weight, "{shares}");
        }
    }

    #[test]
    fn controllers_are_the_first_word() {
        for (file, controller) in [("memory.swap.max", Some("memory")), ("cgroup.max.depth", None), ("io.weight", Some("io"))] {
            assert_eq!(Setting::new("", file, "").controller(), controller);
        }
    }

    #[test]
    fn an_implied_setting_that_cannot_be_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("memory.max"), "").unwrap();
        let limits = Limits { memory: Some(Bound::At(5)), ..Limits::default() };
        apply(folder.path(), &settings(&limits).unwrap()).unwrap();
        assert_eq!(std::fs::read_to_string(folder.path().join("memory.max")).unwrap(), "5");
        let unbounded = Limits { memory_swap: Some(Bound::Unlimited), ..limits.clone() };
        apply(folder.path(), &settings(&unbounded).unwrap()).unwrap();
        let asked = Limits { memory_swap: Some(Bound::At(8)), ..limits };
        let error = apply(folder.path(), &settings(&asked).unwrap()).unwrap_err();
        assert!(error.to_string().contains("--memory-swap"), "{error}");
    }

    #[test]
    fn what_is_no_disk_is_refused() {
        for path in ["/dev/null", "/dev/none"] {
            assert!(matches!(device_number(Path::new(path)), Err(CgroupError::Device { .. })), "{path}");
        }
    }
}
