//! Work that has to be done as root of the session user namespace.

use super::EngineError;
use crate::config::Paths;
use crate::sys::process;
use crate::userns::map::WhySingle;
use crate::userns::session;

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
    let own = process::own_pidfd().map_err(|source| EngineError::Wait { source })?;
    // A Ctrl-C is the child's to act on; we only report how it ended. The child gets the old dispositions back.
    let signals = process::ignore_interrupts();
    let member = session::spawn(paths, |_| {
        signals.restore();
        if process::die_with(&own).is_err() { 125 } else { work() }
    })?;
    let code = member.child.wait().map_err(|source| EngineError::Wait { source })?;
    signals.restore();
    member.forget();
    Ok(Within { code, why_single: member.why_single })
}
