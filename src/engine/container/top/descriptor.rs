//! The columns: ps(1)'s AIX format descriptors, and Podman's own.

use super::process::{Process, Snapshot};
use crate::model::CapSet;
use std::fmt::Write as _;

/// One column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Descriptor(&'static Column);

#[derive(Debug)]
struct Column {
    name: &'static str,
    /// The letter after `%`.
    aix: Option<char>,
    head: &'static str,
    cell: fn(&Process, &Snapshot) -> String,
}

const COLUMNS: [Column; 31] = [
    column("args", Some('a'), "COMMAND", |process, _| process.args()),
    column("capamb", None, "AMBIENT CAPS", |process, _| caps(process.status.number16("CapAmb"))),
    column("capbnd", None, "BOUNDING CAPS", |process, _| caps(process.status.number16("CapBnd"))),
    column("capeff", None, "EFFECTIVE CAPS", |process, _| caps(process.status.number16("CapEff"))),
    column("capinh", None, "INHERITED CAPS", |process, _| caps(process.status.number16("CapInh"))),
    column("capprm", None, "PERMITTED CAPS", |process, _| caps(process.status.number16("CapPrm"))),
    column("comm", Some('c'), "COMMAND", |process, _| process.stat.comm.clone()),
    column("etime", Some('t'), "ELAPSED", |process, all| go_duration(all.elapsed(process))),
    column("group", Some('G'), "GROUP", |process, all| all.names.group(process.status.id("Gid", 1))),
    column("groups", None, "GROUPS", |process, all| {
        process.status.ids("Groups").into_iter().map(|id| all.names.group(Some(id))).collect::<Vec<_>>().join(",")
    }),
    column("hgroup", None, "HGROUP", |process, _| number(process.status.id("Gid", 1))),
    column("hgroups", None, "HGROUPS", |process, _| {
        process.status.ids("Groups").into_iter().map(|id| id.to_string()).collect::<Vec<_>>().join(",")
    }),
    column("hpid", None, "HPID", |process, _| process.host_pid.to_string()),
    column("huser", None, "HUSER", |process, _| number(process.status.id("Uid", 1))),
    column("label", None, "LABEL", |process, _| process.label()),
    column("nice", Some('n'), "NI", |process, _| process.stat.nice.to_string()),
    column("pcpu", Some('C'), "%CPU", |process, all| percent(all.cpu(process), all.elapsed(process))),
    column("pgid", Some('r'), "PGID", |process, all| all.inner(&process.status, "NSpgid").to_string()),
    column("pid", Some('p'), "PID", |process, all| all.inner(&process.status, "NSpid").to_string()),
    column("ppid", Some('P'), "PPID", |process, all| all.parent(process).to_string()),
    column("rgroup", Some('g'), "RGROUP", |process, all| all.names.group(process.status.id("Gid", 0))),
    column("rss", None, "RSS", |process, _| process.status.kilobytes("VmRSS").to_string()),
    column("ruser", Some('u'), "RUSER", |process, all| all.names.user(process.status.id("Uid", 0))),
    column("seccomp", None, "SECCOMP", |process, _| seccomp(process.status.field("Seccomp")).to_owned()),
    column("state", None, "STATE", |process, _| process.stat.state.to_string()),
    column("stime", None, "STIME", |process, all| all.start_time(process)),
    column("time", Some('x'), "TIME", |process, all| go_duration(all.cpu(process) / 1_000_000_000 * 1_000_000_000)),
    column("tty", Some('y'), "TTY", |process, _| tty(process.stat.tty)),
    column("user", Some('U'), "USER", |process, all| all.names.user(process.status.id("Uid", 1))),
    column("uid", None, "UID", |process, all| number(all.names.inner_uid(process.status.id("Uid", 1)))),
    column("vsz", Some('z'), "VSZ", |process, _| (process.stat.virtual_bytes / 1024).to_string()),
];

/// Podman's default.
const DEFAULT: [&str; 8] = ["user", "pid", "ppid", "pcpu", "etime", "tty", "time", "args"];

const fn column(name: &'static str, aix: Option<char>, head: &'static str, cell: fn(&Process, &Snapshot) -> String) -> Column {
    Column { name, aix, head, cell }
}

/// Reads descriptors; nothing where one of the words is none.
pub(super) fn parse(words: &[String]) -> Option<Vec<Descriptor>> {
    let named = words.iter().flat_map(|word| word.split(',')).filter(|word| !word.is_empty());
    let names: Vec<&str> = if words.is_empty() { DEFAULT.to_vec() } else { named.collect() };
    let find = |name: &str| {
        let aix = name.strip_prefix('%').and_then(|letter| letter.parse::<char>().ok());
        COLUMNS.iter().find(|column| column.name == name || (aix.is_some() && column.aix == aix)).map(Descriptor)
    };
    names.into_iter().map(find).collect()
}

impl Descriptor {
    pub(super) fn head(self) -> &'static str {
        self.0.head
    }

    pub(super) fn cell(self, process: &Process, all: &Snapshot) -> String {
        (self.0.cell)(process, all)
    }
}

fn number(id: Option<u32>) -> String {
    id.map_or_else(|| "?".to_owned(), |id| id.to_string())
}

fn caps(mask: u64) -> String {
    let set = CapSet::from_mask(mask);
    match set {
        CapSet::NONE => "none".to_owned(),
        CapSet::ALL => "full".to_owned(),
        some => {
            let mut names: Vec<&str> = some.bare_names().collect();
            names.sort_unstable();
            names.join(",")
        }
    }
}

/// seccomp(2), and proc(5) "Seccomp".
fn seccomp(mode: &str) -> &str {
    match mode {
        "0" => "disabled",
        "1" => "strict",
        "2" => "filter",
        _ => "?",
    }
}

/// The terminal of a device number (devices.txt): 4 are consoles, 136 to 143 are pseudo terminals.
fn tty(device: u32) -> String {
    let (major, minor) = ((device >> 8) & 0xfff, (device & 0xff) | ((device >> 12) & 0xf_ff00));
    match major {
        4 if minor < 64 => format!("tty{minor}"),
        4 => format!("ttyS{}", minor - 64),
        136..=143 => format!("pts/{}", minor + (major - 136) * 256),
        _ => "?".to_owned(),
    }
}

fn percent(cpu: u64, elapsed: u64) -> String {
    let thousandths = u128::from(cpu) * 100_000 / u128::from(elapsed.max(1));
    format!("{}.{:03}", thousandths / 1000, thousandths % 1000)
}

/// As Go prints a duration: `1h2m12.497061672s`, `1.5s`, `20.25ms`, `0s`.
fn go_duration(nanoseconds: u64) -> String {
    let fraction = |whole: u64, part: u64, digits: usize| {
        let mut text = whole.to_string();
        if part > 0 {
            let padded = format!("{part:0digits$}");
            let _ = write!(text, ".{}", padded.trim_end_matches('0'));
        }
        text
    };
    match nanoseconds {
        0 => "0s".to_owned(),
        1..1_000 => format!("{nanoseconds}ns"),
        1_000..1_000_000 => fraction(nanoseconds / 1000, nanoseconds % 1000, 3) + "µs",
        1_000_000..1_000_000_000 => fraction(nanoseconds / 1_000_000, nanoseconds % 1_000_000, 6) + "ms",
        _ => {
            let (seconds, part) = (nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000);
            let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
            let rest = fraction(seconds % 60, part, 9) + "s";
            match (hours, minutes) {
                (0, 0) => rest,
                (0, _) => format!("{minutes}m{rest}"),
                _ => format!("{hours}h{minutes}m{rest}"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptors_are_names_or_letters_and_come_with_commas() {
        let heads = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            parse(&words).map(|columns| columns.iter().map(|column| column.head()).collect::<Vec<_>>().join(" "))
        };
        assert_eq!(heads(&[]).as_deref(), Some("USER PID PPID %CPU ELAPSED TTY TIME COMMAND"));
        assert_eq!(heads(&["pid,seccomp", "%C", "args"]).as_deref(), Some("PID SECCOMP %CPU COMMAND"));
        assert_eq!(heads(&["%p,%U", "hpid"]).as_deref(), Some("PID USER HPID"));
        for bad in [&["-ef"][..], &["aux"], &["pid", "nosuch"], &["%"], &["%pp"]] {
            assert_eq!(heads(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn durations_read_as_gos() {
        for (nanoseconds, text) in [
            (0, "0s"),
            (965_300_000, "965.3ms"),
            (1_500, "1.5µs"),
            (1_116_454_785, "1.116454785s"),
            (60_000_000_000, "1m0s"),
            (3_732_497_061_672, "1h2m12.497061672s"),
        ] {
            assert_eq!(go_duration(nanoseconds), text);
        }
        assert_eq!(percent(1_234, 100_000), "1.234");
        assert_eq!(percent(0, 0), "0.000");
    }

    #[test]
    fn terminals_are_named_by_their_numbers() {
        for (device, name) in [(0, "?"), (34816, "pts/0"), (34817, "pts/1"), (0x8900, "pts/256"), (1025, "tty1"), (1088, "ttyS0")]
        {
            assert_eq!(tty(device), name, "{device}");
        }
    }

    #[test]
    fn capabilities_are_named() {
        assert_eq!(caps(0), "none");
        assert_eq!(caps(u64::MAX), "full");
        assert_eq!(caps(0b11), "CHOWN,DAC_OVERRIDE");
    }
}
