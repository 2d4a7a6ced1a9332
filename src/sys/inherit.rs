//! Descriptors that come across `execve` by number.

use std::io;
use std::os::fd::{FromRawFd as _, OwnedFd, RawFd};

/// Takes over an open descriptor that this process was handed by number, and marks it close-on-exec.
///
/// To be called once for each number, at the start of a freshly executed program, before it opens anything itself.
///
/// # Errors
/// The number is no open descriptor.
pub fn adopt(number: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: F_SETFD takes an int and touches no memory; a closed number answers EBADF.
    if unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) } < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the number is open (just checked) and was given to this program to own; callers adopt it once.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}
