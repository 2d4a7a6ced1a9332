//! A signal to every process of a container that has no cgroup.

use crate::model::PidRef;
use crate::sys::clone::{self, CloneFlags};
use crate::sys::{namespace, process};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::time::{Duration, Instant};

/// Whom a signal has reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    All,
    /// Nobody: the container shares its pid namespace with processes that are not its own.
    SharedNamespace,
}

/// What the child in the namespace ends with.
const DONE: i32 = 0;
const SHARED: i32 = 3;
const REFUSED: i32 = 4;

/// How long processes may take to stop: longer only in uninterruptible sleep.
const STOP_PATIENCE: Duration = Duration::from_secs(2);
/// How often it is looked; nothing tells of the stop of a process that is not one's own child.
const LOOK_EVERY: Timespec = Timespec { tv_sec: 0, tv_nsec: 1_000_000 };

/// Stops every process of the pid namespace of `init`, and waits until they stand still: a process that runs on another processor
/// stops only when that looks for signals.
///
/// # Errors
/// As [`signal`].
pub fn stop(init: &OwnedFd, pid: PidRef) -> io::Result<Reach> {
    let reached = signal(init, libc::SIGSTOP)?;
    let namespace = namespace::of(pid.pid, "pid");
    let deadline = Instant::now() + STOP_PATIENCE;
    while reached == Reach::All && Instant::now() < deadline && !process::has_ended(init) && !all_stopped(pid, namespace) {
        // Init's end, too, ends the wait.
        let _ = poll(&mut [PollFd::new(init, PollFlags::IN)], Some(&LOOK_EVERY));
    }
    Ok(reached)
}

/// Whether init is stopped and all that can be found of its namespace. What has no thread that runs is dead or stopped.
fn all_stopped(init: PidRef, namespace: Option<(u64, u64)>) -> bool {
    process::is_stopped(init)
        && process::all()
            .into_iter()
            .filter(|pid| namespace.is_some() && namespace::of(*pid, "pid") == namespace)
            .all(process::stands_still)
}

/// Sends a signal to every process of the pid namespace of `init`, also to those that fork meanwhile: a child joins it and asks
/// the kernel for all of them at once, and init, which that leaves out, gets it from here.
///
/// # Errors
/// The namespace cannot be joined, or init not be signalled. An init that has ended is no error.
pub fn signal(init: &OwnedFd, signal: i32) -> io::Result<Reach> {
    let joiner = clone::spawn(CloneFlags::empty(), None, || {
        let own = namespace::own("pid");
        if namespace::join(init.as_fd(), CloneFlags::NEWUSER | CloneFlags::NEWPID).is_err() {
            return REFUSED;
        }
        // A joined pid namespace is for children.
        let child = clone::spawn(CloneFlags::empty(), None, || {
            // kill(-1) in the host's namespace would be for every process of the user.
            if own.is_none() || namespace::own("pid") == own || rustix::process::getpid().is_init() {
                return SHARED;
            }
            match process::signal_everyone(signal) {
                Ok(()) => DONE,
                // Nobody beside init.
                Err(error) if error.raw_os_error() == Some(libc::ESRCH) => DONE,
                Err(_) => REFUSED,
            }
        });
        child.and_then(|child| child.wait()).unwrap_or(REFUSED)
    })?;
    match joiner.wait()? {
        DONE => {}
        SHARED => return Ok(Reach::SharedNamespace),
        _ if process::has_ended(init) => return Ok(Reach::All),
        _ => return Err(io::Error::from(io::ErrorKind::PermissionDenied)),
    }
    match process::send_signal(init, signal) {
        Err(error) if error.raw_os_error() != Some(libc::ESRCH) => Err(error),
        _ => Ok(Reach::All),
    }
}
