//! `exec`: one more process in a running container.

use super::orders;
use super::other::find_monitor;
use super::sessions::SessionFolder;
use super::{ContainerError, rights};
use crate::engine::{Engine, EngineError, secret};
use crate::events::Status;
use crate::model::ContainerConfig;
use crate::runtime::exec::{self, Session};
use crate::runtime::keeper::{self, Keep};
use crate::runtime::message::{Failure, Outcome};
use crate::runtime::{spec, terminal};
use crate::sys::clone::{self, Child, CloneFlags};
use crate::sys::{fd, namespace, process, socket};
use rustix::fs::{FlockOperation, Mode, OFlags};
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::PathBuf;

/// What the user asks for.
#[derive(Clone, Debug, Default)]
pub struct ExecRequest {
    pub command: Vec<String>,
    /// `NAME=value`, on top of the container's.
    pub env: Vec<String>,
    pub workdir: Option<String>,
    pub user: Option<String>,
    /// With every capability.
    pub privileged: bool,
    pub tty: bool,
    pub interactive: bool,
    /// Nobody stays to relay or to wait.
    pub detached: bool,
    /// The journal of events is not told: a health check.
    pub quiet: bool,
    /// `--no-session`: it is in no list.
    pub unlisted: bool,
    pub term: Option<String>,
    /// The size of the caller's terminal.
    pub window: Option<terminal::Size>,
}

/// Our ends of a session's standard streams.
#[derive(Debug)]
pub enum ExecStreams {
    Terminal(OwnedFd),
    Pipes { stdin: Option<OwnedFd>, stdout: OwnedFd, stderr: OwnedFd },
}

/// A session whose program runs and ends with this process.
#[derive(Debug)]
pub struct ExecSession {
    pub child: Child,
    pub streams: ExecStreams,
    /// Held until the session is over.
    _folder: Option<SessionFolder>,
    /// Its program's processes have seen that it is open until they asked to end with us.
    _alive: OwnedFd,
}

/// A session that goes on without this process; its monitor keeps its exit code.
#[derive(Debug)]
pub struct KeptSession {
    pub id: String,
    /// The session's program.
    pub process: Option<OwnedFd>,
    /// The socket to its monitor, for a caller that stays.
    pub client: Option<OwnedFd>,
    /// The monitor; ours to wait for.
    pub monitor: Child,
}

/// A session before its process is made.
struct Prepared {
    session: Session,
    report: OwnedFd,
    ours: Ours,
    /// What is kept of it while it lives.
    folder: Option<SessionFolder>,
}

impl Engine {
    /// Starts a program in a running container. When this returns well, it has been executed.
    ///
    /// # Errors
    /// The container does not run, or the program does not exist or cannot be executed.
    pub fn exec(&mut self, config: &ContainerConfig, request: &ExecRequest) -> Result<ExecSession, EngineError> {
        let listed = !(request.quiet || request.unlisted);
        let Prepared { mut session, report, ours, folder } = self.prepare_session(config, request, listed)?;
        let os = |source| ContainerError::File { action: "set up a session in", path: PathBuf::from(&config.name), source };
        // Not a pidfd of ours: who took the new process over could get at our descriptors by it (pidfd_getfd(2)).
        let (watched, alive) = fd::pipe().map_err(os)?;
        session.guardian = Some(watched);
        let child = exec::start(session).map_err(|source| EngineError::Wait { source })?;
        let streams = match ours {
            Ours::Console(socket) => terminal::receive(socket.as_fd()).map_err(os)?.map(ExecStreams::Terminal),
            Ours::Pipes { stdin, stdout, stderr } => Some(ExecStreams::Pipes { stdin, stdout, stderr }),
            Ours::None => None,
        };
        match (Failure::receive(report).map_err(|source| EngineError::Wait { source })?, child, streams) {
            (Outcome::Failed(failure), child, _) => {
                if let Some(child) = child {
                    let _ = child.wait();
                }
                Err(ContainerError::from_failure(failure, program(request)).into())
            }
            (Outcome::Executed, Some(child), Some(streams)) => {
                if let Some(folder) = &folder {
                    // It is for lists only. A program that is over by now may have taken the container with it, and its code counts.
                    let _ = process::pid_ref(child.pid).and_then(|process| folder.record(process));
                }
                if !request.quiet {
                    self.tell(config, Status::Exec);
                }
                Ok(ExecSession { child, streams, _folder: folder, _alive: alive })
            }
            // The container ended while the session was on its way in.
            _ => Err(self.not_running(config).into()),
        }
    }

    /// Starts a program in a running container under a monitor of its own: it goes on when this process ends. With a terminal
    /// and unless it is detached the caller is the monitor's first client.
    ///
    /// # Errors
    /// As for [`Engine::exec`].
    pub fn exec_kept(&mut self, config: &ContainerConfig, request: &ExecRequest) -> Result<KeptSession, EngineError> {
        let os = |source| ContainerError::File { action: "set up a session in", path: PathBuf::from(&config.name), source };
        // What our caller has open is not for the monitor, which outlives us.
        fd::close_on_exec_from(3).map_err(os)?;
        let Prepared { session, report, ours, folder } = self.prepare_session(config, request, true)?;
        let folder = folder.ok_or_else(|| self.not_running(config))?;
        let console = match ours {
            Ours::Console(socket) => Some(socket),
            Ours::Pipes { .. } | Ours::None => None,
        };
        let (client, client_there) = match request.detached {
            true => (None, None),
            false => socket::seqpacket_pair().map(|(ours, theirs)| (Some(ours), Some(theirs))).map_err(os)?,
        };
        let mut keep = Some(Keep {
            session,
            console,
            client: client_there,
            folder: folder.path().to_owned(),
            monitor: find_monitor()?,
            orders: orders::of_session(config, &self.paths),
        });
        let monitor = clone::spawn(CloneFlags::empty(), None, || keep.take().map_or(125, keeper::keep)).map_err(os)?;
        drop(keep);
        match Failure::receive(report).map_err(|source| EngineError::Wait { source })? {
            Outcome::Executed => {
                self.tell(config, Status::Exec);
                let process = folder.process().and_then(|process| process::open_pidfd(process).ok().flatten());
                Ok(KeptSession { id: folder.leave(), process, client, monitor })
            }
            outcome => {
                drop(client);
                let _ = monitor.wait();
                Err(match outcome {
                    Outcome::Failed(failure) => ContainerError::from_failure(failure, program(request)).into(),
                    _ => self.not_running(config).into(),
                })
            }
        }
    }

    fn not_running(&self, config: &ContainerConfig) -> ContainerError {
        let cannot = "can only create exec sessions on running containers";
        ContainerError::WrongState { name: config.name.clone(), status: self.status(config).status, cannot }
    }

    fn prepare_session(
        &mut self,
        config: &ContainerConfig,
        request: &ExecRequest,
        listed: bool,
    ) -> Result<Prepared, EngineError> {
        // Only once the program is executed has init left the host's file system.
        let lock = self.lock(config, FlockOperation::LockShared)?;
        let state = self.status(config);
        let wrong = || self.not_running(config);
        let run = state.run.as_ref().filter(|_| state.status == crate::model::Status::Running).ok_or_else(wrong)?;
        let os = |source| ContainerError::File { action: "set up a session in", path: PathBuf::from(&config.name), source };
        let init = process::open_pidfd(run.init).map_err(os)?.ok_or_else(wrong)?;
        // Under the lock: who removes the container waits for it.
        let folder = if listed { Some(self.new_session(config)?) } else { None };
        drop(lock);
        let (report, report_there) = fd::pipe().map_err(os)?;
        let (ours, stdio, console) = self.streams(request).map_err(os)?;
        let secrets = secret::variables(config, &self.paths.container(&config.id))?;
        let rights = rights::of_session(config, request.user.as_deref(), request.privileged);
        let session = Session {
            process: spec::session_process(
                config,
                request.command.clone(),
                &session_env(config, request, secrets),
                request.workdir.as_deref(),
                request.tty,
                rights,
            )
            .map_err(ContainerError::Spec)?,
            user: request.user.clone().unwrap_or_else(|| config.user.clone()),
            seccomp: rights::filter(config, &self.paths.container(&config.id), rights.bounding)?,
            groups: config.isolation.groups.clone(),
            keep_groups: config.isolation.keep_groups,
            init,
            namespaces: namespace::differing(run.init.pid),
            cgroup: run.cgroup.as_ref().map(PathBuf::from),
            limited: config.limits.need_a_cgroup(),
            stdio,
            console,
            window: request.window,
            report: report_there,
            handed: std::mem::take(&mut self.handed).descriptors,
            guardian: None,
        };
        Ok(Prepared { session, report, ours, folder })
    }

    /// Says in the journal that a session has ended, for whoever has waited for it.
    pub fn exec_ended(&self, config: &ContainerConfig, code: i32) {
        self.tell_end(config, Status::ExecDied, code);
    }

    fn streams(&self, request: &ExecRequest) -> io::Result<(Ours, Option<[OwnedFd; 3]>, Option<OwnedFd>)> {
        if request.tty {
            let (here, there) = socket::seqpacket_pair()?;
            return Ok((Ours::Console(here), None, Some(there)));
        }
        let null = || rustix::fs::open("/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty()).map_err(io::Error::from);
        if request.detached {
            return Ok((Ours::None, Some([null()?, null()?, null()?]), None));
        }
        let (stdin, stdin_there) = if request.interactive {
            let (reader, writer) = fd::pipe()?;
            (Some(writer), reader)
        } else {
            (None, null()?)
        };
        let (stdout, stdout_there) = fd::pipe()?;
        let (stderr, stderr_there) = fd::pipe()?;
        Ok((Ours::Pipes { stdin, stdout, stderr }, Some([stdin_there, stdout_there, stderr_there]), None))
    }
}

fn program(request: &ExecRequest) -> &str {
    request.command.first().map(String::as_str).unwrap_or_default()
}

/// Our ends of what the session's process is given.
enum Ours {
    /// The terminal's master arrives here.
    Console(OwnedFd),
    Pipes {
        stdin: Option<OwnedFd>,
        stdout: OwnedFd,
        stderr: OwnedFd,
    },
    None,
}

fn session_env(config: &ContainerConfig, request: &ExecRequest, secrets: Vec<String>) -> Vec<String> {
    let mut list = config.env.clone();
    let mut set = |entry: &str| {
        let Some((name, _)) = entry.split_once('=') else { return };
        list.retain(|known| known.split_once('=').is_none_or(|(other, _)| other != name));
        list.push(entry.to_owned());
    };
    if request.tty {
        set(&format!("TERM={}", request.term.as_deref().unwrap_or("xterm")));
    }
    for entry in secrets.iter().chain(&request.env) {
        set(entry);
    }
    list
}
