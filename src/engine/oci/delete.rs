//! `delete`.

use super::record::{self, Container, Status};
use super::{OciError, Runtime};
use crate::cgroup;
use crate::runtime::bundle::{self, SharedRoot};
use crate::runtime::message::Failure;
use crate::sys::process;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::FlockOperation;
use std::time::{Duration, Instant};

/// How long processes may take to end after SIGKILL: longer only in uninterruptible sleep.
const PATIENCE: Duration = Duration::from_secs(10);

impl Runtime {
    /// Takes away what `create` has made. With `force` a container that lives is killed first, and one that is not there is no error.
    /// Returns what went wrong with the hooks and with a root that is mounted in others' namespace, which does not hold it up.
    ///
    /// # Errors
    /// It is not stopped, or something of it cannot be removed.
    pub fn delete(&self, id: &str, force: bool) -> Result<Vec<Failure>, OciError> {
        let folder = self.folder(id)?;
        let (container, _lock) = match self.locked(id) {
            Ok(locked) => locked,
            Err(OciError::NoSuch { .. }) if force => {
                sweep(&folder);
                return Ok(Vec::new());
            }
            Err(error) => return Err(error),
        };
        let status = container.status();
        if status.is_alive() {
            if !force {
                return Err(container.wrong("delete", status));
            }
            end(&container)?;
        }
        if let Some(members) = container.record.members() {
            members.kill();
        }
        if let Some(folder) = container.record.own_cgroup() {
            cgroup::kill(folder)?;
            cgroup::remove(folder, PATIENCE)?;
            remove_empty_scope(folder);
        }
        let unmounted = container.record.shared_root.as_ref().map_or(Ok(()), SharedRoot::unmount);
        let failures = poststop(&container).into_iter().chain(unmounted.err()).collect();
        std::fs::remove_dir_all(&folder).map_err(|source| OciError::File { action: "remove", path: folder, source })?;
        Ok(failures)
    }
}

/// Removes what a killed create has left.
fn sweep(folder: &std::path::Path) {
    if let Ok(Some(_lock)) = record::lock(folder, FlockOperation::NonBlockingLockExclusive)
        // Another create may have come to its end meanwhile.
        && let Ok(None) = Container::read(folder)
    {
        let _ = std::fs::remove_dir_all(folder);
    }
}

fn poststop(container: &Container) -> Vec<Failure> {
    let Ok(bundle) = container.bundle() else { return Vec::new() };
    let hooks = bundle.spec.hooks().as_ref().and_then(|hooks| hooks.poststop().as_deref()).unwrap_or_default();
    let state = container.record.state_of(0, Status::Stopped.as_str()).to_string();
    // runtime.md "Lifecycle", 13: one that fails is warned of, and the others go on.
    hooks.iter().filter_map(|hook| bundle::run_all("poststop", std::slice::from_ref(hook), &state).err()).collect()
}

/// Kills the container and waits until it has ended.
fn end(container: &Container) -> Result<(), OciError> {
    let fail = |source| OciError::Signal { id: container.record.id.clone(), source };
    let Some(init) = container.init()? else { return Ok(()) };
    process::send_signal(&init, libc::SIGKILL).or_else(|error| match error.raw_os_error() {
        Some(libc::ESRCH) => Ok(()),
        _ => Err(fail(error)),
    })?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let left = Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() };
        match poll(&mut [PollFd::new(&init, PollFlags::IN)], Some(&left)) {
            Ok(0) => return Err(fail(std::io::ErrorKind::TimedOut.into())),
            Ok(_) => return Ok(()),
            Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(fail(errno.into())),
        }
    }
}

/// The cgroup in which `create` was while it had systemd make the scope.
fn remove_empty_scope(folder: &std::path::Path) {
    let scope = folder.parent().filter(|parent| parent.extension().is_some_and(|extension| extension == "scope"));
    if let Some(scope) = scope {
        let _ = std::fs::remove_dir(scope.join("monitor"));
    }
}
