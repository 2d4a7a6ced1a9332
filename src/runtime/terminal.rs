//! The container's terminal: a pty of its own devpts; the master goes to the monitor.

use super::message::{Failure, Stage};
use super::mounts;
use crate::sys::root::SafeRoot;
use crate::sys::{fdpass, mount};
use rustix::fs::OFlags;
use rustix::pty::OpenptFlags;
use rustix::termios::Winsize;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::Path;

/// The window of the user's terminal: the program has to find it from its first moment on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub rows: u16,
    pub cols: u16,
}

/// Opens a pty on the container's devpts, sends the master over `socket`, and returns the slave.
///
/// The slave comes from the master by ioctl (`TIOCGPTPEER`, Linux 4.13), never from a path (CVE-2025-52565).
pub(super) fn open(root: &SafeRoot, socket: BorrowedFd<'_>, console: bool, size: Option<Size>) -> Result<OwnedFd, Failure> {
    let at = || Failure::at(Stage::Terminal, "");
    let flags = OFlags::RDWR | OFlags::NOCTTY;
    let master = root.open_without_links(Path::new("dev/pts/ptmx"), flags).map_err(at())?;
    let slave = slave_of(&master)?;
    if let Some(Size { rows, cols }) = size {
        let window = Winsize { ws_row: rows, ws_col: cols, ws_xpixel: 0, ws_ypixel: 0 };
        rustix::termios::tcsetwinsize(&slave, window).map_err(|errno| at()(errno.into()))?;
    }
    if console {
        let dev = root.open_without_links(Path::new("dev"), OFlags::PATH | OFlags::DIRECTORY).map_err(at())?;
        let copy = mount::clone_tree_at(slave.as_fd(), false).map_err(at())?;
        mounts::place(&SafeRoot::new(dev), "console", copy.as_fd()).map_err(at())?;
    }
    fdpass::send(socket, master.as_fd()).map_err(at())?;
    Ok(slave)
}

/// The other end of a pty whose master is open.
pub(super) fn slave_of(master: &OwnedFd) -> Result<OwnedFd, Failure> {
    let at = || Failure::at(Stage::Terminal, "");
    rustix::pty::unlockpt(master).map_err(|errno| at()(errno.into()))?;
    let peer = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    rustix::pty::ioctl_tiocgptpeer(master, peer).map_err(|errno| at()(errno.into()))
}

/// Receives a descriptor, the master that `open` sent; nothing when the other end was closed instead.
///
/// # Errors
/// The socket fails.
pub fn receive(socket: BorrowedFd<'_>) -> io::Result<Option<OwnedFd>> {
    fdpass::receive(socket)
}

/// Makes the slave the caller's controlling terminal; the caller leads a session without one.
pub(super) fn control(slave: BorrowedFd<'_>) -> Result<(), Failure> {
    rustix::process::ioctl_tiocsctty(slave).map_err(|errno| Failure::at(Stage::Terminal, "")(errno.into()))
}
