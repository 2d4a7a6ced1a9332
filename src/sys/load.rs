//! What processes use, as `/proc` tells it.

use super::{namespace, process};
use std::fs;

/// What one process uses, or several together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Nanoseconds of processor time, with that of the children it has waited for.
    pub cpu: u64,
    /// The part of `cpu` that was spent in the kernel.
    pub cpu_system: u64,
    /// Bytes of memory that are there now; what processes share counts for each.
    pub memory: u64,
    pub tasks: u64,
    /// Bytes read from disks and written to them; zero where we may not know.
    pub read: u64,
    pub written: u64,
}

const TICK_NANOSECONDS: u64 = 1_000_000_000 / process::TICKS_PER_SECOND;

impl Load {
    /// Adds up what the processes use; those that have ended count nothing.
    #[must_use]
    pub fn of(pids: &[i32]) -> Self {
        pids.iter().filter_map(|pid| Self::of_one(*pid)).fold(Self::default(), Self::with)
    }

    fn with(sum: Self, one: Self) -> Self {
        Self {
            cpu: sum.cpu.saturating_add(one.cpu),
            cpu_system: sum.cpu_system.saturating_add(one.cpu_system),
            memory: sum.memory.saturating_add(one.memory),
            tasks: sum.tasks.saturating_add(one.tasks),
            read: sum.read.saturating_add(one.read),
            written: sum.written.saturating_add(one.written),
        }
    }

    fn of_one(pid: i32) -> Option<Self> {
        let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
        let status = fs::read(format!("/proc/{pid}/status")).ok()?;
        let io = fs::read(format!("/proc/{pid}/io")).unwrap_or_default();
        parse(&stat, &status, &io)
    }
}

/// Reads `/proc/<pid>/stat`, `status` and `io`; nothing where they are not such.
#[must_use]
pub fn parse(stat: &[u8], status: &[u8], io: &[u8]) -> Option<Load> {
    let fields: Vec<&str> = process::fields_of(stat).collect();
    // proc_pid_stat(5): utime is field 14, and the first one here is field 3.
    let ticks = |field: usize| fields.get(field - 3).and_then(|text| text.parse::<u64>().ok());
    let (user, system) = (ticks(14)?.saturating_add(ticks(16)?), ticks(15)?.saturating_add(ticks(17)?));
    Some(Load {
        cpu: user.saturating_add(system).saturating_mul(TICK_NANOSECONDS),
        cpu_system: system.saturating_mul(TICK_NANOSECONDS),
        memory: value(status, "VmRSS:").saturating_mul(1024),
        tasks: value(status, "Threads:"),
        read: value(io, "read_bytes:"),
        written: value(io, "write_bytes:"),
    })
}

/// The number in the line that begins with this word; 0 where there is none.
fn value(text: &[u8], word: &str) -> u64 {
    let line = text.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(word.as_bytes()));
    let number = line.and_then(|rest| std::str::from_utf8(rest).ok()).and_then(|rest| rest.split_ascii_whitespace().next());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// Returns the processes in the pid namespace of `init` that the caller may look at; only `init` where that cannot be told.
#[must_use]
pub fn namespace_of(init: i32) -> Vec<i32> {
    let Some(wanted) = namespace::of(init, "pid").filter(|wanted| Some(*wanted) != namespace::own("pid")) else {
        return vec![init];
    };
    process::all().into_iter().filter(|pid| namespace::of(*pid, "pid") == Some(wanted)).collect()
}

/// Bytes that came in and went out through the network interfaces of the process's namespace, the loopback left out.
#[must_use]
pub fn network(pid: i32) -> (u64, u64) {
    fs::read_to_string(format!("/proc/{pid}/net/dev")).map(|text| parse_network(&text)).unwrap_or_default()
}

/// Reads `/proc/<pid>/net/dev`.
#[must_use]
pub fn parse_network(text: &str) -> (u64, u64) {
    let lines = text.lines().filter_map(|line| line.split_once(':')).filter(|(name, _)| name.trim() != "lo");
    lines.fold((0, 0), |(received, sent), (_, rest)| {
        let numbers: Vec<u64> = rest.split_ascii_whitespace().filter_map(|text| text.parse().ok()).collect();
        let at = |column: usize| numbers.get(column).copied().unwrap_or(0);
        (received.saturating_add(at(0)), sent.saturating_add(at(8)))
    })
}

/// Bytes of memory that the machine has.
#[must_use]
pub fn machine_memory() -> u64 {
    value(&fs::read("/proc/meminfo").unwrap_or_default(), "MemTotal:").saturating_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_texts_are_read() {
        let stat = b"7 (a) b) S 1 7 7 0 -1 0 1 2 3 4 100 50 10 5 20 0 3 0 99 1 1";
        let load = parse(stat, b"Name:\tx\nVmRSS:\t     12 kB\nThreads:\t3\n", b"rchar: 9\nread_bytes: 4096\nwrite_bytes: 1\n");
        let wanted = Load { cpu: 1_650_000_000, cpu_system: 550_000_000, memory: 12_288, tasks: 3, read: 4096, written: 1 };
        assert_eq!(load, Some(wanted));
        assert_eq!(parse(b"7 x", b"", b""), None);
        let net =
            "Inter-| Receive\n face |bytes\n    lo: 5 1 0 0 0 0 0 0 5 1 0 0 0 0 0 0\n  tap0:10 1 0 0 0 0 0 0 20 1 0 0 0 0 0 0\n";
        assert_eq!(parse_network(net), (10, 20));
    }

    #[test]
    fn sums_that_are_too_large_stay_at_the_largest_number() {
        let most = u64::MAX;
        let stat = format!("7 (a) S 1 7 7 0 -1 0 1 2 3 4 {most} {most} 1 1 20 0 3 0 99 1 1");
        let load = parse(stat.as_bytes(), format!("VmRSS: {most} kB\n").as_bytes(), b"").unwrap();
        assert_eq!((load.cpu, load.cpu_system, load.memory), (most, most, most));
        let both = Load::with(load, Load { cpu: 1, tasks: 2, ..load });
        assert_eq!((both.cpu, both.memory, both.tasks), (most, most, 2));
        let net = format!("a: {most} 0 0 0 0 0 0 0 {most}\nb: 1 0 0 0 0 0 0 0 1\n");
        assert_eq!(parse_network(&net), (most, most));
    }

    #[test]
    fn we_ourselves_use_something() {
        let own = std::process::id().cast_signed();
        let load = Load::of(&[own, i32::MAX]);
        assert!(load.memory > 0 && load.tasks > 0, "{load:?}");
        assert!(machine_memory() > load.memory);
        // In our own namespace nobody but the process itself can be told apart.
        assert_eq!(namespace_of(own), [own]);
    }
}
