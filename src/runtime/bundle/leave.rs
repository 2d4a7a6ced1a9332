//! The last steps before a program of a bundle: exactly what its process says, and nothing of our own habits.

use super::seccomp::{Filter, WAIT_KILLABLE};
use crate::runtime::limits;
use crate::runtime::message::{Failure, Stage};
use crate::runtime::process as steps;
use crate::runtime::process::{Identity, Last};
use crate::sys::schedule::{self, IoClass, Policy};
use crate::sys::{fdpass, keyring, seccomp, stub};
use oci_spec::runtime::{IOPriorityClass, LinuxSchedulerFlag, LinuxSchedulerPolicy, Process};
use rustix::thread::{CapabilitySet, CapabilitySets};
use std::ffi::CString;
use std::os::fd::{AsFd as _, OwnedFd};

/// What is needed beside the process.
pub(super) struct Leave<'a> {
    pub(super) process: &'a Process,
    /// The home folder, for a program whose environment names none.
    pub(super) home: &'a str,
    pub(super) filter: Option<&'a Filter>,
    /// Where the descriptor of the calls that the filter hands over is sent.
    pub(super) listener: Option<&'a OwnedFd>,
    pub(super) report: &'a OwnedFd,
    /// Descriptors for the program, with their numbers there, from 3 up.
    pub(super) handed: &'a [(i32, OwnedFd)],
    pub(super) new_keyring: bool,
    /// For a process that names none.
    pub(super) umask: u32,
}

/// Becomes the process's program; returns only what went wrong. Standard input, output and error are in their places.
pub(super) fn leave(leave: &Leave<'_>) -> Failure {
    match try_leave(leave) {
        Ok(never) => match never {},
        Err(failure) => failure,
    }
}

fn try_leave(leave: &Leave<'_>) -> Result<std::convert::Infallible, Failure> {
    let Leave { process, home, filter, listener, report, handed, new_keyring, umask } = leave;
    let user = process.user();
    let identity = Identity {
        uid: user.uid(),
        gid: user.gid(),
        groups: user.additional_gids().clone().unwrap_or_default(),
        keep_groups: false,
        home: (*home).to_owned(),
        named: true,
    };
    let error_fd = (stub::ERROR_FD..u8::MAX).find(|free| !handed.iter().any(|(number, _)| *number == i32::from(*free)));
    let error_fd = error_fd.ok_or_else(|| Failure::text(Stage::User, "too many descriptors are handed to the container"))?;
    let stub = stub::open(error_fd).map_err(Failure::at(Stage::Stub, ""))?;
    let environment = steps::environment(process, &identity, None)?;
    let argv = steps::c_strings(process.args().as_deref().unwrap_or_default())?;
    let candidates = steps::candidates(process)?;
    if *new_keyring {
        keyring::join_new().map_err(Failure::at(Stage::Keyring, ""))?;
    }
    limits::set(process, |resource| resource != rustix::process::Resource::Nofile)?;
    schedule_as(process)?;
    own_streams(&identity)?;
    let no_new_privileges = process.no_new_privileges().unwrap_or(false);
    let last = Last { process, report, handed, error_fd, stub, before: Vec::new(), candidates, argv, environment };
    // Out of the way of those that are laid in their places.
    let move_up = |fd| rustix::io::fcntl_dupfd_cloexec(fd, last.above());
    let listener = listener.map(move_up).transpose().map_err(|errno| Failure::at(Stage::Seccomp, "")(errno.into()))?;
    let load = |filter| load(filter, listener.as_ref());
    // After the descriptors: close_range is younger than many filters, which refuse what they do not know.
    last.go(|| {
        steps::drop_bounding(process)?;
        if let (Some(filter), false) = (filter, no_new_privileges) {
            // Without no_new_privs loading takes CAP_SYS_ADMIN, which goes away below.
            load(filter)?;
        }
        let fail = |what| move |errno: rustix::io::Errno| Failure::at(Stage::Capabilities, what)(errno.into());
        // The change from root to another user takes the capabilities away else (capabilities(7)).
        rustix::thread::set_keep_capabilities(true).map_err(fail("to keep"))?;
        steps::set_ids(&identity)?;
        set_capabilities(process)?;
        if no_new_privileges {
            rustix::thread::set_no_new_privs(true).map_err(fail("no_new_privs"))?;
        }
        rustix::process::umask(rustix::fs::Mode::from_raw_mode(user.umask().unwrap_or(*umask)));
        crate::sys::process::default_signals();
        filter.filter(|_| no_new_privileges).map_or(Ok(()), load)
    })
}

fn load(filter: &Filter, listener: Option<&OwnedFd>) -> Result<(), Failure> {
    let fail = || Failure::at(Stage::Seccomp, "");
    match listener.filter(|_| filter.listener.is_some()) {
        // The next call may be one that waits for an answer.
        Some(socket) => seccomp::load_listening(&filter.program, filter.flags)
            .and_then(|fd| fdpass::send(socket.as_fd(), fd.as_fd()))
            .map_err(fail()),
        None => {
            let flags = if filter.listener.is_some() { filter.flags & !WAIT_KILLABLE } else { filter.flags };
            seccomp::load_with(&filter.program, flags).map_err(fail())
        }
    }
}

fn own_streams(identity: &Identity) -> Result<(), Failure> {
    let own = |stream: std::os::fd::BorrowedFd<'static>| {
        let copy = stream.try_clone_to_owned();
        // One that was closed is nobody's.
        copy.map_or(Ok(()), |copy| steps::own(&copy, identity))
    };
    [rustix::stdio::stdin(), rustix::stdio::stdout(), rustix::stdio::stderr()]
        .into_iter()
        .try_for_each(own)
        .map_err(Failure::at(Stage::Stdio, ""))
}

/// All five sets as the configuration has them; what the caller itself does not have cannot be had.
fn set_capabilities(process: &Process) -> Result<(), Failure> {
    let fail = |errno: rustix::io::Errno| Failure::at(Stage::Capabilities, "")(errno.into());
    let has = rustix::thread::capabilities(None).map_err(fail)?.permitted;
    let sets = process.capabilities().as_ref();
    let permitted = steps::bits(sets.and_then(|sets| sets.permitted().as_ref())) & has;
    let effective = steps::bits(sets.and_then(|sets| sets.effective().as_ref())) & permitted;
    let inheritable = steps::bits(sets.and_then(|sets| sets.inheritable().as_ref())) & has;
    rustix::thread::set_capabilities(None, CapabilitySets { effective, permitted, inheritable }).map_err(fail)?;
    for (_, capability) in CapabilitySet::all().iter_names() {
        let wanted = steps::ambient(process).contains(capability);
        // The kernel takes only what is permitted and inheritable (capabilities(7), "Ambient").
        if wanted && permitted.contains(capability) && inheritable.contains(capability) {
            rustix::thread::configure_capability_in_ambient_set(capability, true).map_err(fail)?;
        }
    }
    Ok(())
}

fn schedule_as(process: &Process) -> Result<(), Failure> {
    if let Some(priority) = process.io_priority() {
        let class = match priority.class() {
            IOPriorityClass::IoprioClassRt => IoClass::RealTime,
            IOPriorityClass::IoprioClassBe => IoClass::BestEffort,
            IOPriorityClass::IoprioClassIdle => IoClass::Idle,
        };
        let level = u32::try_from(priority.priority()).unwrap_or(u32::MAX);
        schedule::set_io_priority(class, level).map_err(Failure::at(Stage::Schedule, "input/output priority"))?;
    }
    let Some(wanted) = process.scheduler() else { return Ok(()) };
    let policy = match wanted.policy() {
        LinuxSchedulerPolicy::SchedOther => 0,
        LinuxSchedulerPolicy::SchedFifo => 1,
        LinuxSchedulerPolicy::SchedRr => 2,
        LinuxSchedulerPolicy::SchedBatch => 3,
        LinuxSchedulerPolicy::SchedIso => 4,
        LinuxSchedulerPolicy::SchedIdle => 5,
        LinuxSchedulerPolicy::SchedDeadline => 6,
    };
    let flag = |flag: &LinuxSchedulerFlag| match flag {
        LinuxSchedulerFlag::SchedResetOnFork => 0x01,
        LinuxSchedulerFlag::SchedFlagReclaim => 0x02,
        LinuxSchedulerFlag::SchedFlagDLOverrun => 0x04,
        LinuxSchedulerFlag::SchedFlagKeepPolicy => 0x08,
        LinuxSchedulerFlag::SchedFlagKeepParams => 0x10,
        LinuxSchedulerFlag::SchedFlagUtilClampMin => 0x20,
        LinuxSchedulerFlag::SchedFlagUtilClampMax => 0x40,
    };
    let policy = Policy {
        policy,
        flags: wanted.flags().iter().flatten().map(flag).fold(0, |all, one| all | one),
        nice: wanted.nice().unwrap_or(0),
        priority: wanted.priority().and_then(|priority| u32::try_from(priority).ok()).unwrap_or(0),
        runtime: wanted.runtime().unwrap_or(0),
        deadline: wanted.deadline().unwrap_or(0),
        period: wanted.period().unwrap_or(0),
        ..Policy::default()
    };
    schedule::set_policy(&policy).map_err(Failure::at(Stage::Schedule, "scheduling policy"))
}

/// Names the program in a failure of the stub, which does not know its name.
pub(super) fn with_program(mut failure: Failure, process: &Process) -> Failure {
    if failure.stage == Stage::Execute && failure.subject.is_empty() {
        failure.subject = process.args().iter().flatten().next().cloned().unwrap_or_default();
    }
    failure
}

/// The program as it will be looked for, so that `create` can say that it is not there. The working directory is the process's.
pub(super) fn find_program(process: &Process) -> Result<(), Failure> {
    use rustix::fs::{Access, AtFlags, CWD, FileType, accessat};
    let candidates: Vec<CString> = steps::candidates(process)?;
    let mut errno = rustix::io::Errno::NOENT;
    for path in &candidates {
        let is_folder = rustix::fs::stat(path).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Directory);
        match accessat(CWD, path, Access::EXEC_OK, AtFlags::EACCESS) {
            Ok(()) if is_folder => errno = rustix::io::Errno::ACCESS,
            Ok(()) => return Ok(()),
            Err(rustix::io::Errno::ACCESS) => errno = rustix::io::Errno::ACCESS,
            Err(_) => {}
        }
    }
    let name = process.args().iter().flatten().next().cloned().unwrap_or_default();
    Err(Failure::at(Stage::Execute, name)(errno.into()))
}
