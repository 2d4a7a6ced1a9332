//! What of `/proc` and `/sys` a container does not see or may not write.

/// Hidden from containers: hardware, keys and timing of the machine. The union of what Podman and Docker hide.
const MASKED: [&str; 13] = [
    "/proc/acpi",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/sys/firmware",
    "/sys/fs/selinux",
    "/sys/dev/block",
    "/sys/devices/virtual/powercap",
];

/// Read-only for containers.
pub(super) const READ_ONLY: [&str; 6] =
    ["/proc/asound", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/// The fixed list, and the thermal counters of each processor.
pub(super) fn masked() -> Vec<String> {
    let mut paths: Vec<String> = MASKED.iter().map(|path| (*path).to_owned()).collect();
    let entries = std::fs::read_dir("/sys/devices/system/cpu").into_iter().flatten().flatten();
    let is_processor =
        |name: &str| name.strip_prefix("cpu").is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()));
    for entry in entries.filter(|entry| entry.file_name().to_str().is_some_and(is_processor)) {
        let path = entry.path().join("thermal_throttle");
        if path.symlink_metadata().is_ok() {
            paths.push(path.to_string_lossy().into_owned());
        }
    }
    paths
}
