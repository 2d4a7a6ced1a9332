//! Who gets the processor and the disks first: scheduling policies and input/output priorities; and the execution domain.

use std::io;

/// Struct `sched_attr` of linux/sched/types.h (48 bytes).
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Policy {
    pub size: u32,
    /// `SCHED_*` of linux/sched.h.
    pub policy: u32,
    /// `SCHED_FLAG_*`.
    pub flags: u64,
    /// -20 to 19; for the ordinary policies.
    pub nice: i32,
    /// 1 to 99; for the real-time policies.
    pub priority: u32,
    /// Nanoseconds; for `SCHED_DEADLINE`.
    pub runtime: u64,
    pub deadline: u64,
    pub period: u64,
}

/// Sets the scheduling policy of the calling thread (sched_setattr(2)).
///
/// # Errors
/// `EPERM` without the rights, `EINVAL` for what does not fit together.
pub fn set_policy(policy: &Policy) -> io::Result<()> {
    let own = Policy { size: u32::try_from(size_of::<Policy>()).unwrap_or(48), ..*policy };
    // SAFETY: the pointer is to a live sched_attr whose first field is its size; 0 is the calling thread.
    let done = unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const own, 0) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// The classes of ioprio_set(2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IoClass {
    RealTime = 1,
    BestEffort = 2,
    Idle = 3,
}

/// Sets the priority of the calling thread at the disks, 0 (first) to 7 (ioprio_set(2)).
///
/// # Errors
/// `EPERM`: the real-time class takes `CAP_SYS_ADMIN` of the machine. `EINVAL` for a level beyond 7.
pub fn set_io_priority(class: IoClass, level: u32) -> io::Result<()> {
    const WHO_PROCESS: libc::c_int = 1;
    const CLASS_SHIFT: u32 = 13;
    if level > 7 {
        // Since 6.5 the bits above are hints for the device, and the kernel takes them.
        return Err(io::Error::from_raw_os_error(libc::EINVAL));
    }
    let value = ((class as u32) << CLASS_SHIFT) | level;
    // SAFETY: three numbers; 0 is the calling thread.
    let done = unsafe { libc::syscall(libc::SYS_ioprio_set, WHO_PROCESS, 0, value) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Says from which of the machine's nodes the calling thread's memory comes (set_mempolicy(2)); `mode` holds the flags, too.
///
/// # Errors
/// `EINVAL` for nodes that there are not or that do not fit the mode; `ENOSYS` where the kernel knows no nodes.
pub fn set_memory_policy(mode: u32, nodes: &[usize]) -> io::Result<()> {
    let words = nodes.iter().max().map_or(0, |last| last / 64 + 1);
    let mut mask = vec![0_u64; words];
    for node in nodes {
        mask[node / 64] |= 1 << (node % 64);
    }
    let pointer = if words == 0 { std::ptr::null() } else { mask.as_ptr() };
    // The kernel takes one bit less than it is told of.
    let bits = if words == 0 { 0 } else { words * 64 + 1 };
    // SAFETY: the mask is live and of as many bits as are passed, less one; the kernel copies it.
    let done = unsafe { libc::syscall(libc::SYS_set_mempolicy, mode, pointer, bits) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// What uname(2) and address layouts pretend (personality(2)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    Linux = 0,
    Linux32 = 8,
}

/// Sets the execution domain of the calling process.
///
/// # Errors
/// The kernel refuses.
pub fn set_domain(domain: Domain) -> io::Result<()> {
    // SAFETY: it takes a number and changes nothing that this program relies on.
    let done = unsafe { libc::personality(domain as libc::c_ulong) };
    if done >= 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordinary_user_may_become_nicer() {
        std::thread::spawn(|| {
            set_policy(&Policy { policy: 3, nice: 5, ..Policy::default() }).unwrap();
            let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
            let after = stat.rsplit(')').next().unwrap();
            // proc_pid_stat(5): nice is field 19, the policy field 41; the first here is field 3.
            let fields: Vec<&str> = after.split_ascii_whitespace().collect();
            assert_eq!((fields[16], fields[38]), ("5", "3"));
            set_io_priority(IoClass::BestEffort, 6).unwrap();
            assert!(set_io_priority(IoClass::BestEffort, 9).is_err());
        })
        .join()
        .unwrap();
    }
}
