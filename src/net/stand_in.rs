//! A process for pasta to find a namespace by.
//!
//! pasta gives most of its capabilities up before it opens the namespace of the process that it is told. A user's own pasta
//! may look into the container all the same, because the user owns its user namespace; root of the session namespace may not look
//! into a process that has capabilities which pasta has given up (ptrace(2), "Ptrace access mode checking"). So it gets a process
//! with none, which does nothing but stand in the container's network namespace.

use super::NetError;
use crate::sys::clone::{self, Child, CloneFlags};
use crate::sys::{fd, namespace, process};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use rustix::thread::{CapabilitySet, CapabilitySets};
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

/// The process; it ends when this is dropped, or with the process that made it.
#[derive(Debug)]
pub(super) struct StandIn {
    child: Child,
    /// Its closed end ends the process.
    end: Option<OwnedFd>,
}

impl StandIn {
    /// Makes a process in the network namespace of the process `init`. To be called as root of the session namespace, single-threaded.
    pub(super) fn of(init: i32) -> Result<Self, NetError> {
        let fail = |source| NetError::Start { helper: "pasta", source };
        let init = Pid::from_raw(init).ok_or_else(|| fail(io::ErrorKind::InvalidInput.into()))?;
        let init = pidfd_open(init, PidfdFlags::empty()).map_err(|errno| fail(errno.into()))?;
        Self::in_namespace(init.as_fd())
    }

    /// Makes a process in a network namespace, or in that of the process that a pidfd names; as above.
    pub(super) fn in_namespace(namespace: BorrowedFd<'_>) -> Result<Self, NetError> {
        let fail = |source| NetError::Start { helper: "pasta", source };
        let own = process::own_pidfd().map_err(fail)?;
        let (ready, ready_there) = fd::pipe().map_err(fail)?;
        let (end_there, end) = fd::pipe().map_err(fail)?;
        let child = clone::spawn(CloneFlags::empty(), None, || {
            let none = CapabilitySet::empty();
            let none = CapabilitySets { effective: none, permitted: none, inheritable: none };
            let keep = [namespace, own.as_fd(), ready_there.as_fd(), end_there.as_fd()];
            let done = fd::close_all_but(&keep)
                .and_then(|()| namespace::join(namespace, CloneFlags::NEWNET))
                .and_then(|()| rustix::thread::set_capabilities(None, none).map_err(io::Error::from))
                .and_then(|()| process::die_with(&own))
                .and_then(|()| File::from(ready_there).write_all(b"r"));
            if done.is_ok() {
                let _ = File::from(end_there).read(&mut [0]);
            }
            0
        });
        let stand_in = Self { child: child.map_err(fail)?, end: Some(end) };
        // Nothing where it has failed: its end of the pipe, the last one, is closed.
        match File::from(ready).read(&mut [0]) {
            Ok(1) => Ok(stand_in),
            _ => Err(fail(io::ErrorKind::PermissionDenied.into())),
        }
    }

    pub(super) fn pid(&self) -> i32 {
        self.child.pid
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.end = None;
        let _ = self.child.wait();
    }
}
