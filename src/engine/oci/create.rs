//! `create`, and `run`'s first half.

use super::record::{self, Container, Record};
use super::{OciError, Runtime, notify};
use crate::cgroup;
use crate::cgroup::bundle::Placed;
use crate::model::PidRef;
use crate::runtime::bundle::{self, Bundle, Create, SharedRoot};
use crate::runtime::init::has_new_namespace;
use crate::sys::clone::Child;
use crate::sys::members::Members;
use crate::sys::replace::replace;
use crate::sys::{fdpass, process, socket, stamp};
use oci_spec::runtime::{Capability, LinuxNamespaceType, Mount, Process, Spec};
use rustix::fs::FlockOperation;
use std::borrow::Cow;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What a container is made from.
#[derive(Debug)]
pub struct CreateRequest {
    pub id: String,
    pub bundle: PathBuf,
    /// The configuration's file in the bundle, where it is not config.json.
    pub config: Option<PathBuf>,
    pub pid_file: Option<PathBuf>,
    pub console_socket: Option<PathBuf>,
    /// The caller relays the terminal itself: its master is kept for it.
    pub keep_master: bool,
    /// Descriptors for the program, with their numbers there.
    pub handed: Vec<(i32, OwnedFd)>,
    /// The socket of the service manager that wants to hear when it is ready.
    pub manager: Option<PathBuf>,
    /// The names of what is listened on among them; see [`crate::engine::Handed`].
    pub variables: Vec<String>,
    pub no_pivot: bool,
    pub no_new_keyring: bool,
    /// The caller's umask as it was when it was started.
    pub umask: u32,
}

/// A container that waits for its start.
#[derive(Debug)]
pub struct Made {
    /// Init, a child of the caller.
    pub init: Child,
    /// The master of its terminal, where it was asked for.
    pub master: Option<OwnedFd>,
    /// What was asked for and left out, for the caller to be told.
    pub warnings: Vec<String>,
}

/// The warning for capabilities that nobody knows.
pub(super) fn unknown_capabilities(names: &[String]) -> Vec<String> {
    names.iter().map(|name| format!("{name}: there is no such capability, it is left out")).collect()
}

/// The terminal of a process and where its other end goes.
pub(super) struct Console {
    /// What the process sends the master to.
    pub(super) socket: Option<OwnedFd>,
    /// Where it comes out here.
    pub(super) here: Option<OwnedFd>,
}

impl Console {
    pub(super) fn of(id: &str, process: Option<&Process>, path: Option<&Path>, keep: bool) -> Result<Self, OciError> {
        let wants = process.and_then(Process::terminal).unwrap_or(false);
        match (wants, path, keep) {
            (false, None, _) => Ok(Self { socket: None, here: None }),
            (false, Some(_), _) => Err(OciError::NoTerminal),
            (true, Some(path), _) => {
                let fail = |source| OciError::File { action: "connect to the console socket", path: path.to_owned(), source };
                Ok(Self { socket: Some(socket::connect_stream(path).map_err(fail)?), here: None })
            }
            (true, None, true) => {
                let fail = |source| OciError::File { action: "make a socket for", path: PathBuf::from(id), source };
                let (here, there) = socket::seqpacket_pair().map_err(fail)?;
                Ok(Self { socket: Some(there), here: Some(here) })
            }
            (true, None, false) => Err(OciError::NoConsoleSocket { id: id.to_owned() }),
        }
    }

    /// Takes the master that the process has sent.
    pub(super) fn master(here: Option<OwnedFd>) -> Option<OwnedFd> {
        here.and_then(|here| fdpass::receive(here.as_fd()).ok().flatten())
    }
}

impl Runtime {
    /// Makes a container that waits for its start. The caller has to be single-threaded.
    ///
    /// # Errors
    /// The id is taken, the configuration cannot be honoured, or the host refuses something; nothing is left then.
    pub fn create(&self, request: CreateRequest) -> Result<Made, OciError> {
        let folder = self.folder(&request.id)?;
        if Container::read(&folder)?.is_some() {
            return Err(OciError::Exists { id: request.id });
        }
        let (mut bundle, filter) = Bundle::load(&request.bundle, request.config.as_deref())?;
        add_variables(&mut bundle, &request.variables);
        let console =
            Console::of(&request.id, bundle.spec.process().as_ref(), request.console_socket.as_deref(), request.keep_master)?;
        let _lock = self.take_folder(&request.id, &folder)?;
        if let Some(manager) = &request.manager {
            let fail = |source| OciError::File { action: "make a socket's folder in", path: folder.clone(), source };
            if let Err(error) = notify::prepare(&mut bundle, &folder, manager).map_err(fail) {
                let _ = std::fs::remove_dir_all(&folder);
                return Err(error);
            }
        }
        let made = Making { runtime: self, folder: &folder, bundle: &bundle, filter: filter.as_ref() }.make(request, console);
        if made.is_err() {
            let _ = std::fs::remove_dir_all(&folder);
        }
        made
    }

    /// Makes the container's folder, and locks it.
    fn take_folder(&self, id: &str, folder: &Path) -> Result<OwnedFd, OciError> {
        let fail = |action| move |source| OciError::File { action, path: folder.to_owned(), source };
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.root).map_err(fail("make the folder of"))?;
        for _ in 0..2 {
            match std::fs::DirBuilder::new().mode(0o700).create(folder) {
                Ok(()) => {}
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(fail("make the folder")(error)),
            }
            let lock = match record::lock(folder, FlockOperation::NonBlockingLockExclusive) {
                // Another's `create` or `delete` has taken it away.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                lock => lock.map_err(fail("lock"))?,
            };
            let Some(lock) = lock else { return Err(OciError::Busy { id: id.to_owned() }) };
            if Container::read(folder)?.is_some() {
                return Err(OciError::Exists { id: id.to_owned() });
            }
            // What a killed create has left, where there is anything.
            let is_empty = std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none());
            if is_empty {
                return Ok(lock);
            }
            std::fs::remove_dir_all(folder).map_err(fail("remove the remains of"))?;
        }
        Err(OciError::Busy { id: id.to_owned() })
    }
}

/// What the making of one container needs.
struct Making<'a> {
    runtime: &'a Runtime,
    folder: &'a Path,
    bundle: &'a Bundle,
    filter: Option<&'a bundle::Filter>,
}

impl Making<'_> {
    fn make(&self, request: CreateRequest, console: Console) -> Result<Made, OciError> {
        let spec = &self.bundle.spec;
        let file = |action: &'static str, path: &Path| {
            let path = path.to_owned();
            move |source| OciError::File { action, path, source }
        };
        let copy = self.folder.join("config.json");
        // What was written is kept, unless something was added to it.
        let text = if request.variables.is_empty() && request.manager.is_none() {
            Cow::Borrowed(self.bundle.text.as_bytes())
        } else {
            serde_json::to_vec(spec).map_err(|source| OciError::Record { path: copy.clone(), source })?.into()
        };
        std::fs::write(&copy, text).map_err(file("write", &copy))?;
        let Runtime { systemd, cgroups, .. } = *self.runtime;
        let wanted = cgroup::bundle::Wish { linux: spec.linux().as_ref(), id: &request.id, systemd, possible: cgroups };
        let placed = cgroup::bundle::settle(&wanted)?;
        if let (Some(placed), Some(uid)) = (placed.as_ref().filter(|placed| placed.made), owner_of_cgroup(spec)) {
            cgroup::ownership::give(placed.cgroup.as_fd(), uid);
        }
        let mut record = Record {
            id: request.id,
            bundle: self.bundle.folder.clone(),
            rootfs: self.bundle.root(),
            init: PidRef { pid: 0, start: 0 },
            boot: process::boot_id().map_err(file("read", Path::new("/proc")))?,
            created: stamp::now(),
            owner: rustix::process::getuid().as_raw(),
            cgroup: placed.as_ref().map(|placed| placed.cgroup.path().to_owned()),
            cgroup_made: placed.as_ref().is_some_and(|placed| placed.made),
            members: None,
            shared_root: None,
            annotations: spec.annotations().iter().flatten().map(|(key, value)| (key.clone(), value.clone())).collect(),
        };
        let state = |pid: i32, status: &str| record.state_of(pid, status).to_string();
        let Console { socket, here } = console;
        let made = bundle::create(Create {
            bundle: self.bundle,
            filter: self.filter,
            state_folder: self.folder,
            state: &state,
            console: socket,
            handed: request.handed,
            cgroup: placed.as_ref().map(|placed| placed.cgroup.as_fd()),
            pivot: !request.no_pivot,
            new_keyring: !request.no_new_keyring,
            umask: request.umask,
        });
        let made = match made {
            Ok(made) => made,
            Err(failure) => {
                self.undo(&record, placed.as_ref());
                return Err(failure.into());
            }
        };
        let recorded = self.put_on_record(&mut record, &made, placed.as_ref(), request.pid_file.as_deref());
        if let Err(error) = recorded {
            let _ = process::send_signal(&made.init.pidfd, libc::SIGKILL);
            let _ = made.init.wait();
            self.undo(&record, placed.as_ref());
            return Err(error);
        }
        let warnings = unknown_capabilities(&self.bundle.unknown);
        Ok(Made { init: made.init, master: Console::master(here), warnings })
    }

    /// The last steps of a container that is made.
    fn put_on_record(
        &self,
        record: &mut Record,
        made: &bundle::Created,
        placed: Option<&Placed>,
        pid_file: Option<&Path>,
    ) -> Result<(), OciError> {
        let spec = &self.bundle.spec;
        let pid = made.init.pid;
        let look = |source| OciError::File { action: "look at", path: PathBuf::from("/proc"), source };
        // First of all: whatever fails after this has it unmounted.
        if !has_new_namespace(spec, LinuxNamespaceType::Mount) {
            record.shared_root = Some(SharedRoot::of(pid, joined_mounts(spec), &record.rootfs).map_err(look)?);
        }
        // After init has made its nodes, and before anything of the container's own runs.
        keep_device_rules(spec, placed)?;
        record.init = process::pid_ref(pid).map_err(look)?;
        if record.shared_root.is_none() && !has_new_namespace(spec, LinuxNamespaceType::Pid) {
            record.members = Members::of(pid).ok().as_ref().and_then(Members::id);
        }
        let path = self.folder.join("state.json");
        let text = serde_json::to_vec(&record).map_err(|source| OciError::Record { path: path.clone(), source })?;
        // Before the record: who sees the container finds its pid file.
        if let Some(pid_file) = pid_file {
            let fail = |source| OciError::File { action: "write the pid file", path: pid_file.to_owned(), source };
            replace(pid_file, pid.to_string().as_bytes()).map_err(fail)?;
        }
        replace(&path, &text).map_err(|source| OciError::File { action: "write", path: path.clone(), source })?;
        Ok(made.stay()?)
    }

    /// Takes the cgroup and a root in others' namespace away, and runs the hooks that a container that was made has at its end.
    fn undo(&self, record: &Record, placed: Option<&Placed>) {
        if let Some(root) = &record.shared_root {
            let _ = root.unmount();
        }
        if let Some(placed) = placed.filter(|placed| placed.made) {
            let _ = cgroup::kill(placed.cgroup.path());
            let _ = cgroup::remove(placed.cgroup.path(), Duration::from_secs(2));
        }
        let hooks = self.bundle.spec.hooks().as_ref().and_then(|hooks| hooks.poststop().as_deref()).unwrap_or_default();
        for hook in hooks {
            // runtime.md "Lifecycle", 13: the others go on.
            let _ = bundle::run_all("poststop", std::slice::from_ref(hook), &record.state_of(0, "stopped").to_string());
        }
    }
}

/// Who is to own the container's cgroup, as the caller sees him: its program's user, where it can write to it.
fn owner_of_cgroup(spec: &Spec) -> Option<u32> {
    let is_cgroup = |mount: &&Mount| {
        mount.destination() == Path::new("/sys/fs/cgroup") && mount.source().as_deref() == Some(Path::new("cgroup"))
    };
    let mount = spec.mounts().iter().flatten().find(is_cgroup)?;
    let mut words = mount.options().iter().flatten().rev().filter(|option| matches!(option.as_str(), "ro" | "rw"));
    let writable = words.next().is_none_or(|option| option == "rw");
    if !writable || !has_new_namespace(spec, LinuxNamespaceType::Cgroup) {
        return None;
    }
    let uid = spec.process().as_ref()?.user().uid();
    if !has_new_namespace(spec, LinuxNamespaceType::User) {
        let all = spec.linux().iter().flat_map(|linux| linux.namespaces().iter().flatten());
        // Of one that is joined we do not know the map.
        let joined = all.filter(|one| one.typ() == LinuxNamespaceType::User).count() > 0;
        return (!joined).then_some(uid);
    }
    let maps = spec.linux().as_ref()?.uid_mappings().as_deref().unwrap_or_default();
    maps.iter().find_map(|map| {
        let offset = uid.checked_sub(map.container_id()).filter(|offset| *offset < map.size())?;
        map.host_id().checked_add(offset)
    })
}

/// The path of the mount namespace that is joined.
fn joined_mounts(spec: &Spec) -> Option<&Path> {
    let all = spec.linux().iter().flat_map(|linux| linux.namespaces().iter().flatten());
    all.filter(|one| one.typ() == LinuxNamespaceType::Mount).find_map(|one| one.path().as_deref())
}

fn add_variables(bundle: &mut Bundle, variables: &[String]) {
    if let (Some(process), false) = (bundle.spec.process_mut(), variables.is_empty()) {
        let mut env = process.env().clone().unwrap_or_default();
        env.extend(variables.iter().cloned());
        process.set_env(Some(env));
    }
}

/// Only root of the machine can have rules for devices kept, and only where a container could get at more devices do they matter: in a
/// user namespace the kernel makes no device nodes.
fn keep_device_rules(spec: &Spec, placed: Option<&Placed>) -> Result<(), OciError> {
    let rules = spec.linux().as_ref().and_then(|linux| linux.resources().as_ref()?.devices().as_deref()).unwrap_or_default();
    if rules.is_empty() || !rustix::process::geteuid().is_root() || !crate::userns::is_initial() {
        return Ok(());
    }
    let kept = match placed.filter(|placed| placed.made) {
        Some(placed) => cgroup::devices::keep(placed.cgroup.as_fd(), rules),
        None => Err(std::io::ErrorKind::NotFound.into()),
    };
    let bounding = spec.process().as_ref().and_then(|process| process.capabilities().as_ref()?.bounding().as_ref());
    let can_make =
        bounding.is_some_and(|set| set.contains(&Capability::Mknod)) && !has_new_namespace(spec, LinuxNamespaceType::User);
    let forbids = rules.iter().any(|rule| !rule.allow());
    match kept {
        Err(source) if forbids && can_make => Err(OciError::DeviceRules { source }),
        _ => Ok(()),
    }
}
