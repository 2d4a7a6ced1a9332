//! The relay of an exec session: its program is our own child, and its terminal or pipes end here.

use super::attach::{AttachError, RelayEnd, RelayOptions};
use super::relay::{self, Came, Far, PIECE};
use rustix::io::Errno;
use rustix::process::{WaitId, WaitIdOptions};
use rustix::termios::Winsize;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

/// Joins our terminal to the master of a session's terminal, until `child` has ended or the user detaches. The child is left to be
/// waited for.
///
/// # Errors
/// Our terminal or the signals cannot be taken over.
pub fn relay_pty(master: OwnedFd, child: OwnedFd, options: RelayOptions) -> Result<RelayEnd, AttachError> {
    let input = master.try_clone().map_err(AttachError::Output)?;
    let outputs = [(Some(master), false), (None, true)];
    run(Session { outputs, input: Some(input), is_terminal: true, child, ended: false }, options)
}

/// Joins our standard streams to a session's pipes, until `child` has ended or a signal ends it. The child is left to be waited for.
///
/// # Errors
/// The signals cannot be taken over.
pub fn relay_pipes(
    stdin: Option<OwnedFd>,
    stdout: OwnedFd,
    stderr: OwnedFd,
    child: OwnedFd,
    options: RelayOptions,
) -> Result<RelayEnd, AttachError> {
    let outputs = [(Some(stdout), false), (Some(stderr), true)];
    run(Session { outputs, input: stdin, is_terminal: false, child, ended: false }, options)
}

fn run(mut session: Session, options: RelayOptions) -> Result<RelayEnd, AttachError> {
    let ours = session.outputs.iter().filter_map(|(fd, _)| fd.as_ref()).chain(&session.input);
    for fd in ours {
        rustix::io::ioctl_fionbio(fd, true).map_err(|errno| AttachError::Output(errno.into()))?;
    }
    relay::run(&mut session, options)
}

/// The session as the far side.
struct Session {
    /// What the program writes to, and whether it is its stderr; nothing once it has ended.
    outputs: [(Option<OwnedFd>, bool); 2],
    input: Option<OwnedFd>,
    is_terminal: bool,
    child: OwnedFd,
    ended: bool,
}

impl Far for Session {
    fn inputs(&self) -> [Option<BorrowedFd<'_>>; 3] {
        let [(stdout, _), (stderr, _)] = &self.outputs;
        [stdout.as_ref(), stderr.as_ref(), Some(&self.child).filter(|_| !self.ended)].map(|fd| fd.map(OwnedFd::as_fd))
    }

    fn receive(&mut self, at: usize, room: &mut [u8]) -> Came {
        let Some((output, error)) = self.outputs.get_mut(at) else {
            self.ended = true;
            return Came::Nothing;
        };
        let Some(fd) = output else { return Came::Nothing };
        match rustix::io::retry_on_intr(|| rustix::io::read(&*fd, &mut room[..PIECE])) {
            Ok(to) if to > 0 => return Came::Output { from: 0, to, error: *error },
            Err(Errno::AGAIN) => {}
            // The end; EIO is a terminal that nobody has open any more.
            _ => *output = None,
        }
        Came::Nothing
    }

    fn outlet(&self) -> Option<BorrowedFd<'_>> {
        self.input.as_ref().map(OwnedFd::as_fd)
    }

    fn feed(&mut self, bytes: &[u8]) -> Result<usize, Errno> {
        let fd = self.input.as_ref().ok_or(Errno::PIPE)?;
        rustix::io::write(fd, bytes)
    }

    fn end_input(&mut self) -> Result<(), Errno> {
        if !self.is_terminal {
            self.input = None;
        }
        Ok(())
    }

    fn resize(&mut self, rows: u16, cols: u16) {
        if let (true, Some(master)) = (self.is_terminal, &self.input) {
            let _ = rustix::termios::tcsetwinsize(master, Winsize { ws_row: rows, ws_col: cols, ws_xpixel: 0, ws_ypixel: 0 });
        }
    }

    fn has_ended(&self) -> bool {
        self.ended
    }

    fn end(&self) -> RelayEnd {
        // NOWAIT leaves the child to whoever has started it.
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let status = rustix::process::waitid(WaitId::PidFd(self.child.as_fd()), options).ok().flatten();
        let code = status.and_then(|status| status.exit_status().or(status.terminating_signal().map(|signal| 128 + signal)));
        code.map_or(RelayEnd::MonitorGone, RelayEnd::Exited)
    }
}
