//! A container's figures as Podman writes them.

use crate::engine::container::stats::ContainerStats;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// One container.
pub(super) struct Row<'a> {
    pub stats: &'a ContainerStats,
    /// Full ids.
    pub whole: bool,
}

impl Row<'_> {
    fn id(&self) -> &str {
        if self.whole { self.stats.id.as_str() } else { self.stats.id.short() }
    }

    #[expect(clippy::cast_precision_loss, reason = "a percentage is shown with two digits")]
    fn memory_percent(&self) -> f64 {
        let limit = self.stats.memory_limit;
        if limit == 0 { 0.0 } else { self.stats.memory as f64 / limit as f64 * 100.0 }
    }

    /// The object of `--format json`.
    pub(super) fn json(&self) -> Value {
        let stats = self.stats;
        json!({
            "id": self.id(),
            "name": stats.name,
            "cpu_time": duration(stats.cpu),
            "cpu_percent": percent(stats.cpu_percent),
            "avg_cpu": percent(stats.cpu_average),
            "mem_usage": pair(size, (stats.memory, stats.memory_limit)),
            "mem_percent": percent(self.memory_percent()),
            "net_io": pair(size, stats.network),
            "block_io": pair(size, stats.disks),
            "pids": stats.tasks.to_string(),
        })
    }

    /// The fields of templates: those of the table are texts, the others numbers.
    pub(super) fn fields(&self) -> Value {
        let stats = self.stats;
        json!({
            "ID": self.id(),
            "ContainerID": stats.id,
            "Name": stats.name,
            "CPUPerc": percent(stats.cpu_percent),
            "CPU": stats.cpu_percent,
            "AVGCPU": percent(stats.cpu_average),
            "AvgCPU": stats.cpu_average,
            "CPUNano": stats.cpu,
            "CPUSystemNano": stats.cpu_system,
            "Duration": stats.cpu,
            "UpTime": duration(stats.cpu),
            "Up": duration(stats.cpu),
            "SystemNano": stats.at,
            "MemUsage": pair(size, (stats.memory, stats.memory_limit)),
            "MemUsageBytes": pair(binary_size, (stats.memory, stats.memory_limit)),
            "MemLimit": stats.memory_limit,
            "MemPerc": percent(self.memory_percent()),
            "NetIO": pair(size, stats.network),
            "NetInput": stats.network.0,
            "NetOutput": stats.network.1,
            "BlockIO": pair(size, stats.disks),
            "BlockInput": stats.disks.0,
            "BlockOutput": stats.disks.1,
            "PIDS": stats.tasks.to_string(),
            "PIDs": stats.tasks,
        })
    }
}

fn percent(value: f64) -> String {
    format!("{value:.2}%")
}

fn pair(write: impl Fn(u64) -> String, (first, second): (u64, u64)) -> String {
    format!("{} / {}", write(first), write(second))
}

fn size(bytes: u64) -> String {
    four_digits(bytes, 1000.0, &["B", "kB", "MB", "GB", "TB", "PB", "EB"])
}

fn binary_size(bytes: u64) -> String {
    four_digits(bytes, 1024.0, &["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"])
}

/// Four significant digits and no zeros at the end, as Go's `%.4g`: `3.092MB`.
#[expect(clippy::cast_precision_loss, reason = "four digits are shown")]
fn four_digits(bytes: u64, base: f64, units: &[&str]) -> String {
    let (mut value, mut unit) = (bytes as f64, 0);
    while value >= base && unit + 1 < units.len() {
        (value, unit) = (value / base, unit + 1);
    }
    let digits = match value {
        ..10.0 => 3,
        ..100.0 => 2,
        ..1000.0 => 1,
        _ => 0,
    };
    let text = format!("{value:.digits$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text}{}", units[unit])
}

/// A span in Go's form: `1h2m3.5s`, `12.3ms`, `850µs`.
fn duration(nanoseconds: u64) -> String {
    let decimal = |unit: u64, name: &str| {
        let (whole, part) = (nanoseconds / unit, nanoseconds % unit);
        let digits = unit.ilog10() as usize;
        let fraction = format!("{part:0digits$}");
        match fraction.trim_end_matches('0') {
            "" => format!("{whole}{name}"),
            fraction => format!("{whole}.{fraction}{name}"),
        }
    };
    match nanoseconds {
        0 => return "0s".to_owned(),
        1..1000 => return format!("{nanoseconds}ns"),
        1000..1_000_000 => return decimal(1000, "µs"),
        1_000_000..1_000_000_000 => return decimal(1_000_000, "ms"),
        _ => {}
    }
    let minutes = nanoseconds / 60_000_000_000;
    if minutes == 0 {
        return decimal(1_000_000_000, "s");
    }
    let mut text = String::new();
    if minutes >= 60 {
        let _ = write!(text, "{}h", minutes / 60);
    }
    let _ = write!(text, "{}m", minutes % 60);
    match nanoseconds % 60_000_000_000 {
        0 => text + "0s",
        1..1_000_000_000 => {
            let part = format!("{:09}", nanoseconds % 1_000_000_000);
            text + "0." + part.trim_end_matches('0') + "s"
        }
        rest => text + &duration(rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_four_digits() {
        for (bytes, text) in
            [(0, "0B"), (999, "999B"), (3_092_000, "3.092MB"), (16_700_000_000, "16.7GB"), (67_108_864, "67.11MB"), (1000, "1kB")]
        {
            assert_eq!(size(bytes), text);
        }
        assert_eq!(binary_size(67_108_864), "64MiB");
        assert_eq!(binary_size(1023 * 1024), "1023KiB");
    }

    #[test]
    fn spans_are_written_as_in_go() {
        for (nanoseconds, text) in [
            (0, "0s"),
            (850, "850ns"),
            (850_000, "850µs"),
            (22_345_000, "22.345ms"),
            (1_500_000_000, "1.5s"),
            (60_000_000_000, "1m0s"),
            (61_500_000_000, "1m1.5s"),
            (60_000_500_000, "1m0.0005s"),
            (3_723_000_000_000, "1h2m3s"),
        ] {
            assert_eq!(duration(nanoseconds), text);
        }
    }
}
