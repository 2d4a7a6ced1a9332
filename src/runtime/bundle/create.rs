//! C: makes a container that waits for its start.

use super::config::Bundle;
use super::init::{self, InitFds, StateText};
use super::place::{self, Plan};
use super::seccomp::Filter;
use super::start::{SOCKET, hear, say};
use super::{hooks, mounts};
use crate::runtime::message::{Failure, Outcome, Stage};
use crate::runtime::outside;
use crate::sys::clone::{Child, CloneFlags};
use crate::sys::{fd, namespace, process, socket};
use oci_spec::runtime::Spec;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::Path;

/// What is needed beside the bundle.
pub struct Create<'a> {
    pub bundle: &'a Bundle,
    pub filter: Option<&'a Filter>,
    /// Where the start's socket is made; nobody else's.
    pub state_folder: &'a Path,
    pub state: StateText<'a>,
    /// Where the terminal's master goes; with a terminal.
    pub console: Option<OwnedFd>,
    /// Descriptors for the program, with their numbers there.
    pub handed: Vec<(i32, OwnedFd)>,
    /// The open folder of the container's cgroup.
    pub cgroup: Option<BorrowedFd<'a>>,
    pub pivot: bool,
    pub new_keyring: bool,
    pub umask: u32,
}

/// A container that is made. Unless it is told to stay it ends with its maker.
#[derive(Debug)]
pub struct Created {
    pub init: Child,
    sync: OwnedFd,
}

impl Created {
    /// Lets the container wait for its start, whatever becomes of the caller. To be called when its state is on record.
    ///
    /// # Errors
    /// It has ended meanwhile.
    pub fn stay(&self) -> Result<(), Failure> {
        if say(&self.sync, init::STAY) { Ok(()) } else { Err(Failure::text(Stage::Start, "the container ended")) }
    }
}

/// Makes a container. The caller has to be single-threaded.
///
/// # Errors
/// The step that failed; nothing is left then.
pub fn create(wish: Create<'_>) -> Result<Created, Failure> {
    let at = |stage| Failure::at(stage, "");
    let Create { bundle, filter, state_folder, state, console, handed, cgroup, pivot, new_keyring, umask } = wish;
    let plan = Plan { pivot, new_keyring, umask, ..Plan::of(bundle, filter)? };
    let listen = socket::listen_in(state_folder, SOCKET).map_err(at(Stage::Record))?;
    let (sync, sync_there) = socket::seqpacket_pair().map_err(at(Stage::Clone))?;
    let (report, report_there) = fd::pipe().map_err(at(Stage::Clone))?;
    let (root, sources) = outside_trees(&plan, &report_there)?;
    let report_copy = report_there.try_clone().map_err(at(Stage::Clone))?;
    let fds = InitFds { sync: sync_there, report: report_copy, listen, console, handed, root, sources };
    let mut given = Some(fds);
    let made = place::make(&plan, cgroup, &report_there, || given.take().map_or(125, |fds| init::run(&plan, fds, state)));
    drop(given);
    drop(report_there);
    let child = match made {
        Ok(child) => child,
        // A joiner says it more exactly.
        Err(failure) => return Err(first_of(report, failure)),
    };
    match attend(&plan, &child, &sync, state) {
        Ok(()) => Ok(Created { init: child, sync }),
        Err(failure) => {
            if plan.shares_mounts() {
                // It unmounts its root when its maker is gone.
                drop(sync);
            } else {
                let _ = process::send_signal(&child.pidfd, libc::SIGKILL);
            }
            let _ = child.wait();
            Err(first_of(report, failure))
        }
    }
}

/// The failure that was reported, else `other`.
fn first_of(report: OwnedFd, other: Failure) -> Failure {
    match Failure::receive(report) {
        Ok(Outcome::Failed(failure)) => failure,
        _ => other,
    }
}

/// Goes along with init until it waits for its start.
fn attend(plan: &Plan<'_>, child: &Child, sync: &OwnedFd, state: StateText<'_>) -> Result<(), Failure> {
    let gone = || Failure::text(Stage::Start, "the container's first process ended");
    let spec = &plan.bundle.spec;
    set_oom_score(child.pid, spec)?;
    if let Some(map) = &plan.map {
        place::write_map(child.pid, map)?;
    }
    if !say(sync, init::MAPPED) || hear(sync) != Some(init::MOUNTED) {
        return Err(gone());
    }
    if let Some(wanted) = spec.hooks() {
        // The first versions of the specification ran prestart hooks in a container that is created, and their programs expect one.
        let prestart = ("prestart", "created", wanted.prestart());
        for (name, status, list) in [prestart, ("createRuntime", "creating", wanted.create_runtime())] {
            hooks::run_all(name, list.as_deref().unwrap_or_default(), &state(child.pid, status))?;
        }
    }
    if !say(sync, init::HOOKS_DONE) || hear(sync) != Some(init::READY) {
        return Err(gone());
    }
    Ok(())
}

/// From outside: the file is nobody's in the container once init may not be looked at.
fn set_oom_score(pid: i32, spec: &Spec) -> Result<(), Failure> {
    let Some(score) = spec.process().as_ref().and_then(oci_spec::runtime::Process::oom_score_adj) else { return Ok(()) };
    std::fs::write(format!("/proc/{pid}/oom_score_adj"), score.to_string())
        .map_err(Failure::at(Stage::Limit, format!("oom_score_adj={score}")))
}

type Trees = (Option<OwnedFd>, Vec<(usize, OwnedFd)>);

/// Opens the root and the sources of bind mounts as the caller, who is root, where init will be somebody else.
fn outside_trees(plan: &Plan<'_>, report: &OwnedFd) -> Result<Trees, Failure> {
    let foreign = plan.map.is_some() || plan.joins_user();
    if !foreign || !rustix::process::geteuid().is_root() || plan.shares_mounts() {
        return Ok((None, Vec::new()));
    }
    let folder = &plan.bundle.folder;
    let all = plan.bundle.spec.mounts().iter().flatten().enumerate();
    let wanted: Vec<_> = all
        .map(|(number, one)| (number, one, mounts::options(one)))
        .filter(|(_, one, options)| mounts::is_bind(one, options))
        .collect();
    let mut trees = outside::collect(report, wanted.len() + 1, |send| {
        namespace::unshare(CloneFlags::NEWNS).map_err(Failure::at(Stage::Overlay, ""))?;
        let path = plan.bundle.root();
        let root = crate::sys::mount::clone_tree(&path, true);
        send(root.map_err(Failure::at(Stage::Source, path.to_string_lossy()))?)?;
        for (_, one, options) in &wanted {
            send(mounts::open_source(one, options, folder)?)?;
        }
        Ok(())
    })?
    .into_iter();
    let root = trees.next();
    Ok((root, wanted.iter().map(|(number, ..)| *number).zip(trees).collect()))
}

impl std::fmt::Debug for Create<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Create").field("bundle", &self.bundle.folder).finish_non_exhaustive()
    }
}
