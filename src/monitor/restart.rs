//! Starting the container again, in the monitor's own process.
//!
//! Only the child of a process can be waited for by it, so the process that watches has to be the one that starts. It becomes
//! `coracle internal restart`, which prepares the start as the first one was prepared and becomes the monitor again. The pid stays,
//! so do the listening socket and the clients: who is attached sees the next run's output.

use super::args::MonitorArgs;
use super::event::Monitor;
use super::supervise;
use crate::sys::{exec, fd, process};
use rustix::fs::{CWD, Mode, OFlags, openat};
use std::ffi::OsString;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd};

/// Executes the helper to remove what is left of a container that is gone; where that fails, the next command does.
pub(super) fn become_sweeper(monitor: &mut Monitor) {
    let Some((program, words)) = monitor.supervisor.sweep_command() else { return };
    // All of them are blocked here, and nobody reads them any more.
    process::default_signals();
    if let Ok((name, fd)) = program.open() {
        let _ = exec::execve_at(&fd, &supervise::argv(name, words), &[]);
    }
}

/// Executes the helper. Returns only where that fails.
pub(super) fn become_helper(monitor: &Monitor, args: &MonitorArgs) {
    let Some((program, mut words)) = monitor.supervisor.restart_command() else { return };
    let mut pass = |name: &str, fd: BorrowedFd<'_>| {
        if fd::keep_on_exec(fd).is_ok() {
            words.extend([OsString::from(name), fd.as_raw_fd().to_string().into()]);
        }
    };
    let (listen, clients) = monitor.clients.passed_on();
    if let Some(fd) = listen {
        pass("--listen", fd);
    }
    clients.for_each(|fd| pass("--client", fd));
    // For the case that no monitor stands beside the helper any more. Nobody else gets it: it is closed when the helper ends.
    let own = openat(CWD, c"/proc/self/exe", OFlags::PATH | OFlags::CLOEXEC, Mode::empty());
    if let Ok(own) = &own {
        pass("--monitor", own.as_fd());
    }
    if let Some(notify) = &args.notify {
        words.extend(["--notify".into(), notify.socket.clone().into()]);
    }
    if let Some(entry) = &args.session_entry {
        words.extend(["--session-entry".into(), entry.clone().into()]);
    }
    // Where the container shares another one's processes, these see it before it is the container's program.
    if let Ok((name, fd)) = program.open_unwritable() {
        let _ = exec::execve_at(&fd, &supervise::argv(name, words), &[]);
    }
}
