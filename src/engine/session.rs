//! Work that has to be done as root of the session user namespace.

use super::EngineError;
use crate::config::Paths;
use crate::sys::process;
use crate::sys::signals::Signals;
use crate::userns::map::WhySingle;
use crate::userns::session;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use std::io;
use std::os::fd::OwnedFd;

/// How a piece of work in the session ended.
#[derive(Debug)]
pub struct Within {
    /// What the work returned, or 128+n when signal n ended it.
    pub code: i32,
    /// Set when this call made a session that has but one id.
    pub why_single: Option<WhySingle>,
}

/// Runs `work` in a child that is root of the session user namespace, and waits for it.
///
/// The child is single-threaded when `work` begins and may have threads then. It must open the store itself: a database
/// connection does not pass a fork.
///
/// # Errors
/// There is no session namespace to be had.
pub fn within(paths: &Paths, work: impl FnOnce() -> i32) -> Result<Within, EngineError> {
    let fail = |source| EngineError::Wait { source };
    let own = process::own_pidfd().map_err(fail)?;
    // A signal is the child's to act on; we pass it on and report how the child ended.
    let ends_us = |signal| matches!(signal, libc::SIGINT | libc::SIGTERM | libc::SIGHUP | libc::SIGQUIT);
    let signals = Signals::take(ends_us).map_err(fail)?;
    let member = session::spawn(paths, |_| {
        signals.let_in();
        if process::die_with(&own).is_err() { 125 } else { work() }
    })?;
    pass_signals_on(&signals, &member.child.pidfd).map_err(fail)?;
    let code = member.child.wait().map_err(fail)?;
    member.forget();
    Ok(Within { code, why_single: member.why_single })
}

/// Returns when the child has ended.
fn pass_signals_on(signals: &Signals, child: &OwnedFd) -> io::Result<()> {
    loop {
        let mut polled = [PollFd::new(child, PollFlags::IN), PollFd::new(signals, PollFlags::IN)];
        match poll(&mut polled, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        if !polled[0].revents().is_empty() {
            return Ok(());
        }
        while let Some(signal) = signals.next() {
            // One that has just ended needs no signal.
            let _ = process::send_signal(child, signal);
        }
    }
}
