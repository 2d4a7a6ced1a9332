//! Another OCI runtime under our monitor.
//!
//! # Theory of operation
//!
//! M does for the container what it does for its own: cgroup, network, records; then it becomes the monitor. But init is made by the
//! other runtime, with the same spec in a bundle:
//!
//! ```text
//! M  asks to be the parent of orphans
//!  ├─ fork → X, in the container's cgroup and a mount namespace of its own: the overlay on `upper`, the spec completed by what
//!  │         our own init would find out (the user's ids), then it becomes `RUNTIME create`
//!  │         init, made by the runtime, is M's child when that has ended
//!  ├─ the network is laid into init's namespace, and set up from there by a child
//!  └─ fork → `RUNTIME start`
//! <run>/containers/<id>/runtime/   config.json pid log console state/, gone with the container's runtime folder
//! ```
//!
//! What our own runtime has and this way does not: the stub (what of the runtime's binary the container sees is the runtime's affair),
//! the kernel's end of the container with a killed monitor, and what [`refusal`] names.

use super::init::Plan;
use super::interfaces;
use super::message::{Failure, Stage};
use super::{binds, init, mounts, rootfs};
use crate::config::env;
use crate::sys::clone::{self, Child, CloneFlags};
use crate::sys::mount::{self, Propagation};
use crate::sys::{exec, fd, fdpass, namespace, process, socket};
use oci_spec::runtime::Spec;
use rustix::fs::{Mode, OFlags};
use serde_json::{Value, json};
use std::ffi::CString;
use std::io::Read as _;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

/// The runtime and how it is called.
#[derive(Clone, Debug)]
pub struct External {
    /// Absolute.
    pub program: PathBuf,
    /// Words before the verb.
    pub flags: Vec<String>,
    /// The filter in the specification's form; none for an unconfined container.
    pub seccomp: Option<Value>,
    pub id: String,
    /// `<run>/containers/<id>`.
    pub run_folder: PathBuf,
}

/// Names the part of a plan that only our own runtime does; nothing where all of it can be had.
#[must_use]
pub fn refusal(plan: &Plan) -> Option<&'static str> {
    let mut options = plan.spec.mounts().iter().flatten().flat_map(|mount| mount.options().iter().flatten());
    [
        ("a user namespace of the container's own (--userns)", plan.userns.is_some()),
        ("sharing the namespaces of another container", !plan.joins.is_empty() || plan.shared_memory.is_some()),
        ("--init with the built-in program (give --init-path)", plan.reaper),
        ("secrets as files", !plan.secrets.is_empty()),
        ("passing descriptors on", !plan.handed.is_empty()),
        ("--group-add keep-groups", plan.keep_groups),
        ("a fuse-overlayfs store", plan.root.program.is_some()),
        ("overlay volumes", plan.spec.mounts().iter().flatten().any(|mount| mount.typ().as_deref() == Some("overlay"))),
        ("the mount options U and subpath", options.any(|option| option == binds::CHOWN || option.starts_with(binds::SUBPATH))),
    ]
    .into_iter()
    .find(|(_, asked)| *asked)
    .map(|(what, _)| what)
}

/// Init's streams: three descriptors, or where the master of its terminal goes.
pub(super) struct Ends {
    pub(super) stdio: Option<[OwnedFd; 3]>,
    pub(super) console: Option<OwnedFd>,
}

impl External {
    fn folder(&self) -> PathBuf {
        self.run_folder.join("runtime")
    }

    fn argv(&self, verb: &[&str]) -> Vec<CString> {
        let folder = self.folder();
        let (state, log) = (folder.join("state"), folder.join("log"));
        let name = self.program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut words = vec![name.clone(), format!("--root={}", state.display()), format!("--log={}", log.display())];
        if name.starts_with("crun") || name.starts_with("coracle-oci") {
            // It is in the container's cgroup already.
            words.push("--cgroup-manager=disabled".to_owned());
        }
        words.extend(self.flags.iter().cloned());
        words.extend(verb.iter().map(|word| (*word).to_owned()));
        words.into_iter().filter_map(|word| CString::new(word).ok()).collect()
    }

    fn become_runtime(&self, verb: &[&str]) -> Failure {
        let name = |name: &str| env::var(name).and_then(|value| CString::new(format!("{name}={value}")).ok());
        let environment: Vec<CString> = ["PATH", "HOME", "XDG_RUNTIME_DIR", "LANG"].into_iter().filter_map(name).collect();
        let error = exec::execve(&self.program, &self.argv(verb), &environment);
        Failure::at(Stage::Start, format!("execute the runtime {}", self.program.display()))(error)
    }

    /// Runs a verb to its end.
    fn call(&self, verb: &[&str]) -> Result<(), Failure> {
        let at = || Failure::at(Stage::Clone, "");
        let child = clone::spawn(CloneFlags::empty(), None, || {
            process::default_signals();
            self.become_runtime(verb);
            127
        });
        let code = child.and_then(|child| child.wait()).map_err(at())?;
        if code == 0 { Ok(()) } else { Err(self.failure(verb[0], code)) }
    }

    /// What the runtime has written of a failure.
    fn failure(&self, verb: &str, code: i32) -> Failure {
        let text = std::fs::read_to_string(self.folder().join("log")).unwrap_or_default();
        let last = text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it has not said why");
        let name = self.program.file_name().unwrap_or_default().to_string_lossy();
        let lower = last.to_lowercase();
        let errno = match () {
            () if lower.contains("no such file") || lower.contains("not found") => libc::ENOENT,
            () if lower.contains("permission denied") => libc::EACCES,
            () => return Failure::text(Stage::Start, format!("{name} {verb} (code {code}): {last}")),
        };
        if lower.contains("exec") || lower.contains("open executable") {
            return Failure { stage: Stage::Execute, errno, subject: String::new() };
        }
        Failure::text(Stage::Start, format!("{name} {verb} (code {code}): {last}"))
    }

    /// Makes the container, which waits for [`External::start`]. Init is the caller's child.
    pub(super) fn create(
        &self,
        plan: &Plan,
        cgroup: Option<BorrowedFd<'_>>,
        ends: Ends,
        report: &OwnedFd,
    ) -> Result<Child, Failure> {
        let at = || Failure::at(Stage::Clone, "");
        let folder = self.folder();
        let record = || Failure::at(Stage::Record, folder.to_string_lossy());
        match std::fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(record()(error)),
            _ => {}
        }
        std::fs::create_dir(&folder).map_err(record())?;
        process::adopt_orphans().map_err(at())?;
        let console = folder.join("console");
        let listener = match &ends.console {
            Some(_) => {
                let listener = UnixListener::from(socket::listen_stream_in(&folder, "console").map_err(record())?);
                listener.set_nonblocking(true).map_err(record())?;
                Some(listener)
            }
            None => None,
        };
        let mut stdio = ends.stdio;
        let child = clone::spawn(CloneFlags::empty(), cgroup, || {
            let failure = match self.prepare(plan, stdio.take()) {
                Ok(()) => {
                    let (bundle, pid) =
                        (folder.to_string_lossy().into_owned(), folder.join("pid").to_string_lossy().into_owned());
                    let console = console.to_string_lossy().into_owned();
                    let mut verb = vec!["create", "--bundle", &bundle, "--pid-file", &pid];
                    if listener.is_some() {
                        verb.extend(["--console-socket", &console]);
                    }
                    verb.push(&self.id);
                    self.become_runtime(&verb)
                }
                Err(failure) => failure,
            };
            failure.send(report);
            125
        })
        .map_err(at())?;
        drop(stdio);
        let code = child.wait().map_err(at())?;
        if code != 0 {
            return Err(self.failure("create", code));
        }
        if let (Some(listener), Some(console)) = (listener, ends.console) {
            let none = || Failure::text(Stage::Start, "the runtime has sent no terminal");
            // The runtime has ended, so its message is here, or none will come.
            let (connection, _) = listener.accept().map_err(|error| match error.kind() {
                std::io::ErrorKind::WouldBlock => none(),
                _ => Failure::at(Stage::Terminal, "")(error),
            })?;
            let master = fdpass::receive(connection.as_fd()).map_err(Failure::at(Stage::Terminal, ""))?;
            let master = master.ok_or_else(none)?;
            fdpass::send(console.as_fd(), master.as_fd()).map_err(Failure::at(Stage::Terminal, ""))?;
        }
        let text = std::fs::read_to_string(folder.join("pid")).map_err(record())?;
        let pid = text.trim().parse().map_err(|_| Failure::text(Stage::Record, "the runtime's pid file holds no number"))?;
        let own = process::pid_ref(pid).map_err(at())?;
        let pidfd = process::open_pidfd(own).map_err(at())?.ok_or_else(|| Failure::text(Stage::Clone, "init ended at once"))?;
        Ok(Child { pid, pidfd })
    }

    /// Gives the interfaces that were laid their addresses, from inside init's network namespace.
    pub(super) fn configure(&self, plan: &Plan, child: &Child, report: &OwnedFd) -> Result<(), Failure> {
        if plan.interfaces.is_empty() {
            return Ok(());
        }
        let at = || Failure::at(Stage::Network, "");
        let helper = clone::spawn(CloneFlags::empty(), None, || {
            let joined = namespace::join(child.pidfd.as_fd(), CloneFlags::NEWNET).map_err(Failure::at(Stage::Network, ""));
            let root = joined.and_then(|()| mounts::own_root().map_err(Failure::at(Stage::Network, "")));
            match root.and_then(|root| interfaces::configure(&root, &plan.interfaces)) {
                Ok(()) => 0,
                Err(failure) => {
                    failure.send(report);
                    125
                }
            }
        });
        let code = helper.and_then(|helper| helper.wait()).map_err(at())?;
        if code == 0 { Ok(()) } else { Err(Failure::text(Stage::Network, "the interfaces were not set up")) }
    }

    /// Waits until the network was set up from outside.
    pub(super) fn wait_for_network(pipe: Option<OwnedFd>) -> Result<(), Failure> {
        let Some(pipe) = pipe else { return Ok(()) };
        std::fs::File::from(pipe).read_exact(&mut [0]).map_err(Failure::at(Stage::Network, ""))
    }

    /// Has the container run its program.
    pub(super) fn start(&self) -> Result<(), Failure> {
        self.call(&["start", &self.id])
    }

    /// Takes back what was made, after a failure.
    pub(super) fn give_up(&self) {
        let _ = self.call(&["delete", "--force", &self.id]);
    }

    /// In X: the root, the bundle, the streams.
    fn prepare(&self, plan: &Plan, stdio: Option<[OwnedFd; 3]>) -> Result<(), Failure> {
        namespace::unshare(CloneFlags::NEWNS).map_err(Failure::at(Stage::Overlay, ""))?;
        let top = rustix::fs::open("/", OFlags::PATH | OFlags::CLOEXEC, Mode::empty());
        let top = top.map_err(|errno| Failure::at(Stage::Rootfs, "/")(errno.into()))?;
        mount::set_propagation(top.as_fd(), Propagation::Slave, true).map_err(Failure::at(Stage::Rootfs, "/"))?;
        let root = rootfs::mount(&plan.root)?;
        binds::use_first(&root, &plan.spec, &plan.user)?;
        let Some(process) = plan.spec.process() else { return Err(Failure::text(Stage::User, "the spec has no process")) };
        let wanted = init::Wanted { user: &plan.user, groups: &plan.groups, keep_groups: false };
        let identity = init::identity(&root, &wanted, process)?;
        let place = plan.root.base.join(&plan.root.target);
        let config = self.config(&plan.spec, &place, &identity)?;
        let path = self.folder().join("config.json");
        std::fs::write(&path, config.to_string()).map_err(Failure::at(Stage::Record, path.to_string_lossy()))?;
        // Below the overlay, which is attached by its folder's path.
        drop(root);
        let at = || Failure::at(Stage::Stdio, "");
        if let Some(stdio) = stdio {
            for (number, stream) in (0..3).zip(stdio) {
                fd::become_stdio(&stream, number).map_err(at())?;
            }
        } else {
            super::launch::to_dev_null().map_err(at())?;
        }
        process::default_signals();
        fd::close_on_exec_from(3).map_err(at())
    }

    /// The spec as a runtime takes it that knows nothing of us.
    fn config(&self, spec: &Spec, root: &Path, identity: &super::process::Identity) -> Result<Value, Failure> {
        let fail = |error: serde_json::Error| Failure::at(Stage::Record, "config.json")(error.into());
        let mut config = serde_json::to_value(spec).map_err(fail)?;
        // The oldest that has all that is in it: runtimes refuse what is newer than they are.
        config["ociVersion"] = json!("1.0.2");
        config["root"]["path"] = json!(String::from_utf8_lossy(root.as_os_str().as_bytes()));
        let user = &mut config["process"]["user"];
        user["uid"] = json!(identity.uid);
        user["gid"] = json!(identity.gid);
        let others: Vec<u32> = identity.groups.iter().copied().filter(|gid| *gid != 0 || identity.gid == 0).collect();
        user["additionalGids"] = json!(others);
        if let Some(env) = config["process"]["env"].as_array_mut()
            && !env.iter().any(|entry| entry.as_str().is_some_and(|entry| entry.starts_with("HOME=")))
        {
            env.push(json!(format!("HOME={}", identity.home)));
        }
        for mount in config["mounts"].as_array_mut().into_iter().flatten() {
            if let Some(options) = mount["options"].as_array_mut() {
                options.retain(|option| !option.as_str().is_some_and(|option| option.starts_with("x-coracle.")));
                if mount["type"] == "bind"
                    && !mount["options"].as_array().into_iter().flatten().any(|o| o == "bind" || o == "rbind")
                {
                    mount["options"].as_array_mut().into_iter().for_each(|options| options.push(json!("bind")));
                }
            }
        }
        if let Some(filter) = &self.seccomp {
            config["linux"]["seccomp"] = filter.clone();
        }
        Ok(config)
    }
}
