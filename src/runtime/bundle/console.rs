//! The terminal of a process: a pty, whose master goes to whoever waits on the console socket.

use crate::runtime::message::{Failure, Stage};
use crate::runtime::terminal;
use crate::sys::root::{Leaf, SafeRoot};
use crate::sys::{fd, fdpass, mount};
use oci_spec::runtime::Process;
use rustix::fs::{Mode, OFlags, Uid};
use rustix::termios::Winsize;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::Path;

/// A master of the host's, for a container without a devpts of its own; to be opened before the host's files are out of sight.
pub(super) fn hosts_master() -> Option<OwnedFd> {
    rustix::fs::open("/dev/ptmx", OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty()).ok()
}

/// Opens a pty, on the container's devpts where there is one, sends its master and returns its slave. `root` is the container's.
///
/// The slave comes from the master by ioctl, never from a path (CVE-2025-52565).
pub(super) fn open(
    root: &SafeRoot,
    process: &Process,
    socket: BorrowedFd<'_>,
    other: Option<OwnedFd>,
) -> Result<OwnedFd, Failure> {
    let at = || Failure::at(Stage::Terminal, "");
    let own = root.open_without_links(Path::new("dev/pts/ptmx"), OFlags::RDWR | OFlags::NOCTTY);
    let master = match (own, other) {
        (Ok(master), _) | (Err(_), Some(master)) => master,
        (Err(error), None) => return Err(at()(error)),
    };
    let slave = terminal::slave_of(&master)?;
    if let Some(size) = process.console_size() {
        let number = |value: u64| u16::try_from(value).unwrap_or(u16::MAX);
        let (ws_row, ws_col) = (number(size.height()), number(size.width()));
        rustix::termios::tcsetwinsize(&slave, Winsize { ws_row, ws_col, ws_xpixel: 0, ws_ypixel: 0 })
            .map_err(|errno| at()(errno.into()))?;
    }
    fdpass::send(socket, master.as_fd()).map_err(at())?;
    Ok(slave)
}

/// Mounts the slave as `/dev/console` (config-linux.md "Default Devices").
pub(super) fn mount_console(root: &SafeRoot, slave: &OwnedFd) -> Result<(), Failure> {
    let at = || Failure::at(Stage::Terminal, "/dev/console");
    let copy = mount::clone_tree_at(slave.as_fd(), false).map_err(at())?;
    let target = root.make(Path::new("dev/console"), Leaf::File).map_err(at())?;
    mount::attach(copy.as_fd(), target.as_fd()).map_err(at())
}

/// Makes the slave the caller's terminal and its three standard streams.
pub(super) fn become_stdio(slave: &OwnedFd, process: &Process) -> Result<(), Failure> {
    let at = || Failure::at(Stage::Terminal, "");
    terminal::control(slave.as_fd())?;
    let uid = process.user().uid();
    if uid != 0 {
        rustix::fs::fchown(slave, Some(Uid::from_raw(uid)), None).map_err(|errno| at()(errno.into()))?;
    }
    (0..3).try_for_each(|number| fd::become_stdio(slave, number).map_err(at()))
}
