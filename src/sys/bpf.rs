//! bpf(2): programs that say which devices the processes of a cgroup may use.

use std::io;
use std::os::fd::{AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd};

// linux/bpf.h
const BPF_PROG_LOAD: libc::c_int = 5;
const BPF_PROG_ATTACH: libc::c_int = 8;
const BPF_PROG_TYPE_CGROUP_DEVICE: u32 = 15;
const BPF_CGROUP_DEVICE: u32 = 6;
const BPF_F_ALLOW_MULTI: u32 = 2;

/// The beginning of the call's argument for loading; the kernel takes what is behind it for zeros.
#[repr(C)]
struct Load {
    kind: u32,
    count: u32,
    instructions: u64,
    license: u64,
    log: [u64; 2],
    version_and_flags: u64,
}

#[repr(C)]
struct Attach {
    target: u32,
    program: u32,
    kind: u32,
    flags: u32,
}

/// Loads a program for devices: instructions of 8 bytes each, as linux/bpf.h has them.
///
/// # Errors
/// `EPERM` for who is not root of the machine; `EINVAL`, `EACCES` for what is no such program.
pub fn load_device_program(instructions: &[u8]) -> io::Result<OwnedFd> {
    let count = u32::try_from(instructions.len() / 8).map_err(|_| io::ErrorKind::InvalidInput)?;
    // No helper of the kernel's is called, so the licence does not matter; one has to be there.
    let license = c"";
    let argument = Load {
        kind: BPF_PROG_TYPE_CGROUP_DEVICE,
        count,
        instructions: instructions.as_ptr().addr() as u64,
        license: license.as_ptr().addr() as u64,
        log: [0; 2],
        version_and_flags: 0,
    };
    // SAFETY: the argument is live and of the size passed; what it points to is live, and the kernel copies it.
    let fd = unsafe { libc::syscall(libc::SYS_bpf, BPF_PROG_LOAD, &raw const argument, size_of::<Load>()) };
    let fd = i32::try_from(fd).map_err(|_| io::ErrorKind::InvalidData)?;
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel has just made this descriptor (close-on-exec) for us.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Has a program decide for a cgroup, beside those that decide already; it goes with the cgroup.
///
/// # Errors
/// `EPERM`: the caller is not root of the machine, or a cgroup above is closed to more programs.
pub fn attach_device_program(cgroup: BorrowedFd<'_>, program: &OwnedFd) -> io::Result<()> {
    let number = |fd: i32| fd.unsigned_abs();
    let argument = Attach {
        target: number(cgroup.as_raw_fd()),
        program: number(program.as_raw_fd()),
        kind: BPF_CGROUP_DEVICE,
        flags: BPF_F_ALLOW_MULTI,
    };
    // SAFETY: the argument is live and of the size passed.
    let done = unsafe { libc::syscall(libc::SYS_bpf, BPF_PROG_ATTACH, &raw const argument, size_of::<Attach>()) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
