//! The process netd, and what it has done by a process of its own.

use super::EngineError;
use crate::config::Paths;
use crate::net::netd::{Orders, serve};
use crate::net::session;
use crate::sys::netlink::Route;
use std::fs::File;
use std::io::Write as _;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::PathBuf;
use std::time::Duration;

/// Runs netd. The command that waits at the other end of `report` is told when it is ready, or why it is not.
///
/// # Errors
/// It cannot begin.
pub fn run(paths: Paths, report: OwnedFd, session_entry: PathBuf, idle: Option<Duration>) -> Result<(), EngineError> {
    serve(Orders { paths, report, session_entry, idle })?;
    Ok(())
}

/// Makes the way out of the session network namespace anew, and writes which it is to `answer`.
///
/// # Errors
/// No helper is installed, or it refuses.
pub fn way_out(namespace: &OwnedFd, route: OwnedFd, collar: &OwnedFd, answer: OwnedFd) -> Result<(), EngineError> {
    let way = session::start_stack(namespace.as_fd(), &Route::from_socket(route), collar)
        .map_err(crate::net::netd::ServeError::from)?;
    let text = serde_json::to_vec(&way).map_err(|error| EngineError::Wait { source: error.into() })?;
    File::from(answer).write_all(&text).map_err(|source| EngineError::Wait { source })
}
