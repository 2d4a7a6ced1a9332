//! Starting a network helper, a program that we did not write: on a leash, quiet, and waited for until it is ready.

use super::NetError;
use super::private::{PASTA, SLIRP4NETNS};
use crate::sys::{fd, leash};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{MemfdFlags, SealFlags};
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::fs::FileExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Both are ready in some milliseconds; pasta waits for IPv6's duplicate address detection in some versions.
const TIMEOUT_SECONDS: u64 = 10;

/// What a helper writes on stderr over its whole life has to fit here; the rest is refused to it.
const MESSAGE_BYTES: u64 = 16 << 10;

/// Starts pasta, to which `tell` gives its arguments, and returns its pid when it is ready.
pub(super) fn pasta(program: &Path, collar: &OwnedFd, tell: impl FnOnce(&mut Command)) -> Result<i32, NetError> {
    let mut command = Command::new(program);
    // It writes its pid when all is set up: that file is our pipe. Behind the name of a namespace it would be no option any more.
    command.args(["--pid", "/proc/self/fd/1"]);
    tell(&mut command);
    let (ready, ready_writer) = pipe(PASTA)?;
    command.stdout(ready_writer);
    Helper::start(PASTA, command, collar)?.wait_until_ready(ready, collar)
}

/// Starts slirp4netns with these arguments for the namespace that `target` names, where it makes the interface, and returns its pid when
/// it is ready. To be called single-threaded: nobody else's child is to get the pipe.
pub(super) fn slirp4netns(mut command: Command, target: &str, interface: &str, collar: &OwnedFd) -> Result<i32, NetError> {
    let (ready, ready_writer) = pipe(SLIRP4NETNS)?;
    // Not its stdout, on which it prints and which it would close.
    fd::keep_on_exec(&ready_writer).map_err(|source| NetError::Start { helper: SLIRP4NETNS, source })?;
    command.arg(format!("--ready-fd={}", ready_writer.as_raw_fd())).args([target, interface]);
    command.stdout(Stdio::null());
    let helper = Helper::start(SLIRP4NETNS, command, collar)?;
    drop(ready_writer);
    helper.wait_until_ready(ready, collar)
}

/// A pipe on which the helper says that it is ready.
fn pipe(helper: &'static str) -> Result<(File, OwnedFd), NetError> {
    let (reader, writer) = fd::pipe().map_err(|source| NetError::Start { helper, source })?;
    Ok((reader.into(), writer))
}

/// A helper that runs.
#[derive(Debug)]
struct Helper {
    name: &'static str,
    child: Child,
    messages: File,
}

impl Helper {
    /// Starts the program with the leash as its stdin and away from the terminal's signals.
    fn start(name: &'static str, mut command: Command, collar: &OwnedFd) -> Result<Self, NetError> {
        let failed = |source| NetError::Start { helper: name, source };
        let messages = message_file().map_err(failed)?;
        command.stdin(collar.try_clone().map_err(failed)?).stderr(messages.try_clone().map_err(failed)?);
        command.env_clear().env("PATH", "/usr/bin:/bin").current_dir("/").process_group(0);
        // The command and its descriptors go with it: the ready pipe must have no writer but the helper.
        let child = command.spawn().map_err(failed)?;
        drop(command);
        let mut helper = Self { name, child, messages };
        let tied = i32::try_from(helper.child.id()).map_err(io::Error::other).and_then(|pid| leash::tie(collar, pid));
        match tied {
            Ok(()) => Ok(helper),
            Err(source) => {
                helper.end();
                Err(failed(source))
            }
        }
    }

    /// Returns its pid when it is ready.
    fn wait_until_ready(mut self, mut ready: File, collar: &OwnedFd) -> Result<i32, NetError> {
        let timeout = Timespec { tv_sec: TIMEOUT_SECONDS.cast_signed(), tv_nsec: 0 };
        let answered = loop {
            match poll(&mut [PollFd::new(&ready, PollFlags::IN)], Some(&timeout)) {
                Err(rustix::io::Errno::INTR) => {}
                other => break other.is_ok_and(|count| count > 0),
            }
        };
        let error = if !answered {
            NetError::Timeout { helper: self.name, seconds: TIMEOUT_SECONDS }
        } else if leash::is_let_go(collar) {
            NetError::LetGo { helper: self.name }
        } else if ready.read(&mut [0; 32]).is_ok_and(|length| length > 0) {
            return Ok(i32::try_from(self.child.id()).unwrap_or(0));
        } else {
            NetError::Refused { helper: self.name, message: self.message() }
        };
        self.end();
        Err(error)
    }

    fn end(&mut self) {
        // Both fail only where the process is gone and waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// What the helper has said, on one line.
    fn message(&self) -> String {
        let mut bytes = vec![0; usize::try_from(MESSAGE_BYTES).unwrap_or(0)];
        let length = self.messages.read_at(&mut bytes, 0).unwrap_or(0);
        let text = String::from_utf8_lossy(&bytes[..length]);
        let lines: Vec<&str> = text
            .split(['\n', '\0'])
            .map(str::trim)
            .take_while(|line| !line.starts_with("Usage:"))
            .filter(|line| !line.is_empty() && !line.starts_with("Failed to send"))
            .collect();
        if lines.is_empty() { "it says nothing".to_owned() } else { lines.join("; ") }
    }
}

/// A file for stderr that outlives us, costs nothing on disk and cannot grow: a container can make its stack complain at will.
fn message_file() -> io::Result<File> {
    let file = File::from(rustix::fs::memfd_create("coracle-net", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?);
    file.set_len(MESSAGE_BYTES)?;
    rustix::fs::fcntl_add_seals(&file, SealFlags::GROW | SealFlags::SHRINK)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::super::Leash;
    use super::*;

    #[test]
    fn a_helper_that_fails_is_quoted_and_one_that_hangs_is_not_waited_for_when_the_monitor_is_gone() {
        let leash = Leash::new().unwrap();
        let helper = |script: &str| {
            let (ready, writer) = pipe(PASTA).unwrap();
            let mut command = Command::new("/bin/sh");
            command.args(["-c", script]).stdout(writer);
            Helper::start(PASTA, command, &leash.collar).unwrap().wait_until_ready(ready, &leash.collar)
        };
        let error = helper("echo 'Failed to send 3 bytes to syslog' >&2; echo no >&2; echo 'Failed to open() /dev/net/tun' >&2");
        assert_eq!(
            error.unwrap_err().to_string(),
            "pasta cannot join the container's network to the host: no; Failed to open() /dev/net/tun (load the module: sudo \
             modprobe tun)"
        );
        assert!(matches!(helper("exit 1"), Err(NetError::Refused { message, .. }) if message == "it says nothing"));
        helper("echo 1; exec sleep 1000").unwrap();
        drop(leash.hand);
        let (ready, writer) = pipe(PASTA).unwrap();
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "echo 1; exec sleep 1000"]).stdout(writer);
        let late = Helper::start(PASTA, command, &leash.collar).unwrap().wait_until_ready(ready, &leash.collar);
        assert!(matches!(late, Err(NetError::LetGo { .. })), "{late:?}");
    }

    #[test]
    fn stderr_is_bounded() {
        let file = message_file().unwrap();
        assert_eq!(file.write_at(&[b'x'; 20_000], 0).unwrap(), 16 << 10);
        assert!(file.write_at(b"x", MESSAGE_BYTES).is_err());
    }
}
