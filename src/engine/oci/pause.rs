//! `pause` and `resume`.

use super::record::{Container, Status};
use super::{OciError, Runtime};
use crate::cgroup;
use crate::runtime::everyone::{self, Reach};

impl Runtime {
    /// Has all processes of a container stand still: its cgroup is frozen; without one they are stopped by signal.
    ///
    /// # Errors
    /// The container does not run.
    pub fn pause(&self, id: &str) -> Result<(), OciError> {
        let container = self.container(id)?;
        let status = container.status();
        if !matches!(status, Status::Running | Status::Created) {
            return Err(container.wrong("pause", status));
        }
        match container.record.own_cgroup() {
            Some(folder) => Ok(cgroup::freeze(folder)?),
            None => signal(&container, |init| everyone::stop(init, container.record.init)),
        }
    }

    /// Has them go on.
    ///
    /// # Errors
    /// The container is not paused.
    pub fn resume(&self, id: &str) -> Result<(), OciError> {
        let container = self.container(id)?;
        let status = container.status();
        if status != Status::Paused {
            return Err(container.wrong("resume", status));
        }
        match container.record.own_cgroup() {
            Some(folder) => Ok(cgroup::thaw(folder)?),
            None => signal(&container, |init| everyone::signal(init, libc::SIGCONT)),
        }
    }
}

fn signal(container: &Container, send: impl FnOnce(&std::os::fd::OwnedFd) -> std::io::Result<Reach>) -> Result<(), OciError> {
    let id = || container.record.id.clone();
    let Some(init) = container.init()? else { return Err(container.wrong("signal", Status::Stopped)) };
    match send(&init).map_err(|source| OciError::Signal { id: id(), source })? {
        Reach::All => Ok(()),
        Reach::SharedNamespace => Err(OciError::SharedPids { id: id() }),
    }
}
