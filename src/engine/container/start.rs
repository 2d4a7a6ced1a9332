//! `start`: from a row and a folder to a running init with its monitor.

use super::orders::{self, Begin};
use super::remove::{cgroup_name, tidy_after_monitor};
use super::status::{self, State};
use super::stop::{signal, wait_gone};
use super::{ContainerError, again, devices, files, join, notify, other, rights};
use crate::cgroup::home::Wish;
use crate::config::Paths;
use crate::config::containers::NetworkConf;
use crate::engine::network::network_conf;
use crate::engine::network::start::Plugged;
use crate::engine::{Engine, EngineError, Handed, secret};
use crate::events::Status;
use crate::model::limits::Bound;
use crate::model::{self, ContainerConfig, Init, NetworkMode, PidRef, RunRecord, with_causes};
use crate::net::private::{self, Choice, Stack};
use crate::net::{Leash, NetError};
use crate::runtime::init::{Outside, Plan};
use crate::runtime::launch::{self, Launch, Streams};
use crate::runtime::message::{Failure, Outcome, Stage};
use crate::runtime::spec;
pub use crate::runtime::terminal::Size;
use crate::state::Db;
use crate::sys::clone::Child;
use crate::sys::{fd, process, socket, stamp};
use crate::userns::map::WhySingle;
use crate::userns::session::{Member, spawn};
use rustix::fs::{FlockOperation, Mode, OFlags};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a start waits for the monitor of the last run.
const LAST_MONITOR_PATIENCE: Duration = Duration::from_secs(5);

/// A container that was started by this call.
#[derive(Debug)]
pub struct Started {
    pub run: RunRecord,
    /// The socket to the monitor, for a caller that stays in the foreground.
    pub client: Option<OwnedFd>,
    /// The monitor; ours to wait for.
    pub monitor: Child,
    /// Set when this start made a session that has but one id; to be told to the user.
    pub why_single: Option<WhySingle>,
    /// What else is to be told.
    pub note: Option<String>,
}

/// The outcome of a start.
#[derive(Debug)]
pub enum StartOutcome {
    Started(Box<Started>),
    AlreadyRunning,
}

/// What belongs to one start, not to the container.
struct Moment {
    boot: String,
    foreground: bool,
    window: Option<Size>,
    /// The lock on the container's folder.
    lock: OwnedFd,
    begin: Begin,
    handed: Handed,
    /// For a start that the monitor makes by itself.
    again: Option<Again>,
}

/// What the monitor of the last run passes on to the next one.
pub(super) struct Again {
    /// Its listening socket.
    pub listen: Option<OwnedFd>,
    pub clients: Vec<OwnedFd>,
    /// Its program.
    pub monitor: Option<OwnedFd>,
}

/// Our ends of what a launch leaves open.
pub(super) struct Ends {
    pub report: OwnedFd,
    client: Option<OwnedFd>,
    pub network: Option<NetworkEnds>,
    note: Option<String>,
}

/// What is needed to set the network of a waiting init up.
pub(super) struct NetworkEnds {
    /// Init goes on when a byte comes here, and gives up when it is closed.
    pub go: OwnedFd,
    /// M writes init's pid.
    pub pid: OwnedFd,
    /// Ends the user-mode stack with the monitor.
    pub collar: OwnedFd,
}

impl Engine {
    /// Starts a container that does not run. With `foreground` the caller is the monitor's first client and misses no output.
    /// `window` is the size of its terminal.
    ///
    /// When this returns well, the container's program has been executed.
    ///
    /// # Errors
    /// The program does not exist or cannot be executed, or the host refuses something; the container is then as before, or
    /// exited with the code of the failure.
    pub fn start(
        &mut self,
        config: &ContainerConfig,
        foreground: bool,
        window: Option<Size>,
    ) -> Result<StartOutcome, EngineError> {
        let handed = std::mem::take(&mut self.handed);
        self.start_required(config)?;
        let folder = self.paths.container(&config.id);
        self.start_shared(config)?;
        if config.supervision.may_restart() && self.status(config).restarting().is_some() {
            // Not to be started twice: the user's start takes the place of the one that is due.
            self.mark_stopped(config)?;
            self.end_back_off(config)?;
        }
        // Of two starts at once the second finds it running.
        let lock = self.lock(config, FlockOperation::LockExclusive)?;
        // Who had it before us may have changed the container.
        let config = &self.container_of(&config.id)?;
        let boot =
            process::boot_id().map_err(|source| ContainerError::File { action: "read", path: PathBuf::from("/proc"), source })?;
        match State::read(&folder, &boot).status {
            model::Status::Running => return Ok(StartOutcome::AlreadyRunning),
            status @ model::Status::Paused => {
                let cannot = "unpause it to let it go on";
                return Err(ContainerError::WrongState { name: config.name.clone(), status, cannot }.into());
            }
            _ => {}
        }
        // What our caller has open is not for the monitor nor for the network's stack, which outlive us: a lock, the end of a pipe.
        fd::close_on_exec_from(3).map_err(|source| ContainerError::File {
            action: "keep foreign descriptors from",
            path: folder.clone(),
            source,
        })?;
        self.refuse_if_mounted(config)?;
        end_last_monitor(config, &folder, &boot)?;
        // Only after an earlier run: a new container has nothing to tidy, and a leftover cgroup is replaced when one is made.
        if status::run_record(&folder).is_some() {
            tidy_after_monitor(&self.paths, config);
        }
        forget_last_run(&folder)?;
        if config.supervision.may_restart() {
            again::unmark(&folder);
        }
        let began = stamp::now();
        let begin = Begin { manager: self.notify.clone(), ..Begin::default() };
        let moment = Moment { boot, foreground, window, lock: lock.into(), begin, handed, again: None };
        let prepared = self.prepare(config, &folder, moment);
        let outcome = prepared.and_then(|(launch, ends)| {
            let member = spawn(&self.paths, |entry| launch::launch(launch, entry))?;
            finish(config, &self.paths, member, ends)
        });
        if outcome.is_err() {
            tidy_after_monitor(&self.paths, config);
            let _ = std::fs::remove_dir_all(self.paths.container_run(&config.id));
        }
        let started = outcome?;
        if let Some(manager) = &self.notify {
            notify::started(config, manager, started.monitor.pid);
        }
        // A program may be over by now, and its monitor may have told so.
        self.tell_at(config, Status::Start, began);
        Ok(StartOutcome::Started(Box::new(started)))
    }

    /// Prepares a start by the monitor itself, in its own process.
    pub(super) fn prepare_again(
        &mut self,
        config: &ContainerConfig,
        lock: OwnedFd,
        again: Again,
        begin: &Begin,
    ) -> Result<(Launch, Ends), EngineError> {
        let boot =
            process::boot_id().map_err(|source| ContainerError::File { action: "read", path: PathBuf::from("/proc"), source })?;
        let folder = self.paths.container(&config.id);
        NetworkConf::take_over(&folder.join(NETWORK_CONF));
        let begin = begin.clone();
        self.prepare(
            config,
            &folder,
            Moment { boot, foreground: false, window: None, lock, begin, handed: Handed::default(), again: Some(again) },
        )
    }

    fn prepare(&mut self, config: &ContainerConfig, folder: &Path, moment: Moment) -> Result<(Launch, Ends), EngineError> {
        let Moment { boot, foreground, window, lock, begin, handed, again } = moment;
        let os = |action: &'static str| {
            let path = folder.to_owned();
            move |source| ContainerError::File { action, path, source }
        };
        let run_folder = self.paths.container_run(&config.id);
        if again.is_none() && config.supervision.may_restart() && config.network.is_own() {
            keep_network_conf(folder)?;
        }
        let (listen_on, mut clients, last_monitor) = match again {
            Some(Again { listen: Some(inherited), clients, monitor }) => (inherited, clients, monitor),
            Some(Again { listen: None, clients, monitor }) => (listen(&run_folder)?, clients, monitor),
            None => (listen(&run_folder)?, Vec::new(), None),
        };
        let (plugged, note) = self.plugged(config)?;
        let is_in_none = plugged.is_none();
        let has_stack = config.network.has_stack() || is_in_none && note.is_some();
        let names = plugged.as_ref().map(|plugged| &plugged.names);
        let mut files = files::write(config, &run_folder, files::Contents::of(config, names, has_stack)?)?;
        self.share_files(config, &mut files);
        let mut orders = orders::of(config, &self.paths, &begin);
        if !foreground {
            orders::leave_nothing(&mut orders, config, &self.paths);
        }
        let notifying = notify::prepare(config, begin.manager.as_ref(), &run_folder)?;
        let (mut proxy, mut variable) = (None, None);
        if let Some(notifying) = notifying {
            files.extend(notifying.file);
            (proxy, variable) = (notifying.proxy, notifying.variable);
            orders.notify = Some(notifying.rule);
        }
        let mut sources = self.mount_sources(config)?;
        let mut variables = devices::give(config, &mut sources)?;
        variables.extend(secret::variables(config, folder)?);
        variables.extend(variable);
        variables.extend(handed.variables());
        let mut spec = spec::build(config, folder, &files, &sources).map_err(ContainerError::Spec)?;
        spec::add_variables(&mut spec, variables);
        let (interfaces, wires, mut keep) = match plugged {
            Some(Plugged { interfaces, wires, keep, .. }) => (interfaces, Some(wires), keep),
            None => (Vec::new(), None, Vec::new()),
        };
        let plan = Plan {
            root: self.overlay(config)?,
            user: config.user.clone(),
            userns: join::user_namespace(config),
            joins: self.joins(config)?,
            shared_memory: self.shared_memory(config)?,
            groups: config.isolation.groups.clone(),
            keep_groups: config.isolation.keep_groups,
            accounts: config.isolation.accounts.clone(),
            interfaces,
            outside: Outside::default(),
            make_workdir: config.make_workdir,
            window,
            seccomp: rights::filter(config, folder, config.security.rights().bounding)?,
            secrets: secret::files(config, folder)?,
            reaper: config.settings.init == Init::Own,
            listening: handed.listening.is_some(),
            handed: handed.descriptors,
            spec,
        };
        keep.extend(other::keep_helper(&mut orders).map_err(os("keep this program for"))?);
        let external = other::runtime(config, &plan, &run_folder)?;
        let (client, monitor_client) = match foreground {
            true => socket::seqpacket_pair().map(|(ours, theirs)| (Some(ours), Some(theirs))).map_err(os("make a socket for"))?,
            false => (None, None),
        };
        clients.extend(monitor_client);
        let streams = if config.tty { None } else { Some(streams(config).map_err(os("make pipes for"))?) };
        let (report, report_there) = fd::pipe().map_err(os("make pipes for"))?;
        let (network, network_there) = match has_stack {
            true => {
                let (wait, go) = fd::pipe().map_err(os("make pipes for"))?;
                let (pid, pid_there) = fd::pipe().map_err(os("make pipes for"))?;
                let Leash { hand, collar } = Leash::new().map_err(ContainerError::from)?;
                keep.push(hand);
                (Some(NetworkEnds { go, pid, collar }), Some((wait, pid_there)))
            }
            false => (None, None),
        };
        let name = cgroup_name(config);
        // The last thing before the launch: what fails before leaves no cgroup.
        let wish = Wish { name: &name, limits: &config.limits, stop_timeout: config.stop_timeout };
        let launch = Launch {
            plan,
            folder: folder.to_owned(),
            run_folder,
            pidfile: config.supervision.pidfile.clone(),
            monitor_pidfile: config.supervision.conmon_pidfile.clone(),
            monitor: other::monitor(last_monitor)?,
            boot,
            listen: listen_on,
            clients,
            streams,
            report: report_there,
            network: network_there,
            wires,
            keep,
            pin: Some(Db::index_in_use(&self.paths.database())),
            lock,
            cgroup: wish.choose().map_err(|error| ContainerError::Cgroup(Box::new(error)))?,
            orders,
            external,
            notify_proxy: proxy,
        };
        Ok((launch, Ends { report, client, network, note }))
    }

    /// The container's place in its networks, where it is in any. On a machine that cannot have the default network there is a note
    /// instead, and the container gets a stack of its own.
    fn plugged(&mut self, config: &ContainerConfig) -> Result<(Option<Plugged>, Option<String>), EngineError> {
        if config.network.attachments().is_empty() {
            return Ok((None, None));
        }
        match self.plug(config) {
            Ok(mut plugged) => {
                let note = plugged.note.take();
                Ok((Some(plugged), note))
            }
            Err(error) if Self::can_do_without(config, &error) => {
                let text = with_causes(&error);
                Ok((None, Some(format!("the container is on no network with others, but on one of its own: {text}"))))
            }
            Err(error) => Err(error),
        }
    }
}

/// What containers.conf says about networks, for starts that the monitor makes by itself.
const NETWORK_CONF: &str = "network-conf.json";

fn keep_network_conf(folder: &Path) -> Result<(), ContainerError> {
    let conf = network_conf().map_err(|error| ContainerError::NetworkConf(Box::new(error)))?;
    let path = folder.join(NETWORK_CONF);
    conf.keep(&path).map_err(|source| ContainerError::File { action: "write", path, source })
}

/// Waits until the monitor of the last run has tidied up: what it removes has the names of what is about to be made. One that
/// a stalled client keeps has nothing to do any more that is worth the wait.
fn end_last_monitor(config: &ContainerConfig, folder: &Path, boot: &str) -> Result<(), ContainerError> {
    let Some(run) = status::run_record(folder).filter(|run| run.boot == boot) else { return Ok(()) };
    if !wait_gone(config, &run, Some(LAST_MONITOR_PATIENCE))? {
        signal(config, run.monitor, libc::SIGKILL)?;
        wait_gone(config, &run, None)?;
    }
    Ok(())
}

/// Takes the records of the last run away, so that nobody takes them for this one's.
fn forget_last_run(folder: &Path) -> Result<(), ContainerError> {
    for name in ["exit.json", "run.json"] {
        let path = folder.join(name);
        match std::fs::remove_file(&path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                return Err(ContainerError::File { action: "remove", path, source });
            }
            _ => {}
        }
    }
    Ok(())
}

/// Waits until the program runs or the report says why it does not.
fn finish(config: &ContainerConfig, paths: &Paths, member: Member, ends: Ends) -> Result<Started, EngineError> {
    let Ends { report, client, network, note } = ends;
    let joined = network.map_or(Ok(None), |network| join_network(config, &paths.container_run(&config.id), network));
    let program = config.argv.first().map(String::as_str).unwrap_or_default();
    let outcome = Failure::receive(report).map_err(|source| EngineError::Wait { source })?;
    if outcome != Outcome::Executed || joined.is_err() {
        // The monitor, where there is one by now, records the end and cleans up; so wait for it, whoever it is.
        drop(client);
        let _ = member.child.wait();
        member.forget();
        // An init that ends while its network is made has its own reason; only one that waited in vain knows no better.
        return Err(match (outcome, joined) {
            (Outcome::Failed(Failure { stage: Stage::Network, .. }) | Outcome::Executed, Err(error)) => error.into(),
            (Outcome::Failed(failure), _) => ContainerError::from_failure(failure, program).into(),
            (Outcome::Executed | Outcome::Vanished, _) => vanished(config).into(),
        });
    }
    let note = match (note, joined) {
        (Some(note), Ok(Some(more))) => Some(format!("{note}; {more}")),
        (note, _) => note,
    };
    let run = status::run_record(&paths.container(&config.id));
    // A container with --rm can be over and gone by now; its monitor is still to be told by the socket.
    let run = run.unwrap_or_else(|| RunRecord {
        boot: String::new(),
        monitor: PidRef { pid: member.child.pid, start: 0 },
        init: PidRef { pid: 0, start: 0 },
        started_at: 0,
        cgroup: None,
        members: None,
        restarts: 0,
    });
    Ok(Started { run, client, monitor: member.child, why_single: member.why_single, note })
}

fn vanished(config: &ContainerConfig) -> ContainerError {
    match config.limits.memory {
        Some(Bound::At(bytes)) => ContainerError::TooLittleMemory { bytes },
        _ => ContainerError::Vanished,
    }
}

/// Starts the user-mode stack for the waiting init and lets it go on. Where the stack cannot be had, init's pipe is closed, and
/// the container ends before its program begins; but one that has it in place of the default network has loopback then, and the user is to
/// be told why.
pub(super) fn join_network(
    config: &ContainerConfig,
    run_folder: &Path,
    ends: NetworkEnds,
) -> Result<Option<String>, ContainerError> {
    let mut pid = [0; 4];
    if File::from(ends.pid).read_exact(&mut pid).is_err() {
        // M did not come so far; its report says why.
        return Ok(None);
    }
    let conf = network_conf().map_err(|error| ContainerError::NetworkConf(Box::new(error)))?;
    let choice = match &config.network {
        NetworkMode::Pasta(own) => Choice::Pasta(own),
        NetworkMode::Slirp4netns(own) => Choice::Slirp4netns(own),
        _ if conf.stack.as_deref() == Some("slirp4netns") => Choice::Slirp4netnsFirst,
        _ => Choice::Any,
    };
    let wish = private::Wish { choice, pasta_options: &conf.pasta_options, ports: &config.ports.published, folder: run_folder };
    let (stack, note) = match private::start(i32::from_le_bytes(pid), &ends.collar, &wish) {
        Err(error @ (NetError::NoHelper | NetError::Refused { .. })) if !config.network.has_stack() && wish.ports.is_empty() => {
            (Stack::default(), Some(format!("and it has nothing but loopback: {error}")))
        }
        started => (started?, None),
    };
    files::use_forwarder(config, run_folder, stack.nameserver)?;
    files::use_host(config, run_folder, stack.host)?;
    // A broken pipe: init has ended meanwhile, and its report says why.
    let _ = File::from(ends.go).write_all(b"n");
    Ok(note)
}

fn streams(config: &ContainerConfig) -> std::io::Result<Streams> {
    if config.log_driver.is_passthrough() {
        let own = |fd: std::os::fd::BorrowedFd<'_>| fd.try_clone_to_owned();
        let program = [own(rustix::stdio::stdin())?, own(rustix::stdio::stdout())?, own(rustix::stdio::stderr())?];
        return Ok(Streams { program, stdin: None, output: None });
    }
    let (stdin, stdin_there) = if config.stdin_open {
        let (reader, writer) = fd::pipe()?;
        (Some(writer), reader)
    } else {
        (None, rustix::fs::open("/dev/null", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?)
    };
    let (stdout, stdout_there) = fd::pipe()?;
    let (stderr, stderr_there) = fd::pipe()?;
    Ok(Streams { program: [stdin_there, stdout_there, stderr_there], stdin, output: Some((stdout, stderr)) })
}

/// Makes the monitor's socket `attach` in the container's runtime folder, in place of one that a killed monitor left.
fn listen(folder: &Path) -> Result<OwnedFd, ContainerError> {
    let fail = |source| ContainerError::File { action: "make the monitor's socket in", path: folder.to_owned(), source };
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(fail)?;
    match std::fs::remove_file(folder.join("attach")) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(fail(error)),
        _ => {}
    }
    socket::listen_in(folder, "attach").map_err(fail)
}
