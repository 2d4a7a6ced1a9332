//! What a container may use of the machine.

use super::defaults::{before, or};
use crate::cli::error::CliError;
use crate::cli::given;
use crate::config::containers::Containers;
use crate::engine::container::create::CreateRequest;
use crate::model::limits::{self, Bound, CgroupsMode, LimitError, Limits, Rate};
use clap::Args;

/// Options about limits.
#[derive(Debug, Args)]
pub(super) struct CgroupOptions {
    #[command(flatten)]
    resources: ResourceOptions,
    /// Write to a file of the container's cgroup: memory.high=1073741824; may be given several times
    #[arg(long, value_name = "NAME=VALUE")]
    cgroup_conf: Vec<String>,
    /// Make the container's cgroup below this one: a slice of your systemd, or a path below the caller's own
    #[arg(long, value_name = "PATH")]
    cgroup_parent: Option<String>,
    /// The container's cgroup: enabled; disabled: none; no-conmon: the monitor stays in the caller's; split: below the caller's own
    #[arg(long, value_name = "MODE")]
    cgroups: Option<String>,
}

/// The limits that `update` takes, too.
#[derive(Debug, Args)]
pub(in crate::cli::container) struct ResourceOptions {
    /// Bound the memory: a number with b, k, m or g
    #[arg(short, long, value_name = "SIZE")]
    memory: Option<String>,
    /// Bound memory and swap together; -1: no bound on swap (default: twice the memory)
    #[arg(long, value_name = "SIZE", allow_hyphen_values = true)]
    memory_swap: Option<String>,
    /// Memory that is taken back from the container last
    #[arg(long, value_name = "SIZE")]
    memory_reservation: Option<String>,
    /// Only with cgroup v1, so never for an ordinary user: -1 alone is accepted
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    memory_swappiness: Option<i64>,
    /// Only with cgroup v1: false alone is accepted
    #[arg(long, value_name = "BOOL", default_missing_value = "true", num_args = 0..=1, require_equals = true)]
    oom_kill_disable: Option<bool>,
    /// Bound the number of tasks; 0 or -1: none (default: 2048, where there is the controller)
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    pids_limit: Option<i64>,
    /// How many processors' time: 1.5
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["cpu_quota", "cpu_period"])]
    cpus: Option<String>,
    /// A share of the time when processors are short; 1024 is the usual one
    #[arg(short = 'c', long, value_name = "SHARES")]
    cpu_shares: Option<u64>,
    /// Microseconds of processor time in each period; -1: no bound
    #[arg(long, value_name = "MICROSECONDS", allow_negative_numbers = true)]
    cpu_quota: Option<i64>,
    /// The length of that period in microseconds (default: 100000)
    #[arg(long, value_name = "MICROSECONDS")]
    cpu_period: Option<u64>,
    /// Only with cgroup v1: 0 alone is accepted
    #[arg(long, value_name = "MICROSECONDS")]
    cpu_rt_period: Option<u64>,
    /// Only with cgroup v1: 0 alone is accepted
    #[arg(long, value_name = "MICROSECONDS", allow_negative_numbers = true)]
    cpu_rt_runtime: Option<i64>,
    /// The processors to run on: 0-3,8
    #[arg(long, value_name = "LIST")]
    cpuset_cpus: Option<String>,
    /// The memory nodes to use: 0-1
    #[arg(long, value_name = "LIST")]
    cpuset_mems: Option<String>,
    /// A share of the disks' time: 10 to 1000
    #[arg(long, value_name = "WEIGHT")]
    blkio_weight: Option<u64>,
    /// A share of one disk's time: /dev/sda:100
    #[arg(long, value_name = "DEVICE:WEIGHT")]
    blkio_weight_device: Vec<String>,
    /// Bound the bytes that are read from a disk in a second: /dev/sda:1mb
    #[arg(long, value_name = "DEVICE:RATE")]
    device_read_bps: Vec<String>,
    /// Bound the bytes that are written to a disk in a second: /dev/sda:1mb
    #[arg(long, value_name = "DEVICE:RATE")]
    device_write_bps: Vec<String>,
    /// Bound the reads from a disk in a second: /dev/sda:1000
    #[arg(long, value_name = "DEVICE:RATE")]
    device_read_iops: Vec<String>,
    /// Bound the writes to a disk in a second: /dev/sda:1000
    #[arg(long, value_name = "DEVICE:RATE")]
    device_write_iops: Vec<String>,
}

impl CgroupOptions {
    pub(super) fn complete(&mut self, conf: &Containers) {
        before(&mut self.cgroup_conf, conf.cgroup_conf.as_ref());
        or(&mut self.cgroups, conf.cgroups.as_ref());
        let has_cgroup = self.cgroups.as_deref() != Some("disabled");
        self.resources.pids_limit = self.resources.pids_limit.or(conf.pids_limit.filter(|_| has_cgroup));
    }

    /// Puts what was asked into the request.
    ///
    /// # Errors
    /// An option's text cannot be read, or two contradict each other.
    pub(super) fn apply(&self, request: &mut CreateRequest) -> Result<(), CliError> {
        let mut limits = self.resources.limits()?;
        for text in &self.cgroup_conf {
            let (name, value) = limits::pair(text).map_err(about("--cgroup-conf"))?;
            limits.conf.insert(name, value);
        }
        limits.cgroup_parent = self.cgroup_parent.clone().filter(|parent| !parent.is_empty());
        limits.cgroups = cgroups(self.cgroups.as_deref().unwrap_or("enabled"))?;
        limits.check().map_err(|error| CliError::Usage(error.to_string()))?;
        request.limits = limits;
        Ok(())
    }
}

impl ResourceOptions {
    /// Reads the options. What depends on several of them is not checked.
    ///
    /// # Errors
    /// An option's text cannot be read, or it exists in cgroup v1 alone.
    pub(in crate::cli::container) fn limits(&self) -> Result<Limits, CliError> {
        self.refuse_version_one()?;
        let mut limits = Limits {
            memory: bound(given(self.memory.as_ref()), "--memory")?,
            memory_swap: bound(given(self.memory_swap.as_ref()), "--memory-swap")?,
            memory_reservation: size(given(self.memory_reservation.as_ref()), "--memory-reservation")?,
            pids: self.pids_limit.map(|number| u64::try_from(number).ok().filter(|n| *n > 0).map_or(Bound::Unlimited, Bound::At)),
            cpu_quota_usec: self.cpu_quota.map(quota).transpose()?.flatten(),
            cpu_period_usec: self.cpu_period.filter(|period| *period > 0),
            cpu_shares: self.cpu_shares.filter(|shares| *shares > 0),
            cpuset_cpus: list(self.cpuset_cpus.as_deref(), "--cpuset-cpus")?,
            cpuset_mems: list(self.cpuset_mems.as_deref(), "--cpuset-mems")?,
            blkio_weight: self
                .blkio_weight
                .filter(|weight| *weight > 0)
                .map(limits::weight)
                .transpose()
                .map_err(about("--blkio-weight"))?,
            ..Limits::default()
        };
        if let Some(text) = given(self.cpus.as_ref())
            && let Some(quota) = limits::cpus(text).map_err(about("--cpus"))?
        {
            limits.cpu_quota_usec = Some(Bound::At(quota));
            limits.cpu_period_usec = Some(limits::DEFAULT_CPU_PERIOD_USEC);
        }
        for text in &self.blkio_weight_device {
            limits.device_weights.push(limits::device_weight(text).map_err(about("--blkio-weight-device"))?);
        }
        let rates = [
            ("--device-read-bps", &self.device_read_bps, Rate::Rbps),
            ("--device-write-bps", &self.device_write_bps, Rate::Wbps),
            ("--device-read-iops", &self.device_read_iops, Rate::Riops),
            ("--device-write-iops", &self.device_write_iops, Rate::Wiops),
        ];
        for (option, texts, rate) in rates {
            for text in texts {
                limits.device_rates.push(limits::device_rate(text, rate).map_err(about(option))?);
            }
        }
        Ok(limits)
    }

    /// What cgroup v2 does not have: crun refuses it with the same meaning, and a limit that is not set is never passed over.
    fn refuse_version_one(&self) -> Result<(), CliError> {
        let asked = [
            ("--memory-swappiness", self.memory_swappiness.is_some_and(|value| value != -1), "bound the swap with --memory-swap"),
            (
                "--oom-kill-disable",
                self.oom_kill_disable == Some(true),
                "a container that is held back and not killed has --cgroup-conf memory.high=BYTES",
            ),
            ("--cpu-rt-period", self.cpu_rt_period.is_some_and(|value| value != 0), "bound the time with --cpus"),
            ("--cpu-rt-runtime", self.cpu_rt_runtime.is_some_and(|value| value != 0), "bound the time with --cpus"),
        ];
        match asked.into_iter().find(|(_, given, _)| *given) {
            Some((option, _, instead)) => Err(CliError::Usage(format!("{option} exists in cgroup v1 alone: {instead}"))),
            None => Ok(()),
        }
    }
}

fn about(option: &'static str) -> impl FnOnce(LimitError) -> CliError {
    move |error| CliError::Usage(format!("invalid {option}: {error}"))
}

fn size(text: Option<&str>, option: &'static str) -> Result<Option<u64>, CliError> {
    text.map(limits::size).transpose().map_err(about(option))
}

/// A size; 0 of memory is Podman's word for no bound, -1 that for swap.
fn bound(text: Option<&str>, option: &'static str) -> Result<Option<Bound>, CliError> {
    match text {
        Some("-1") => Ok(Some(Bound::Unlimited)),
        text => Ok(size(text, option)?.map(|bytes| if bytes == 0 { Bound::Unlimited } else { Bound::At(bytes) })),
    }
}

fn quota(usec: i64) -> Result<Option<Bound>, CliError> {
    match usec {
        0 => Ok(None),
        ..0 => Ok(Some(Bound::Unlimited)),
        1..1000 => {
            Err(CliError::Usage(format!("invalid --cpu-quota: {usec} is less than the kernel's smallest, 1000 microseconds")))
        }
        usec => Ok(Some(Bound::At(usec.unsigned_abs()))),
    }
}

fn list(text: Option<&str>, option: &'static str) -> Result<Option<String>, CliError> {
    text.filter(|text| !text.is_empty()).map(limits::list).transpose().map_err(about(option))
}

fn cgroups(text: &str) -> Result<CgroupsMode, CliError> {
    CgroupsMode::ALL
        .into_iter()
        .find(|mode| mode.as_str() == text)
        .ok_or_else(|| CliError::Usage(format!("invalid --cgroups {text:?}: choose enabled, disabled, no-conmon or split")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        options: CgroupOptions,
    }

    fn limits(words: &[&str]) -> Result<Limits, String> {
        let line = Line::try_parse_from(["x"].iter().chain(words)).map_err(|error| error.to_string())?;
        let mut request = CreateRequest::default();
        line.options.apply(&mut request).map_err(|error| error.to_string())?;
        Ok(request.limits)
    }

    #[test]
    fn options_are_read_into_limits() {
        let bytes = |bytes| Some(Bound::At(bytes));
        let none = Limits::default;
        let table: [(&[&str], Limits); 11] = [
            (&[], none()),
            (&["-m", "1g"], Limits { memory: bytes(1 << 30), ..none() }),
            (&["-m", "1k", "--memory-swap=-1"], Limits { memory: bytes(1024), memory_swap: Some(Bound::Unlimited), ..none() }),
            (&["--memory", "0"], Limits { memory: Some(Bound::Unlimited), ..none() }),
            (&["--pids-limit", "-1"], Limits { pids: Some(Bound::Unlimited), ..none() }),
            (&["--pids-limit=7"], Limits { pids: bytes(7), ..none() }),
            (&["--cpus", "0.5"], Limits { cpu_quota_usec: bytes(50_000), cpu_period_usec: Some(100_000), ..none() }),
            (&["--cpu-quota", "-1", "-c", "2"], Limits { cpu_quota_usec: Some(Bound::Unlimited), cpu_shares: Some(2), ..none() }),
            (&["--cpus=0", "--cpu-shares=0", "--blkio-weight=0", "--memory-swappiness=-1", "--oom-kill-disable=false"], none()),
            (&["--cgroups=no-conmon"], Limits { cgroups: CgroupsMode::NoConmon, ..none() }),
            (&["--cgroup-conf=memory.high=5", "--cgroup-parent", "a.slice"], {
                Limits { conf: [("memory.high".into(), "5".into())].into(), cgroup_parent: Some("a.slice".into()), ..none() }
            }),
        ];
        for (words, wanted) in table {
            assert_eq!(limits(words), Ok(wanted), "{words:?}");
        }
    }

    #[test]
    fn what_cannot_be_is_refused_with_the_option() {
        let table: [(&[&str], &str); 11] = [
            (&["-m", "x"], "--memory"),
            (&["--memory-swap", "1g"], "--memory-swap"),
            (&["--cpus=1", "--cpu-quota=5000"], "--cpu-quota"),
            (&["--cpu-quota=5"], "--cpu-quota"),
            (&["--cpuset-cpus=a"], "--cpuset-cpus"),
            (&["--blkio-weight=5"], "--blkio-weight"),
            (&["--device-read-bps=/dev/sda"], "--device-read-bps"),
            (&["--memory-swappiness=5"], "--memory-swappiness"),
            (&["--oom-kill-disable"], "--oom-kill-disable"),
            (&["--cgroups=x"], "--cgroups"),
            (&["--cgroups=disabled", "-m1g"], "--cgroups"),
        ];
        for (words, option) in table {
            let error = limits(words).unwrap_err();
            assert!(error.contains(option), "{words:?}: {error}");
        }
    }
}
