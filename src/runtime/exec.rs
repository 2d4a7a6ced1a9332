//! An exec session: one more process in a running container.
//!
//! # Theory of operation
//!
//! The CLI forks J, which joins the container's namespaces through init's pidfd, does what init does from the user on, by the same
//! code, and then makes P with `CLONE_PARENT`: P is born in the container's pid namespace and cgroup and is a child of the CLI, which
//! can wait for it. J tells P's pid and ends. Only P is seen in the container, and it has no more rights than the program from its first
//! moment on: who may trace it there gains nothing (CVE-2016-9962). Nor does the binary that it comes from: both are not dumpable,
//! and where that does not count, because a monitor has executed it in the session namespace, it is open on an unwritable mount
//! (`sys::exec::open_unwritable`, CVE-2019-5736).
//!
//! A filter of the user's may refuse the call that makes P. Then P gives up its rights itself.

use super::init::{self, Wanted};
use super::message::{Failure, Stage};
use super::process::{self, Bare, Leave};
use super::{limits, mounts, seccomp, terminal};
use crate::cgroup;
use crate::sys::clone::{self, CloneFlags};
use crate::sys::{fd, namespace, process as proc};
use oci_spec::runtime::Process;
use rustix::process::DumpableBehavior;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::PathBuf;

/// What an exec session needs.
#[derive(Debug)]
pub struct Session {
    pub process: Process,
    /// `user[:group]`, looked up in the container's own files.
    pub user: String,
    /// Additional groups, names or numbers of the container.
    pub groups: Vec<String>,
    /// The groups that the caller has stay.
    pub keep_groups: bool,
    pub seccomp: Option<Vec<u8>>,
    /// Init's pidfd.
    pub init: OwnedFd,
    /// The namespaces that init does not share with the caller.
    pub namespaces: CloneFlags,
    /// The container's cgroup folder, where it has one.
    pub cgroup: Option<PathBuf>,
    /// The cgroup holds limits that were asked for: a session outside of it would escape them.
    pub limited: bool,
    /// Standard input, output and error; without a terminal.
    pub stdio: Option<[OwnedFd; 3]>,
    /// The window of the user's terminal, where there is one.
    pub window: Option<terminal::Size>,
    /// Where the terminal's master goes; with a terminal.
    pub console: Option<OwnedFd>,
    pub report: OwnedFd,
    /// Descriptors of the caller's for the program, with their numbers there.
    pub handed: Vec<(i32, OwnedFd)>,
    /// Ends with the caller, who alone has the writing end of this pipe. None for a detached session.
    pub guardian: Option<OwnedFd>,
}

impl Session {
    /// Closes what else was inherited: our folders and the database. A health check's P is made by a program that was executed in the
    /// session namespace, so a container with `CAP_SYS_PTRACE` may look into it though it is not dumpable.
    fn close_all_others(&self, pid_pipe: &OwnedFd, report: &OwnedFd) -> std::io::Result<()> {
        let mut keep = vec![self.init.as_fd(), self.report.as_fd(), pid_pipe.as_fd(), report.as_fd()];
        keep.extend(self.stdio.iter().flatten().chain(&self.console).chain(&self.guardian).map(OwnedFd::as_fd));
        keep.extend(self.handed.iter().map(|(_, fd)| fd.as_fd()));
        fd::close_all_but(&keep)
    }
}

/// Starts the session's process; returns a pidfd of it and its pid. The report tells whether the program could be executed.
///
/// # Errors
/// J cannot be forked. That the container cannot be joined is told by the report, and nothing is returned.
pub fn start(session: Session) -> std::io::Result<Option<clone::Child>> {
    let (pid_pipe, pid_there) = fd::pipe()?;
    let mut pid_there = Some(pid_there);
    // J is born in the container's cgroup, and P with it.
    let cgroup = session.cgroup.as_deref().and_then(cgroup::open_to_enter);
    let entered = cgroup.is_some();
    let mut session = Some(session);
    let joiner =
        clone::spawn(CloneFlags::empty(), cgroup.as_ref().map(OwnedFd::as_fd), || match (session.take(), pid_there.take()) {
            (Some(session), Some(pipe)) => join(session, pipe, entered),
            _ => 125,
        })?;
    drop(session);
    drop(pid_there);
    let mut bytes = [0; 4];
    let told = File::from(pid_pipe).read_exact(&mut bytes);
    joiner.wait()?;
    if told.is_err() {
        return Ok(None);
    }
    // P is our child and not yet waited for, so its pid cannot be another process's.
    let own = proc::pid_ref(i32::from_le_bytes(bytes))?;
    let pidfd = proc::open_pidfd(own)?;
    Ok(pidfd.map(|pidfd| clone::Child { pid: own.pid, pidfd }))
}

/// In J.
fn join(session: Session, pid_pipe: OwnedFd, entered: bool) -> i32 {
    let Ok(report) = session.report.try_clone() else { return 125 };
    match try_join(session, pid_pipe, entered, &report) {
        Ok(()) => 0,
        Err(failure) => {
            failure.send(&report);
            125
        }
    }
}

fn try_join(session: Session, pid_pipe: OwnedFd, entered: bool, report: &OwnedFd) -> Result<(), Failure> {
    let at = |stage| Failure::at(stage, "");
    limits::set_oom_score(&session.process)?;
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(|errno| at(Stage::Join)(errno.into()))?;
    // Before the namespaces: systemd's socket is not in the container's.
    if let (Some(path), false) = (&session.cgroup, entered)
        && let Err(error) = cgroup::ask_to_enter(path)
        && session.limited
    {
        // Without limits, a cgroup that cannot be entered is no reason to refuse the session.
        return Err(super::launch::cgroup_failure(&error));
    }
    session.close_all_others(&pid_pipe, report).map_err(at(Stage::Join))?;
    namespace::join(session.init.as_fd(), session.namespaces).map_err(at(Stage::Join))?;
    process::become_root()?;
    let Session {
        process: program,
        user,
        groups,
        keep_groups,
        seccomp,
        stdio,
        console,
        window,
        guardian,
        handed,
        init: pidfd,
        ..
    } = session;
    drop(pidfd);
    let root = mounts::own_root().map_err(at(Stage::Join))?;
    let identity = init::identity(&root, &Wanted { user: &user, groups: &groups, keep_groups }, &program)?;
    let (stdio, terminal) = match (stdio, console) {
        (Some(stdio), _) => (stdio, false),
        (None, Some(socket)) => {
            let slave = terminal::open(&root, socket.as_fd(), false, window)?;
            (init::tty_stdio(slave, &identity)?, true)
        }
        (None, None) => return Err(Failure::text(Stage::Stdio, "there is neither a terminal nor a pipe")),
    };
    init::enter_workdir(&root, program.cwd(), false)?;
    drop(root);
    let leave = Leave {
        process: &program,
        identity: &identity,
        seccomp: seccomp.as_deref(),
        stdio,
        report,
        guardian: guardian.as_ref(),
        reaper: false,
        handed: &handed,
        listening: false,
    };
    let mut birth = Some(if seccomp.as_deref().is_none_or(lets_be_born) {
        Birth::Bare(process::give_up(leave)?)
    } else {
        Birth::Clothed(leave)
    });
    let child = clone::spawn(CloneFlags::PARENT, None, || birth.take().map_or(125, |birth| run(birth, terminal, report)));
    let child = child.map_err(at(Stage::Clone))?;
    File::from(pid_pipe).write_all(&child.pid.to_le_bytes()).map_err(at(Stage::Join))
}

/// With which rights P is born.
enum Birth<'a> {
    /// With those of its program.
    Bare(Bare<'a>),
    /// With J's.
    Clothed(Leave<'a>),
}

/// Tells whether a filter lets through what is to be done between its loading and the program, beside what init does there, too.
fn lets_be_born(filter: &[u8]) -> bool {
    // TIOCSCTTY
    let calls = [(libc::SYS_clone3, 0), (libc::SYS_setsid, 0), (libc::SYS_ioctl, 0x540e)];
    calls.iter().all(|(number, argument)| seccomp::allows(filter, *number, *argument))
}

/// In P; `terminal` says that the standard streams are one, for P to take.
fn run(birth: Birth<'_>, terminal: bool, report: &OwnedFd) -> i32 {
    let failure = match begin(birth, terminal) {
        Ok(never) => match never {},
        Err(failure) => failure,
    };
    failure.send(report);
    125
}

fn begin(birth: Birth<'_>, terminal: bool) -> Result<std::convert::Infallible, Failure> {
    rustix::process::setsid().map_err(|errno| Failure::at(Stage::Join, "")(errno.into()))?;
    let bare = match birth {
        Birth::Bare(bare) => bare,
        Birth::Clothed(leave) => process::give_up(leave)?,
    };
    if terminal {
        terminal::control(rustix::stdio::stdin())?;
    }
    bare.go()
}
