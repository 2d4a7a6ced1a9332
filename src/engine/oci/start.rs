//! `start`.

use super::record::Status;
use super::{OciError, Runtime};
use crate::runtime::bundle;
use crate::sys::process;

impl Runtime {
    /// Has a created container become its program.
    ///
    /// # Errors
    /// It is not created, a hook fails, or the program cannot be executed. A container whose hook failed is stopped.
    pub fn start(&self, id: &str) -> Result<(), OciError> {
        let (container, _lock) = self.locked(id)?;
        let status = container.status();
        if status != Status::Created {
            return Err(container.wrong("start", status));
        }
        let spec = container.bundle()?.spec;
        bundle::start(&container.folder, spec.process().as_ref())?;
        let hooks = spec.hooks().as_ref().and_then(|hooks| hooks.poststart().as_deref()).unwrap_or_default();
        if hooks.is_empty() {
            return Ok(());
        }
        let state = container.record.state_of(container.record.init.pid, "running").to_string();
        bundle::run_all("poststart", hooks, &state).map_err(|failure| {
            // runtime.md "Lifecycle", 9: an error, and the container is stopped.
            if let Ok(Some(init)) = container.init() {
                let _ = process::send_signal(&init, libc::SIGKILL);
            }
            failure.into()
        })
    }
}
