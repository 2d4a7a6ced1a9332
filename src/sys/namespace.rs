//! Entering and leaving namespaces.

use super::clone::CloneFlags;
use std::io;
use std::os::fd::{AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd};

/// Joins the namespaces of the process that `pidfd` names, all or none (setns(2), Linux 5.8).
///
/// A user namespace needs a single-threaded caller, and gives it every capability in there.
///
/// # Errors
/// `ESRCH` when the process is gone, `EPERM`, `EINVAL` for a second thread or a namespace that the caller is in.
pub fn join(pidfd: BorrowedFd<'_>, which: CloneFlags) -> io::Result<()> {
    let bits = u32::try_from(which.bits()).unwrap_or(0);
    let types = rustix::thread::ThreadNameSpaceType::from_bits_retain(bits);
    rustix::thread::move_into_thread_name_spaces(pidfd, types).map_err(io::Error::from)
}

/// The kinds of namespaces and their names in `/proc/<pid>/ns`.
const KINDS: [(CloneFlags, &str); 8] = [
    (CloneFlags::NEWUSER, "user"),
    (CloneFlags::NEWNS, "mnt"),
    (CloneFlags::NEWPID, "pid"),
    (CloneFlags::NEWIPC, "ipc"),
    (CloneFlags::NEWUTS, "uts"),
    (CloneFlags::NEWNET, "net"),
    (CloneFlags::NEWCGROUP, "cgroup"),
    (CloneFlags::NEWTIME, "time"),
];

/// Returns the namespaces in which the process `pid` is and the caller is not.
///
/// A namespace that cannot be looked at counts as another one: joining it says what is the matter.
#[must_use]
pub fn differing(pid: i32) -> CloneFlags {
    let differs = |name: &str| own(name).is_none_or(|own| of(pid, name) != Some(own));
    KINDS.into_iter().filter(|(_, name)| differs(name)).map(|(flag, _)| flag).collect()
}

/// Tells whether the process `pid` is in the caller's own user namespace.
#[must_use]
pub fn shares_user_namespace(pid: i32) -> bool {
    own("user").is_some_and(|own| of(pid, "user") == Some(own))
}

/// Opens the user namespace directly below the caller's own in which the process `pid` is, be it further down or not.
///
/// # Errors
/// The process has ended, is in the caller's own namespace or above, or may not be looked at.
pub fn user_namespace_below(pid: i32) -> io::Result<OwnedFd> {
    let same = |a: &OwnedFd, b: &OwnedFd| -> io::Result<bool> {
        let (a, b) = (rustix::fs::fstat(a)?, rustix::fs::fstat(b)?);
        Ok((a.st_dev, a.st_ino) == (b.st_dev, b.st_ino))
    };
    let own: OwnedFd = std::fs::File::open("/proc/self/ns/user")?.into();
    let mut namespace: OwnedFd = std::fs::File::open(format!("/proc/{pid}/ns/user"))?.into();
    loop {
        // EPERM at the top of what the caller may see (ioctl_ns(2)).
        let parent = parent(&namespace)?;
        if same(&parent, &own)? {
            return Ok(namespace);
        }
        namespace = parent;
    }
}

fn parent(namespace: &OwnedFd) -> io::Result<OwnedFd> {
    // `_IO(0xb7, 2)` of linux/nsfs.h.
    const NS_GET_PARENT: libc::Ioctl = 0xb702;
    // SAFETY: the call takes no argument and gives a descriptor.
    let fd = unsafe { libc::ioctl(namespace.as_raw_fd(), NS_GET_PARENT) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel has just made it, close-on-exec, and nobody else knows its number.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Gives the caller new namespaces. A new pid namespace is for its later children.
///
/// # Errors
/// `EPERM`, `ENOSPC` (a limit on namespaces), `EINVAL` (a user namespace and a second thread).
pub fn unshare(which: CloneFlags) -> io::Result<()> {
    let bits = i32::try_from(which.bits()).unwrap_or(0);
    // SAFETY: without CLONE_FILES and CLONE_VM nothing that Rust relies on changes.
    let done = unsafe { libc::unshare(bits) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Gives the calling thread a working directory, root and umask that it shares with no other (unshare(2), `CLONE_FS`).
///
/// # Errors
/// No memory, or a sandbox forbids it.
pub fn unshare_folders() -> io::Result<()> {
    // SAFETY: only paths and the umask of this thread are concerned, of which Rust keeps nothing.
    let done = unsafe { libc::unshare(libc::CLONE_FS) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Names one of the namespaces of a process, by the file of that name in `/proc/PID/ns`; nothing where we may not look.
#[must_use]
pub fn of(pid: i32, name: &str) -> Option<(u64, u64)> {
    at(&format!("/proc/{pid}/ns/{name}"))
}

/// Names one of the caller's namespaces; nothing where `/proc` does not show it.
#[must_use]
pub fn own(name: &str) -> Option<(u64, u64)> {
    at(&format!("/proc/self/ns/{name}"))
}

fn at(path: &str) -> Option<(u64, u64)> {
    rustix::fs::stat(path).ok().map(|stat| (stat.st_dev, stat.st_ino))
}

/// Puts the caller itself into a new time namespace with these offsets: lines as `/proc/<pid>/timens_offsets` takes them.
///
/// # Errors
/// The kernel has none, or an offset is out of range.
pub fn enter_new_time(offsets: &str) -> io::Result<()> {
    use std::os::fd::AsFd as _;
    unshare(CloneFlags::NEWTIME)?;
    if !offsets.is_empty() {
        std::fs::write("/proc/self/timens_offsets", offsets)?;
    }
    // Until now it is only the namespace of later children.
    let namespace = std::fs::File::open("/proc/self/ns/time_for_children")?;
    join(namespace.as_fd(), CloneFlags::NEWTIME)
}

/// Sets the NIS domain name of the caller's uts namespace.
///
/// # Errors
/// `EINVAL` for more than 64 bytes, `EPERM` without rights over the namespace.
pub fn set_domain_name(name: &str) -> io::Result<()> {
    // SAFETY: the pointer and the length are those of a live string; the kernel copies it.
    let done = unsafe { libc::setdomainname(name.as_ptr().cast(), name.len()) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
