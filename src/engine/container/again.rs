//! Starting a container again by itself, and giving that up.
//!
//! # Theory of operation
//!
//! When init has ended and the rule says so, the monitor waits (its back-off) and then executes `coracle internal restart` in its own
//! process: same pid, still root of the session namespace. That is [`Engine::start_again`]: it takes the folder's lock, looks whether
//! the user has stopped the container meanwhile, prepares the launch as a start does and becomes the monitor again.
//!
//! Who stops a container first makes the mark `stopped` in its folder, then signals. The monitor looks for the mark when init has
//! ended, the new start looks for it under the lock. So whoever has made the mark and then holds the lock knows: either the
//! container runs, or nobody starts it any more.

use super::orders::Begin;
use super::start::{Again, Ends, join_network};
use super::status;
use super::stop::{signal, wait_gone_one};
use super::{ContainerError, attach};
use crate::engine::{Engine, EngineError};
use crate::events::Status;
use crate::model::{ContainerConfig, ExitRecord};
use crate::monitor::protocol::ClientMessage;
use crate::monitor::supervise::STOPPED;
use crate::runtime::launch;
use crate::sys::clone::{self, CloneFlags};
use crate::sys::fd;
use crate::sys::replace::replace;
use crate::sys::stamp::now;
use rustix::fs::FlockOperation;
use std::fs::File;
use std::io::Read as _;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a monitor in its back-off may take to go when it is asked to.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the monitor of the last run passes on.
#[derive(Debug)]
pub struct Inherited {
    pub listen: Option<OwnedFd>,
    pub clients: Vec<OwnedFd>,
    /// The program of the monitor so far, for the case that no other is found.
    pub monitor: Option<OwnedFd>,
    pub session_entry: PathBuf,
    pub begin: Begin,
}

impl Engine {
    /// Starts the container in this very process, which is its monitor: returns only when that fails. Then nobody watches the
    /// container any more, and its record says how it ended last.
    ///
    /// # Errors
    /// The user has stopped it, it was removed, or it cannot be started.
    pub fn start_again(
        &mut self,
        config: &ContainerConfig,
        inherited: Inherited,
    ) -> Result<std::convert::Infallible, EngineError> {
        let entry = inherited.session_entry.clone();
        let folder = self.paths.container(&config.id);
        let outcome = self.try_start_again(config, inherited);
        if !self.is_leftover(config) {
            settle_record(&folder);
        }
        let _ = std::fs::remove_dir_all(self.paths.container_run(&config.id));
        let _ = std::fs::remove_file(entry);
        outcome
    }

    fn try_start_again(
        &mut self,
        config: &ContainerConfig,
        inherited: Inherited,
    ) -> Result<std::convert::Infallible, EngineError> {
        let folder = self.paths.container(&config.id);
        let lock = self.lock(config, FlockOperation::LockExclusive)?;
        // An update that took the lock before us may have taken the rule away.
        let config = &self.container_of(&config.id)?;
        if marked(&folder) || !config.supervision.may_restart() {
            return Err(ContainerError::StoppedMeanwhile { name: config.name.clone() }.into());
        }
        let Inherited { listen, clients, monitor, session_entry, begin } = inherited;
        let again = Again { listen, clients, monitor };
        let (mut launch, ends) = self.prepare_again(config, lock.into(), again, &begin)?;
        let Ends { report, network, .. } = ends;
        if let Some(network) = network {
            let run_folder = self.paths.container_run(&config.id);
            // A child of a child, so that nobody has to wait for it: it joins the network while this process becomes the monitor.
            let joiner = clone::spawn(CloneFlags::empty(), None, || {
                let made = clone::spawn(CloneFlags::empty(), None, || {
                    let keep = [network.go.as_fd(), network.pid.as_fd(), network.collar.as_fd(), report.as_fd()];
                    if fd::close_all_but(&keep).is_err() {
                        return 125;
                    }
                    // Init reports to the pipe's other end; it must find a reader until its program runs.
                    let joined = join_network(config, &run_folder, network);
                    let _ = File::from(report).read_to_end(&mut Vec::new());
                    i32::from(joined.is_err())
                });
                i32::from(made.is_err())
            });
            joiner.and_then(|child| child.wait()).map_err(|source| EngineError::Wait { source })?;
        } else {
            launch.keep.push(report);
        }
        self.tell(config, Status::Restart);
        self.tell(config, Status::Start);
        let code = launch::launch(launch, &session_entry);
        Err(ContainerError::NotStartedAgain { name: config.name.clone(), code }.into())
    }

    /// Notes that the user has stopped the container: from now on no rule starts it again. Nothing for one that has no such rule.
    ///
    /// # Errors
    /// The mark cannot be made.
    pub(super) fn mark_stopped(&self, config: &ContainerConfig) -> Result<(), ContainerError> {
        if !config.supervision.may_restart() {
            return Ok(());
        }
        let path = mark(&self.paths.container(&config.id));
        match File::create(&path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                Err(ContainerError::File { action: "note the stop in", path, source })
            }
            _ => Ok(()),
        }
    }

    /// Ends the wait for a new start, if there is one; the mark has been made. Afterwards the container runs or stays as it is.
    /// Takes the folder's lock, which the caller must not hold.
    ///
    /// # Errors
    /// The monitor cannot be ended.
    pub(super) fn end_back_off(&self, config: &ContainerConfig) -> Result<(), EngineError> {
        let Some(_) = self.status(config).restarting() else { return Ok(()) };
        // A new start that is on its way holds the lock until its program runs.
        let monitor = {
            let _lock = self.lock(config, FlockOperation::LockShared)?;
            let Some(monitor) = self.status(config).restarting() else { return Ok(()) };
            monitor
        };
        self.ask_to_stay(config);
        if !wait_gone_one(config, monitor, Some(PATIENCE))? {
            signal(config, monitor, libc::SIGKILL)?;
            wait_gone_one(config, monitor, None)?;
        }
        Ok(())
    }

    /// One that does not listen is on its way to the lock, and finds the mark there.
    fn ask_to_stay(&self, config: &ContainerConfig) {
        if let Ok(socket) = attach::connect(&self.paths, &config.id) {
            let kind = ClientMessage::Stay.encode(&mut [0; 4]).0;
            let _ = rustix::net::send(&socket, &[kind], rustix::net::SendFlags::NOSIGNAL);
        }
    }
}

fn mark(folder: &Path) -> PathBuf {
    folder.join(STOPPED.to_str().expect("an ASCII name"))
}

fn marked(folder: &Path) -> bool {
    mark(folder).exists()
}

/// Takes the mark of an earlier stop away: the user starts the container.
pub(super) fn unmark(folder: &Path) {
    let _ = std::fs::remove_file(mark(folder));
}

/// Makes the record say that nobody starts the container any more.
fn settle_record(folder: &Path) {
    let path = folder.join("exit.json");
    let record = match (status::read::<ExitRecord>(&path), status::run_record(folder)) {
        (Some(record), _) => ExitRecord { restarting: None, ..record },
        // It was made, and what should have become its monitor failed.
        (None, Some(run)) => ExitRecord {
            code: 125,
            started_at: run.started_at,
            finished_at: now(),
            oom_killed: false,
            restarts: run.restarts,
            restarting: None,
        },
        (None, None) => return,
    };
    // Where it cannot be written, the record names a monitor that lives no more, which says the same.
    let _ = serde_json::to_vec(&record).map_err(std::io::Error::from).and_then(|text| replace(&path, &text));
}
