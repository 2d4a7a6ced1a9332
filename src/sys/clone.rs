//! Children: `clone3` and the end of a child.

use bitflags::bitflags;
use std::io;
use std::os::fd::{AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd};

bitflags! {
    /// What a child gets of its own (clone(2), "The flags mask").
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct CloneFlags: u64 {
        const NEWNS = 0x0002_0000;
        const NEWCGROUP = 0x0200_0000;
        const NEWUTS = 0x0400_0000;
        const NEWIPC = 0x0800_0000;
        const NEWUSER = 0x1000_0000;
        const NEWPID = 0x2000_0000;
        const NEWNET = 0x4000_0000;
        /// Not for [`spawn`]: its offsets are to be written before anybody is in it (time_namespaces(7)).
        const NEWTIME = 0x0000_0080;
        /// The child's parent is the caller's parent.
        const PARENT = 0x0000_8000;
    }
}

const CLONE_PIDFD: u64 = 0x0000_1000;
const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;

/// A child process and a descriptor of it, close-on-exec.
#[derive(Debug)]
pub struct Child {
    pub pid: i32,
    pub pidfd: OwnedFd,
}

/// Struct `clone_args` of linux/sched.h, Linux 5.7 (88 bytes).
#[repr(C, align(8))]
#[derive(Default)]
struct CloneArgs {
    flags: u64,
    pidfd: u64,
    child_tid: u64,
    parent_tid: u64,
    exit_signal: u64,
    stack: u64,
    stack_size: u64,
    tls: u64,
    set_tid: u64,
    set_tid_size: u64,
    cgroup: u64,
}

/// Forks a child with the namespaces of `flags`, born in `cgroup` where one is given (Linux 5.7), and runs `body` in it.
///
/// The child ends by `_exit` with what `body` returns, so nothing buffered is written twice. The caller has to be
/// single-threaded: in the child no other thread goes on, also not one that holds a lock.
///
/// # Errors
/// What clone3(2) says: `EPERM`, `ENOSPC` (too many user namespaces), `EAGAIN`, `ENOSYS` (a sandbox hides clone3).
pub fn spawn(flags: CloneFlags, cgroup: Option<BorrowedFd<'_>>, body: impl FnOnce() -> i32) -> io::Result<Child> {
    let mut pidfd: libc::c_int = -1;
    let mut args = CloneArgs {
        flags: flags.bits() | CLONE_PIDFD,
        pidfd: (&raw mut pidfd) as u64,
        exit_signal: if flags.contains(CloneFlags::PARENT) { 0 } else { u64::from(libc::SIGCHLD.unsigned_abs()) },
        ..CloneArgs::default()
    };
    if let Some(fd) = cgroup {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = u64::from(fd.as_raw_fd().unsigned_abs());
    }
    // SAFETY: args points to a live clone_args of the size passed and pidfd to a live int; without CLONE_VM the child has a
    // copy of the whole address space, stack included, so this is fork(2) with more flags.
    let pid = unsafe { libc::syscall(libc::SYS_clone3, &raw mut args, size_of::<CloneArgs>()) };
    match i32::try_from(pid).unwrap_or(-1) {
        0 => super::process::exit_now(run_child(body)),
        pid if pid > 0 => {
            // SAFETY: the kernel has just stored a new descriptor there, and nobody else knows its number.
            let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
            Ok(Child { pid, pidfd })
        }
        _ => Err(io::Error::last_os_error()),
    }
}

/// Runs the child's body; a panic (debug builds unwind) must not run into the parent's frames.
fn run_child(body: impl FnOnce() -> i32) -> i32 {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)).unwrap_or(125)
}

impl Child {
    /// Waits for the child's end and returns its code as the shell counts: 128+n for signal n.
    ///
    /// # Errors
    /// It is not ours to wait for (any more).
    pub fn wait(&self) -> io::Result<i32> {
        wait_pidfd(&self.pidfd)
    }
}

/// Waits for the end of a child of ours, known by its pidfd, and returns its code: 128+n for signal n.
///
/// # Errors
/// It is not ours to wait for (any more).
pub fn wait_pidfd(pidfd: &OwnedFd) -> io::Result<i32> {
    use std::os::fd::AsFd as _;
    // __WALL: a child that was made with CLONE_PARENT and no exit signal is else not waited for.
    let mut info = std::mem::MaybeUninit::<libc::siginfo_t>::zeroed();
    loop {
        // SAFETY: info is a live siginfo_t; the pidfd is open.
        let done = unsafe {
            libc::waitid(libc::P_PIDFD, pidfd.as_fd().as_raw_fd().unsigned_abs(), info.as_mut_ptr(), libc::WEXITED | libc::__WALL)
        };
        if done == 0 {
            break;
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    // SAFETY: zeroed is a valid siginfo_t, and waitid has filled it.
    let info = unsafe { info.assume_init() };
    // SAFETY: after waitid the union holds the SIGCHLD fields.
    let status = unsafe { info.si_status() };
    Ok(if info.si_code == libc::CLD_EXITED { status } else { 128 + status })
}
