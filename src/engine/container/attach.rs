//! `attach`: the user's terminal or pipes joined to a container through its monitor.

use super::ContainerError;
use super::detach::DetachKeys;
use super::relay::{self, Came, Far, PIECE};
use crate::config::Paths;
use crate::engine::{Engine, EngineError};
use crate::events::Status;
use crate::model::{ContainerConfig, ContainerId, PidRef};
use crate::monitor::SOCKET;
use crate::monitor::protocol::{ClientMessage, MonitorMessage};
use crate::sys::{process, socket};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendAncillaryBuffer, SendFlags, sendmsg};
use std::io::{self, IoSlice};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::PathBuf;

/// How the user's side is joined.
#[derive(Debug)]
pub struct RelayOptions {
    /// Stdin goes to the program.
    pub interactive: bool,
    /// What is not among these is read and thrown away.
    pub outputs: Outputs,
    /// The program has a terminal of its own: it is told the window's size, and with `interactive` ours is put into raw mode.
    pub tty: bool,
    /// Looked for in raw mode only: in a pipe these bytes are data.
    pub detach_keys: DetachKeys,
    /// Signals that come to this process go to `init`.
    pub sig_proxy: bool,
    /// A pidfd of the program that signals go to; without one they act on this process.
    pub init: Option<OwnedFd>,
}

/// How a relay ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelayEnd {
    /// The program has ended with this code; its monitor has tidied up.
    Exited(i32),
    /// The user has left; the program goes on.
    Detached,
    /// A signal has ended the relay (SIGPIPE: nobody reads our stdout any more); the program goes on. The exit code is 128+n.
    Interrupted(i32),
    /// The monitor was killed: there is no code.
    MonitorGone,
}

/// Why the user's side could not be joined.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    #[error("connect to the monitor at {}", path.display())]
    Connect {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("put the terminal into raw mode")]
    Terminal(#[source] io::Error),
    #[error("receive signals")]
    Signals(#[source] io::Error),
    #[error("open the standard output")]
    Output(#[source] io::Error),
    #[error("wait for input")]
    Poll(#[source] io::Error),
    #[error("talk to the monitor")]
    Talk(#[source] io::Error),
}

/// Which of the program's outputs the user gets; the container's log has both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outputs {
    pub stdout: bool,
    pub stderr: bool,
}

impl Outputs {
    pub const BOTH: Self = Self { stdout: true, stderr: true };
}

/// What `attach` is asked for.
#[derive(Clone, Debug)]
pub struct AttachRequest {
    /// `--no-stdin`.
    pub no_stdin: bool,
    pub outputs: Outputs,
    pub detach_keys: DetachKeys,
    pub sig_proxy: bool,
}

impl Engine {
    /// Joins this process's standard streams to a running container; returns as [`relay`] does.
    ///
    /// # Errors
    /// The container does not run, its monitor cannot be reached, or our terminal cannot be taken over.
    pub fn attach(&mut self, config: &ContainerConfig, request: &AttachRequest) -> Result<RelayEnd, EngineError> {
        let state = self.status(config);
        let cannot = "you can only attach to running containers";
        let wrong = || ContainerError::WrongState { name: config.name.clone(), status: state.status, cannot };
        let run = state.run.as_ref().filter(|_| state.status.is_alive()).ok_or_else(wrong)?;
        self.relay(config, run.init, connect(&self.paths, &config.id)?, request)
    }

    /// Joins this process's standard streams to a container by way of a monitor's socket; returns as [`relay`] does.
    ///
    /// # Errors
    /// Our terminal cannot be taken over.
    pub fn relay(
        &mut self,
        config: &ContainerConfig,
        init: PidRef,
        socket: OwnedFd,
        request: &AttachRequest,
    ) -> Result<RelayEnd, EngineError> {
        let signal = |source| ContainerError::Signal { name: config.name.clone(), source };
        self.tell(config, Status::Attach);
        let options = RelayOptions {
            interactive: config.stdin_open && !request.no_stdin,
            outputs: request.outputs,
            tty: config.tty,
            detach_keys: request.detach_keys.clone(),
            sig_proxy: request.sig_proxy,
            init: process::open_pidfd(init).map_err(signal)?,
        };
        // The monitor of a --rm container removes the folder while we take the row away; who sees the one without the other takes it
        // for what a killed command left, and is right to finish the work.
        let db = &mut self.db;
        let mut on_code = || {
            if config.auto_remove {
                // What fails here is tried again, and reported, when the monitor has gone.
                let _ = db.remove_container(&config.id);
            }
        };
        Ok(relay(socket, options, &mut on_code)?)
    }
}

/// Connects to a container's monitor.
///
/// # Errors
/// There is no monitor, or it does not let us in.
pub fn connect(paths: &Paths, id: &ContainerId) -> Result<OwnedFd, AttachError> {
    let folder = paths.container_run(id);
    socket::connect_in(&folder, SOCKET).map_err(|source| AttachError::Connect { path: folder.join(SOCKET), source })
}

/// Joins this process's standard streams to the container behind a monitor's socket, until the container has ended or the user
/// leaves. Everything that the container has written is delivered before this returns, and its monitor has tidied up. `on_code` is
/// called when the container has ended and its monitor is about to tidy up.
///
/// # Errors
/// The terminal or the signals cannot be taken over; the container is not touched.
pub fn relay(socket: OwnedFd, options: RelayOptions, on_code: &mut dyn FnMut()) -> Result<RelayEnd, AttachError> {
    relay::run(&mut Monitor { socket, code: None, on_code }, options)
}

/// Waits until the container has ended and its monitor has tidied up; nothing when the monitor was killed instead.
///
/// # Errors
/// The monitor cannot be spoken to.
pub fn wait_exit(socket: OwnedFd) -> Result<Option<i32>, AttachError> {
    quiet(&socket)?;
    hear_exit(socket)
}

/// Asks the monitor for the exit code alone. The socket is readable when it comes.
///
/// # Errors
/// The monitor cannot be spoken to.
pub(super) fn quiet(socket: &OwnedFd) -> Result<(), AttachError> {
    let mut small = [0; 4];
    let (kind, payload) = ClientMessage::Quiet.encode(&mut small);
    let kind = [kind];
    let parts = [IoSlice::new(&kind), IoSlice::new(payload)];
    let mut control = SendAncillaryBuffer::default();
    match rustix::io::retry_on_intr(|| sendmsg(socket, &parts, &mut control, SendFlags::NOSIGNAL)) {
        // It ends just now and does not listen any more, but what it said before is there.
        Ok(_) | Err(Errno::PIPE | Errno::CONNRESET) => Ok(()),
        Err(errno) => Err(AttachError::Talk(errno.into())),
    }
}

/// Hears the monitor to its end; what it said before it was asked to be quiet is passed over.
///
/// # Errors
/// None in practice: a broken connection is an end.
pub(super) fn hear_exit(socket: OwnedFd) -> Result<Option<i32>, AttachError> {
    let mut monitor = Monitor { socket, code: None, on_code: &mut || () };
    let mut room = vec![0; PIECE + 1];
    loop {
        if monitor.hear(&mut room, RecvFlags::empty()) == Came::End {
            return Ok(monitor.code);
        }
    }
}

/// The monitor as the far side.
struct Monitor<'a> {
    socket: OwnedFd,
    code: Option<i32>,
    on_code: &'a mut dyn FnMut(),
}

impl Monitor<'_> {
    fn say(&self, message: &ClientMessage<'_>, flags: SendFlags) -> Result<(), Errno> {
        let mut small = [0; 4];
        let (kind, payload) = message.encode(&mut small);
        let kind = [kind];
        let parts = [IoSlice::new(&kind), IoSlice::new(payload)];
        let mut control = SendAncillaryBuffer::default();
        rustix::io::retry_on_intr(|| sendmsg(&self.socket, &parts, &mut control, flags)).map(|_| ())
    }

    fn hear(&mut self, room: &mut [u8], flags: RecvFlags) -> Came {
        let len = match socket::receive(&self.socket, room, flags) {
            Ok(len) if len > 0 => len,
            Err(Errno::AGAIN) => return Came::Nothing,
            _ => return Came::End,
        };
        match MonitorMessage::decode(&room[..len]) {
            Some(MonitorMessage::Stdout(_)) => Came::Output { from: 1, to: len, error: false },
            Some(MonitorMessage::Stderr(_)) => Came::Output { from: 1, to: len, error: true },
            Some(MonitorMessage::Exit(code)) => {
                self.code = Some(code);
                (self.on_code)();
                Came::Nothing
            }
            // A newer monitor's word that we do not know.
            None => Came::Nothing,
        }
    }
}

impl Far for Monitor<'_> {
    fn inputs(&self) -> [Option<BorrowedFd<'_>>; 3] {
        [Some(self.socket.as_fd()), None, None]
    }

    fn receive(&mut self, _at: usize, room: &mut [u8]) -> Came {
        self.hear(room, RecvFlags::DONTWAIT)
    }

    fn outlet(&self) -> Option<BorrowedFd<'_>> {
        Some(self.socket.as_fd()).filter(|_| self.code.is_none())
    }

    fn feed(&mut self, bytes: &[u8]) -> Result<usize, Errno> {
        self.say(&ClientMessage::Stdin(bytes), SendFlags::DONTWAIT | SendFlags::NOSIGNAL).map(|()| bytes.len())
    }

    fn end_input(&mut self) -> Result<(), Errno> {
        self.say(&ClientMessage::StdinEnd, SendFlags::DONTWAIT | SendFlags::NOSIGNAL)
    }

    fn resize(&mut self, rows: u16, cols: u16) {
        // Where the socket is full the size is lost, as is everything typed into a container that reads nothing.
        let _ = self.say(&ClientMessage::Resize { rows, cols }, SendFlags::DONTWAIT | SendFlags::NOSIGNAL);
    }

    fn has_ended(&self) -> bool {
        false
    }

    fn end(&self) -> RelayEnd {
        self.code.map_or(RelayEnd::MonitorGone, RelayEnd::Exited)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_monitor_said_is_heard_though_it_ended_without_listening() {
        let (ours, theirs) = socket::seqpacket_pair().unwrap();
        quiet(&ours).unwrap();
        let mut small = [0; 4];
        let (kind, payload) = MonitorMessage::Exit(7).encode(&mut small);
        rustix::io::write(&theirs, &[&[kind], payload].concat()).unwrap();
        drop(theirs);
        assert_eq!(hear_exit(ours).unwrap(), Some(7));
    }
}
