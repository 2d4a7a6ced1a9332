//! The processes as `/proc` shows them at one moment.

use super::users::Names;
use crate::model::RunRecord;
use crate::sys::process::TICKS_PER_SECOND;
use crate::sys::stamp;
use rustix::fs::{Mode, OFlags, openat};
use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::os::fd::OwnedFd;

/// A longer command line is cut.
const MAX_BYTES: u64 = 1 << 20;

/// One process. What the host's `/proc` says: ids are the host's.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) host_pid: i32,
    pub(super) stat: Stat,
    pub(super) status: StatusFile,
    cmdline: Vec<u8>,
    label: String,
}

/// `/proc/<pid>/stat`, the fields that we show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stat {
    pub(super) comm: String,
    pub(super) state: char,
    pub(super) parent: i32,
    pub(super) tty: u32,
    /// User and system time, in ticks.
    cpu: u64,
    pub(super) nice: i32,
    /// In ticks after boot.
    start: u64,
    pub(super) virtual_bytes: u64,
}

/// `/proc/<pid>/status`.
#[derive(Debug, Default)]
pub(super) struct StatusFile(String);

/// The processes of one container.
#[derive(Debug)]
pub(super) struct Snapshot {
    /// By their pids.
    pub(super) processes: Vec<Process>,
    pub(super) names: Names,
    /// Which of the pids that `/proc` shows for a process is the one in the container: they are one per nested namespace.
    depth: usize,
    /// The pids in the container by those of the host.
    inner: HashMap<i32, i32>,
    /// Nanoseconds after boot.
    now: u64,
}

impl Snapshot {
    /// Reads the processes of init's pid namespace and of those below it.
    pub(super) fn of(run: &RunRecord) -> Self {
        let init = run.init.pid;
        let found = all_processes();
        let depth = found
            .iter()
            .find(|(process, _)| process.host_pid == init)
            .map_or(0, |(process, _)| process.status.field("NSpid").split_whitespace().count().saturating_sub(1));
        let mut processes = members(found, init);
        let inner = |process: &Process| nth(process.status.field("NSpid"), depth);
        processes.sort_by_key(inner);
        let inner = processes.iter().map(|process| (process.host_pid, inner(process))).collect();
        Self { processes, names: Names::of(init), depth, inner, now: stamp::since_boot() }
    }

    /// A number of a field with one number for each namespace, as it is in the container.
    pub(super) fn inner(&self, status: &StatusFile, name: &str) -> i32 {
        nth(status.field(name), self.depth)
    }

    /// The parent's pid in the container; 0 for one outside.
    pub(super) fn parent(&self, process: &Process) -> i32 {
        self.inner.get(&process.stat.parent).copied().unwrap_or(0)
    }

    /// Nanoseconds since the process began.
    pub(super) fn elapsed(&self, process: &Process) -> u64 {
        self.now.saturating_sub(nanoseconds(process.stat.start))
    }

    /// Nanoseconds of processor time.
    pub(super) fn cpu(&self, process: &Process) -> u64 {
        nanoseconds(process.stat.cpu)
    }

    /// When the process began, as Go prints a time in whole seconds.
    pub(super) fn start_time(&self, process: &Process) -> String {
        let began = stamp::now().saturating_sub(i64::try_from(self.elapsed(process)).unwrap_or(i64::MAX));
        let text = stamp::format(began);
        format!("{} +0000 UTC", String::from_utf8_lossy(&text[..19]).replace('T', " "))
    }
}

impl Process {
    /// Opens the process's folder first: whatever is read then is of the same process, or an error once it is gone.
    fn read(host_pid: i32) -> Option<(Self, Option<(u64, u64)>)> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = rustix::fs::open(format!("/proc/{host_pid}"), flags, Mode::empty()).ok()?;
        let stat = Stat::parse(&read(&folder, "stat")?)?;
        let status = StatusFile(String::from_utf8_lossy(&read(&folder, "status")?).into_owned());
        let cmdline = read(&folder, "cmdline").unwrap_or_default();
        let label = read(&folder, "attr/current").unwrap_or_default();
        let label = String::from_utf8_lossy(&label).trim_end_matches(['\n', '\0']).to_owned();
        let namespace = crate::sys::namespace::of(host_pid, "pid");
        Some((Self { host_pid, stat, status, cmdline, label }, namespace))
    }

    /// The command line; a process without one (a zombie) is shown by its name, in brackets.
    pub(super) fn args(&self) -> String {
        if self.cmdline.is_empty() {
            return format!("[{}]", self.stat.comm);
        }
        let words = self.cmdline.strip_suffix(&[0]).unwrap_or(&self.cmdline);
        String::from_utf8_lossy(words).replace('\0', " ")
    }

    pub(super) fn label(&self) -> String {
        if self.label.is_empty() { "?".to_owned() } else { self.label.clone() }
    }
}

impl Stat {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(bytes);
        // The name may hold anything, also ") 1 2"; nothing after its last bracket can.
        let (before, after) = text.rsplit_once(')')?;
        let (_, comm) = before.split_once('(')?;
        let fields: Vec<&str> = after.split_whitespace().collect();
        // proc(5) counts from 1 and the state is the third.
        let field = |number: usize| fields.get(number - 3).copied().unwrap_or_default();
        let count = |number: usize| field(number).parse::<u64>().unwrap_or(0);
        Some(Self {
            comm: comm.to_owned(),
            state: field(3).chars().next()?,
            parent: field(4).parse().ok()?,
            tty: field(7).parse::<i32>().unwrap_or(0).cast_unsigned(),
            cpu: count(14).saturating_add(count(15)),
            nice: field(19).parse().unwrap_or(0),
            start: count(22),
            virtual_bytes: count(23),
        })
    }
}

impl StatusFile {
    /// The text after `Name:`.
    pub(super) fn field(&self, name: &str) -> &str {
        let line = self.0.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.unwrap_or_default().trim()
    }

    /// An id of a line with the real, the effective, the saved and the file system's.
    pub(super) fn id(&self, name: &str, at: usize) -> Option<u32> {
        self.field(name).split_whitespace().nth(at)?.parse().ok()
    }

    pub(super) fn ids(&self, name: &str) -> Vec<u32> {
        self.field(name).split_whitespace().filter_map(|id| id.parse().ok()).collect()
    }

    pub(super) fn number16(&self, name: &str) -> u64 {
        u64::from_str_radix(self.field(name), 16).unwrap_or(0)
    }

    pub(super) fn kilobytes(&self, name: &str) -> u64 {
        self.field(name).split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0)
    }
}

/// What two files of `/proc/<pid>` say, as words.
pub(super) fn described(stat: &[u8], status: &[u8]) -> Option<String> {
    let (stat, status) = (Stat::parse(stat)?, StatusFile(String::from_utf8_lossy(status).into_owned()));
    let (id, groups) = (status.id("Uid", 1), status.ids("Groups"));
    let (capabilities, memory) = (status.number16("CapEff"), status.kilobytes("VmRSS"));
    Some(format!("{stat:?} {id:?} {groups:?} {capabilities:x} {memory} {}", nanoseconds(stat.cpu)))
}

/// The pid of a process in the innermost namespace that it has one in.
pub(super) fn inner_pid(host_pid: i32) -> Option<i32> {
    let (process, _) = Process::read(host_pid)?;
    process.status.field("NSpid").split_whitespace().last()?.parse().ok()
}

fn nth(numbers: &str, at: usize) -> i32 {
    numbers.split_whitespace().nth(at).and_then(|number| number.parse().ok()).unwrap_or(0)
}

fn nanoseconds(ticks: u64) -> u64 {
    ticks.saturating_mul(1_000_000_000 / TICKS_PER_SECOND)
}

fn read(folder: &OwnedFd, name: &str) -> Option<Vec<u8>> {
    let file = openat(folder, name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).ok()?;
    let mut bytes = Vec::new();
    File::from(file).take(MAX_BYTES).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// Every process, each with its pid namespace where we may look.
type Found = Vec<(Process, Option<(u64, u64)>)>;

fn all_processes() -> Found {
    crate::sys::process::all().into_iter().filter_map(Process::read).collect()
}

/// Those of init's namespace, unless it is ours, and those that come from them.
fn members(found: Found, init: i32) -> Vec<Process> {
    let own = crate::sys::namespace::own("pid");
    let namespace = found.iter().find(|(process, _)| process.host_pid == init).and_then(|(_, namespace)| *namespace);
    let namespace = namespace.filter(|_| namespace != own);
    let mut chosen: std::collections::HashSet<i32> = [init].into();
    chosen.extend(
        found.iter().filter(|(_, other)| namespace.is_some() && *other == namespace).map(|(process, _)| process.host_pid),
    );
    loop {
        let before = chosen.len();
        let children =
            found.iter().filter(|(process, _)| chosen.contains(&process.stat.parent)).map(|(process, _)| process.host_pid);
        let children: Vec<i32> = children.collect();
        chosen.extend(children);
        if chosen.len() == before {
            break;
        }
    }
    found.into_iter().map(|(process, _)| process).filter(|process| chosen.contains(&process.host_pid)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_does_not_shift_the_fields() {
        let text = b"77 (a) 1 2 (b) S 5 77 77 34817 77 4194560 1 2 3 4 100 50 0 0 20 -3 1 0 12345 8192 300 0";
        let stat = Stat::parse(text).expect("good");
        assert_eq!((stat.comm.as_str(), stat.state, stat.parent, stat.tty), ("a) 1 2 (b", 'S', 5, 34817));
        assert_eq!((stat.cpu, stat.nice, stat.start, stat.virtual_bytes), (150, -3, 12345, 8192));
        assert_eq!(Stat::parse(b"nothing"), None);
    }

    #[test]
    fn processor_time_that_is_too_large_stays_at_the_largest_number() {
        let text = format!("7 (x) S 5 77 77 0 77 0 1 2 3 4 {} 1 0 0 20 0 1 0 5 6", u64::MAX);
        let stat = Stat::parse(text.as_bytes()).expect("good");
        assert_eq!((stat.cpu, nanoseconds(stat.cpu)), (u64::MAX, u64::MAX));
    }

    #[test]
    fn fields_of_the_status_are_found_by_their_names() {
        let status =
            StatusFile("Name:\tx\nUid:\t1\t2\t3\t4\nNSpid:\t500\t7\nCapEff:\t0000000000000003\nVmRSS:\t  12 kB\n".to_owned());
        assert_eq!((status.id("Uid", 1), nth(status.field("NSpid"), 1)), (Some(2), 7));
        assert_eq!((status.number16("CapEff"), status.kilobytes("VmRSS"), status.field("Nothing")), (3, 12, ""));
    }

    #[test]
    fn our_own_process_is_read() {
        let own = rustix::process::getpid().as_raw_nonzero().get();
        let (process, namespace) = Process::read(own).expect("alive");
        assert!(process.args().contains("coracle") && namespace.is_some());
    }
}
