//! The socket on which a created container waits for its start.

use super::leave;
use crate::runtime::message::{Failure, Outcome, Stage};
use crate::sys::{fd, fdpass, socket};
use oci_spec::runtime::Process;
use rustix::net::{RecvFlags, SocketFlags, accept_with};
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;

/// The socket's name in the container's state folder.
pub const SOCKET: &str = "start";

/// Tells whether the container in this state folder waits for its start.
#[must_use]
pub fn is_waiting(folder: &Path) -> bool {
    match socket::try_connect_in(folder, SOCKET) {
        Ok(_) => true,
        // Paused, with more callers in the queue than it holds.
        Err(error) => error.kind() == io::ErrorKind::WouldBlock,
    }
}

/// Takes the descriptor of the calls that a process's filter hands over to whoever answers them.
pub type Deliver<'a> = &'a dyn Fn(OwnedFd) -> Result<(), Failure>;

/// Has the waiting container become the program of its process, and returns when it has.
///
/// # Errors
/// It does not wait (any more), a startContainer hook fails, nobody answers calls that are handed over, or the program cannot be executed.
pub fn start(folder: &Path, process: Option<&Process>, deliver: Option<Deliver<'_>>) -> Result<(), Failure> {
    let fail = || Failure::at(Stage::Start, "start the container");
    let connection =
        socket::try_connect_in(folder, SOCKET).map_err(|_| Failure::text(Stage::Start, "it does not wait for its start"))?;
    let (report, there) = fd::pipe().map_err(fail())?;
    fdpass::send(connection.as_fd(), there.as_fd()).map_err(fail())?;
    drop(there);
    if let Some(deliver) = deliver {
        rustix::io::ioctl_fionbio(&connection, false).map_err(|errno| fail()(errno.into()))?;
        // Nothing comes where it fails before, which is told below.
        if let Some(fd) = fdpass::receive(connection.as_fd()).map_err(fail())? {
            deliver(fd)?;
        }
    }
    match Failure::receive(report).map_err(fail())? {
        Outcome::Executed => Ok(()),
        Outcome::Failed(failure) => Err(process.map_or(failure.clone(), |process| leave::with_program(failure, process))),
        Outcome::Vanished => Err(Failure::text(Stage::Start, "the container ended before its program could be executed")),
    }
}

/// Waits for a start; in init. Returns where it is to report, and the connection with who starts it.
pub(super) fn wait(listen: &OwnedFd) -> Result<(OwnedFd, OwnedFd), Failure> {
    let fail = || Failure::at(Stage::Start, "wait for the start");
    loop {
        let connection = match accept_with(listen, SocketFlags::CLOEXEC) {
            Ok(connection) => connection,
            Err(rustix::io::Errno::INTR | rustix::io::Errno::CONNABORTED) => continue,
            Err(errno) => return Err(fail()(errno.into())),
        };
        // Who only looks whether somebody listens sends nothing.
        if let Ok(Some(report)) = fdpass::receive(connection.as_fd()) {
            return Ok((report, connection));
        }
    }
}

/// One byte of the talk between `create` and init; none where the other side is gone.
pub(super) fn hear(sync: &OwnedFd) -> Option<u8> {
    let mut byte = [0];
    loop {
        match rustix::net::recv(sync, &mut byte[..], RecvFlags::empty()) {
            Ok((1, _)) => return Some(byte[0]),
            Err(rustix::io::Errno::INTR) => {}
            _ => return None,
        }
    }
}

pub(super) fn say(sync: &OwnedFd, byte: u8) -> bool {
    rustix::net::send(sync, &[byte], rustix::net::SendFlags::NOSIGNAL).is_ok()
}
