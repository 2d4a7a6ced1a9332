//! Becoming another program.

use super::clone::{self, CloneFlags};
use super::{fdpass, mount, namespace, socket, tiny};
use rustix::fs::{Mode, OFlags};
use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};
use std::path::Path;

/// Becomes the program at `path`. Returns only when it cannot.
#[must_use]
pub fn execve(path: &Path, argv: &[CString], env: &[CString]) -> io::Error {
    use std::os::unix::ffi::OsStrExt as _;
    let Ok(path) = CString::new(path.as_os_str().as_bytes()) else { return io::Error::from(io::ErrorKind::InvalidInput) };
    let argv: Vec<*const libc::c_char> = argv.iter().map(|text| text.as_ptr()).chain([std::ptr::null()]).collect();
    let env: Vec<*const libc::c_char> = env.iter().map(|text| text.as_ptr()).chain([std::ptr::null()]).collect();
    // SAFETY: both arrays end with a null pointer, and their strings outlive the call.
    unsafe { libc::execve(path.as_ptr(), argv.as_ptr(), env.as_ptr()) };
    io::Error::last_os_error()
}

/// Becomes the program that `program` is open on. Returns only when it cannot.
#[must_use]
pub fn execve_at(program: &OwnedFd, argv: &[CString], env: &[CString]) -> io::Error {
    let argv: Vec<*const libc::c_char> = argv.iter().map(|text| text.as_ptr()).chain([std::ptr::null()]).collect();
    let env: Vec<*const libc::c_char> = env.iter().map(|text| text.as_ptr()).chain([std::ptr::null()]).collect();
    // SAFETY: both arrays end with a null pointer, and their strings outlive the call; the empty path is a C string.
    unsafe {
        libc::syscall(libc::SYS_execveat, program.as_raw_fd(), c"".as_ptr(), argv.as_ptr(), env.as_ptr(), libc::AT_EMPTY_PATH);
    }
    io::Error::last_os_error()
}

/// Opens a program for a process that others may look at: through the `/proc/<pid>/exe` of whoever executes this descriptor nobody can
/// write to the file, whoever owns it, now or when it is executed no more (CVE-2019-5736).
///
/// It is open on a read-only copy of its mount that is nowhere mounted any more, so no right suffices to make it writable again: only
/// mounts that are in a mount namespace can be changed or copied. No byte of the file is copied. The caller, who is root of a user
/// namespace, keeps its own mounts; a child makes the copy.
///
/// # Errors
/// There is no such program, or the kernel refuses.
pub fn open_unwritable(program: &Path) -> io::Result<OwnedFd> {
    let (here, there) = socket::seqpacket_pair()?;
    let mut there = Some(there);
    let child = clone::spawn(CloneFlags::empty(), None, || {
        let Some(there) = there.take() else { return libc::EINVAL };
        let made = unwritable(program).and_then(|fd| fdpass::send(there.as_fd(), fd.as_fd()));
        made.err().map_or(0, |error| error.raw_os_error().unwrap_or(libc::EINVAL))
    })?;
    drop(there);
    let received = fdpass::receive(here.as_fd())?;
    match (child.wait()?, received) {
        (0, Some(fd)) => Ok(fd),
        (code, _) => Err(io::Error::from_raw_os_error(code)),
    }
}

/// Copies a program that has no path any more into a sealed memory file, close-on-exec: what [`open_unwritable`] is for one that has.
///
/// # Errors
/// There is no memory for it, or the machine forbids executing memory files (`vm.memfd_noexec=2`).
pub fn sealed_copy(program: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    let path = format!("/proc/self/fd/{}", program.as_raw_fd());
    let from = rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    tiny::sealed_file("coracle", |to| {
        const MOST: usize = 1 << 30;
        while rustix::io::retry_on_intr(|| rustix::fs::sendfile(to, &from, None, MOST))? > 0 {}
        Ok(())
    })
}

fn unwritable(program: &Path) -> io::Result<OwnedFd> {
    namespace::unshare(CloneFlags::NEWNS)?;
    let copy = mount::clone_tree(program, false)?;
    mount::set_attributes(copy.as_fd(), mount::Attributes::MOUNT_ATTR_RDONLY, mount::Attributes::empty(), false)?;
    // The copy is dissolved with its own descriptor; what is open on it stays as it is.
    let path = format!("/proc/self/fd/{}", copy.as_raw_fd());
    rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).map_err(io::Error::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_not_there_cannot_be_opened() {
        // In a user namespace of its own, which a threaded test cannot enter: the child does, or the machine has none.
        let child = clone::spawn(CloneFlags::NEWUSER, None, || {
            open_unwritable(Path::new("/nowhere/at/all")).err().and_then(|error| error.raw_os_error()).unwrap_or(0)
        });
        if let Ok(child) = child {
            assert_eq!(child.wait().expect("a child of ours"), libc::ENOENT);
        }
    }
}
