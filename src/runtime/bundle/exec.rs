//! One more process in a container of a bundle.
//!
//! J joins the namespaces through init's pidfd and makes P with `CLONE_PARENT`, as for the exec sessions of our own containers
//! ([`crate::runtime::exec`]); P then is what its process says and nothing else.

use super::init::home_of;
use super::leave::{self, Leave};
use super::seccomp::Filter;
use super::{affinity, console, labels, memory};
use crate::runtime::init::enter_workdir;
use crate::runtime::message::{Failure, Outcome, Stage};
use crate::runtime::mounts as kernels;
use crate::runtime::process::become_root;
use crate::sys::clone::{self, Child, CloneFlags};
use crate::sys::{fd, fdpass, mount, namespace, process as proc, socket};
use oci_spec::runtime::{LinuxMemoryPolicy, Process};
use rustix::process::DumpableBehavior;
use std::fs::File;
use std::io::Read as _;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

/// What a session needs.
#[derive(Debug)]
pub struct Exec<'a> {
    pub process: &'a Process,
    pub filter: Option<&'a Filter>,
    /// The container's.
    pub memory_policy: Option<&'a LinuxMemoryPolicy>,
    /// Init's root, where that is not the root of a mount namespace of the container's own.
    pub root: Option<OwnedFd>,
    /// Init's pidfd.
    pub init: &'a OwnedFd,
    /// The namespaces that init does not share with the caller.
    pub namespaces: CloneFlags,
    /// The open folder of the cgroup that the process is born in.
    pub cgroup: Option<BorrowedFd<'a>>,
    /// Where the terminal's master goes; with a terminal.
    pub console: Option<OwnedFd>,
    pub handed: Vec<(i32, OwnedFd)>,
    pub umask: u32,
}

/// Where J and P report.
struct Ends {
    pid: OwnedFd,
    report: OwnedFd,
    /// For the descriptor of the calls that the filter hands over.
    listener: Option<OwnedFd>,
}

/// Starts the process, and returns when its program runs. It is the caller's child. `deliver` gets the pid and the descriptor of the
/// calls that its filter hands over.
///
/// # Errors
/// The step that failed.
pub fn exec(wish: Exec<'_>, deliver: &dyn Fn(i32, OwnedFd) -> Result<(), Failure>) -> Result<Child, Failure> {
    let at = || Failure::at(Stage::Join, "");
    let process = wish.process;
    affinity::bind(process.exec_cpu_affinity().as_ref().and_then(|wanted| wanted.initial().as_deref()))?;
    let (pid_pipe, pid) = fd::pipe().map_err(at())?;
    let (report_here, report) = fd::pipe().map_err(at())?;
    let calls = wish.filter.filter(|filter| filter.listener.is_some()).map(|_| socket::seqpacket_pair());
    let (calls, listener) = calls.transpose().map_err(at())?.unzip();
    let cgroup = wish.cgroup;
    let mut given = Some((wish, Ends { pid, report, listener }));
    let joiner = clone::spawn(CloneFlags::empty(), cgroup, || {
        let Some((wish, ends)) = given.take() else { return 125 };
        match join(wish, &ends) {
            Ok(()) => 0,
            Err(failure) => {
                failure.send(&ends.report);
                125
            }
        }
    })
    .map_err(at())?;
    drop(given);
    let mut bytes = [0; 4];
    let told = File::from(pid_pipe).read_exact(&mut bytes);
    joiner.wait().map_err(at())?;
    let child = told.ok().and_then(|()| {
        let own = proc::pid_ref(i32::from_le_bytes(bytes)).ok()?;
        Some(Child { pid: own.pid, pidfd: proc::open_pidfd(own).ok().flatten()? })
    });
    // Nothing comes where it fails before, which is told below.
    if let (Some(calls), Some(child)) = (calls, &child) {
        let fd = fdpass::receive(calls.as_fd()).map_err(at());
        if let Err(failure) = fd.and_then(|fd| fd.map_or(Ok(()), |fd| deliver(child.pid, fd))) {
            let _ = proc::send_signal(&child.pidfd, libc::SIGKILL);
            let _ = child.wait();
            return Err(failure);
        }
    }
    let outcome = Failure::receive(report_here).map_err(at())?;
    match (outcome, child) {
        (Outcome::Executed, Some(child)) => Ok(child),
        (Outcome::Failed(failure), child) => {
            child.map(|child| child.wait());
            Err(leave::with_program(failure, process))
        }
        (_, child) => {
            child.map(|child| child.wait());
            Err(Failure::text(Stage::Start, "the process ended before its program could be executed"))
        }
    }
}

/// In J.
fn join(wish: Exec<'_>, ends: &Ends) -> Result<(), Failure> {
    let at = || Failure::at(Stage::Join, "");
    if let Some(score) = wish.process.oom_score_adj() {
        std::fs::write("/proc/self/oom_score_adj", score.to_string())
            .map_err(Failure::at(Stage::Limit, format!("oom_score_adj={score}")))?;
    }
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(|errno| at()(errno.into()))?;
    let mut keep = vec![wish.init.as_fd(), ends.pid.as_fd(), ends.report.as_fd()];
    keep.extend(wish.console.iter().chain(&wish.root).chain(&ends.listener).map(OwnedFd::as_fd));
    keep.extend(wish.handed.iter().map(|(_, fd)| fd.as_fd()));
    fd::close_all_but(&keep).map_err(at())?;
    let other = wish.console.as_ref().and_then(|_| console::hosts_master());
    namespace::join(wish.init.as_fd(), wish.namespaces).map_err(at())?;
    let mut given = Some((wish, other));
    let child = clone::spawn(CloneFlags::PARENT, None, || {
        let Some((wish, other)) = given.take() else { return 125 };
        let failure = match prepare(&wish, other, ends) {
            Ok(never) => match never {},
            Err(failure) => failure,
        };
        failure.send(&ends.report);
        125
    });
    let child = child.map_err(at())?;
    let told = rustix::io::retry_on_intr(|| rustix::io::write(&ends.pid, &child.pid.to_le_bytes()));
    told.map(drop).map_err(|errno| at()(errno.into()))
}

/// In P.
fn prepare(wish: &Exec<'_>, other: Option<OwnedFd>, ends: &Ends) -> Result<std::convert::Infallible, Failure> {
    let process = wish.process;
    affinity::bind(process.exec_cpu_affinity().as_ref().and_then(|wanted| wanted.cpu_affinity_final().as_deref()))?;
    memory::apply(wish.memory_policy)?;
    rustix::process::setsid().map_err(|errno| Failure::at(Stage::Join, "")(errno.into()))?;
    become_root()?;
    labels::apply(process)?;
    if let Some(root) = &wish.root {
        mount::stay_on_top(root.as_fd()).map_err(Failure::at(Stage::Join, ""))?;
    }
    let root = kernels::own_root().map_err(Failure::at(Stage::Join, ""))?;
    let home = home_of(&root, process);
    if let Some(socket) = &wish.console {
        let slave = console::open(&root, process, socket.as_fd(), other)?;
        console::become_stdio(&slave, process)?;
    }
    enter_workdir(&root, process.cwd(), false)?;
    drop(root);
    Err(leave::leave(&Leave {
        process,
        home: &home,
        filter: wish.filter,
        listener: ends.listener.as_ref(),
        report: &ends.report,
        handed: &wish.handed,
        new_keyring: false,
        umask: wish.umask,
    }))
}
