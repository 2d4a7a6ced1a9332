//! `exec`: one more process in a running container.

use super::{ContainerError, rights};
use crate::engine::{Engine, EngineError, secret};
use crate::events::Status;
use crate::model::ContainerConfig;
use crate::runtime::exec::{self, Session};
use crate::runtime::message::{Failure, Outcome};
use crate::runtime::{spec, terminal};
use crate::sys::clone::Child;
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
    pub term: Option<String>,
    /// The size of the caller's terminal.
    pub window: Option<terminal::Size>,
}

/// Our ends of a session's standard streams.
#[derive(Debug)]
pub enum ExecStreams {
    Terminal(OwnedFd),
    Pipes { stdin: Option<OwnedFd>, stdout: OwnedFd, stderr: OwnedFd },
    Detached,
}

/// A session whose program runs.
#[derive(Debug)]
pub struct ExecSession {
    pub child: Child,
    pub streams: ExecStreams,
}

impl Engine {
    /// Starts a program in a running container. When this returns well, it has been executed.
    ///
    /// # Errors
    /// The container does not run, or the program does not exist or cannot be executed.
    pub fn exec(&mut self, config: &ContainerConfig, request: &ExecRequest) -> Result<ExecSession, EngineError> {
        // Only once the program is executed has init left the host's file system.
        let lock = self.lock(config, FlockOperation::LockShared)?;
        let state = self.status(config);
        let cannot = "can only create exec sessions on running containers";
        let wrong = || ContainerError::WrongState { name: config.name.clone(), status: state.status, cannot };
        let run = state.run.as_ref().filter(|_| state.status == crate::model::Status::Running).ok_or_else(wrong)?;
        let os = |source| ContainerError::File { action: "set up a session in", path: PathBuf::from(&config.name), source };
        let init = process::open_pidfd(run.init).map_err(os)?.ok_or_else(wrong)?;
        drop(lock);
        let (report, report_there) = fd::pipe().map_err(os)?;
        let (streams, stdio, console) = self.streams(request).map_err(os)?;
        let own = process::pid_ref(rustix::process::getpid().as_raw_nonzero().get()).map_err(os)?;
        let guardian = if request.detached { None } else { process::open_pidfd(own).map_err(os)? };
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
            guardian,
        };
        let child = exec::start(session).map_err(|source| EngineError::Wait { source })?;
        let streams = match streams {
            Ours::Console(socket) => terminal::receive(socket.as_fd()).map_err(os)?.map(ExecStreams::Terminal),
            Ours::Ready(streams) => Some(streams),
        };
        let program = request.command.first().map(String::as_str).unwrap_or_default();
        match (Failure::receive(report).map_err(|source| EngineError::Wait { source })?, child, streams) {
            (Outcome::Failed(failure), child, _) => {
                if let Some(child) = child {
                    let _ = child.wait();
                }
                Err(ContainerError::from_failure(failure, program).into())
            }
            (Outcome::Executed, Some(child), Some(streams)) => {
                if !request.quiet {
                    self.tell(config, Status::Exec);
                }
                Ok(ExecSession { child, streams })
            }
            // The container ended while the session was on its way in.
            _ => Err(wrong().into()),
        }
    }

    /// Says in the journal that a session has ended, for whoever has waited for it.
    pub fn exec_ended(&self, config: &ContainerConfig, code: i32) {
        self.tell_end(config, Status::ExecDied, code);
    }

    fn streams(&self, request: &ExecRequest) -> io::Result<(Ours, Option<[OwnedFd; 3]>, Option<OwnedFd>)> {
        if request.tty && !request.detached {
            let (here, there) = socket::seqpacket_pair()?;
            return Ok((Ours::Console(here), None, Some(there)));
        }
        let null = || rustix::fs::open("/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty()).map_err(io::Error::from);
        if request.detached {
            return Ok((Ours::Ready(ExecStreams::Detached), Some([null()?, null()?, null()?]), None));
        }
        let (stdin, stdin_there) = if request.interactive {
            let (reader, writer) = fd::pipe()?;
            (Some(writer), reader)
        } else {
            (None, null()?)
        };
        let (stdout, stdout_there) = fd::pipe()?;
        let (stderr, stderr_there) = fd::pipe()?;
        Ok((Ours::Ready(ExecStreams::Pipes { stdin, stdout, stderr }), Some([stdin_there, stdout_there, stderr_there]), None))
    }
}

enum Ours {
    Console(OwnedFd),
    Ready(ExecStreams),
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
