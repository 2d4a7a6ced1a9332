//! Telling a service manager how the container is (sd_notify(3)).
//!
//! With `--sdnotify container` the program in the container speaks to a socket of ours, and what it may say is passed on. It may say
//! how it is; it may not say who the main process is (that is the monitor) nor hand descriptors over.

use super::args::NotifyRule;
use crate::sys::inherit::adopt;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketFlags, SocketType, recv, sendto, socket_with};
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// The longest message that is read; what a container sends beyond it is cut off.
const LONGEST: usize = 4096;

/// What a container may say.
const ALLOWED: [&[u8]; 7] =
    [b"READY=", b"RELOADING=", b"STOPPING=", b"MONOTONIC_USEC=", b"STATUS=", b"WATCHDOG=", b"EXTEND_TIMEOUT_USEC="];

/// The service manager's socket and ours.
#[derive(Debug)]
pub(super) struct Notify {
    rule: NotifyRule,
    proxy: Option<OwnedFd>,
    told_healthy: bool,
}

impl Notify {
    pub(super) fn new(rule: &NotifyRule) -> io::Result<Self> {
        let proxy = rule.proxy.map(adopt).transpose()?;
        Ok(Self { rule: rule.clone(), proxy, told_healthy: false })
    }

    /// The socket on which the container speaks.
    pub(super) fn proxy(&self) -> Option<BorrowedFd<'_>> {
        self.proxy.as_ref().map(OwnedFd::as_fd)
    }

    /// Passes one message of the container on.
    pub(super) fn pass_on(&mut self) {
        let Some(proxy) = &self.proxy else { return };
        let mut room = [0; LONGEST];
        // Descriptors that come with it are closed by the kernel: no room for them is given.
        let Ok((len, _)) = recv(proxy, &mut room[..], RecvFlags::DONTWAIT) else { return };
        let allowed = permitted(&room[..len]);
        if !allowed.is_empty() {
            send(&self.rule.socket, &allowed);
        }
    }

    /// The container is healthy.
    pub(super) fn healthy(&mut self) {
        if self.rule.when_healthy && !std::mem::replace(&mut self.told_healthy, true) {
            send(&self.rule.socket, b"READY=1");
        }
    }
}

/// The lines of a message that a container may say.
#[must_use]
pub fn permitted(message: &[u8]) -> Vec<u8> {
    let lines = message.split(|byte| *byte == b'\n').filter(|line| ALLOWED.iter().any(|word| line.starts_with(word)));
    lines.collect::<Vec<_>>().join(&b'\n')
}

/// Sends a message to a service manager. Nobody can be told that it does not listen.
pub fn send(socket: &Path, message: &[u8]) {
    let name = socket.as_os_str().as_bytes();
    let address = match name.strip_prefix(b"@") {
        Some(name) => SocketAddrUnix::new_abstract_name(name),
        None => SocketAddrUnix::new(socket),
    };
    let Ok(address) = address else { return };
    let Ok(own) = socket_with(AddressFamily::UNIX, SocketType::DGRAM, SocketFlags::CLOEXEC, None) else { return };
    let _ = sendto(&own, message, SendFlags::DONTWAIT | SendFlags::NOSIGNAL, &address);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_says_how_it_is_and_nothing_else() {
        for (message, expected) in [
            (&b"READY=1"[..], &b"READY=1"[..]),
            (b"READY=1\nMAINPID=1\nSTATUS=fine\n", b"READY=1\nSTATUS=fine"),
            (b"FDSTORE=1\nERRNO=2", b""),
            (b"", b""),
        ] {
            assert_eq!(permitted(message), expected);
        }
    }
}
