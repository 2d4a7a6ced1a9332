//! I, the container's init, from its birth to the program: the whole story in order.

use super::interfaces::{self, Interface};
use super::message::{Failure, Stage};
use super::process::{self, Identity, Leave};
use super::secrets::{self, SecretFile};
use super::{accounts, birth, limits, mounts, rootfs, terminal};
use crate::model::isolation::Accounts;
use crate::sys::root::{Leaf, SafeRoot};
use crate::sys::{fd, mount};
use oci_spec::runtime::{LinuxNamespace, LinuxNamespaceType, Spec};
use rustix::fs::{Mode, OFlags};
use rustix::process::DumpableBehavior;
use std::fs::File;
use std::io::Read as _;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

/// What the container is made from.
#[derive(Debug)]
pub struct Plan {
    pub spec: Spec,
    pub root: Overlay,
    /// `user[:group]`, looked up in the container's own files; the spec's numbers count where it is empty.
    pub user: String,
    /// The window of the user's terminal, where there is one.
    pub window: Option<terminal::Size>,
    /// The container's own user namespace; none for one that is in S.
    pub userns: Option<UserNamespace>,
    /// Namespaces of others that init joins.
    pub joins: Vec<Join>,
    /// The init of the container whose `/dev/shm` and `/dev/mqueue` are shared.
    pub shared_memory: Option<OwnedFd>,
    /// Additional groups, names or numbers of the container.
    pub groups: Vec<String>,
    /// The groups that the caller has stay.
    pub keep_groups: bool,
    /// Entries of the passwd and group files.
    pub accounts: Accounts,
    /// Interfaces in networks, which M makes and init gives their addresses.
    pub interfaces: Vec<Interface>,
    /// Filled by M: what init cannot make itself.
    pub outside: Outside,
    /// A working directory that is missing is made.
    pub make_workdir: bool,
    /// The compiled seccomp filter; none for an unconfined container.
    pub seccomp: Option<Vec<u8>>,
    /// What lies in `/run/secrets`.
    pub secrets: Vec<SecretFile>,
    /// A program of ours is process 1 and the spec's program its child.
    pub reaper: bool,
    /// Descriptors of the caller's for the program, with their numbers there.
    pub handed: Vec<(i32, OwnedFd)>,
    /// These are sockets to listen on, and the program is told its pid in `LISTEN_PID`.
    pub listening: bool,
}

pub use super::birth::{Join, UserNamespace};
pub use super::outside::Outside;
pub use rootfs::Overlay;

/// The descriptors that I needs; all else that it inherits is close-on-exec.
#[derive(Debug)]
pub struct InitFds {
    /// Standard input, output and error of the program; without a terminal.
    pub stdio: Option<[OwnedFd; 3]>,
    /// Where the terminal's master goes; with a terminal.
    pub console: Option<OwnedFd>,
    /// A byte arrives here when the network is ready; where it is set up from outside.
    pub network: Option<OwnedFd>,
    /// A byte arrives here when the map of the user namespace is written; where it has one of its own.
    pub mapped: Option<OwnedFd>,
    /// Where it sends its namespaces, and what it holds until its program runs; where it is born hidden.
    pub namespaces: Option<OwnedFd>,
    pub report: OwnedFd,
    /// A pidfd of M.
    pub guardian: OwnedFd,
    /// The lock on the container's folder. Until the program is executed I stands in the host's file system, so whoever wants to
    /// join its namespaces waits for this lock first.
    pub lock: OwnedFd,
}

impl InitFds {
    /// Closes what else was inherited: I waits for the end of a pipe whose other end it has, too.
    fn close_all_others(&self, outside: &Outside, handed: &[(i32, OwnedFd)]) -> Result<(), Failure> {
        let mut keep = vec![self.report.as_fd(), self.guardian.as_fd(), self.lock.as_fd()];
        keep.extend(self.stdio.iter().flatten().map(AsFd::as_fd));
        keep.extend(self.console.iter().chain(&self.network).chain(&self.mapped).chain(&self.namespaces).map(AsFd::as_fd));
        keep.extend(handed.iter().map(|(_, fd)| fd.as_fd()));
        let root = outside.root.borrow();
        let trees = outside.trees.borrow();
        keep.extend(root.iter().map(AsFd::as_fd));
        keep.extend(trees.values().map(AsFd::as_fd));
        fd::close_all_but(&keep).map_err(Failure::at(Stage::Stdio, ""))
    }
}

/// Runs as process 1 of the container. Returns (the exit code) only when something went wrong; that was reported.
#[must_use]
pub fn run(plan: &Plan, fds: InitFds) -> i32 {
    let closed = fds.close_all_others(&plan.outside, &plan.handed);
    let Ok(report) = fds.report.try_clone() else { return 125 };
    let failure = match closed.and_then(|()| prepare(plan, fds)) {
        Ok(never) => match never {},
        Err(failure) => failure,
    };
    failure.send(&report);
    125
}

fn prepare(plan: &Plan, fds: InitFds) -> Result<std::convert::Infallible, Failure> {
    // The lock goes with the descriptor: at execve, or when this process ends.
    let InitFds { stdio, console, network, mapped, namespaces, report, guardian, lock: _lock } = fds;
    process::die_with(Some(&guardian))?;
    rustix::process::setsid().map_err(|errno| Failure::at(Stage::Clone, "")(errno.into()))?;
    if let Some(socket) = &namespaces {
        birth::send_namespaces(socket.as_fd())?;
    }
    if let Some(pipe) = mapped {
        wait_for(pipe, Stage::Map)?;
        if process::become_root()? {
            // The change of ids has taken the wish back.
            process::die_with(Some(&guardian))?;
            if namespaces.is_none() {
                // And it has forbidden others to look at us; the network helper has to open our namespaces.
                rustix::process::set_dumpable_behavior(DumpableBehavior::Dumpable)
                    .map_err(|errno| Failure::at(Stage::Clone, "")(errno.into()))?;
            }
        }
    }
    rustix::process::umask(Mode::empty());
    let spec = &plan.spec;
    let Some(program) = spec.process() else { return Err(Failure::text(Stage::User, "the spec has no process")) };

    let root = match plan.outside.take_root() {
        // The caller's folders may be closed to us here; the root of the host's file system is not.
        Some(made) => rootfs::attach(made, "/")?,
        None => rootfs::mount(&plan.root)?,
    };
    mounts::mount_all(&root, plan)?;
    secrets::place(&root, &plan.secrets)?;
    let mut slave = None;
    if let Some(socket) = &console {
        slave = Some(terminal::open(&root, socket.as_fd(), true, plan.window)?);
    }
    drop(console);
    let null = mounts::null_device()?;
    mount::pivot_into(root.as_fd()).map_err(Failure::at(Stage::Pivot, ""))?;
    drop(root);
    let root = mounts::own_root().map_err(Failure::at(Stage::Pivot, ""))?;
    if has_new_namespace(spec, LinuxNamespaceType::Network) {
        crate::sys::netdev::loopback_up().map_err(Failure::at(Stage::Loopback, ""))?;
    }
    let mut network = network;
    if !plan.interfaces.is_empty() {
        // Before the settings, of which some are an interface's.
        if let Some(pipe) = network.take() {
            wait_for(pipe, Stage::Network)?;
        }
        interfaces::configure(&root, &plan.interfaces)?;
    }
    mounts::set_sysctls(&root, spec)?;
    mounts::mask(&root, spec, null)?;
    let read_only = spec.root().as_ref().and_then(oci_spec::runtime::Root::readonly).unwrap_or(false);
    if read_only {
        let set = mount::Attributes::MOUNT_ATTR_RDONLY;
        mount::set_attributes(root.as_fd(), set, mount::Attributes::empty(), false).map_err(Failure::at(Stage::Mask, "/"))?;
    }

    if let Some(name) = spec.hostname().as_ref().filter(|_| has_new_namespace(spec, LinuxNamespaceType::Uts)) {
        nix::unistd::sethostname(name).map_err(|errno| Failure::at(Stage::Hostname, name.as_str())(errno.into()))?;
    }
    let mut book = accounts::Book::new(&root, &plan.accounts, read_only || plan.root.is_the_users());
    book.add_users()?;
    let wanted = Wanted { user: &plan.user, groups: &plan.groups, keep_groups: plan.keep_groups };
    let mut identity = identity(&root, &wanted, program)?;
    book.add_program_user(&mut identity, program.cwd())?;
    let stdio = match (stdio, slave) {
        (Some(stdio), _) => stdio,
        (None, Some(slave)) => {
            terminal::control(slave.as_fd())?;
            tty_stdio(slave, &identity)?
        }
        (None, None) => return Err(Failure::text(Stage::Stdio, "there is neither a terminal nor a pipe")),
    };
    enter_workdir(&root, program.cwd(), plan.make_workdir)?;
    drop(root);
    if let Some(pipe) = network {
        wait_for(pipe, Stage::Network)?;
    }
    if namespaces.is_none() {
        limits::set_oom_score(program)?;
    }
    let seccomp = plan.seccomp.as_deref();
    // Nobody who comes to share this pid namespace may look at us or at our binary before the program runs (CVE-2016-9962). Not
    // earlier: who sets the network up has to open our namespaces. Where others are in the namespace already we were born so.
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .map_err(|errno| Failure::at(Stage::Clone, "")(errno.into()))?;
    Err(process::leave(Leave {
        process: program,
        identity: &identity,
        seccomp,
        stdio,
        report: &report,
        guardian: Some(&guardian),
        reaper: plan.reaper,
        handed: &plan.handed,
        listening: plan.listening,
    }))
}

/// Tells whether the spec asks for a new namespace of this type.
#[must_use]
pub fn has_new_namespace(spec: &Spec, kind: LinuxNamespaceType) -> bool {
    // An empty path is none.
    let is_new = |one: &LinuxNamespace| one.typ() == kind && one.path().as_ref().is_none_or(|path| path.as_os_str().is_empty());
    spec.linux().as_ref().is_some_and(|linux| linux.namespaces().iter().flatten().any(is_new))
}

/// The slave three times, given to the program's user.
pub(super) fn tty_stdio(slave: OwnedFd, identity: &Identity) -> Result<[OwnedFd; 3], Failure> {
    let at = || Failure::at(Stage::Terminal, "");
    if identity.uid != 0 {
        rustix::fs::fchown(&slave, Some(rustix::fs::Uid::from_raw(identity.uid)), None).map_err(|errno| at()(errno.into()))?;
    }
    let second = slave.try_clone().map_err(at())?;
    let third = slave.try_clone().map_err(at())?;
    Ok([slave, second, third])
}

/// Who a program is to run as.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    /// `user[:group]`; the spec's numbers count where it is empty.
    pub user: &'a str,
    /// Additional groups, names or numbers.
    pub groups: &'a [String],
    pub keep_groups: bool,
}

/// Works out who the program runs as: the user of the plan by the container's own files, else the spec's numbers.
pub(super) fn identity(root: &SafeRoot, wanted: &Wanted<'_>, program: &oci_spec::runtime::Process) -> Result<Identity, Failure> {
    let resolved = super::users::resolve(root.as_fd(), wanted.user, wanted.groups)
        .map_err(|error| Failure::text(Stage::User, error.to_string()))?;
    let keep_groups = wanted.keep_groups;
    let spec = program.user();
    if !wanted.user.is_empty() || (spec.uid() == 0 && spec.gid() == 0) {
        let super::users::ResolvedUser { uid, gid, groups, home, named } = resolved;
        return Ok(Identity { uid, gid, groups, keep_groups, home, named });
    }
    let mut groups = spec.additional_gids().clone().unwrap_or_default();
    groups.insert(0, spec.gid());
    let (uid, gid) = (spec.uid(), spec.gid());
    Ok(Identity { uid, gid, groups, keep_groups, home: "/".to_owned(), named: true })
}

/// Enters the working directory; init makes it where it is missing, an exec session does not. Magic links are refused and the result has to lie below the
/// root (CVE-2024-21626).
pub(super) fn enter_workdir(root: &SafeRoot, path: &Path, make: bool) -> Result<(), Failure> {
    let name = path.to_string_lossy().into_owned();
    let relative = path.strip_prefix("/").unwrap_or(path);
    let fd = if make { root.make(relative, Leaf::Folder) } else { root.open(relative, OFlags::PATH) };
    let fd = fd.map_err(Failure::at(Stage::Workdir, name.clone()))?;
    let opened = rustix::fs::openat(&fd, ".", OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
    let opened = opened.map_err(|errno| Failure::at(Stage::Workdir, name.clone())(errno.into()))?;
    rustix::process::fchdir(&opened).map_err(|errno| Failure::at(Stage::Workdir, name.clone())(errno.into()))?;
    match rustix::process::getcwd(Vec::new()) {
        Ok(path) if path.as_bytes().starts_with(b"/") => Ok(()),
        _ => Err(Failure::text(Stage::Workdir, format!("{name}: it is outside the container"))),
    }
}

fn wait_for(pipe: OwnedFd, stage: Stage) -> Result<(), Failure> {
    let mut byte = [0];
    File::from(pipe).read_exact(&mut byte).map_err(Failure::at(stage, ""))
}
