//! A container's cgroup that its own processes may divide further (config-linux.md "Cgroup ownership").

use rustix::fs::{AtFlags, Uid, chownat, fchown};
use std::os::fd::BorrowedFd;

/// What belongs to who may divide a cgroup, where the kernel does not say it (cgroups(7), "Cgroups delegation").
const FALLBACK: &str = "cgroup.procs\ncgroup.subtree_control\ncgroup.threads\n";

/// Gives the cgroup, and the files of it that may be given away, to a user. A caller without the right to do that leaves it as it is:
/// the container then only looks at its cgroup.
pub fn give(cgroup: BorrowedFd<'_>, uid: u32) {
    let owner = Some(Uid::from_raw(uid));
    if fchown(cgroup, owner, None).is_err() {
        return;
    }
    let names = std::fs::read_to_string("/sys/kernel/cgroup/delegate").unwrap_or_else(|_| FALLBACK.to_owned());
    for name in names.lines().filter(|name| !name.is_empty() && !name.contains('/')) {
        // Not every cgroup has every one of them.
        let _ = chownat(cgroup, name, owner, None, AtFlags::SYMLINK_NOFOLLOW);
    }
}
