//! Signals as events: a set of them is blocked and read from a descriptor.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd};

/// The highest signal number.
const LAST: i32 = 64;

/// Two real-time signals that the C library keeps for itself (nptl(7)).
const RESERVED: [i32; 2] = [32, 33];

/// Signals that arrive on a descriptor while this lives; dropping it gives them back to their former handling, those that have
/// not been read with it.
#[derive(Debug)]
pub struct Signals {
    fd: OwnedFd,
    before: libc::sigset_t,
}

impl Signals {
    /// Takes the signals for which `wanted` says yes. To be called while the process has one thread.
    ///
    /// # Errors
    /// No descriptors are left.
    pub fn take(wanted: impl Fn(i32) -> bool) -> io::Result<Self> {
        let mut set = empty_set();
        for signal in (1..=LAST).filter(|signal| !RESERVED.contains(signal) && wanted(*signal)) {
            // SAFETY: set is an initialised signal set of this frame; a wrong number is answered with EINVAL.
            unsafe { libc::sigaddset(&raw mut set, signal) };
        }
        // SAFETY: -1 asks for a new descriptor; set lives during the call.
        let raw = unsafe { libc::signalfd(-1, &raw const set, libc::SFD_NONBLOCK | libc::SFD_CLOEXEC) };
        if raw < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: signalfd has just made it, and it is ours.
        let fd = unsafe { OwnedFd::from_raw_fd(raw) };
        let mut before = empty_set();
        // SAFETY: both sets are initialised and live during the call.
        let failed = unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, &raw mut before) };
        if failed != 0 {
            return Err(io::Error::from_raw_os_error(failed));
        }
        Ok(Self { fd, before })
    }

    /// Lets the signals in again: in a child of fork, which has inherited that they are blocked.
    pub fn let_in(&self) {
        // SAFETY: before was filled by the call that blocked them and lives; no old set is asked for.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.before, std::ptr::null_mut()) };
    }

    /// Returns the next signal that has come, or nothing.
    #[must_use]
    pub fn next(&self) -> Option<i32> {
        let mut info = MaybeUninit::<libc::signalfd_siginfo>::zeroed();
        let size = size_of::<libc::signalfd_siginfo>();
        // SAFETY: info has room for `size` bytes.
        let count = unsafe { libc::read(self.fd.as_raw_fd(), info.as_mut_ptr().cast(), size) };
        // SAFETY: zero bytes are a valid value of the structure, which is all numbers.
        let info = unsafe { info.assume_init() };
        (usize::try_from(count) == Ok(size)).then(|| i32::try_from(info.ssi_signo).ok()).flatten()
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        // What has come meanwhile was meant for the one who took them.
        while self.next().is_some() {}
        // SAFETY: before was filled by the same call and lives; no old set is asked for.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.before, std::ptr::null_mut()) };
    }
}

fn empty_set() -> libc::sigset_t {
    let mut set = MaybeUninit::zeroed();
    // SAFETY: set has room for a signal set.
    unsafe { libc::sigemptyset(set.as_mut_ptr()) };
    // SAFETY: sigemptyset has initialised it.
    unsafe { set.assume_init() }
}

/// Stops the calling process until somebody continues it.
pub fn stop_here() {
    // SAFETY: raise takes a number; the process goes on here after SIGCONT.
    unsafe { libc::raise(libc::SIGSTOP) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_signal_is_read_and_does_not_act() {
        let signals = Signals::take(|signal| signal == libc::SIGUSR1).expect("take");
        assert_eq!(signals.next(), None);
        // SAFETY: raise sends to this thread, which has the signal blocked.
        unsafe { libc::raise(libc::SIGUSR1) };
        assert_eq!(signals.next(), Some(libc::SIGUSR1));
        assert_eq!(signals.next(), None);
    }
}
