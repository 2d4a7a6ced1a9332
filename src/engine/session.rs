//! Work that has to be done as root of the session user namespace.

use super::container::ContainerError;
use super::{EngineError, Kind};
use crate::config::Paths;
use crate::model::with_causes;
use crate::runtime::view;
use crate::storage::remove_tree;
use crate::sys::signals::Signals;
use crate::sys::{fd, process};
use crate::userns::map::WhySingle;
use crate::userns::session::{self, Member};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, Write as _};
use std::marker::PhantomData;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::Path;

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

/// Gives this process, root of the session, a mount namespace of its own, so that it can mount.
///
/// # Errors
/// It is not root of the session.
pub fn own_mounts() -> Result<(), EngineError> {
    view::own_mounts().map_err(|failure| ContainerError::Launch(failure).into())
}

/// A child that works as root of the session beside its parent, and answers at the end.
#[derive(Debug)]
pub(crate) struct Worker<T> {
    member: Member,
    answer: OwnedFd,
    kind: PhantomData<T>,
}

/// Deletes a tree. What belongs to subordinate ids takes the root of the session to delete; most trees have nothing of that kind, and
/// need no session.
///
/// # Errors
/// What cannot be deleted, and why.
pub(crate) fn delete_tree(paths: &Paths, tree: &Path) -> Result<(), EngineError> {
    if remove_tree(tree).is_ok() {
        return Ok(());
    }
    worker(paths, &[], |_| Ok(remove_tree(tree)?))?.finish()
}

/// What a worker says at its end.
#[derive(Serialize, Deserialize)]
enum Answer<T> {
    Done(T),
    Failed { kind: Kind, text: String, hint: Option<String> },
}

/// Starts a worker. Of the descriptors of this process it keeps `keep` and the standard ones: it may wait for the end of a pipe
/// of which the parent holds the other end. It is single-threaded when `work` begins, and ends with its parent, of which `work` gets
/// a pidfd.
///
/// # Errors
/// There is no session namespace to be had.
pub(crate) fn worker<T: Serialize>(
    paths: &Paths,
    keep: &[BorrowedFd<'_>],
    work: impl FnOnce(&OwnedFd) -> Result<T, EngineError>,
) -> Result<Worker<T>, EngineError> {
    let fail = |source| EngineError::Wait { source };
    let own = process::own_pidfd().map_err(fail)?;
    let (answer, there) = fd::pipe().map_err(fail)?;
    let member = session::spawn(paths, |_| {
        let keep: Vec<_> = keep.iter().copied().chain([there.as_fd(), own.as_fd()]).collect();
        if process::die_with(&own).is_err() || fd::close_all_but(&keep).is_err() {
            return 125;
        }
        let answer = match work(&own) {
            Ok(done) => Answer::Done(done),
            Err(error) => Answer::Failed { kind: error.kind(), hint: error.hint(), text: with_causes(&error) },
        };
        let written = serde_json::to_vec(&answer).map(|text| {
            let Ok(pipe) = there.try_clone() else { return 125 };
            i32::from(File::from(pipe).write_all(&text).is_err())
        });
        written.unwrap_or(125)
    })?;
    Ok(Worker { member, answer, kind: PhantomData })
}

impl<T: DeserializeOwned> Worker<T> {
    /// Waits for the answer.
    ///
    /// # Errors
    /// What the worker reports, or that it was killed.
    pub(crate) fn finish(self) -> Result<T, EngineError> {
        let fail = |source| EngineError::Wait { source };
        let text = io::read_to_string(File::from(self.answer)).map_err(fail)?;
        let code = self.member.child.wait().map_err(fail)?;
        self.member.forget();
        match serde_json::from_str(&text) {
            Ok(Answer::Done(done)) => Ok(done),
            Ok(Answer::Failed { kind, text, hint }) => Err(EngineError::Reported { kind, text, hint }),
            Err(_) => Err(EngineError::NoAnswer { code }),
        }
    }
}
