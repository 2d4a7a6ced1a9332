//! What a cgroup and those below it have used.

use std::path::Path;

/// The counters of a cgroup. A controller that it does not have leaves its counter out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Nanoseconds of processor time; every cgroup counts it.
    pub cpu: Option<u64>,
    /// The part of `cpu` that was spent in the kernel.
    pub cpu_system: Option<u64>,
    /// Bytes, without the file cache that is given back first.
    pub memory: Option<u64>,
    /// Bytes; none where the cgroup bounds nothing.
    pub memory_limit: Option<u64>,
    pub tasks: Option<u64>,
    /// Bytes read from disks and written to them.
    pub traffic: Option<(u64, u64)>,
}

/// Reads the counters of the cgroup whose folder is `path`; nothing of one that is gone.
#[must_use]
pub fn usage(path: &Path) -> Usage {
    let read = |file: &str| std::fs::read_to_string(path.join(file)).ok();
    let number = |file: &str| read(file).and_then(|text| text.trim().parse().ok());
    let cpu = read("cpu.stat").unwrap_or_default();
    let cache = read("memory.stat").and_then(|text| field(&text, "inactive_file")).unwrap_or(0);
    Usage {
        cpu: field(&cpu, "usage_usec").map(|usec| usec.saturating_mul(1000)),
        cpu_system: field(&cpu, "system_usec").map(|usec| usec.saturating_mul(1000)),
        // As Docker and Podman count it.
        memory: number("memory.current").map(|bytes: u64| bytes.saturating_sub(cache)),
        memory_limit: number("memory.max"),
        tasks: number("pids.current"),
        traffic: read("io.stat").map(|text| traffic(&text)),
    }
}

/// The bound of the cgroup's tasks: none where it has no such controller, 0 for no bound.
#[must_use]
pub fn task_limit(path: &Path) -> Option<u64> {
    let text = std::fs::read_to_string(path.join("pids.max")).ok()?;
    Some(text.trim().parse().unwrap_or(0))
}

pub(super) fn field(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
}

/// Reads `io.stat`: a line a disk, `8:0 rbytes=1 wbytes=2 rios=…`.
pub(super) fn traffic(text: &str) -> (u64, u64) {
    let sum = |key: &str| {
        let words =
            text.split_ascii_whitespace().filter_map(|word| word.strip_prefix(key)?.strip_prefix('=')?.parse::<u64>().ok());
        words.fold(0, u64::saturating_add)
    };
    (sum("rbytes"), sum("wbytes"))
}

/// The processes of the cgroup and those below it.
#[must_use]
pub fn processes(path: &Path) -> Vec<i32> {
    let text = std::fs::read_to_string(path.join("cgroup.procs")).unwrap_or_default();
    let mut pids: Vec<i32> = text.lines().filter_map(|line| line.parse().ok()).collect();
    for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            pids.extend(processes(&entry.path()));
        }
    }
    pids
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_read_where_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        assert_eq!(usage(folder.path()), Usage::default());
        write("cpu.stat", "usage_usec 12\nuser_usec 5\nsystem_usec 7\n");
        write("memory.current", "1000\n");
        write("memory.max", "max\n");
        write("memory.stat", "anon 5\nfile 600\nactive_file 200\ninactive_file 400\n");
        write("pids.current", "3\n");
        write("pids.max", "max\n");
        write("io.stat", "8:0 rbytes=10 wbytes=20 rios=1 wios=1 dbytes=0 dios=0\n8:16 rbytes=1 wbytes=2\n");
        write("cgroup.procs", "5\n6\n");
        std::fs::create_dir(folder.path().join("below")).unwrap();
        write("below/cgroup.procs", "7\n");
        let wanted = Usage {
            cpu: Some(12_000),
            cpu_system: Some(7000),
            memory: Some(600),
            memory_limit: None,
            tasks: Some(3),
            traffic: Some((11, 22)),
        };
        assert_eq!(usage(folder.path()), wanted);
        assert_eq!(task_limit(folder.path()), Some(0));
        assert_eq!(processes(folder.path()), [5, 6, 7]);
    }

    #[test]
    fn counters_that_are_too_large_stay_at_the_largest_number() {
        let most = u64::MAX;
        assert_eq!(traffic(&format!("8:0 rbytes={most} wbytes=2\n8:1 rbytes=1 wbytes={most}\n")), (most, most));
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("cpu.stat"), format!("usage_usec {most}\nsystem_usec {most}\n")).unwrap();
        let usage = usage(folder.path());
        assert_eq!((usage.cpu, usage.cpu_system), (Some(most), Some(most)));
    }
}
