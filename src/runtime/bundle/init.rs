//! I, the init of a bundle's container, from its birth to the program: the whole story in order.

use super::place::Plan;
use super::start::{hear, say, wait};
use super::{console, devices, hooks, labels, leave, memory, mounts};
use crate::runtime::init::enter_workdir;
use crate::runtime::message::{Failure, Stage};
use crate::runtime::process::become_root;
use crate::runtime::{mounts as kernels, users};
use crate::sys::mount::{self, Attributes, Propagation};
use crate::sys::root::{Leaf, SafeRoot};
use crate::sys::{fd, namespace, netdev};
use oci_spec::runtime::{Hook, LinuxNamespaceType, LinuxPersonalityDomain, Process, Spec};
use rustix::fs::{Mode, OFlags};
use rustix::process::DumpableBehavior;
use std::fmt::Write as _;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;

/// What `create` and init say to each other.
pub(super) const MAPPED: u8 = b'u';
pub(super) const MOUNTED: u8 = b'm';
pub(super) const HOOKS_DONE: u8 = b'h';
pub(super) const READY: u8 = b'r';
pub(super) const STAY: u8 = b's';

/// Returns the container's state as hooks read it, for a pid and a status.
pub type StateText<'a> = &'a dyn Fn(i32, &str) -> String;

/// The descriptors that I needs.
pub(super) struct InitFds {
    pub(super) sync: OwnedFd,
    pub(super) report: OwnedFd,
    pub(super) listen: OwnedFd,
    pub(super) console: Option<OwnedFd>,
    pub(super) handed: Vec<(i32, OwnedFd)>,
    /// The root and the sources of bind mounts by their numbers, where they were made from outside.
    pub(super) root: Option<OwnedFd>,
    pub(super) sources: Vec<(usize, OwnedFd)>,
}

/// Runs as the container's first process. Returns (an exit code) only when something went wrong; that was reported.
#[must_use]
pub(super) fn run(plan: &Plan<'_>, fds: InitFds, state: StateText<'_>) -> i32 {
    let mut keep = vec![fds.sync.as_fd(), fds.report.as_fd(), fds.listen.as_fd()];
    keep.extend(fds.console.iter().chain(&fds.root).map(OwnedFd::as_fd));
    keep.extend(fds.handed.iter().map(|(_, fd)| fd.as_fd()).chain(fds.sources.iter().map(|(_, fd)| fd.as_fd())));
    // The joined namespaces are entered by now.
    let closed = fd::close_all_but(&keep);
    drop(keep);
    // `create` takes the end of the one for our end: it must come after what is in the other.
    let (Ok(report), Ok(sync)) = (fds.report.try_clone(), fds.sync.try_clone()) else { return 125 };
    let mut shared = None;
    let prepared = closed.map_err(Failure::at(Stage::Stdio, "")).and_then(|()| prepare(plan, fds, state, &mut shared));
    if !matches!(prepared, Ok(Some(_)))
        && let Some(root) = &shared
    {
        let _ = mount::take_away(root.as_fd());
    }
    drop(shared);
    let failure = match prepared {
        Ok(Some(waiting)) => {
            drop((report, sync));
            return stay(plan, waiting, state);
        }
        // `create` is gone.
        Ok(None) => return 125,
        Err(failure) => failure,
    };
    failure.send(&report);
    125
}

/// A container that is created.
struct Waiting {
    listen: OwnedFd,
    handed: Vec<(i32, OwnedFd)>,
    home: String,
}

/// Makes the container; nothing is returned where `create` has gone meanwhile. `shared` is its root as soon as that is mounted in a
/// namespace in which others are.
fn prepare(
    plan: &Plan<'_>,
    fds: InitFds,
    state: StateText<'_>,
    shared: &mut Option<OwnedFd>,
) -> Result<Option<Waiting>, Failure> {
    let InitFds { sync, report: _report, listen, console, handed, root, mut sources } = fds;
    let spec = &plan.bundle.spec;
    rustix::process::setsid().map_err(|errno| Failure::at(Stage::Clone, "")(errno.into()))?;
    if hear(&sync) != Some(MAPPED) {
        return Ok(None);
    }
    if plan.map.is_some() || plan.joins_user() {
        become_root()?;
    }
    // Hooks and network helpers open our namespaces. Where others are in the pid namespace already, nobody may: they could look into
    // us and at our binary (CVE-2016-9962).
    let behavior = if plan.joins_pids() { DumpableBehavior::NotDumpable } else { DumpableBehavior::Dumpable };
    rustix::process::set_dumpable_behavior(behavior).map_err(|errno| Failure::at(Stage::Clone, "")(errno.into()))?;
    new_time(plan)?;
    rustix::process::umask(Mode::empty());
    if let Some(process) = spec.process() {
        labels::apply(process)?;
    }
    let other = console.as_ref().and_then(|_| console::hosts_master());
    let root = mounted_root(plan, root, &mut sources, shared)?;
    if !say(&sync, MOUNTED) || hear(&sync) != Some(HOOKS_DONE) {
        return Ok(None);
    }
    let own = rustix::process::getpid().as_raw_nonzero().get();
    let inside = spec.hooks().as_ref().and_then(|hooks| hooks.create_container().as_deref()).unwrap_or_default();
    if !inside.is_empty() {
        rustix::process::umask(Mode::from_raw_mode(plan.umask));
        hooks::run_all("createContainer", inside, &state(own, "creating"))?;
        rustix::process::umask(Mode::empty());
    }
    let slave = match (&console, spec.process()) {
        (Some(socket), Some(process)) => Some(console::open(&root, process, socket.as_fd(), other)?),
        _ => None,
    };
    drop(console);
    if let Some(slave) = &slave {
        console::mount_console(&root, slave)?;
    }
    let root = change_root(plan, root)?;
    name(spec)?;
    if plan.has_new(LinuxNamespaceType::Network) {
        netdev::loopback_up().map_err(Failure::at(Stage::Loopback, ""))?;
    }
    personality(spec)?;
    memory::apply(spec.linux().as_ref().and_then(|linux| linux.memory_policy().as_ref()))?;
    let mut home = String::new();
    if let Some(process) = spec.process() {
        home = home_of(&root, process);
        if let Some(slave) = &slave {
            console::become_stdio(slave, process)?;
        }
        enter_workdir(&root, process.cwd(), true)?;
        leave::find_program(process)?;
    }
    drop((root, slave, sources));
    if !say(&sync, READY) || hear(&sync) != Some(STAY) {
        return Ok(None);
    }
    Ok(Some(Waiting { listen, handed, home }))
}

/// Waits for the start and becomes the program.
fn stay(plan: &Plan<'_>, waiting: Waiting, state: StateText<'_>) -> i32 {
    let Waiting { listen, handed, home } = waiting;
    let Ok((report, starter)) = wait(&listen) else { return 125 };
    let spec = &plan.bundle.spec;
    let failure = match spec.process() {
        None => Failure::text(Stage::Start, "config.json: process: it is missing, so there is nothing to start"),
        Some(process) => {
            let Plan { filter, new_keyring, umask, .. } = *plan;
            let (home, handed) = (home.as_str(), handed.as_slice());
            let leaving = |process: &Process, report: &OwnedFd, listener: Option<&OwnedFd>| {
                leave_as(&leave::Leave { process, home, filter, listener, report, handed, new_keyring, umask })
            };
            let hooks = spec.hooks().as_ref().and_then(|hooks| hooks.start_container().as_deref()).unwrap_or_default();
            let text = state(rustix::process::getpid().as_raw_nonzero().get(), "created");
            let done = hooks.iter().try_for_each(|hook| {
                hooks::run("startContainer", hook, &text, |stdin, report| {
                    // With the rights of the container's own program and no others: its path is the container's.
                    if let Err(failure) = fd::become_stdio(&stdin, 0).map_err(Failure::at(Stage::Stdio, "")) {
                        return failure;
                    }
                    // One filter has one listener, and that is the program's: a hook's calls that were to be handed over fail.
                    leaving(&as_process(process, hook), &report, None)
                })
            });
            match done {
                Ok(()) => leaving(process, &report, Some(&starter)),
                Err(failure) => failure,
            }
        }
    };
    failure.send(&report);
    125
}

/// Nobody who comes into the container may look at us or at our binary any more.
fn leave_as(wish: &leave::Leave<'_>) -> Failure {
    if let Err(errno) = rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        return Failure::at(Stage::Start, "start the container")(errno.into());
    }
    leave::leave(wish)
}

/// A hook as a process with the rights of another.
fn as_process(process: &Process, hook: &Hook) -> Process {
    let mut program = process.clone();
    let path = hook.path().to_string_lossy().into_owned();
    // The path is what is executed; the specification's args[0] is what the program is called.
    let args = hook.args().clone().unwrap_or_default();
    program.set_args(Some(std::iter::once(path).chain(args.into_iter().skip(1)).collect()));
    program.set_env(hook.env().clone());
    program.set_rlimits(None);
    program
}

fn new_time(plan: &Plan<'_>) -> Result<(), Failure> {
    if !plan.has_new(LinuxNamespaceType::Time) {
        return Ok(());
    }
    let mut text = String::new();
    let linux = plan.bundle.spec.linux().as_ref();
    for (clock, offset) in linux.iter().flat_map(|linux| linux.time_offsets().iter().flatten()) {
        let _ = writeln!(text, "{clock} {} {}", offset.secs().unwrap_or(0), offset.nanosecs().unwrap_or(0));
    }
    namespace::enter_new_time(&text).map_err(Failure::at(Stage::TimeOffset, ""))
}

/// The root file system with all that is mounted in it, attached in this mount namespace.
fn mounted_root(
    plan: &Plan<'_>,
    ready: Option<OwnedFd>,
    sources: &mut Vec<(usize, OwnedFd)>,
    shared: &mut Option<OwnedFd>,
) -> Result<SafeRoot, Failure> {
    let path = plan.bundle.root();
    // In others' namespace the root covers its own folder and nothing else.
    let place = if plan.shares_mounts() { path.as_path() } else { Path::new("/") };
    let at = || Failure::at(Stage::Rootfs, place.to_string_lossy());
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let top = rustix::fs::open(place, flags, Mode::empty()).map_err(|errno| at()(errno.into()))?;
    if !plan.shares_mounts() {
        // What is mounted here is nobody else's business; what the host mounts may still come in where the configuration wants that.
        mount::set_propagation(top.as_fd(), Propagation::Slave, true).map_err(at())?;
    }
    let tree = match ready {
        Some(tree) => tree,
        None => mount::clone_tree(&path, true).map_err(Failure::at(Stage::Source, path.to_string_lossy()))?,
    };
    let wanted = wanted_propagation(plan).unwrap_or((Propagation::Private, true));
    if wanted.0 != Propagation::Shared {
        mount::set_propagation(tree.as_fd(), wanted.0, wanted.1).map_err(at())?;
    }
    mount::attach(tree.as_fd(), top.as_fd()).map_err(at())?;
    if plan.shares_mounts() {
        *shared = Some(tree.try_clone().map_err(at())?);
    }
    let root = SafeRoot::new(tree);
    mounts::mount_all(&root, plan, sources)?;
    devices::supply(&root, &plan.bundle.spec)?;
    Ok(root)
}

fn wanted_propagation(plan: &Plan<'_>) -> Option<(Propagation, bool)> {
    let word = plan.bundle.spec.linux().as_ref()?.rootfs_propagation().as_ref().filter(|word| !word.is_empty())?;
    mounts::propagation(word)
}

/// Makes the container's root the root, and hides and locks what is to be.
fn change_root(plan: &Plan<'_>, root: SafeRoot) -> Result<SafeRoot, Failure> {
    let spec = &plan.bundle.spec;
    let null = kernels::null_device()?;
    // The root of a namespace in which others are is theirs.
    let pivots = plan.pivot && !plan.shares_mounts();
    let changed = if pivots { mount::pivot_into(root.as_fd()) } else { mount::stay_on_top(root.as_fd()) };
    changed.map_err(Failure::at(Stage::Pivot, ""))?;
    drop(root);
    let root = kernels::own_root().map_err(Failure::at(Stage::Pivot, ""))?;
    let at = || Failure::at(Stage::Mask, "/");
    if let Some((propagation @ (Propagation::Shared | Propagation::Unbindable), recursive)) = wanted_propagation(plan) {
        mount::set_propagation(root.as_fd(), propagation, recursive).map_err(at())?;
    }
    kernels::set_sysctls(&root, spec)?;
    kernels::mask(&root, spec, null)?;
    if spec.root().as_ref().and_then(oci_spec::runtime::Root::readonly).unwrap_or(false) {
        if let Some(process) = spec.process() {
            // The working directory is made where it is missing; after this it could not be.
            let folder = process.cwd().strip_prefix("/").unwrap_or(process.cwd());
            root.make(folder, Leaf::Folder).map_err(Failure::at(Stage::Workdir, process.cwd().to_string_lossy()))?;
        }
        mount::set_attributes(root.as_fd(), Attributes::MOUNT_ATTR_RDONLY, Attributes::empty(), false).map_err(at())?;
    }
    Ok(root)
}

fn name(spec: &Spec) -> Result<(), Failure> {
    if let Some(name) = spec.hostname().as_ref().filter(|name| !name.is_empty()) {
        nix::unistd::sethostname(name).map_err(|errno| Failure::at(Stage::Hostname, name.as_str())(errno.into()))?;
    }
    if let Some(name) = spec.domainname().as_ref().filter(|name| !name.is_empty()) {
        namespace::set_domain_name(name).map_err(Failure::at(Stage::Hostname, name.as_str()))?;
    }
    Ok(())
}

fn personality(spec: &Spec) -> Result<(), Failure> {
    use crate::sys::schedule::{Domain, set_domain};
    let wanted = spec.linux().as_ref().and_then(|linux| linux.personality().as_ref());
    let Some(wanted) = wanted else { return Ok(()) };
    let domain = match wanted.domain() {
        LinuxPersonalityDomain::PerLinux => Domain::Linux,
        LinuxPersonalityDomain::PerLinux32 => Domain::Linux32,
    };
    set_domain(domain).map_err(Failure::at(Stage::Schedule, "personality"))
}

/// The home folder of the process's user by the container's own files; `/` where they do not say.
pub(super) fn home_of(root: &SafeRoot, process: &Process) -> String {
    let user = process.user().uid().to_string();
    users::resolve(root.as_fd(), &user, &[]).map_or_else(|_| "/".to_owned(), |resolved| resolved.home)
}
