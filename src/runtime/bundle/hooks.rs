//! Hooks: programs that the configuration has run at the turning points of a container's life.
//!
//! Each gets the container's state on its standard input, from a file in memory: a hook that does not read it keeps nobody waiting.

use crate::config::env;
use crate::runtime::message::{Failure, Stage};
use crate::sys::clone::{self, CloneFlags};
use crate::sys::{fd, process, stub};
use oci_spec::runtime::Hook;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{MemfdFlags, memfd_create};
use std::ffi::CString;
use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::time::{Duration, Instant};

/// Runs hooks of the kind `name` one after the other, in the caller's own namespaces; `state` is what they read.
///
/// # Errors
/// The first that cannot be run, fails, or takes longer than it may.
pub fn run_all(name: &str, hooks: &[Hook], state: &str) -> Result<(), Failure> {
    hooks.iter().try_for_each(|hook| run(name, hook, state, |stdin, report| become_hook(hook, &stdin, &report)))
}

/// Runs one hook; `body` becomes its program in a child, with what it gets as standard input and where it reports. It returns
/// only when it could not.
pub(super) fn run(name: &str, hook: &Hook, state: &str, body: impl FnOnce(OwnedFd, OwnedFd) -> Failure) -> Result<(), Failure> {
    let path = hook.path().display();
    let fail = |why: String| Failure::text(Stage::Hook, format!("{name} hook {path}: {why}"));
    let os = |error: io::Error| fail(error.to_string());
    let mut stdin = File::from(memfd_create("state", MemfdFlags::CLOEXEC).map_err(|errno| os(errno.into()))?);
    stdin.write_all(state.as_bytes()).and_then(|()| stdin.rewind()).map_err(os)?;
    let (report, there) = fd::pipe().map_err(os)?;
    let mut given = Some((stdin.into(), there, body));
    let child = clone::spawn(CloneFlags::empty(), None, || {
        let Some((stdin, there, body)) = given.take() else { return 125 };
        let Ok(second) = there.try_clone() else { return 125 };
        // What it starts ends with it when its time is over.
        let _ = rustix::process::setpgid(None, None);
        body(stdin, there).send(&second);
        127
    })
    .map_err(os)?;
    drop(given);
    let limit = hook.timeout().and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs);
    if !ended(&child.pidfd, limit).map_err(os)? {
        if let Some(group) = rustix::process::Pid::from_raw(child.pid) {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _ = process::send_signal(&child.pidfd, libc::SIGKILL);
        let _ = child.wait();
        return Err(fail(format!("it did not end within {} s", limit.unwrap_or_default().as_secs())));
    }
    let code = child.wait().map_err(os)?;
    if let Ok(crate::runtime::message::Outcome::Failed(failure)) = Failure::receive(report) {
        return Err(fail(failure.to_string()));
    }
    if code == 0 { Ok(()) } else { Err(fail(format!("it ended with code {code}"))) }
}

/// Waits for the end of a process; tells whether it came in time.
fn ended(pidfd: &OwnedFd, limit: Option<Duration>) -> io::Result<bool> {
    let deadline = limit.map(|limit| Instant::now() + limit);
    loop {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let left = left.map(|left| Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() });
        match poll(&mut [PollFd::new(pidfd, PollFlags::IN)], left.as_ref()) {
            Ok(count) => return Ok(count > 0),
            Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

fn become_hook(hook: &Hook, stdin: &OwnedFd, report: &OwnedFd) -> Failure {
    match try_become(hook, stdin, report) {
        Ok(never) => match never {},
        Err(failure) => failure,
    }
}

fn try_become(hook: &Hook, stdin: &OwnedFd, report: &OwnedFd) -> Result<std::convert::Infallible, Failure> {
    let at = || Failure::at(Stage::Stdio, "");
    let text = |text: &str| CString::new(text).map_err(|_| Failure::text(Stage::Hook, "an argument holds a zero byte"));
    let path = text(&hook.path().to_string_lossy())?;
    let args = hook.args().as_deref().unwrap_or_default();
    let argv = if args.is_empty() {
        vec![path.clone()]
    } else {
        args.iter().map(|argument| text(argument)).collect::<Result<_, _>>()?
    };
    // A hook that names no environment has the runtime's.
    let own = || env::all().into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    let env = hook.env().clone().unwrap_or_else(own).iter().map(|entry| text(entry)).collect::<Result<Vec<_>, _>>()?;
    fd::become_stdio(stdin, 0).map_err(at())?;
    process::default_signals();
    let stub = stub::open(stub::ERROR_FD).map_err(Failure::at(Stage::Stub, ""))?;
    let stub = rustix::io::fcntl_dupfd_cloexec(&stub, 10).map_err(|errno| at()(errno.into()))?;
    let report = rustix::io::fcntl_dupfd_cloexec(report, 10).map_err(|errno| at()(errno.into()))?;
    fd::close_on_exec_from(3).map_err(at())?;
    // Number 3 had another owner before, who believes that it still owns it: from here on nothing is closed.
    let failure = match fd::duplicate_to(report.as_fd(), i32::from(stub::ERROR_FD)) {
        Ok(_slot) => Failure::at(Stage::Stub, "")(stub::become_program(&stub, &[], &[path], &argv, &env)),
        Err(error) => at()(error),
    };
    failure.send(&report);
    process::exit_now(127)
}
