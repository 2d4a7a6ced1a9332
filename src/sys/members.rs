//! The processes of a container that shares its pid namespace, so that the kernel does not end them with its init.
//!
//! What they have in common is the container's mount namespace: every process of it is born in there, exec sessions too, and
//! leaving it takes rights that containers do not have.

use super::process;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};

/// How long one process may take to die of SIGKILL: longer only in uninterruptible sleep.
const PATIENCE: Timespec = Timespec { tv_sec: 2, tv_nsec: 0 };
/// A container that forks faster than we kill is given up after so many rounds; with a cgroup that cannot be.
const MAX_ROUNDS: usize = 1000;

/// `_IOR(0xb7, 5, __u64)` of linux/nsfs.h: the id of a mount namespace, which no other one of this boot gets (Linux 6.11).
const NS_GET_MNTNS_ID: libc::Ioctl = 0x8008_b705_u32 as libc::Ioctl;

/// A mount namespace, and so the processes in it.
#[derive(Debug)]
pub struct Members {
    id: Id,
    /// Held, so that the kernel gives its inode number to no other.
    namespace: Option<OwnedFd>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Id {
    Unique(u64),
    Inode(u64),
}

impl Members {
    /// The mount namespace of a process.
    ///
    /// # Errors
    /// It has ended, or may not be looked at.
    pub fn of(pid: i32) -> io::Result<Self> {
        Self::of_namespace(File::open(format!("/proc/{pid}/ns/mnt"))?.into())
    }

    /// An open mount namespace.
    ///
    /// # Errors
    /// It is none.
    pub fn of_namespace(namespace: OwnedFd) -> io::Result<Self> {
        let id = id_of(&namespace, true)?;
        Ok(Self { id, namespace: Some(namespace) })
    }

    /// The open namespace.
    #[must_use]
    pub fn into_namespace(self) -> Option<OwnedFd> {
        self.namespace
    }

    /// The mount namespace that had this id in this boot.
    #[must_use]
    pub fn of_id(id: u64) -> Self {
        Self { id: Id::Unique(id), namespace: None }
    }

    /// The id that no other mount namespace of this boot gets; nothing where the kernel has no such id.
    #[must_use]
    pub fn id(&self) -> Option<u64> {
        match self.id {
            Id::Unique(id) => Some(id),
            Id::Inode(_) => None,
        }
    }

    /// Kills them all, also those that are forked meanwhile, and waits for their end.
    pub fn kill(&self) {
        for _ in 0..MAX_ROUNDS {
            let killed = self.kill_once();
            if killed.is_empty() {
                return;
            }
            for pidfd in killed {
                let _ = poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], Some(&PATIENCE));
            }
        }
    }

    fn kill_once(&self) -> Vec<OwnedFd> {
        let own = rustix::process::getpid().as_raw_nonzero().get();
        process::all().into_iter().filter(|pid| *pid != own).filter_map(|pid| self.kill_one(pid)).collect()
    }

    fn kill_one(&self, pid: i32) -> Option<OwnedFd> {
        if !self.has(pid) {
            return None;
        }
        let pidfd = process::pid_ref(pid).and_then(process::open_pidfd).ok().flatten()?;
        // Looked at again: if it is a member now, the pidfd is of a member.
        (self.has(pid) && process::send_signal(&pidfd, libc::SIGKILL).is_ok()).then_some(pidfd)
    }

    /// A process that has ended is in no namespace any more, also while nobody has waited for it.
    fn has(&self, pid: i32) -> bool {
        let namespace = File::open(format!("/proc/{pid}/ns/mnt"));
        namespace.and_then(|file| id_of(&file.into(), matches!(self.id, Id::Unique(_)))).is_ok_and(|id| id == self.id)
    }
}

fn id_of(namespace: &OwnedFd, unique: bool) -> io::Result<Id> {
    let mut id = 0u64;
    if unique {
        // SAFETY: the kernel writes eight bytes, and id is a live u64.
        let done = unsafe { libc::ioctl(namespace.as_raw_fd(), NS_GET_MNTNS_ID, &raw mut id) };
        if done == 0 {
            return Ok(Id::Unique(id));
        }
    }
    Ok(Id::Inode(rustix::fs::fstat(namespace)?.st_ino))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_a_member_of_its_own_namespace_only() {
        let own = i32::try_from(std::process::id()).unwrap();
        let members = Members::of(own).unwrap();
        assert!(members.has(own));
        assert!(!members.has(i32::MAX));
        assert!(!Members::of_id(u64::MAX).has(own));
    }
}
