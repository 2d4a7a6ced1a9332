//! `ps`: the processes of a container.

use super::{OciError, Runtime};
use crate::cgroup;
use crate::sys::{load, process};
use std::io;

impl Runtime {
    /// The pids of a container's processes, as the caller sees them; none of a stopped one.
    ///
    /// # Errors
    /// There is no such container.
    pub fn processes(&self, id: &str) -> Result<Vec<i32>, OciError> {
        let container = self.container(id)?;
        if !container.status().is_alive() {
            return Ok(Vec::new());
        }
        let record = &container.record;
        let mut pids = match record.own_cgroup() {
            Some(folder) => cgroup::processes(folder),
            None => load::namespace_of(record.init.pid),
        };
        pids.sort_unstable();
        Ok(pids)
    }
}

/// Sends a signal to a process; one that is gone needs none.
pub(super) fn signal(pid: i32, signal: i32) -> io::Result<()> {
    let Ok(own) = process::pid_ref(pid) else { return Ok(()) };
    match process::open_pidfd(own)?.map(|pidfd| process::send_signal(&pidfd, signal)) {
        Some(Err(error)) if error.raw_os_error() != Some(libc::ESRCH) => Err(error),
        _ => Ok(()),
    }
}
