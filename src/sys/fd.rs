//! Descriptors: which ones pass an exec, and pipes.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{FdFlags, fcntl_getfd, fcntl_setfd, retry_on_intr};
use std::io;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd};

/// Marks every descriptor from `first` on close-on-exec (close_range(2) with `CLOSE_RANGE_CLOEXEC`, Linux 5.11).
///
/// # Errors
/// The kernel does not know the call.
pub fn close_on_exec_from(first: u32) -> io::Result<()> {
    const CLOSE_RANGE_CLOEXEC: u32 = 4;
    // SAFETY: it takes three numbers and touches no memory of ours.
    let done = unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, CLOSE_RANGE_CLOEXEC) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Lets a descriptor pass the next exec.
///
/// # Errors
/// It is not open.
pub fn keep_on_exec(fd: impl AsFd) -> io::Result<()> {
    let flags = fcntl_getfd(&fd)?;
    fcntl_setfd(&fd, flags - FdFlags::CLOEXEC).map_err(io::Error::from)
}

/// Makes a close-on-exec pipe: the reading end, the writing end.
///
/// # Errors
/// No descriptors are left.
pub fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).map_err(io::Error::from)
}

/// Puts `fd` at the place of descriptor 0, 1 or 2, where it passes an exec.
///
/// # Errors
/// It is not open.
pub fn become_stdio(fd: impl AsFd, number: u8) -> io::Result<()> {
    match number {
        0 => rustix::stdio::dup2_stdin(fd),
        1 => rustix::stdio::dup2_stdout(fd),
        _ => rustix::stdio::dup2_stderr(fd),
    }
    .map_err(io::Error::from)
}

/// Puts a copy of `fd` at the number `number`, not close-on-exec; whatever was there is closed.
///
/// # Errors
/// It is not open.
pub fn duplicate_to(fd: BorrowedFd<'_>, number: i32) -> io::Result<OwnedFd> {
    // SAFETY: dup2 takes two numbers; the caller gives up what it had at the second.
    let done = unsafe { libc::dup2(fd.as_raw_fd(), number) };
    if done < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: dup2 has just made it, and it is ours.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// Closes every descriptor from 3 on but those in `keep`: for a child that is about to wait for the end of a pipe, of which it
/// has inherited both ends. Nothing that owned them is dropped any more in such a child.
///
/// # Errors
/// The kernel does not know close_range(2) (before Linux 5.9).
pub fn close_all_but(keep: &[BorrowedFd<'_>]) -> io::Result<()> {
    let mut numbers: Vec<u32> = keep.iter().map(|fd| fd.as_raw_fd().unsigned_abs()).filter(|number| *number > 2).collect();
    numbers.sort_unstable();
    let mut first = 3;
    for number in numbers.into_iter().chain([u32::MAX]) {
        if number > first {
            let last = if number == u32::MAX { number } else { number - 1 };
            // SAFETY: it takes three numbers; the caller has given these descriptors up.
            let done = unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
            if done != 0 {
                return Err(io::Error::last_os_error());
            }
        }
        first = number.saturating_add(1);
    }
    Ok(())
}

/// Tells whether a read would not wait, or the other end is gone; of a pidfd, whether its process has ended.
///
/// # Errors
/// poll(2): `ENOMEM` in practice.
pub fn is_readable(fd: impl AsFd) -> io::Result<bool> {
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    Ok(retry_on_intr(|| poll(&mut [PollFd::new(&fd, PollFlags::IN)], Some(&now)))? > 0)
}
