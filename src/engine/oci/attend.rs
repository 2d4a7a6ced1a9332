//! The foreground of `run` and `exec`: until the program ends, signals are passed on and its terminal is ours.

use super::{Made, OciError};
use crate::engine::EngineError;
use crate::engine::container::attach::{Outputs, RelayEnd, RelayOptions};
use crate::engine::container::detach::DetachKeys;
use crate::engine::container::session_relay::relay_pty;
use crate::sys::process;
use crate::sys::signals::Signals;
use rustix::event::{PollFd, PollFlags, poll};
use std::path::Path;

impl Made {
    /// Stays with the program until it ends; returns its code, 128+n for signal n.
    ///
    /// # Errors
    /// The terminal or the signals cannot be taken over.
    pub fn attend(self) -> Result<i32, EngineError> {
        let fail = |source| EngineError::Wait { source };
        if let Some(master) = self.master {
            let options = RelayOptions {
                interactive: true,
                outputs: Outputs::BOTH,
                tty: true,
                detach_keys: DetachKeys::off(),
                sig_proxy: true,
                init: Some(self.init.pidfd.try_clone().map_err(fail)?),
            };
            let end = relay_pty(master, self.init.pidfd.try_clone().map_err(fail)?, options)?;
            if let RelayEnd::Interrupted(signal) = end {
                return Ok(128 + signal);
            }
            return self.init.wait().map_err(fail);
        }
        let ends_us = |signal| {
            matches!(signal, libc::SIGINT | libc::SIGTERM | libc::SIGHUP | libc::SIGQUIT | libc::SIGUSR1 | libc::SIGUSR2)
        };
        let signals = Signals::take(ends_us).map_err(fail)?;
        loop {
            let mut polled = [PollFd::new(&self.init.pidfd, PollFlags::IN), PollFd::new(&signals, PollFlags::IN)];
            match poll(&mut polled, None) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(errno) => return Err(fail(errno.into())),
            }
            if !polled[0].revents().is_empty() {
                return self.init.wait().map_err(fail);
            }
            while let Some(signal) = signals.next() {
                let _ = process::send_signal(&self.init.pidfd, signal);
            }
        }
    }
}

impl super::Runtime {
    /// The second half of `run`: starts what was created; where that fails, nothing is left. One that is attended is not waited for
    /// until it is ready.
    ///
    /// # Errors
    /// As for [`super::Runtime::start`].
    pub fn start_created(&self, id: &str, manager: Option<&Path>, attended: bool) -> Result<(), OciError> {
        let started = if attended { self.start_beside(id, manager) } else { self.start(id, manager) };
        started.inspect_err(|_| {
            let _ = self.delete(id, true);
        })
    }
}
