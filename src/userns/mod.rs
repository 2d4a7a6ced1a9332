//! User namespaces: which ids the user has, how they are mapped, and the session namespace S in which all containers live.

pub mod child;
pub mod map;
pub mod session;
pub mod subid;

/// Tells whether the caller is in the machine's first user namespace, where root is root of the machine.
#[must_use]
pub fn is_initial() -> bool {
    // PROC_USER_INIT_INO of linux/proc_ns.h: part of the kernel's interface.
    const INITIAL: u64 = 0xEFFF_FFFD;
    rustix::fs::stat("/proc/self/ns/user").is_ok_and(|stat| stat.st_ino == INITIAL)
}
