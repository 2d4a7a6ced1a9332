//! A leash: a program that we did not write ends when another process does, however that comes about.

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use std::io;
use std::os::fd::{AsFd, AsRawFd as _};

/// Lets the kernel send SIGKILL to the process `pid` when the last writing end of the pipe is closed; `reader` is its reading end,
/// and `pid` has to hold a copy of it.
///
/// That is input readiness by signal (fcntl(2), "Managing signals", `F_SETSIG`): a pipe that loses its writers tells it to the
/// owner of its reading end. No process has to wait for it, and unlike the parent's death signal it needs no kinship.
///
/// If the writers are gone already nothing is sent: ask [`is_let_go`] afterwards.
///
/// # Errors
/// `ESRCH` when the process is gone.
pub fn tie(reader: impl AsFd, pid: i32) -> io::Result<()> {
    let fd = reader.as_fd().as_raw_fd();
    // SAFETY: it takes a number; the kernel keeps a reference to the process, not its number.
    let owned = unsafe { libc::fcntl(fd, libc::F_SETOWN, pid) };
    if owned != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: it takes a signal number.
    let set = unsafe { libc::fcntl(fd, F_SETSIG, libc::SIGKILL) };
    if set != 0 {
        return Err(io::Error::last_os_error());
    }
    let flags = fcntl_getfl(&reader)?;
    fcntl_setfl(&reader, flags | OFlags::from_bits_retain(O_ASYNC)).map_err(io::Error::from)
}

/// Tells whether nobody holds a writing end any more.
#[must_use]
pub fn is_let_go(reader: impl AsFd) -> bool {
    super::fd::is_readable(reader).unwrap_or(false)
}

// asm-generic/fcntl.h, the same on every machine that we build for.
const F_SETSIG: i32 = 10;
const O_ASYNC: u32 = libc::O_ASYNC.cast_unsigned();

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::{Command, Stdio};

    #[test]
    fn a_program_dies_when_the_last_writer_is_gone() {
        let (reader, writer) = crate::sys::fd::pipe().unwrap();
        let second = writer.try_clone().unwrap();
        let stdin = Stdio::from(reader.try_clone().unwrap());
        let mut child = Command::new("sleep").arg("1000").stdin(stdin).spawn().unwrap();
        tie(&reader, child.id().try_into().unwrap()).unwrap();
        assert!(!is_let_go(&reader));
        drop(reader);
        drop(writer);
        assert!(child.try_wait().unwrap().is_none(), "one writer is left");
        drop(second);
        assert_eq!(child.wait().unwrap().signal(), Some(libc::SIGKILL));
    }

    #[test]
    fn a_leash_that_nobody_holds_is_seen() {
        let (reader, writer) = crate::sys::fd::pipe().unwrap();
        drop(writer);
        assert!(is_let_go(&reader));
    }
}
