//! Where the container's init is born: new namespaces, those that have a path, and its id map.

use super::config::Bundle;
use super::idmap;
use super::seccomp::Filter;
use crate::model::idmap::Ranges;
use crate::model::{IdMap, IdRange};
use crate::runtime::birth;
use crate::runtime::init::has_new_namespace;
use crate::runtime::message::{Failure, Stage};
use crate::runtime::process::become_root;
use crate::sys::clone::{self, Child, CloneFlags};
use crate::sys::namespace;
use crate::userns::map::{self, HelperError, Ids};
use crate::userns::subid::Range;
use oci_spec::runtime::{LinuxIdMapping, LinuxNamespaceType};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

/// What init is made from; worked out by `create` before anything is made.
pub(super) struct Plan<'a> {
    pub(super) bundle: &'a Bundle,
    pub(super) filter: Option<&'a Filter>,
    pub(super) joins: Vec<Join>,
    /// The map of a new user namespace; none where init stays in its caller's or joins one.
    pub(super) map: Option<IdMap>,
    pub(super) pivot: bool,
    pub(super) new_keyring: bool,
    /// The caller's, for a process that names none.
    pub(super) umask: u32,
}

pub(super) struct Join {
    kind: CloneFlags,
    from: OwnedFd,
    name: String,
}

const KINDS: [(LinuxNamespaceType, CloneFlags); 8] = [
    (LinuxNamespaceType::Mount, CloneFlags::NEWNS),
    (LinuxNamespaceType::Pid, CloneFlags::NEWPID),
    (LinuxNamespaceType::Ipc, CloneFlags::NEWIPC),
    (LinuxNamespaceType::Uts, CloneFlags::NEWUTS),
    (LinuxNamespaceType::Network, CloneFlags::NEWNET),
    (LinuxNamespaceType::Cgroup, CloneFlags::NEWCGROUP),
    (LinuxNamespaceType::User, CloneFlags::NEWUSER),
    (LinuxNamespaceType::Time, CloneFlags::NEWTIME),
];

impl<'a> Plan<'a> {
    /// Opens the namespaces that are joined and reads the map.
    pub(super) fn of(bundle: &'a Bundle, filter: Option<&'a Filter>) -> Result<Self, Failure> {
        let mut joins = Vec::new();
        for one in bundle.spec.linux().iter().flat_map(|linux| linux.namespaces().iter().flatten()) {
            let Some(path) = one.path().as_ref().filter(|path| !path.as_os_str().is_empty()) else { continue };
            let name = format!("the {} namespace {}", one.typ(), path.display());
            let from = File::open(path).map_err(Failure::at(Stage::JoinOther, name.clone()))?.into();
            let kind = flag(one.typ());
            // Whoever is in a user namespace cannot enter it again.
            if kind != CloneFlags::NEWUSER || !is_own_user_namespace(&from) {
                joins.push(Join { kind, from, name });
            }
        }
        let mut plan = Self { bundle, filter, joins, map: None, pivot: true, new_keyring: true, umask: 0o022 };
        // An ordinary user can have no other namespace without one for his ids.
        let implied = !plan.has_own(LinuxNamespaceType::User) && !rustix::process::geteuid().is_root();
        if implied || plan.has_new(LinuxNamespaceType::User) {
            plan.map = Some(map_of(bundle)?);
        }
        Ok(plan)
    }

    /// Whether the configuration has a namespace of this kind, new or joined.
    pub(super) fn has_own(&self, kind: LinuxNamespaceType) -> bool {
        let linux = self.bundle.spec.linux().as_ref();
        linux.is_some_and(|linux| linux.namespaces().iter().flatten().any(|one| one.typ() == kind))
    }

    /// Whether the configuration asks for a new namespace of this kind.
    pub(super) fn has_new(&self, kind: LinuxNamespaceType) -> bool {
        has_new_namespace(&self.bundle.spec, kind)
    }

    /// Whether init is in another pid namespace than its caller.
    pub(super) fn has_own_pids(&self) -> bool {
        self.has_own(LinuxNamespaceType::Pid)
    }

    /// Whether init comes into another user namespace by joining it.
    pub(super) fn joins_user(&self) -> bool {
        self.joins.iter().any(|join| join.kind == CloneFlags::NEWUSER)
    }

    /// Whether init is born into a pid namespace in which others are.
    pub(super) fn joins_pids(&self) -> bool {
        self.joins.iter().any(|join| join.kind == CloneFlags::NEWPID)
    }

    /// Whether init's mounts are made in a namespace in which others are.
    pub(super) fn shares_mounts(&self) -> bool {
        !self.has_new(LinuxNamespaceType::Mount)
    }

    fn flags(&self) -> CloneFlags {
        let new = KINDS.into_iter().filter(|(kind, _)| self.has_new(*kind) && *kind != LinuxNamespaceType::Time);
        let user = if self.map.is_some() { CloneFlags::NEWUSER } else { CloneFlags::empty() };
        new.map(|(_, flag)| flag).collect::<CloneFlags>() | user
    }
}

fn flag(kind: LinuxNamespaceType) -> CloneFlags {
    KINDS.iter().find(|(known, _)| *known == kind).map_or(CloneFlags::empty(), |(_, flag)| *flag)
}

fn is_own_user_namespace(other: &OwnedFd) -> bool {
    let own = rustix::fs::stat("/proc/self/ns/user").map(|stat| (stat.st_dev, stat.st_ino));
    let other = rustix::fs::fstat(other).map(|stat| (stat.st_dev, stat.st_ino));
    own.is_ok() && own.ok() == other.ok()
}

/// The map of the configuration. Without one the container has all ids that the caller has: root those of its own namespace, and
/// another user himself as root and his subordinate ids behind, or himself alone.
fn map_of(bundle: &Bundle) -> Result<IdMap, Failure> {
    let linux = bundle.spec.linux().as_ref();
    let given = |list: Option<&Vec<LinuxIdMapping>>| list.cloned().unwrap_or_default();
    let uids = given(linux.and_then(|linux| linux.uid_mappings().as_ref()));
    let gids = given(linux.and_then(|linux| linux.gid_mappings().as_ref()));
    if !uids.is_empty() || !gids.is_empty() {
        return Ok(IdMap { uids: idmap::ranges(&uids, "linux.uidMappings")?, gids: idmap::ranges(&gids, "linux.gidMappings")? });
    }
    if rustix::process::geteuid().is_root() {
        return Ok(IdMap { uids: own_ids("uid_map")?, gids: own_ids("gid_map")? });
    }
    let (uid, gid) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    let (users, groups) = match map::available() {
        Ids::Ranges { uids, gids } => (uids, gids),
        Ids::Single(_) => (Vec::new(), Vec::new()),
    };
    let side = |own: u32, others: &[Range]| {
        let mut inside = 1u32;
        let mut runs = vec![IdRange { inside: 0, outside: own, count: 1 }];
        for range in others {
            runs.push(IdRange { inside, outside: range.start, count: range.count });
            inside = inside.saturating_add(range.count);
        }
        Ranges::new(runs).map_err(|error| Failure::text(Stage::User, format!("your subordinate ids: {error}")))
    };
    Ok(IdMap { uids: side(uid, &users)?, gids: side(gid, &groups)? })
}

/// All ids of the caller's own namespace, each as itself.
fn own_ids(file: &str) -> Result<Ranges, Failure> {
    let text = std::fs::read_to_string(format!("/proc/self/{file}")).map_err(Failure::at(Stage::Map, file))?;
    let runs = text.lines().filter_map(|line| {
        let mut numbers = line.split_ascii_whitespace().map(str::parse::<u32>);
        let (inside, _, count) = (numbers.next()?.ok()?, numbers.next()?.ok()?, numbers.next()?.ok()?);
        // The last id is none (-1).
        Some(IdRange { inside, outside: inside, count: count.min(u32::MAX - inside) })
    });
    Ranges::new(runs.collect()).map_err(|error| Failure::text(Stage::User, format!("{file}: {error}")))
}

/// Makes init, a child of the caller, in its namespaces and in `cgroup`.
pub(super) fn make(
    plan: &Plan<'_>,
    cgroup: Option<BorrowedFd<'_>>,
    report: &OwnedFd,
    body: impl FnOnce() -> i32,
) -> Result<Child, Failure> {
    let flags = plan.flags();
    if plan.joins.is_empty() {
        return clone::spawn(flags, cgroup, body).map_err(clone_failure(plan));
    }
    birth::by_joiner(report, || {
        join_all(&plan.joins)?;
        clone::spawn(flags | CloneFlags::PARENT, cgroup, body).map_err(clone_failure(plan))
    })
}

fn clone_failure(plan: &Plan<'_>) -> impl FnOnce(io::Error) -> Failure {
    let no_user = plan.map.is_none() && !plan.joins_user();
    move |error| match error.raw_os_error() {
        Some(libc::EPERM) if no_user => Failure::text(
            Stage::Start,
            "make the container's namespaces: not permitted (the caller is root without rights: give the configuration a user \
             namespace, as `coracle oci spec --rootless` writes it)",
        ),
        _ => Failure::at(Stage::Clone, "")(error),
    }
}

/// Joins what belongs to the caller's user namespace first; what does not, with the rights of the one that is joined.
fn join_all(joins: &[Join]) -> Result<(), Failure> {
    let enter =
        |join: &Join| namespace::join(join.from.as_fd(), join.kind).map_err(Failure::at(Stage::JoinOther, join.name.clone()));
    let (user, others): (Vec<&Join>, Vec<&Join>) = joins.iter().partition(|join| join.kind == CloneFlags::NEWUSER);
    let Some(user) = user.first() else { return others.into_iter().try_for_each(enter) };
    let later: Vec<&Join> = others.into_iter().filter(|join| enter(join).is_err()).collect();
    enter(user)?;
    become_root()?;
    later.into_iter().try_for_each(enter)
}

/// Writes the map of init, which is alone in a new user namespace and waits.
pub(super) fn write_map(init: i32, map: &IdMap) -> Result<(), Failure> {
    let (uid, gid) = (rustix::process::geteuid(), rustix::process::getegid());
    let fail = |file: &str| Failure::at(Stage::Map, file.to_owned());
    if uid.is_root() {
        return birth::write_map(map, init);
    }
    let single = |ranges: &Ranges, own: u32| matches!(ranges.runs(), [run] if run.count == 1 && run.outside == own);
    if single(&map.uids, uid.as_raw()) && single(&map.gids, gid.as_raw()) {
        // user_namespaces(7): who has no rights outside gives up setgroups(2) first.
        std::fs::write(format!("/proc/{init}/setgroups"), "deny").map_err(fail("setgroups"))?;
        std::fs::write(format!("/proc/{init}/uid_map"), map.uids.text()).map_err(fail("uid_map"))?;
        return std::fs::write(format!("/proc/{init}/gid_map"), map.gids.text()).map_err(fail("gid_map"));
    }
    map::write_runs_with_helpers(init, map.uids.runs(), map.gids.runs()).map_err(|error| match error {
        HelperError::Refused(why) => {
            Failure::text(Stage::Start, format!("write the id maps of the container's user namespace: {}", why.message()))
        }
        HelperError::Broken { helper, source } => Failure::at(Stage::Map, format!("with {helper}"))(source),
    })
}
