//! A lock on one byte of a file that outlives the process which took it.

use nix::fcntl::{FcntlArg, fcntl};
use rustix::fs::{Mode, OFlags};
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

/// Opens a file and takes a shared lock on the byte `at`. The lock belongs to the open file (`F_OFD_SETLK`, fcntl(2), Linux 3.15): it
/// passes fork and, with the descriptor, exec, and goes when the last copy of the descriptor is closed.
///
/// Not for a process that has locks of the older kind on the same file: closing any descriptor of it would drop those.
///
/// # Errors
/// There is no such file, or somebody has an exclusive lock there.
pub fn share_byte(path: &Path, at: i64) -> io::Result<OwnedFd> {
    let file = rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW, Mode::empty())?;
    let kind = i16::try_from(libc::F_RDLCK).unwrap_or_default();
    let whence = i16::try_from(libc::SEEK_SET).unwrap_or_default();
    let lock = libc::flock { l_type: kind, l_whence: whence, l_start: at, l_len: 1, l_pid: 0 };
    fcntl(&file, FcntlArg::F_OFD_SETLK(&lock))?;
    Ok(file)
}
