//! A command on a real terminal.
//!
//! ```text
//! the case ── master ═══ slave ── setsid -c sh (session leader): stty -g > before; COMMAND; stty -g > after
//! ```
//!
//! A shell is the session leader, as in life: when the leader ends the kernel hangs the terminal up and resets it, which would
//! hide a terminal that was left raw.

use super::command::{self, Cmd, Output};
use rustix::event::{PollFd, PollFlags};
use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::Instant;

const SCRIPT: &str =
    r#"trap : INT; folder=$1; shift; stty -g >"$folder/before"; "$@"; code=$?; stty -g >"$folder/after"; exit $code"#;

/// A command that runs on a terminal of its own.
pub struct Terminal {
    words: String,
    child: Child,
    pidfd: OwnedFd,
    master: OwnedFd,
    folder: PathBuf,
    output: Vec<u8>,
    /// How much of the output earlier waits have matched.
    seen: usize,
    deadline: Instant,
}

impl Cmd {
    /// Starts it on a terminal of this size.
    #[track_caller]
    pub fn on_terminal(self, rows: u16, cols: u16) -> Terminal {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("a terminal");
        grantpt(&master).expect("grant the terminal");
        unlockpt(&master).expect("unlock the terminal");
        let name = ptsname(&master, Vec::new()).expect("the terminal's name");
        let slave = rustix::fs::open(name.as_c_str(), OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())
            .expect("open the terminal");
        tcsetwinsize(&master, Winsize { ws_row: rows, ws_col: cols, ws_xpixel: 0, ws_ypixel: 0 }).expect("set the size");
        let folder =
            tempfile::tempdir_in(self.cwd.parent().unwrap_or(&self.cwd)).expect("a folder for the terminal's settings").keep();
        let words = self.words();
        let folder_text = folder.to_string_lossy().into_owned();
        let mut command = self.env("TERM", "xterm").behind(&["setsid", "-c", "sh", "-c", SCRIPT, "sh", &folder_text]).command();
        let clone = || Stdio::from(slave.try_clone().expect("a second descriptor of the terminal"));
        command.stdin(clone()).stdout(clone()).stderr(clone());
        let child = command.spawn().unwrap_or_else(|error| panic!("start {words}: {error}"));
        command::nonblocking(&master);
        Terminal {
            words,
            pidfd: pidfd_open(Pid::from_child(&child), PidfdFlags::empty()).expect("a pidfd of a child"),
            child,
            master,
            folder,
            output: Vec::new(),
            seen: 0,
            deadline: Instant::now() + command::TIME_LIMIT,
        }
    }
}

impl Terminal {
    /// The pid of the command itself (not of the shell around it).
    pub fn command_pid(&self) -> Pid {
        let shell = self.child.id();
        let children = std::fs::read_to_string(format!("/proc/{shell}/task/{shell}/children")).expect("the shell's children");
        let pid = children.split_whitespace().next().and_then(|word| word.parse().ok()).and_then(Pid::from_raw);
        pid.unwrap_or_else(|| panic!("{} does not run: {:?}", self.words, self.text()))
    }

    pub fn resize(&self, rows: u16, cols: u16) {
        tcsetwinsize(&self.master, Winsize { ws_row: rows, ws_col: cols, ws_xpixel: 0, ws_ypixel: 0 }).expect("set the size");
    }

    /// Types these bytes.
    pub fn write(&mut self, bytes: &[u8]) {
        let mut left = bytes;
        while !left.is_empty() {
            assert!(
                command::wait_for(&mut [PollFd::new(&self.master, PollFlags::OUT)], self.deadline),
                "{}: takes no input",
                self.words
            );
            match rustix::io::write(&self.master, left) {
                Ok(count) => left = &left[count..],
                Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {}
                Err(error) => panic!("{}: type: {error}", self.words),
            }
        }
    }

    /// Reads until this text appears after what was waited for before; returns everything so far.
    #[track_caller]
    pub fn read_until(&mut self, text: &str) -> String {
        while !command::contains(&self.output[self.seen..], text.as_bytes()) {
            let more = command::wait_for(&mut [PollFd::new(&self.master, PollFlags::IN)], self.deadline);
            assert!(more && !self.read_some(), "{}: waited for {text:?}, got {:?}", self.words, self.text());
        }
        let found = self.output[self.seen..].windows(text.len()).position(|window| window == text.as_bytes());
        self.seen += found.unwrap_or(0) + text.len();
        self.text()
    }

    /// Waits for the end; asserts that the terminal is as it was before the command.
    #[track_caller]
    pub fn wait(mut self) -> Output {
        loop {
            let mut fds = [PollFd::new(&self.master, PollFlags::IN), PollFd::new(&self.pidfd, PollFlags::IN)];
            let in_time = command::wait_for(&mut fds, self.deadline);
            let dead = fds[1].revents().contains(PollFlags::IN);
            assert!(in_time, "{}: is still running after the time limit; the screen: {:?}", self.words, self.text());
            self.read_some();
            if dead {
                break;
            }
        }
        let status = self.child.wait().expect("wait for a child");
        let setting = |name: &str| std::fs::read_to_string(self.folder.join(name)).unwrap_or_default();
        let (before, after) = (setting("before"), setting("after"));
        assert!(!before.is_empty() && before == after, "{}: the terminal was {before:?} and is {after:?}", self.words);
        Output {
            words: std::mem::take(&mut self.words),
            code: status.code().unwrap_or_else(|| -status.signal().unwrap_or(0)),
            stdout: std::mem::take(&mut self.output),
            stderr: Vec::new(),
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.output).into_owned()
    }

    /// Reads what is there; true at the end (EIO: every slave is closed).
    fn read_some(&mut self) -> bool {
        let mut buffer = [0; 4096];
        loop {
            match rustix::io::read(&self.master, &mut buffer) {
                Ok(0) | Err(rustix::io::Errno::IO) => return true,
                Ok(count) => self.output.extend_from_slice(&buffer[..count]),
                Err(rustix::io::Errno::AGAIN) => return false,
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => panic!("{}: read the terminal: {error}", self.words),
            }
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
