//! What of `/proc` and `/sys` a container does not see or may not write.

use crate::model::Security;

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
const READ_ONLY: [&str; 6] = ["/proc/asound", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/// The paths that are hidden and those that are read-only.
pub(super) struct Masks {
    pub(super) hidden: Vec<String>,
    pub(super) read_only: Vec<String>,
}

/// The fixed lists, but what the container shall see; and what else shall be hidden.
pub(super) fn masks(security: &Security) -> Masks {
    let mut masks = Masks { hidden: Vec::new(), read_only: Vec::new() };
    if !security.unmask_all() {
        let stays = |path: &String| !unmasked(security, path);
        masks.hidden = masked().into_iter().filter(stays).collect();
        masks.read_only = READ_ONLY.map(str::to_owned).into_iter().filter(stays).collect();
    }
    masks.hidden.extend(security.mask.iter().cloned());
    masks
}

/// Tells whether `--security-opt unmask` names this path.
pub(super) fn unmasked(security: &Security, path: &str) -> bool {
    security.unmask_all() || security.unmask.iter().any(|pattern| matches(pattern, path))
}

/// The fixed list, and the thermal counters of each processor.
fn masked() -> Vec<String> {
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

/// Compares a path with a pattern of path.Match of Go, which is what Podman uses: `*` and `?` stand for anything but a slash,
/// `[a-z]` for one of a class, a backslash for what follows it.
fn matches(pattern: &str, path: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let path: Vec<char> = path.chars().collect();
    matches_from(&pattern, &path)
}

fn matches_from(pattern: &[char], path: &[char]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, rest) => rest.is_none(),
        (Some(('*', after)), rest) => {
            matches_from(after, path) || rest.is_some_and(|(letter, rest)| *letter != '/' && matches_from(pattern, rest))
        }
        (Some(_), None) => false,
        (Some(('?', after)), Some((letter, rest))) => *letter != '/' && matches_from(after, rest),
        (Some(('[', after)), Some((letter, rest))) => match after.iter().position(|end| *end == ']') {
            Some(end) if *letter != '/' => is_of_class(&after[..end], *letter) && matches_from(&after[end + 1..], rest),
            _ => false,
        },
        (Some(('\\', after)), Some((letter, rest))) => {
            after.split_first().is_some_and(|(wanted, after)| wanted == letter && matches_from(after, rest))
        }
        (Some((wanted, after)), Some((letter, rest))) => wanted == letter && matches_from(after, rest),
    }
}

fn is_of_class(class: &[char], letter: char) -> bool {
    let (negated, mut class) = match class.split_first() {
        Some(('^', rest)) => (true, rest),
        _ => (false, class),
    };
    let mut found = false;
    while let Some((first, rest)) = class.split_first() {
        match rest {
            ['-', last, after @ ..] => {
                found |= (*first..=*last).contains(&letter);
                class = after;
            }
            _ => {
                found |= *first == letter;
                class = rest;
            }
        }
    }
    found != negated
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_of_go() {
        for (pattern, path, wanted) in [
            ("/proc/kcore", "/proc/kcore", true),
            ("/proc/*", "/proc/kcore", true),
            ("/proc/*", "/proc/sys/kernel", false),
            ("/*/k*e", "/proc/kcore", true),
            ("/proc/?core", "/proc/kcore", true),
            ("/proc?kcore", "/proc/kcore", false),
            ("/proc/[a-k]core", "/proc/kcore", true),
            ("/proc/[^a-k]core", "/proc/kcore", false),
            ("/proc/[", "/proc/k", false),
            ("/proc/\\*", "/proc/*", true),
            ("", "/proc", false),
        ] {
            assert_eq!(matches(pattern, path), wanted, "{pattern} {path}");
        }
    }

    #[test]
    fn unmask_takes_from_both_lists_and_mask_adds() {
        let security =
            Security { unmask: vec!["/proc/k*".into(), "/proc/sys".into()], mask: vec!["/secret".into()], ..Security::default() };
        let Masks { hidden, read_only } = masks(&security);
        assert!(!hidden.contains(&"/proc/kcore".to_owned()) && hidden.contains(&"/proc/acpi".to_owned()));
        assert!(hidden.contains(&"/secret".to_owned()));
        assert_eq!(read_only, ["/proc/asound", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sysrq-trigger"]);
        let all = masks(&Security { unmask: vec!["ALL".into()], mask: vec!["/x".into()], ..Security::default() });
        assert_eq!((all.hidden, all.read_only), (vec!["/x".to_owned()], Vec::new()));
    }
}
