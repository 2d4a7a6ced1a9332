//! How I comes into its namespaces: new ones, those of others, and the map of its own user namespace.
//!
//! New ones alone take one clone3. Where I joins others, M forks J first: J enters them, as root of S, and makes I with
//! `CLONE_PARENT`, so that I is M's child and born in the pid namespace that J has joined for its children. A user namespace is
//! joined last, since it takes the rights over the others away. M itself stays where it is.
//!
//! In another container's pid namespace I is seen by that container's processes from its first moment on, and until the pivot it
//! stands in the host's file system. One with `CAP_SYS_PTRACE` could go there through `/proc/<I>/root` or take I over. So I is born
//! hidden there: J is not dumpable when it makes I, and I never becomes so. M, which may not look at it either, gets I's mount and
//! network namespaces from I itself, and a stand-in has that network for the one who sets it up.

use super::init::Plan;
use super::limits;
use super::message::{Failure, Stage};
use crate::model::IdMap;
use crate::sys::clone::{self, Child, CloneFlags};
use crate::sys::{fd, fdpass, namespace, process};
use oci_spec::runtime::{LinuxNamespaceType, Spec};
use rustix::process::DumpableBehavior;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

/// The user namespace of a container that is not in S.
#[derive(Clone, Debug)]
pub struct UserNamespace {
    /// Its map, in ids of S.
    pub map: IdMap,
    /// It is another container's: there it is, and mapped.
    pub joined: bool,
    /// The ids of S that are its root: they own the container's root folder.
    pub root: (u32, u32),
}

/// A namespace that I joins.
#[derive(Debug)]
pub struct Join {
    pub kind: CloneFlags,
    /// A pidfd of a process in it, or an open file of the namespace.
    pub from: OwnedFd,
    /// For messages: "the pid namespace of container web".
    pub name: String,
}

/// Tells whether I is born into a pid namespace in which others are.
pub(super) fn is_hidden(plan: &Plan) -> bool {
    plan.joins.iter().any(|join| join.kind.contains(CloneFlags::NEWPID))
}

/// The namespaces that a spec asks for anew.
fn new_namespaces(spec: &Spec) -> CloneFlags {
    let wanted = [
        (LinuxNamespaceType::Mount, CloneFlags::NEWNS),
        (LinuxNamespaceType::Pid, CloneFlags::NEWPID),
        (LinuxNamespaceType::Ipc, CloneFlags::NEWIPC),
        (LinuxNamespaceType::Uts, CloneFlags::NEWUTS),
        (LinuxNamespaceType::Network, CloneFlags::NEWNET),
        (LinuxNamespaceType::Cgroup, CloneFlags::NEWCGROUP),
    ];
    wanted.into_iter().filter(|(kind, _)| super::init::has_new_namespace(spec, *kind)).map(|(_, flag)| flag).collect()
}

/// Makes I, a child of the caller, who is M. `body` is what I does.
pub(super) fn make(
    plan: &Plan,
    cgroup: Option<BorrowedFd<'_>>,
    report: &OwnedFd,
    body: impl FnOnce() -> i32,
) -> Result<Child, Failure> {
    let at = || Failure::at(Stage::Clone, "");
    let mut flags = new_namespaces(&plan.spec);
    if plan.userns.as_ref().is_some_and(|userns| !userns.joined) {
        flags |= CloneFlags::NEWUSER;
    }
    if plan.joins.is_empty() {
        return clone::spawn(flags, cgroup, body).map_err(at());
    }
    let hidden = is_hidden(plan);
    if hidden && flags.contains(CloneFlags::NEWUSER) {
        // Its procfs could not be mounted: that takes rights over the pid namespace.
        let text = "the pid namespace of another container can be shared only together with its user namespace";
        return Err(Failure::text(Stage::JoinOther, text));
    }
    by_joiner(report, || {
        if hidden {
            hide(plan)?;
        }
        join_all(&plan.joins)?;
        clone::spawn(flags | CloneFlags::PARENT, cgroup, body).map_err(at())
    })
}

/// Has another process, J, make a child of the caller's: `body` joins namespaces and returns the child, which it makes with
/// `CLONE_PARENT`. What goes wrong there is in the report, too.
pub(super) fn by_joiner(report: &OwnedFd, body: impl FnOnce() -> Result<Child, Failure>) -> Result<Child, Failure> {
    let at = || Failure::at(Stage::Clone, "");
    let (pid_pipe, pid_there) = fd::pipe().map_err(at())?;
    let mut given = Some((body, pid_there));
    let joiner = clone::spawn(CloneFlags::empty(), None, || {
        let Some((body, pid_there)) = given.take() else { return 125 };
        match body().and_then(|child| File::from(pid_there).write_all(&child.pid.to_le_bytes()).map_err(at())) {
            Ok(()) => 0,
            Err(failure) => {
                failure.send(report);
                125
            }
        }
    })
    .map_err(at())?;
    drop(given);
    let mut bytes = [0; 4];
    let told = File::from(pid_pipe).read_exact(&mut bytes);
    joiner.wait().map_err(at())?;
    // J has said why.
    told.map_err(|_| Failure::text(Stage::Clone, "the namespaces could not be joined"))?;
    // It is our child and not yet waited for, so its pid cannot be another process's.
    let own = process::pid_ref(i32::from_le_bytes(bytes)).map_err(at())?;
    let pidfd = process::open_pidfd(own).map_err(at())?.ok_or_else(|| Failure::text(Stage::Clone, "init ended at once"))?;
    Ok(Child { pid: own.pid, pidfd })
}

/// Makes J, and so the child that it makes, nobody's to look at.
fn hide(plan: &Plan) -> Result<(), Failure> {
    if let Some(program) = plan.spec.process() {
        // Here, as I may not write to its own files of `/proc`; it inherits the score.
        limits::set_oom_score(program)?;
    }
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .map_err(|errno| Failure::at(Stage::Clone, "")(errno.into()))
}

/// Sends the caller's mount and network namespaces; in I, which is hidden.
pub(super) fn send_namespaces(socket: BorrowedFd<'_>) -> Result<(), Failure> {
    ["mnt", "net"].into_iter().try_for_each(|name| {
        let namespace = File::open(format!("/proc/self/ns/{name}"));
        namespace.and_then(|file| fdpass::send(socket, file.as_fd())).map_err(Failure::at(Stage::Clone, name))
    })
}

/// What a hidden I has sent.
pub(super) struct Namespaces {
    pub(super) mount: OwnedFd,
    network: OwnedFd,
    /// Its other end is I's until I's program runs.
    socket: OwnedFd,
}

impl Namespaces {
    /// Takes what I sends; in M, when the other end is I's alone.
    pub(super) fn receive(socket: OwnedFd) -> Result<Self, Failure> {
        let at = || Failure::at(Stage::Clone, "");
        let next = || fdpass::receive(socket.as_fd()).map_err(at());
        match (next()?, next()?) {
            (Some(mount), Some(network)) => Ok(Self { mount, network, socket }),
            // I has said why.
            _ => Err(Failure::text(Stage::Clone, "init ended at once")),
        }
    }

    /// Makes a process in I's network that may be looked at, for as long as I has not become its program. It is nobody's child.
    pub(super) fn stand_in(&self) -> Result<i32, Failure> {
        let at = || Failure::at(Stage::Network, "");
        let (pid_pipe, pid_there) = fd::pipe().map_err(at())?;
        let between = clone::spawn(CloneFlags::empty(), None, || {
            let made = clone::spawn(CloneFlags::empty(), None, || {
                let keep = [self.network.as_fd(), self.socket.as_fd(), pid_there.as_fd()];
                let joined = fd::close_all_but(&keep).and_then(|()| namespace::join(self.network.as_fd(), CloneFlags::NEWNET));
                let own = rustix::process::getpid().as_raw_nonzero().get();
                let told = joined.and_then(|()| {
                    rustix::io::retry_on_intr(|| rustix::io::write(&pid_there, &own.to_le_bytes())).map_err(io::Error::from)
                });
                // The end of the other end.
                i32::from(!told.is_ok_and(|_| fdpass::receive(self.socket.as_fd()).is_ok()))
            });
            i32::from(made.is_err())
        })
        .map_err(at())?;
        drop(pid_there);
        between.wait().map_err(at())?;
        let mut pid = [0; 4];
        File::from(pid_pipe).read_exact(&mut pid).map_err(at())?;
        Ok(i32::from_le_bytes(pid))
    }
}

fn join_all(joins: &[Join]) -> Result<(), Failure> {
    let is_user = |join: &&Join| join.kind.contains(CloneFlags::NEWUSER);
    let (last, first): (Vec<&Join>, Vec<&Join>) = joins.iter().partition(is_user);
    for join in first.into_iter().chain(last) {
        namespace::join(join.from.as_fd(), join.kind).map_err(Failure::at(Stage::JoinOther, join.name.clone()))?;
    }
    Ok(())
}

/// Makes the caller, who is root of S, root of a new user namespace with this map: so it sees owners as a container does. It keeps its
/// mount namespace, and may do with files what their ids allow that are mapped.
///
/// # Errors
/// The namespace cannot be made or mapped. The caller is not dumpable afterwards.
pub fn enter(map: &IdMap) -> Result<(), Failure> {
    let at = || Failure::at(Stage::Map, "");
    let os = |errno: rustix::io::Errno| Failure::at(Stage::Map, "")(errno.into());
    // The files of a process that is not dumpable belong to the machine's root.
    rustix::process::set_dumpable_behavior(DumpableBehavior::Dumpable).map_err(os)?;
    let own = rustix::process::getpid().as_raw_nonzero().get();
    let (ready, say_ready) = fd::pipe().map_err(at())?;
    let userns = UserNamespace { map: map.clone(), joined: false, root: (0, 0) };
    let (done, say_done) = fd::pipe().map_err(at())?;
    let mut ends = Some((ready, say_done));
    let mut say_ready = Some(say_ready);
    let helper = clone::spawn(CloneFlags::empty(), None, || {
        // Its own copy would keep it waiting for ever.
        say_ready.take();
        let Some((ready, say_done)) = ends.take() else { return 125 };
        let mut byte = [0];
        let told = File::from(ready).read_exact(&mut byte).is_ok();
        i32::from(!told || write_maps(&userns, own, say_done).is_err())
    })
    .map_err(at())?;
    drop(ends);
    let made = namespace::unshare(CloneFlags::NEWUSER).map_err(at());
    if let (Ok(()), Some(pipe)) = (&made, say_ready.take()) {
        File::from(pipe).write_all(b"r").map_err(at())?;
    }
    let mut byte = [0];
    let mapped = File::from(done).read_exact(&mut byte).map_err(at());
    helper.wait().map_err(at())?;
    made.and(mapped)?;
    super::process::become_root()?;
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(os)
}

/// Writes the maps of I, which waits for the byte that is sent then; in M, which is root in S.
pub(super) fn write_maps(userns: &UserNamespace, init: i32, go: OwnedFd) -> Result<(), Failure> {
    if !userns.joined {
        write_map(&userns.map, init)?;
    }
    // A broken pipe: I has ended and says itself why.
    let _ = File::from(go).write_all(b"m");
    Ok(())
}

/// Writes the map of a process that is alone in a new user namespace; the caller is root of the one above.
pub(super) fn write_map(map: &IdMap, init: i32) -> Result<(), Failure> {
    let IdMap { uids, gids } = map;
    [("gid_map", gids), ("uid_map", uids)].into_iter().try_for_each(|(file, ranges)| {
        let parent = std::fs::read_to_string(format!("/proc/self/{file}")).map_err(Failure::at(Stage::Map, file))?;
        // One write(2): the kernel takes a map only once.
        let text = ranges.text_below(&parent);
        std::fs::write(format!("/proc/{init}/{file}"), text).map_err(Failure::at(Stage::Map, file))
    })
}
