//! The end: how init went, the record of it, and what is taken away.

use super::args::MonitorArgs;
use super::logs::stamp;
use crate::sys::{process, tree};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{AtFlags, CWD, Mode, OFlags, RawDir, openat, renameat, unlinkat};
use rustix::io::Errno;
use rustix::process::{WaitId, WaitIdOptions};
use std::ffi::{CStr, CString};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

const RECORD: &CStr = c"exit.json";
const RECORD_TMP: &CStr = c"exit.json.tmp";
const RUN_RECORD: &CStr = c"run.json";
const SIGKILL: i32 = 9;
/// The code where none can be known: init was not ours to wait for.
const UNKNOWN: i32 = 255;
/// How long sessions that came too late may take to end before their cgroup is left to the next command.
const JOINERS_PATIENCE: Duration = Duration::from_secs(1);

/// How init ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct End {
    /// 0–255, 128+n for signal n.
    pub(super) code: i32,
    /// By SIGKILL.
    killed: bool,
    /// Nanoseconds since the epoch.
    at: i64,
}

/// Takes init's exit code from the kernel; nothing while init lives.
pub(super) fn reap(pidfd: BorrowedFd<'_>) -> Option<End> {
    // __WALL: the process of an exec session was made with CLONE_PARENT, and may tell its end by no signal.
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::from_bits_retain(libc::__WALL.cast_unsigned());
    match rustix::io::retry_on_intr(|| rustix::process::waitid(WaitId::PidFd(pidfd), options)) {
        Ok(None) => None,
        Ok(Some(status)) => Some(match (status.exit_status(), status.terminating_signal()) {
            (Some(code), _) => End { code, killed: false, at: stamp::now() },
            (None, Some(signal)) => End { code: 128 + signal, killed: signal == SIGKILL, at: stamp::now() },
            (None, None) => End { code: UNKNOWN, killed: false, at: stamp::now() },
        }),
        Err(_) => Some(End { code: UNKNOWN, killed: false, at: stamp::now() }),
    }
}

/// Writes `exit.json` (`model::ExitRecord`) into the current folder; by rename, so that nobody reads half of it.
///
/// On a full disk the file of the run record, which has its space already, is made the exit record.
///
/// `restarting` says that the container is about to be started again, by this process; `restarts` counts that start, too.
pub(super) fn record(args: &MonitorArgs, end: End, restarting: bool, restarts: u32) -> Result<(), Errno> {
    let oom_killed = end.killed && args.cgroup.as_deref().is_some_and(oom_kills);
    let own = process::pid_ref(rustix::process::getpid().as_raw_nonzero().get()).ok().filter(|_| restarting);
    let monitor = own.map_or_else(|| "null".to_owned(), |own| format!("{{\"pid\":{},\"start\":{}}}", own.pid, own.start));
    let text = format!(
        "{{\"code\":{},\"started_at\":{},\"finished_at\":{},\"oom_killed\":{oom_killed},\"restarts\":{restarts},\"restarting\":{monitor}}}\n",
        end.code, args.started_at, end.at,
    );
    let create = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let written = openat(CWD, RECORD_TMP, create, Mode::RUSR | Mode::WUSR).and_then(|file| write_all(&file, &text));
    if written.and_then(|()| renameat(CWD, RECORD_TMP, CWD, RECORD)).is_ok() {
        return Ok(());
    }
    let _ = unlinkat(CWD, RECORD_TMP, AtFlags::empty());
    let file = openat(CWD, RUN_RECORD, OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
    write_all(&file, &text)?;
    rustix::fs::ftruncate(&file, text.len() as u64)?;
    renameat(CWD, RUN_RECORD, CWD, RECORD)
}

fn write_all(file: &OwnedFd, text: &str) -> Result<(), Errno> {
    let mut rest = text.as_bytes();
    while !rest.is_empty() {
        let count = rustix::io::retry_on_intr(|| rustix::io::write(file, rest))?;
        rest = &rest[count..];
    }
    Ok(())
}

/// Tells whether the kernel has killed a process of this cgroup for want of memory.
fn oom_kills(cgroup: &Path) -> bool {
    let Ok(file) = openat(CWD, cgroup.join("memory.events"), OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()) else {
        return false;
    };
    let mut text = [0; 512];
    let len = rustix::io::retry_on_intr(|| rustix::io::read(&file, &mut text)).unwrap_or(0);
    count_of(&text[..len], b"oom_kill ") > 0
}

/// The number after a word at the beginning of a line.
fn count_of(text: &[u8], word: &[u8]) -> u64 {
    let digits = text.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(word)).unwrap_or_default();
    std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// The container's folder by its place among the others. Found at the start: at the end it may have been moved by another command.
#[derive(Debug)]
pub(super) struct Folder {
    containers: OwnedFd,
    tmp: OwnedFd,
    id: CString,
}

impl Folder {
    /// Finds the current folder's place: `<data>/containers/<id>`, with `<data>/tmp` beside.
    pub(super) fn find() -> io::Result<Self> {
        let flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
        let path = rustix::process::getcwd(Vec::new())?;
        let id = path.to_bytes().rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        Ok(Self {
            containers: openat(CWD, c"..", flags, Mode::empty())?,
            tmp: openat(CWD, c"../../tmp", flags, Mode::empty())?,
            id: CString::new(id)?,
        })
    }

    /// Removes the folder: first out of sight by rename, then what is in it. A folder that is gone is somebody else's to remove.
    pub(super) fn remove(&self) -> Result<(), tree::RemoveError> {
        let aside = CString::new([self.id.to_bytes(), b".rm"].concat()).expect("made of a C string");
        if renameat(&self.containers, &self.id, &self.tmp, &aside) == Err(Errno::NOTEMPTY) {
            tree::remove(self.tmp.as_fd(), &aside)?;
            let _ = renameat(&self.containers, &self.id, &self.tmp, &aside);
        }
        tree::remove(self.tmp.as_fd(), &aside)
    }
}

/// Ends what is left in the container's cgroup (`cgroup.kill`, Linux 5.14): also what forks faster than it could be found.
pub(super) fn kill_cgroup(args: &MonitorArgs) {
    let Some(cgroup) = &args.cgroup else { return };
    let flags = OFlags::WRONLY | OFlags::CLOEXEC;
    let _ = openat(CWD, cgroup.join("cgroup.kill"), flags, Mode::empty())
        .and_then(|file| rustix::io::retry_on_intr(|| rustix::io::write(&file, b"1")));
}

/// Removes a cgroup and those that the container made below it. The processes of the container are gone.
pub(super) fn remove_cgroup(cgroup: &Path) {
    let Some(name) = cgroup.file_name().and_then(|name| CString::new(name.as_bytes()).ok()) else { return };
    let flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
    let Ok(parent) = openat(CWD, cgroup.parent().unwrap_or(cgroup), flags, Mode::empty()) else { return };
    if unlinkat(&parent, &name, AtFlags::REMOVEDIR) == Err(Errno::BUSY) {
        let _ = let_joiners_go(cgroup);
        remove_cgroup_at(parent.as_fd(), &name, 0);
    }
}

/// A session that was about to join is in the cgroup, but not yet in the pid namespace that has ended. Where the container was paused
/// it stands still with nobody left to pause or unpause; it finds out by itself that there is nothing to join any more.
fn let_joiners_go(cgroup: &Path) -> Result<(), Errno> {
    let freezer = openat(CWD, cgroup.join("cgroup.freeze"), OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())?;
    rustix::io::retry_on_intr(|| rustix::io::write(&freezer, b"0"))?;
    let events = openat(CWD, cgroup.join("cgroup.events"), OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    let end = Instant::now() + JOINERS_PATIENCE;
    loop {
        let mut text = [0; 128];
        let len = rustix::io::retry_on_intr(|| rustix::io::pread(&events, &mut text, 0))?;
        let left = end.saturating_duration_since(Instant::now());
        if count_of(&text[..len], b"populated ") == 0 || left.is_zero() {
            return Ok(());
        }
        let left = Timespec::try_from(left).unwrap_or_default();
        poll(&mut [PollFd::new(&events, PollFlags::PRI)], Some(&left))?;
    }
}

fn remove_cgroup_at(parent: BorrowedFd<'_>, name: &CStr, depth: usize) {
    // A cgroup's files cannot be removed and go with it; the kernel bounds the depth only on request.
    const MAX_DEPTH: usize = 32;
    if unlinkat(parent, name, AtFlags::REMOVEDIR) != Err(Errno::BUSY) || depth == MAX_DEPTH {
        return;
    }
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let Ok(dir) = openat(parent, name, flags, Mode::empty()) else { return };
    let mut room = [MaybeUninit::uninit(); 2048];
    let mut entries = RawDir::new(&dir, &mut room);
    while let Some(Ok(entry)) = entries.next() {
        let name = entry.file_name();
        if entry.file_type() == rustix::fs::FileType::Directory && name != c"." && name != c".." {
            remove_cgroup_at(dir.as_fd(), name, depth + 1);
        }
    }
    let _ = unlinkat(parent, name, AtFlags::REMOVEDIR);
}

/// Removes the container's runtime folder with the socket, and the entry among the living monitors.
pub(super) fn remove_runtime_files(args: &MonitorArgs) {
    if let Some(dir) = args.socket_dir.as_ref().and_then(|dir| CString::new(dir.as_os_str().as_bytes()).ok()) {
        // What is left is swept by a later command.
        let _ = tree::remove(CWD, &dir);
    }
    if let Some(entry) = &args.session_entry {
        let _ = unlinkat(CWD, entry, AtFlags::empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oom_kills_are_read_from_the_right_line() {
        let text = b"low 0\nhigh 3\nmax 12\noom 2\noom_kill 1\noom_group_kill 7\n";
        assert_eq!(count_of(text, b"oom_kill "), 1);
        assert_eq!(count_of(b"oom 2\n", b"oom_kill "), 0);
    }
}
