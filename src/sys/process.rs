//! Processes: who lives, when it began, and how it ends.

use crate::model::PidRef;
use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, PidfdFlags, Signal};
use std::io;
use std::os::fd::OwnedFd;

/// Returns the start time of a process: field 22 of `/proc/<pid>/stat`, in clock ticks after boot.
///
/// # Errors
/// `NotFound` when there is no such process.
pub fn start_time(pid: i32) -> io::Result<u64> {
    let mut space = [0; STAT_BYTES];
    let mut fields = fields_of(read_stat(pid, &mut space)?);
    let start = fields.nth(19).and_then(|field| field.parse().ok());
    start.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))
}

/// The fields of `/proc/<pid>/stat` from the third one, the state, on (proc_pid_stat(5)); none where the text is not such.
pub fn fields_of(stat: &[u8]) -> impl Iterator<Item = &str> {
    // The command name may hold anything, also ") 1 2"; nothing after its last bracket can.
    let after = stat.iter().rposition(|byte| *byte == b')').map_or(&[][..], |at| &stat[at + 1..]);
    std::str::from_utf8(after).unwrap_or_default().split_ascii_whitespace()
}

/// More than `/proc/<pid>/stat` can hold: 52 numbers and a name of at most 64 bytes.
const STAT_BYTES: usize = 2048;

/// Reads `/proc/<pid>/stat` in one piece: it is asked often, and the kernel makes it anew for each reading.
fn read_stat(pid: i32, space: &mut [u8; STAT_BYTES]) -> io::Result<&[u8]> {
    let file = rustix::fs::open(format!("/proc/{pid}/stat"), OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    let count = rustix::io::retry_on_intr(|| rustix::io::read(&file, &mut space[..]))?;
    Ok(&space[..count])
}

/// The errors of a process that is gone: it was when the file was opened, or when it was read.
fn says_gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(libc::ESRCH)
}

/// Names the process `pid` by pid and start time.
///
/// # Errors
/// `NotFound` when there is no such process.
pub fn pid_ref(pid: i32) -> io::Result<PidRef> {
    Ok(PidRef { pid, start: start_time(pid)? })
}

/// Opens a pidfd for exactly this process; nothing where it is gone, also where its pid is another process now.
///
/// # Errors
/// The system refuses for another reason (no descriptors left).
pub fn open_pidfd(process: PidRef) -> io::Result<Option<OwnedFd>> {
    let Some(pid) = Pid::from_raw(process.pid) else { return Ok(None) };
    let fd = match rustix::process::pidfd_open(pid, PidfdFlags::empty()) {
        Ok(fd) => fd,
        Err(rustix::io::Errno::SRCH | rustix::io::Errno::INVAL) => return Ok(None),
        Err(errno) => return Err(errno.into()),
    };
    // The start time is read after the pidfd is open: if it fits, the pidfd is of that process.
    match start_time(process.pid) {
        Ok(start) if start == process.start => Ok(Some(fd)),
        Ok(_) => Ok(None),
        Err(error) if says_gone(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Tells whether exactly this process is there and is no zombie. Where that cannot be read, for want of descriptors or memory, any
/// process of that pid counts: what is taken for dead is removed.
#[must_use]
pub fn is_alive(process: PidRef) -> bool {
    let mut space = [0; STAT_BYTES];
    let text = match read_stat(process.pid, &mut space) {
        Ok(text) => text,
        Err(error) if says_gone(&error) => return false,
        Err(_) => {
            let there = |pid| rustix::process::test_kill_process(pid) != Err(rustix::io::Errno::SRCH);
            return Pid::from_raw(process.pid).is_some_and(there);
        }
    };
    let mut fields = fields_of(text);
    let state = fields.next();
    !matches!(state, Some("Z" | "X")) && fields.nth(18).and_then(|field| field.parse().ok()) == Some(process.start)
}

/// Tells whether the process of a pidfd has ended.
#[must_use]
pub fn has_ended(pidfd: &OwnedFd) -> bool {
    super::fd::is_readable(pidfd).unwrap_or(false)
}

/// Sends a signal through a pidfd, so never to a process that took over the pid.
///
/// # Errors
/// The process is gone (`ESRCH`) or may not be signalled.
pub fn send_signal(pidfd: &OwnedFd, signal: i32) -> io::Result<()> {
    // SAFETY: every number from 1 to 64 is a signal to the kernel; it answers EINVAL to others.
    let signal = unsafe { Signal::from_raw_unchecked(signal) };
    rustix::process::pidfd_send_signal(pidfd, signal).map_err(io::Error::from)
}

/// Sends a signal to every process of the caller's pid namespace that it may signal, save the caller and the namespace's init.
///
/// # Errors
/// `ESRCH`: there is none.
pub fn signal_everyone(signal: i32) -> io::Result<()> {
    // SAFETY: kill takes any number; what is no signal is answered with EINVAL.
    let done = unsafe { libc::kill(-1, signal) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Tells whether a process was stopped by a signal; nothing is known of one that is gone.
#[must_use]
pub fn is_stopped(process: PidRef) -> bool {
    state(process.pid) == Some(b'T') && start_time(process.pid).is_ok_and(|start| start == process.start)
}

/// Tells whether a process does nothing more: it is stopped, has ended, or is gone.
#[must_use]
pub fn stands_still(pid: i32) -> bool {
    matches!(state(pid), Some(b'T' | b't' | b'Z' | b'X') | None)
}

/// The letter that `/proc` shows for what a process does.
fn state(pid: i32) -> Option<u8> {
    let mut space = [0; STAT_BYTES];
    let text = read_stat(pid, &mut space).ok()?;
    fields_of(text).next()?.bytes().next()
}

/// Returns the pids of all processes that `/proc` shows now.
#[must_use]
pub fn all() -> Vec<i32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// How many clock ticks `/proc` counts in a second: `USER_HZ`, which is part of the kernel's interface (asm-generic/param.h).
pub const TICKS_PER_SECOND: u64 = 100;

/// The boot id of this boot.
///
/// # Errors
/// `/proc` cannot be read.
pub fn boot_id() -> io::Result<String> {
    Ok(std::fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim().to_owned())
}

/// Ends the calling process at once: no destructors, no buffers. For children of `fork`.
pub fn exit_now(code: i32) -> ! {
    // SAFETY: _exit takes any value and does not return.
    unsafe { libc::_exit(code) }
}

/// Opens a pidfd of the calling process: for a child that wants to know whether its parent is still there.
///
/// # Errors
/// No descriptors are left.
pub fn own_pidfd() -> io::Result<OwnedFd> {
    rustix::process::pidfd_open(rustix::process::getpid(), PidfdFlags::empty()).map_err(io::Error::from)
}

/// Makes the calling process the parent of those of its descendants whose own parent dies (prctl(2), `PR_SET_CHILD_SUBREAPER`); also
/// after execve(2).
///
/// # Errors
/// The kernel is older than 3.4.
pub fn adopt_orphans() -> io::Result<()> {
    rustix::process::set_child_subreaper(Some(rustix::process::getpid())).map_err(io::Error::from)
}

/// Asks for SIGKILL when the parent dies. `parent` is a descriptor that can be read once it is dead (a pidfd
/// of it, or a pipe whose other end only it has): one that is dead by now gets no second chance to die, so
/// that is an error.
///
/// A change of ids takes the wish back (prctl(2), `PR_SET_PDEATHSIG`).
///
/// # Errors
/// The parent is dead.
pub fn die_with(parent: &OwnedFd) -> io::Result<()> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    match super::fd::is_readable(parent) {
        Ok(false) => Ok(()),
        _ => Err(io::Error::from(io::ErrorKind::BrokenPipe)),
    }
}

/// Gives every signal its default action and lets all of them in: what a program may expect that is executed next. The Rust
/// runtime ignores SIGPIPE, and whoever started us may ignore or block others.
pub fn default_signals() {
    // The kernel's own structure: all zero is SIG_DFL with no flags. The C library's call refuses the two that it keeps to itself.
    let default = [0u64; 4];
    for number in 1..=64i32 {
        let set = std::ptr::from_ref(&default);
        let old: *mut u64 = std::ptr::null_mut();
        // SAFETY: set is a live kernel sigaction (32 bytes), the mask has 8 bytes; SIG_DFL runs no code, KILL and STOP are refused.
        unsafe { libc::syscall(libc::SYS_rt_sigaction, number, set, old, 8usize) };
    }
    let mut none = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: sigemptyset fills the set.
    unsafe { libc::sigemptyset(none.as_mut_ptr()) };
    // SAFETY: the set was filled above; the old one is not asked for.
    unsafe { libc::sigprocmask(libc::SIG_SETMASK, none.as_ptr(), std::ptr::null_mut()) };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::clone::{self, CloneFlags};
    use rustix::process::{Resource, Rlimit, setrlimit};

    #[test]
    fn a_living_process_is_not_taken_for_dead_for_want_of_descriptors() {
        let own = pid_ref(std::process::id().cast_signed()).expect("our own process");
        let gone = PidRef { pid: i32::MAX, start: 1 };
        let child = clone::spawn(CloneFlags::empty(), None, || {
            if setrlimit(Resource::Nofile, Rlimit { current: Some(0), maximum: Some(0) }).is_err() {
                return 2;
            }
            i32::from(!is_alive(own)) + 4 * i32::from(is_alive(gone))
        });
        assert_eq!(child.expect("a child").wait().expect("its end"), 0);
    }
}
