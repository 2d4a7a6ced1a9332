//! M, the monitor-to-be: makes I, records it, and becomes the monitor.

use super::birth::{self, Namespaces};
use super::external::{self, External};
use super::init::{self, InitFds, Plan};
use super::interfaces::Wires;
use super::message::{Failure, Stage};
use super::outside::{self, Outside};
use super::terminal;
use crate::cgroup::home::Home;
use crate::cgroup::{Cgroup, CgroupError};
use crate::model::{PidRef, RunRecord, with_causes};
use crate::monitor::args::{MonitorArgs, Output};
use crate::sys::clone;
use crate::sys::members::Members;
use crate::sys::replace::replace;
use crate::sys::{exec, fd, process, socket};
use oci_spec::runtime::LinuxNamespaceType;
use rustix::fs::{FileType, Gid, Uid, fchown, fstat};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use std::io;
use std::os::fd::{AsFd as _, AsRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Everything that M needs beside the plan. The paths and descriptors are made by the CLI before it forks M.
#[derive(Debug)]
pub struct Launch {
    pub plan: Plan,
    /// `containers/<id>`, absolute.
    pub folder: PathBuf,
    /// `<run>/containers/<id>`, absolute.
    pub run_folder: PathBuf,
    /// Where I's pid is written for others to read.
    pub pidfile: Option<PathBuf>,
    /// The same for the monitor's.
    pub monitor_pidfile: Option<PathBuf>,
    /// The `coracle-monitor` program.
    pub monitor: PathBuf,
    pub boot: String,
    /// The listening socket of the monitor.
    pub listen: OwnedFd,
    /// The monitor's ends of sockets to clients: the one in the foreground, those of the last run.
    pub clients: Vec<OwnedFd>,
    /// The container's ends and the monitor's ends of the three standard streams; none with a terminal.
    pub streams: Option<Streams>,
    /// The writing end of the error pipe.
    pub report: OwnedFd,
    /// Where I waits for its network, and where M writes I's pid for the one who sets it up.
    pub network: Option<(OwnedFd, OwnedFd)>,
    /// What M makes the plan's interfaces with.
    pub wires: Option<Wires>,
    /// Descriptors that have to stay open as long as the container runs.
    pub keep: Vec<OwnedFd>,
    /// A file and a byte of it that the monitor holds a shared lock on, where it can be had.
    pub pin: Option<(PathBuf, i64)>,
    /// The lock on the container's folder; I holds it until its program runs.
    pub lock: OwnedFd,
    pub cgroup: Home,
    /// What the monitor is told beside the descriptors and the files of this start.
    pub orders: MonitorArgs,
    /// Another runtime, which makes init in our place.
    pub external: Option<External>,
    /// The socket that the orders name as the one on which the container speaks to the service manager.
    pub notify_proxy: Option<OwnedFd>,
}

/// The two ends of the container's standard streams.
#[derive(Debug)]
pub struct Streams {
    /// What the program gets as 0, 1, 2.
    pub program: [OwnedFd; 3],
    /// The writing end of standard input, with `-i`.
    pub stdin: Option<OwnedFd>,
    /// The reading ends of standard output and error; none where they go past the monitor.
    pub output: Option<(OwnedFd, OwnedFd)>,
}

/// Runs in M. Returns (an exit code) only when the container could not be made or the monitor not be executed.
#[must_use]
pub fn launch(launch: Launch, session_entry: &Path) -> i32 {
    let Ok(report) = launch.report.try_clone() else { return 125 };
    let external = launch.external.clone();
    match try_launch(launch, session_entry) {
        Ok(never) => match never {},
        Err(failure) => {
            external.inspect(External::give_up);
            failure.send(&report);
            let _ = std::fs::remove_file(session_entry);
            125
        }
    }
}

fn try_launch(launch: Launch, session_entry: &Path) -> Result<std::convert::Infallible, Failure> {
    let clone_failure = || Failure::at(Stage::Clone, "");
    match rustix::process::setsid() {
        // The monitor of the last run leads a session already.
        Ok(_) | Err(rustix::io::Errno::PERM) => {}
        Err(errno) => return Err(clone_failure()(errno.into())),
    }
    let own = process::pid_ref(rustix::process::getpid().as_raw_nonzero().get()).map_err(clone_failure())?;
    let guardian = process::open_pidfd(own).map_err(clone_failure())?.ok_or_else(|| Failure::text(Stage::Clone, ""))?;
    let (console_here, console_there) = match launch.streams {
        Some(_) => (None, None),
        None => {
            let pair = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None);
            let (here, there) = pair.map_err(|errno| Failure::at(Stage::Terminal, "")(errno.into()))?;
            (Some(here), Some(there))
        }
    };
    // Taken here and not before the fork: the CLI has locks of its own on that file.
    let pin = launch.pin.as_ref().and_then(|(path, at)| crate::sys::lock::share_byte(path, *at).ok());
    let Launch { mut plan, streams, report, network, wires, cgroup, lock, mut keep, external, .. } = launch;
    keep.extend(pin);
    let cgroup = cgroup.settle().map_err(|error| cgroup_failure(&error))?.map(Cgroup::into_parts);
    let (program, monitor_ends) = match streams {
        Some(Streams { program, stdin, output }) => (Some(program), Some((stdin, output))),
        None => (None, None),
    };
    let (mut network_wait, pid_pipe) = network.unzip();
    let mut wired = None;
    if wires.is_some() {
        let (wait, go) = fd::pipe().map_err(clone_failure())?;
        (network_wait, wired) = (Some(wait), Some(go));
    }
    plan.outside = made_outside(&plan, &report)?;
    let (mapped_wait, mapped) = match &plan.userns {
        Some(userns) => {
            give_streams(program.iter().flatten(), userns.root);
            fd::pipe().map(|(wait, go)| (Some(wait), Some(go))).map_err(clone_failure())?
        }
        None => (None, None),
    };
    let hidden = birth::is_hidden(&plan).then(socket::seqpacket_pair).transpose().map_err(clone_failure())?;
    let (namespaces, namespaces_there) = hidden.unzip();
    let mut fds = Some(InitFds {
        stdio: program,
        console: console_there,
        network: network_wait,
        mapped: mapped_wait,
        namespaces: namespaces_there,
        report: report.try_clone().map_err(clone_failure())?,
        guardian: guardian.try_clone().map_err(clone_failure())?,
        lock,
    });
    let into = cgroup.as_ref().map(|(_, fd)| fd.as_fd());
    let mut awaited = None;
    let init = match &external {
        None => birth::make(&plan, into, &report, || fds.take().map_or(125, |fds| init::run(&plan, fds)))?,
        Some(external) => {
            let (ends, network) =
                fds.take().map(|fds| (external::Ends { stdio: fds.stdio, console: fds.console }, fds.network)).unzip();
            awaited = network.flatten();
            let ends = ends.ok_or_else(|| Failure::text(Stage::Stdio, ""))?;
            external.create(&plan, into, ends, &report)?
        }
    };
    if let (Some(userns), Some(go)) = (&plan.userns, mapped) {
        birth::write_maps(userns, init.pid, go)?;
    }
    if let (Some(wires), Some(go)) = (wires, wired) {
        wires.lay(&plan.interfaces, init.pid, init.pidfd.as_fd())?;
        // A broken pipe: I has ended and says itself why.
        let _ = rustix::io::retry_on_intr(|| rustix::io::write(&go, b"n"));
    }
    if let Some(external) = &external {
        external.configure(&plan, &init, &report)?;
    }
    let shares_pids = !init::has_new_namespace(&plan.spec, LinuxNamespaceType::Pid);
    // I's ends of pipes and sockets must not stay open here: their end is how each side learns of the other's.
    drop(fds);
    drop(plan);
    let namespaces = namespaces.map(Namespaces::receive).transpose()?;
    // At once: before its program runs I lets nobody look at it.
    let members = match &namespaces {
        Some(namespaces) => Members::of_namespace(namespaces.mount.try_clone().map_err(clone_failure())?).ok(),
        None if shares_pids => Members::of(init.pid).ok(),
        None => None,
    };

    let cgroup = cgroup.map(|(path, _)| path);
    let record = RunRecord {
        boot: launch.boot,
        monitor: own,
        init: PidRef { pid: init.pid, start: process::start_time(init.pid).map_err(Failure::at(Stage::Record, ""))? },
        started_at: launch.orders.started_at,
        cgroup: cgroup.as_ref().map(|path| path.to_string_lossy().into_owned()),
        members: members.as_ref().and_then(Members::id),
        restarts: launch.orders.restart.map_or(0, |rule| rule.restarts),
    };
    write_record(&launch.folder, &record).map_err(Failure::at(Stage::Record, "run.json"))?;
    for (path, pid) in [(&launch.pidfile, init.pid), (&launch.monitor_pidfile, record.monitor.pid)] {
        let Some(path) = path else { continue };
        let written = replace(path, pid.to_string().as_bytes());
        // It is for others, whatever our umask.
        let readable = || std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644));
        written.and_then(|()| readable()).map_err(Failure::at(Stage::PidFile, path.to_string_lossy()))?;
    }
    if record.restarts > 0 {
        // The record of the last end goes only now: in between, nobody would know of the container's run.
        let _ = std::fs::remove_file(launch.folder.join("exit.json"));
    }
    if let Some(pipe) = pid_pipe {
        let pid = namespaces.as_ref().map_or(Ok(init.pid), Namespaces::stand_in)?;
        rustix::io::retry_on_intr(|| rustix::io::write(&pipe, &pid.to_le_bytes()))
            .map_err(|errno| Failure::at(Stage::Network, "")(errno.into()))?;
    }
    if let Some(external) = &external {
        External::wait_for_network(awaited)?;
        external.start()?;
        super::message::send_ready(&report).map_err(Failure::at(Stage::Stdio, ""))?;
    }
    let (stdin, output, mut held) = match (monitor_ends, console_here) {
        (Some((stdin, ends)), _) => {
            let output = ends.as_ref().map_or(Output::Elsewhere, |(stdout, stderr)| Output::Pipes {
                stdout: stdout.as_raw_fd(),
                stderr: stderr.as_raw_fd(),
            });
            let (stdout, stderr) = ends.unzip();
            (stdin.as_ref().map(AsRawFd::as_raw_fd), output, [stdin, stdout, stderr].into_iter().flatten().collect::<Vec<_>>())
        }
        (None, Some(socket)) => {
            let master = terminal::receive(socket.as_fd()).map_err(Failure::at(Stage::Terminal, ""))?;
            // I closed the socket without sending: it has reported why.
            let Some(master) = master else { return Err(quiet_end(init)) };
            (None, Output::Pty(master.as_raw_fd()), vec![master])
        }
        (None, None) => return Err(Failure::text(Stage::Stdio, "there is neither a terminal nor a pipe")),
    };
    let members = members.and_then(Members::into_namespace);
    let args = MonitorArgs {
        init_pid: init.pid,
        init_pidfd: Some(init.pidfd.as_raw_fd()),
        stdin,
        output,
        listen: Some(launch.listen.as_raw_fd()),
        clients: launch.clients.iter().map(AsRawFd::as_raw_fd).collect(),
        keep: keep.iter().map(AsRawFd::as_raw_fd).collect(),
        session_entry: Some(session_entry.to_owned()),
        socket_dir: Some(launch.run_folder),
        cgroup,
        members: members.as_ref().map(AsRawFd::as_raw_fd),
        ..launch.orders
    };
    held.extend([init.pidfd, launch.listen]);
    held.extend(members);
    held.extend(launch.clients);
    held.extend(launch.notify_proxy);
    held.extend(keep);
    let monitor_failure = || Failure::at(Stage::Monitor, launch.monitor.to_string_lossy().into_owned());
    for fd in &held {
        fd::keep_on_exec(fd).map_err(monitor_failure())?;
    }
    to_dev_null().map_err(monitor_failure())?;
    rustix::process::chdir(&launch.folder).map_err(|errno| monitor_failure()(errno.into()))?;
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let argv = args.argv().map_err(|_| Failure::text(Stage::Monitor, "a path holds a zero byte"))?;
    Err(monitor_failure()(exec::execve(&launch.monitor, &argv, &[])))
}

/// What I cannot make itself, or brings from another container.
fn made_outside(plan: &Plan, report: &OwnedFd) -> Result<Outside, Failure> {
    let shared = plan.shared_memory.as_ref().map(|pidfd| outside::shared_memory(pidfd, report)).transpose()?;
    match &plan.userns {
        Some(userns) => outside::prepare(plan, userns, shared.unwrap_or_default(), report),
        None if plan.root.program.is_some() => outside::root(plan, shared.unwrap_or_default(), report),
        None => Ok(shared.unwrap_or_default()),
    }
}

/// Gives the container's pipes to its root, who gives them on to the user: the caller may have no id in the container.
fn give_streams<'a>(streams: impl Iterator<Item = &'a OwnedFd>, root: (u32, u32)) {
    for stream in streams {
        let is_pipe = fstat(stream).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Fifo);
        if is_pipe {
            // Where it fails the program can write to the pipe all the same; only an open of it anew is refused.
            let _ = fchown(stream, Some(Uid::from_raw(root.0)), Some(Gid::from_raw(root.1)));
        }
    }
}

/// With all that lies below the failure; it names the mend.
pub(super) fn cgroup_failure(error: &CgroupError) -> Failure {
    Failure::text(Stage::Cgroup, with_causes(error))
}

/// I ended before it sent its terminal. It is reaped; its own report stands before this one on the pipe.
fn quiet_end(init: clone::Child) -> Failure {
    let _ = init.wait();
    Failure::text(Stage::Terminal, "the container ended before it had a terminal")
}

pub(super) fn to_dev_null() -> io::Result<()> {
    let null = rustix::fs::open("/dev/null", rustix::fs::OFlags::RDWR | rustix::fs::OFlags::CLOEXEC, rustix::fs::Mode::empty())?;
    for number in 0..3 {
        fd::become_stdio(&null, number)?;
    }
    Ok(())
}

fn write_record(folder: &Path, record: &RunRecord) -> io::Result<()> {
    replace(&folder.join("run.json"), &serde_json::to_vec(record)?)
}
