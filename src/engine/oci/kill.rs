//! `kill`.

use super::record::Status;
use super::{OciError, Runtime};
use crate::cgroup;
use crate::runtime::everyone::{self, Reach};
use crate::sys::process;

impl Runtime {
    /// Sends a signal to a container's init, or to all of its processes.
    ///
    /// # Errors
    /// The container is stopped.
    pub fn kill(&self, id: &str, signal: i32, all: bool) -> Result<(), OciError> {
        let container = self.container(id)?;
        let fail = |source| OciError::Signal { id: id.to_owned(), source };
        let record = &container.record;
        let Some(init) = container.init()? else {
            if all && signal == libc::SIGKILL {
                // Processes that share their pid namespace with others outlive init.
                if let Some(folder) = record.own_cgroup() {
                    return Ok(cgroup::kill(folder)?);
                }
                if let Some(members) = record.members() {
                    members.kill();
                    return Ok(());
                }
            }
            return Err(container.wrong("kill", Status::Stopped));
        };
        if !all {
            return process::send_signal(&init, signal).map_err(fail);
        }
        if let Some(folder) = record.own_cgroup() {
            if signal == libc::SIGKILL {
                return Ok(cgroup::kill(folder)?);
            }
            return cgroup::processes(folder).into_iter().try_for_each(|pid| super::processes::signal(pid, signal)).map_err(fail);
        }
        match everyone::signal(&init, signal).map_err(fail)? {
            Reach::All => Ok(()),
            Reach::SharedNamespace if signal == libc::SIGKILL && record.members.is_some() => {
                record.members().into_iter().for_each(|members| members.kill());
                Ok(())
            }
            Reach::SharedNamespace => Err(OciError::SharedPids { id: id.to_owned() }),
        }
    }
}
