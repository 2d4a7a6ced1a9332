//! seccomp(2).

use std::io;
use std::os::fd::{FromRawFd as _, OwnedFd};

/// Puts a filter on the calling thread, for good; what it starts later inherits it.
///
/// `program` is a `struct sock_filter` array in this machine's byte order.
///
/// # Errors
/// `EACCES` without both `no_new_privs` and `CAP_SYS_ADMIN`; `EINVAL` for what is no program.
pub fn load(program: &[u8]) -> io::Result<()> {
    load_with(program, 0)
}

/// The same with flags of seccomp(2) (`SECCOMP_FILTER_FLAG_*`).
///
/// # Errors
/// As for [`load`]; `EINVAL` for a flag that the kernel does not know; `ESRCH`: another thread has a filter of its own.
pub fn load_with(program: &[u8], flags: u32) -> io::Result<()> {
    // A number of its own is that of a thread that could not be brought along (SECCOMP_FILTER_FLAG_TSYNC): nothing was loaded.
    match set(program, flags)? {
        0 => Ok(()),
        _ => Err(io::Error::from_raw_os_error(libc::ESRCH)),
    }
}

/// The same; returns the descriptor by which another process learns of the calls that the program hands over (seccomp_unotify(2)).
///
/// # Errors
/// As for [`load_with`]; `EBUSY`: a filter that is there has one already.
pub fn load_listening(program: &[u8], flags: u32) -> io::Result<OwnedFd> {
    const NEW_LISTENER: u32 = 1 << 3;
    let fd = set(program, flags | NEW_LISTENER)?;
    // SAFETY: the kernel has just made this descriptor (close-on-exec) for us.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

fn set(program: &[u8], flags: u32) -> io::Result<i32> {
    let (chunks, rest) = program.as_chunks::<8>();
    let mut filter: Vec<libc::sock_filter> = chunks
        .iter()
        .map(|&[c0, c1, jt, jf, k0, k1, k2, k3]| libc::sock_filter {
            code: u16::from_ne_bytes([c0, c1]),
            jt,
            jf,
            k: u32::from_ne_bytes([k0, k1, k2, k3]),
        })
        .collect();
    let length = u16::try_from(filter.len()).ok().filter(|_| rest.is_empty()).ok_or(io::ErrorKind::InvalidInput)?;
    let program = libc::sock_fprog { len: length, filter: filter.as_mut_ptr() };
    // SAFETY: `program` points to `length` initialised instructions that live until the call returns; the kernel copies them.
    let result = unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, flags, &raw const program) };
    i32::try_from(result).ok().filter(|result| *result >= 0).ok_or_else(io::Error::last_os_error)
}

#[cfg(test)]
pub(crate) mod probe {
    use std::io::Read as _;

    /// One call: number and arguments.
    pub(crate) type Call = (i64, [u64; 3]);

    /// Makes each call in a child that has loaded the program; returns the errno of each, 0 for success.
    pub(crate) fn errnos(program: &[u8], calls: &[Call]) -> Vec<i32> {
        let (mut reader, writer) = std::io::pipe().unwrap();
        // SAFETY: the child calls nothing but the system and the allocator of glibc, which survives a fork of threads.
        let pid = unsafe { libc::fork() };
        assert!(pid >= 0);
        if pid == 0 {
            let answers = in_child(program, calls);
            let failed = std::io::Write::write_all(&mut &writer, &answers).is_err();
            crate::sys::process::exit_now(i32::from(failed));
        }
        drop(writer);
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).unwrap();
        let mut status = 0;
        // SAFETY: `status` is a live int.
        unsafe { libc::waitpid(pid, &raw mut status, 0) };
        assert_eq!(status, 0, "wait status of the probe");
        bytes.as_chunks::<4>().0.iter().map(|bytes| i32::from_ne_bytes(*bytes)).collect()
    }

    fn in_child(program: &[u8], calls: &[Call]) -> Vec<u8> {
        let mut answers = Vec::with_capacity(calls.len() * 4);
        // SAFETY: sets a flag of this child and touches no memory.
        unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
        if super::load(program).is_err() {
            return answers;
        }
        for (number, [a, b, c]) in calls {
            // SAFETY: the tests give no call an address that it could write to.
            let result = unsafe { libc::syscall(*number, *a, *b, *c, 0, 0, 0) };
            let errno = if result == -1 { std::io::Error::last_os_error().raw_os_error().unwrap_or(-1) } else { 0 };
            answers.extend(errno.to_ne_bytes());
        }
        answers
    }
}
