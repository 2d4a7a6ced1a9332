//! `start`.

use super::listener::Agent;
use super::notify::Listening;
use super::record::Status;
use super::{OciError, Runtime};
use crate::runtime::bundle;
use crate::runtime::message::Failure;
use crate::sys::clone::{self, CloneFlags};
use crate::sys::process;
use std::os::fd::OwnedFd;
use std::path::Path;

impl Runtime {
    /// Has a created container become its program; with a service manager's socket returns when the container says that it is ready.
    ///
    /// # Errors
    /// It is not created, a hook fails, or the program cannot be executed. A container whose hook failed is stopped.
    pub fn start(&self, id: &str, manager: Option<&Path>) -> Result<(), OciError> {
        let Some((listening, init)) = self.begin(id, manager)? else { return Ok(()) };
        listening.pass_on(&init).map_err(|source| OciError::Signal { id: id.to_owned(), source })
    }

    /// The same, where the caller has to do with the container at once: a child waits until it is ready.
    ///
    /// # Errors
    /// As for [`Self::start`].
    pub(super) fn start_beside(&self, id: &str, manager: Option<&Path>) -> Result<(), OciError> {
        let Some((listening, init)) = self.begin(id, manager)? else { return Ok(()) };
        let beside = || listening.withdraw(&init).and_then(|()| listening.pass_on(&init));
        let child = clone::spawn(CloneFlags::empty(), None, || i32::from(beside().is_err()));
        child.map(drop).map_err(|source| OciError::Signal { id: id.to_owned(), source })
    }

    /// Starts it; returns where it says that it is ready, and its init, where somebody wants to hear that.
    fn begin(&self, id: &str, manager: Option<&Path>) -> Result<Option<(Listening, OwnedFd)>, OciError> {
        let (container, _lock) = self.locked(id)?;
        let status = container.status();
        if status != Status::Created {
            return Err(container.wrong("start", status));
        }
        let kill = |failure: Failure| {
            if let Ok(Some(init)) = container.init() {
                let _ = process::send_signal(&init, libc::SIGKILL);
            }
            OciError::from(failure)
        };
        let fail = |source| OciError::File { action: "listen in", path: container.folder.clone(), source };
        let listening = Listening::begin(&container.folder, manager).map_err(fail)?;
        let init = container.init()?;
        let bundle = container.bundle()?;
        let record = &container.record;
        let listener = bundle::listener_of(&bundle);
        let agent = listener.as_ref().map(Agent::connect).transpose()?;
        let calls = agent.as_ref().map(|agent| |fd: OwnedFd| agent.tell(record, record.init.pid, status.as_str(), &fd));
        let spec = &bundle.spec;
        let deliver = calls.as_ref().map(|calls| calls as bundle::Deliver<'_>);
        bundle::start(&container.folder, spec.process().as_ref(), deliver).map_err(|failure| match deliver {
            Some(_) => kill(failure),
            None => failure.into(),
        })?;
        let heard = listening.zip(init);
        let hooks = spec.hooks().as_ref().and_then(|hooks| hooks.poststart().as_deref()).unwrap_or_default();
        if hooks.is_empty() {
            return Ok(heard);
        }
        let state = container.record.state_of(container.record.init.pid, "running").to_string();
        // runtime.md "Lifecycle", 9: an error, and the container is stopped.
        bundle::run_all("poststart", hooks, &state).map_err(kill)?;
        Ok(heard)
    }
}
