//! The last steps of a process before its program, the same for init and for exec sessions: limits, keyring, seccomp,
//! capabilities, ids, descriptors, stub.

use super::limits;
use super::message::{Failure, Stage, send_ready};
use crate::sys::{fd, keyring, reaper, seccomp, stub};
use oci_spec::runtime::{Capabilities, Process};
use rustix::fs::{FileType, fstat};
use rustix::process::{Gid, Uid};
use rustix::thread::{CapabilitySet, CapabilitySets};
use std::ffi::CString;
use std::os::fd::{AsFd as _, OwnedFd};

/// Who a process runs as, in ids of the container.
#[derive(Clone, Debug, Default)]
pub(super) struct Identity {
    pub uid: u32,
    pub gid: u32,
    pub groups: Vec<u32>,
    /// The groups that the process has stay; `groups` is not set.
    pub keep_groups: bool,
    pub home: String,
    /// The user has an entry in the container's passwd file.
    pub named: bool,
}

/// What is needed beside the spec's process.
pub(super) struct Leave<'a> {
    pub process: &'a Process,
    pub identity: &'a Identity,
    /// A compiled filter; none for an unconfined process.
    pub seccomp: Option<&'a [u8]>,
    pub stdio: [OwnedFd; 3],
    pub report: &'a OwnedFd,
    /// What can be read once the parent is dead, whose death ends this one too.
    pub guardian: Option<&'a OwnedFd>,
    /// A program of ours stays as process 1 and has the spec's program for a child.
    pub reaper: bool,
    /// Descriptors for the program, with the numbers that they are to have there, from 3 up.
    pub handed: &'a [(i32, OwnedFd)],
    /// These are sockets to listen on, and the program is told its pid in `LISTEN_PID`.
    pub listening: bool,
}

/// Becomes the spec's program. Returns only what went wrong.
pub(super) fn leave(leave: Leave<'_>) -> Failure {
    match give_up(leave).and_then(Bare::go) {
        Ok(never) => match never {},
        Err(failure) => failure,
    }
}

/// A process, or one whose child it will be, that has no more rights than the spec's program is to have.
pub(super) struct Bare<'a> {
    process: &'a Process,
    /// Still to be loaded: that takes no rights.
    seccomp: Option<&'a [u8]>,
    report: &'a OwnedFd,
    guardian: Option<&'a OwnedFd>,
    handed: &'a [(i32, OwnedFd)],
    error_fd: u8,
    stub: OwnedFd,
    before: Vec<CString>,
    candidates: Vec<CString>,
    argv: Vec<CString>,
    environment: Vec<CString>,
}

/// Takes the standard streams, the ids, the capabilities and the filter of the spec's program.
pub(super) fn give_up(leave: Leave<'_>) -> Result<Bare<'_>, Failure> {
    let Leave { process, identity, seccomp: filter, stdio, report, guardian, reaper, handed, listening } = leave;
    let error_fd = (stub::ERROR_FD..u8::MAX).find(|free| !handed.iter().any(|(number, _)| *number == i32::from(*free)));
    let error_fd = error_fd.ok_or_else(|| Failure::text(Stage::User, "too many descriptors are handed to the container"))?;
    let stub = if reaper { reaper::open(error_fd) } else { stub::open(error_fd) }.map_err(Failure::at(Stage::Stub, ""))?;
    // How process 1 calls itself, as Podman's init does.
    let before = if reaper { vec![c"coracle-init".to_owned()] } else { Vec::new() };
    // The first child of process 1 is process 2.
    let listener = listening.then(|| rustix::process::getpid().as_raw_nonzero().get() + i32::from(reaper));
    let environment = environment(process, identity, listener)?;
    let argv = c_strings(process.args().as_deref().unwrap_or_default())?;
    let candidates = candidates(process)?;
    limits::apply(process)?;
    // A keyring of its own: the user's session keyring is not for containers. The quota counts keyrings for each user, so
    // when it is used up the containers share one, which still is not the user's.
    keyring::join_new().map_err(Failure::at(Stage::Keyring, ""))?;
    let [input, output, error] = stdio;
    for (number, file) in [(0, input), (1, output), (2, error)] {
        own(&file, identity).map_err(Failure::at(Stage::Stdio, ""))?;
        fd::become_stdio(file, number).map_err(Failure::at(Stage::Stdio, ""))?;
    }
    let no_new_privileges = process.no_new_privileges().unwrap_or(false);
    drop_bounding(process)?;
    if let (Some(filter), false) = (filter, no_new_privileges) {
        // Without no_new_privs loading takes CAP_SYS_ADMIN, which goes away below.
        seccomp::load(filter).map_err(Failure::at(Stage::Seccomp, ""))?;
    }
    let kept = identity.uid != 0 && !ambient(process).is_empty();
    if kept {
        // Else the change from root to another user takes all of them away (capabilities(7)).
        rustix::thread::set_keep_capabilities(true).map_err(|errno| Failure::at(Stage::Capabilities, "to keep")(errno.into()))?;
    }
    set_ids(identity)?;
    set_capabilities(process, identity)?;
    if no_new_privileges {
        rustix::thread::set_no_new_privs(true).map_err(|errno| Failure::at(Stage::Capabilities, "no_new_privs")(errno.into()))?;
    }
    let seccomp = filter.filter(|_| no_new_privileges);
    Ok(Bare { process, seccomp, report, guardian, handed, error_fd, stub, before, candidates, argv, environment })
}

impl Bare<'_> {
    /// Becomes the program, in the process that is to be it. Returns only what went wrong.
    pub(super) fn go(self) -> Result<std::convert::Infallible, Failure> {
        let Self { process, seccomp: filter, report, guardian, handed, error_fd, stub, before, candidates, argv, environment } =
            self;
        limits::bound_processes(process)?;
        // After the ids: their change takes the wish back.
        die_with(guardian)?;
        let umask = process.user().umask().unwrap_or(0o022);
        rustix::process::umask(rustix::fs::Mode::from_raw_mode(umask));
        crate::sys::process::default_signals();
        let last = Last { process, report, handed, error_fd, stub, before, candidates, argv, environment };
        last.go(|| filter.map_or(Ok(()), |filter| seccomp::load(filter).map_err(Failure::at(Stage::Seccomp, ""))))
    }
}

/// The step that every process takes in the end, with all rights given up.
pub(super) struct Last<'a> {
    pub(super) process: &'a Process,
    pub(super) report: &'a OwnedFd,
    pub(super) handed: &'a [(i32, OwnedFd)],
    /// Where the stub reports: 3, or the first number that the program is not to have.
    pub(super) error_fd: u8,
    pub(super) stub: OwnedFd,
    /// What the program in `stub` wants before the paths.
    pub(super) before: Vec<CString>,
    pub(super) candidates: Vec<CString>,
    pub(super) argv: Vec<CString>,
    pub(super) environment: Vec<CString>,
}

impl Last<'_> {
    /// The first number that is nobody's once the descriptors lie in their places.
    pub(super) fn above(&self) -> i32 {
        self.handed.iter().map(|(number, _)| number + 1).fold(i32::from(self.error_fd) + 1, i32::max).max(10)
    }

    /// Lays the descriptors in their places, takes the steps that are left, a filter at last, and becomes the stub. Returns only what
    /// went wrong before the descriptors were touched; what goes wrong later is reported from here.
    pub(super) fn go(self, left: impl FnOnce() -> Result<(), Failure>) -> Result<std::convert::Infallible, Failure> {
        let above = self.above();
        let move_up = |fd: &OwnedFd| {
            rustix::io::fcntl_dupfd_cloexec(fd, above).map_err(|errno| Failure::at(Stage::Stdio, "")(errno.into()))
        };
        let report = move_up(self.report)?;
        let stub = move_up(&self.stub)?;
        let handed = self.handed.iter().map(|(number, fd)| Ok((*number, move_up(fd)?))).collect::<Result<Vec<_>, Failure>>()?;
        let Err(failure) = self.become_stub(&report, &stub, &handed, left);
        // The numbers from 3 up had other owners before: nothing may be closed here by who believes that it still owns one.
        failure.send(&report);
        crate::sys::process::exit_now(125)
    }

    fn become_stub(
        &self,
        report: &OwnedFd,
        stub: &OwnedFd,
        handed: &[(i32, OwnedFd)],
        left: impl FnOnce() -> Result<(), Failure>,
    ) -> Result<std::convert::Infallible, Failure> {
        let at = || Failure::at(Stage::Stdio, "");
        // Everything else is close-on-exec at birth; this is for what was inherited.
        fd::close_on_exec_from(3).map_err(at())?;
        let slot = fd::duplicate_to(report.as_fd(), i32::from(self.error_fd)).map_err(at())?;
        let mut slots = Vec::with_capacity(handed.len());
        for (number, fd) in handed {
            slots.push(fd::duplicate_to(fd.as_fd(), *number).map_err(at())?);
        }
        limits::bound_descriptors(self.process)?;
        left()?;
        send_ready(&slot).map_err(at())?;
        let error = stub::become_program(stub, &self.before, &self.candidates, &self.argv, &self.environment);
        Err(Failure::at(Stage::Stub, "")(error))
    }
}

/// Gives a pipe to the program's user: many images log by opening `/dev/stdout`, which is an open of the pipe anew.
pub(super) fn own(file: &OwnedFd, identity: &Identity) -> std::io::Result<()> {
    let kind = FileType::from_raw_mode(fstat(file)?.st_mode);
    if identity.uid != 0 && kind == FileType::Fifo {
        match rustix::fs::fchown(file, Some(Uid::from_raw(identity.uid)), None) {
            // An id that is not mapped: the change to this user says what is to be said.
            Ok(()) | Err(rustix::io::Errno::INVAL | rustix::io::Errno::PERM) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}

/// Asks for SIGKILL when the guardian, which is the parent, dies.
pub(super) fn die_with(guardian: Option<&OwnedFd>) -> Result<(), Failure> {
    let Some(guardian) = guardian else { return Ok(()) };
    crate::sys::process::die_with(guardian).map_err(Failure::at(Stage::Monitor, "before it was there"))
}

pub(super) fn environment(process: &Process, identity: &Identity, listener: Option<i32>) -> Result<Vec<CString>, Failure> {
    let mut environment = process.env().clone().unwrap_or_default();
    if !environment.iter().any(|entry| entry.starts_with("HOME=")) {
        environment.push(format!("HOME={}", identity.home));
    }
    if let Some(pid) = listener {
        environment.retain(|entry| !entry.starts_with("LISTEN_PID="));
        environment.push(format!("LISTEN_PID={pid}"));
    }
    c_strings(&environment)
}

pub(super) fn c_strings(texts: &[String]) -> Result<Vec<CString>, Failure> {
    texts
        .iter()
        .map(|text| CString::new(text.as_str()).map_err(|_| Failure::text(Stage::User, format!("{text:?} holds a zero byte"))))
        .collect()
}

/// The paths to try for the program: itself where it holds a slash, else each folder of the container's own `PATH`.
pub(super) fn candidates(process: &Process) -> Result<Vec<CString>, Failure> {
    let program = process.args().iter().flatten().next().map(String::as_str).unwrap_or_default();
    if program.is_empty() {
        return Ok(Vec::new());
    }
    if program.contains('/') {
        return c_strings(&[program.to_owned()]);
    }
    let path = process.env().iter().flatten().rev().find_map(|entry| entry.strip_prefix("PATH="));
    let folders = path.unwrap_or("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin").split(':');
    // An empty folder is the current one in execvp(3); a container's program is not looked up there.
    let paths: Vec<String> = folders.filter(|folder| !folder.is_empty()).map(|folder| format!("{folder}/{program}")).collect();
    c_strings(&paths)
}

/// Turns the spec's set into the kernel's bits.
pub(super) fn bits(set: Option<&Capabilities>) -> CapabilitySet {
    set.into_iter().flatten().filter_map(|capability| CapabilitySet::from_name(&capability.to_string())).collect()
}

pub(super) fn drop_bounding(process: &Process) -> Result<(), Failure> {
    let keep = bits(process.capabilities().as_ref().and_then(|sets| sets.bounding().as_ref()));
    for (name, capability) in CapabilitySet::all().iter_names() {
        if keep.contains(capability) {
            continue;
        }
        match rustix::thread::remove_capability_from_bounding_set(capability) {
            // EINVAL: newer than this kernel.
            Ok(()) | Err(rustix::io::Errno::INVAL) => {}
            Err(errno) => return Err(Failure::at(Stage::Capabilities, name)(errno.into())),
        }
    }
    Ok(())
}

pub(super) fn set_ids(identity: &Identity) -> Result<(), Failure> {
    let name = format!("{}:{}", identity.uid, identity.gid);
    let groups: Vec<Gid> = identity.groups.iter().map(|gid| Gid::from_raw(*gid)).collect();
    // Groups of the host that are not mapped can be kept but not be named.
    let set = if identity.keep_groups { Ok(()) } else { rustix::thread::set_thread_groups(&groups) };
    match set {
        Ok(()) => {}
        // The single-id mode: setgroups is denied there, and the groups that the user has stay (user_namespaces(7)).
        Err(rustix::io::Errno::PERM) if is_own(identity) => {}
        Err(errno) => return Err(set_user_failure(name, errno)),
    }
    let gid = Gid::from_raw(identity.gid);
    rustix::thread::set_thread_res_gid(gid, gid, gid).map_err(|errno| set_user_failure(name.clone(), errno))?;
    let uid = Uid::from_raw(identity.uid);
    rustix::thread::set_thread_res_uid(uid, uid, uid).map_err(|errno| set_user_failure(name, errno))
}

/// Whether the process is this user by now.
fn is_own(identity: &Identity) -> bool {
    (rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw()) == (identity.uid, identity.gid)
}

/// Becomes root of the user namespace that the process is in, with the rights that it has there. Where the namespace has no root it
/// stays who it is. Tells whether the ids were changed.
pub(super) fn become_root() -> Result<bool, Failure> {
    if rustix::process::geteuid().is_root() {
        return Ok(false);
    }
    let at = |errno: rustix::io::Errno| Failure::at(Stage::SetUser, "0:0")(errno.into());
    match rustix::thread::set_thread_res_gid(Gid::ROOT, Gid::ROOT, Gid::ROOT) {
        // No such id here.
        Ok(()) | Err(rustix::io::Errno::INVAL) => {}
        Err(errno) => return Err(at(errno)),
    }
    match rustix::thread::set_thread_res_uid(Uid::ROOT, Uid::ROOT, Uid::ROOT) {
        Ok(()) | Err(rustix::io::Errno::INVAL) => {}
        Err(errno) => return Err(at(errno)),
    }
    Ok(true)
}

fn set_user_failure(name: String, errno: rustix::io::Errno) -> Failure {
    if errno == rustix::io::Errno::INVAL || errno == rustix::io::Errno::PERM {
        let text = format!(
            "change to user {name}: this id is not among those that you may use (see `coracle unshare cat /proc/self/uid_map`; \
             a longer range in /etc/subuid and /etc/subgid would have it)"
        );
        return Failure::text(Stage::User, text);
    }
    Failure::at(Stage::SetUser, name)(errno.into())
}

pub(super) fn ambient(process: &Process) -> CapabilitySet {
    bits(process.capabilities().as_ref().and_then(|sets| sets.ambient().as_ref()))
}

/// Sets what is left: root keeps the spec's sets; another user has none but those that the spec makes ambient.
fn set_capabilities(process: &Process, identity: &Identity) -> Result<(), Failure> {
    let sets = process.capabilities().as_ref();
    let ambient = ambient(process);
    let (permitted, effective) = if identity.uid == 0 {
        (bits(sets.and_then(|sets| sets.permitted().as_ref())), bits(sets.and_then(|sets| sets.effective().as_ref())))
    } else {
        (ambient, ambient)
    };
    let inheritable = bits(sets.and_then(|sets| sets.inheritable().as_ref()));
    let wanted = CapabilitySets { effective, permitted, inheritable };
    let fail = |errno: rustix::io::Errno| Failure::at(Stage::Capabilities, "")(errno.into());
    rustix::thread::set_capabilities(None, wanted).map_err(fail)?;
    for (_, capability) in ambient.iter_names() {
        rustix::thread::configure_capability_in_ambient_set(capability, true).map_err(fail)?;
    }
    Ok(())
}
