//! One command with a clean environment, pipes and a time limit.

use super::place::Place;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use std::ffi::OsString;
use std::io::{ErrorKind, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// A command may take this long on a loaded machine before it counts as hung.
pub const TIME_LIMIT: Duration = Duration::from_secs(60);

/// A command that is being put together.
#[must_use]
pub struct Cmd {
    pub(super) program: Vec<OsString>,
    pub(super) args: Vec<String>,
    pub(super) env: Vec<(String, OsString)>,
    pub(super) cwd: PathBuf,
    pub(super) cgroup: Option<PathBuf>,
    /// Where it runs, if not on the host as it is.
    pub(super) place: Option<Place>,
    stdin: Option<Vec<u8>>,
}

impl Cmd {
    pub(super) fn new(program: Vec<OsString>, args: &[&str], env: Vec<(String, OsString)>, cwd: PathBuf) -> Self {
        let args = args.iter().map(|arg| (*arg).to_owned()).collect();
        Self { program, args, env, cwd, cgroup: None, place: None, stdin: None }
    }

    /// Gives it these bytes as standard input, then the end.
    pub fn stdin(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.stdin = Some(bytes.as_ref().to_vec());
        self
    }

    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.env.retain(|(known, _)| known != name);
        self.env.push((name.to_owned(), value.into()));
        self
    }

    pub fn env_remove(mut self, name: &str) -> Self {
        self.env.retain(|(known, _)| known != name);
        self
    }

    /// Puts a program in front: `unshare …`, `sh -c … sh`.
    pub fn behind(mut self, front: &[&str]) -> Self {
        self.program = front.iter().map(OsString::from).chain(self.program).collect();
        self
    }

    /// Runs it to its end, the end of its output included.
    #[track_caller]
    pub fn run(self) -> Output {
        if self.place.is_some() {
            assert!(self.stdin.is_none(), "no input reaches another place");
            return self.placed();
        }
        let input = self.stdin.clone();
        let mut running = self.spawn();
        match input {
            Some(bytes) => running.write_later(&bytes),
            None => running.close_stdin(),
        }
        running.wait()
    }

    /// Starts it with pipes.
    #[track_caller]
    pub fn spawn(self) -> Running {
        assert!(self.place.is_none(), "in another place a command can only be run to its end");
        let mut command = self.command();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // A group of its own: ctrl-c on the harness's terminal is not for it.
        command.process_group(0);
        let mut child = command.spawn().unwrap_or_else(|error| panic!("start {}: {error}", self.words()));
        let pid = Pid::from_child(&child);
        let running = Running {
            words: self.words(),
            pidfd: pidfd_open(pid, PidfdFlags::empty()).expect("a pidfd of a child"),
            stdin: child.stdin.take(),
            stdout: child.stdout.take(),
            stderr: child.stderr.take(),
            child,
            pending: Vec::new(),
            close_after: false,
            output: Vec::new(),
            errors: Vec::new(),
            deadline: Instant::now() + TIME_LIMIT,
        };
        for fd in [
            running.stdin.as_ref().map(AsFd::as_fd),
            running.stdout.as_ref().map(AsFd::as_fd),
            running.stderr.as_ref().map(AsFd::as_fd),
        ]
        .into_iter()
        .flatten()
        {
            nonblocking(fd);
        }
        running
    }

    /// The command with everything but its standard streams.
    pub(super) fn command(&self) -> Command {
        let mut words: Vec<OsString> = Vec::new();
        if let Some(cgroup) = &self.cgroup {
            // A process starts in its parent's cgroup; the shell moves itself and becomes the command. Where the tool has made the
            // cgroup hold no processes, it is its own leaf of it.
            let script = "{ echo 0 >\"$0\"; } 2>/dev/null || echo 0 >\"${0%/*}/coracle-callers/cgroup.procs\" && exec \"$@\"";
            words.extend(["/bin/sh", "-c", script].map(OsString::from));
            words.push(cgroup.join("cgroup.procs").into());
        }
        words.extend(self.program.iter().cloned());
        words.extend(self.args.iter().map(OsString::from));
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).env_clear().envs(self.env.iter().map(|(name, value)| (name, value))).current_dir(&self.cwd);
        command
    }

    pub(super) fn words(&self) -> String {
        let program = self.program.last().map(|word| word.to_string_lossy().rsplit('/').next().unwrap_or_default().to_owned());
        format!("{} {}", program.unwrap_or_default(), self.args.join(" "))
    }
}

/// Makes reads and writes of a descriptor return at once.
pub(super) fn nonblocking(fd: impl AsFd) {
    let flags = rustix::fs::fcntl_getfl(&fd).expect("the flags of a descriptor");
    rustix::fs::fcntl_setfl(&fd, flags | rustix::fs::OFlags::NONBLOCK).expect("set the flags of a descriptor");
}

/// Waits for one of the descriptors; false when the time is over.
pub(super) fn wait_for(fds: &mut [PollFd<'_>], deadline: Instant) -> bool {
    let left = deadline.saturating_duration_since(Instant::now());
    let timeout = Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() };
    loop {
        match poll(fds, Some(&timeout)) {
            Ok(count) => return count > 0,
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => panic!("poll: {error}"),
        }
    }
}

/// A command that runs.
pub struct Running {
    words: String,
    child: Child,
    pidfd: OwnedFd,
    stdin: Option<ChildStdin>,
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    pending: Vec<u8>,
    close_after: bool,
    output: Vec<u8>,
    errors: Vec<u8>,
    deadline: Instant,
}

impl Running {
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, signal: Signal) {
        pidfd_send_signal(&self.pidfd, signal).expect("send a signal");
    }

    pub fn write(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
        self.pump(|running| running.pending.is_empty());
    }

    fn write_later(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
        self.close_after = true;
        self.write_some();
    }

    pub fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// Closes our end of its standard output, as `head` does.
    pub fn close_stdout(&mut self) {
        self.stdout = None;
    }

    /// Reads until its standard output has this text; returns all that it wrote until then.
    #[track_caller]
    pub fn read_until(&mut self, text: &str) -> String {
        let wanted = text.as_bytes().to_vec();
        let found = self.pump(|running| contains(&running.output, &wanted) || running.stdout.is_none());
        let output = String::from_utf8_lossy(&self.output).into_owned();
        let errors = String::from_utf8_lossy(&self.errors).into_owned();
        assert!(found && output.contains(text), "{}: waited for {text:?}, got {output:?}, stderr {errors:?}", self.words);
        output
    }

    /// Waits for the end of the process and of its output.
    #[track_caller]
    pub fn wait(mut self) -> Output {
        let ended = self.pump(|running| running.stdout.is_none() && running.stderr.is_none() && running.pending.is_empty());
        let dead = ended && wait_for(&mut [PollFd::new(&self.pidfd, PollFlags::IN)], self.deadline);
        if !dead {
            let state = self.child.try_wait().ok().flatten().map_or("is still running".to_owned(), |status| {
                format!("ended with {status}, but something holds its output open")
            });
            let _ = self.child.kill();
            let _ = self.child.wait();
            panic!(
                "{}: {state} after the time limit; stdout {:?}, stderr {:?}",
                self.words,
                String::from_utf8_lossy(&self.output),
                String::from_utf8_lossy(&self.errors)
            );
        }
        let status = self.child.wait().expect("wait for a child");
        let output = Output {
            words: std::mem::take(&mut self.words),
            code: status.code().unwrap_or_else(|| -status.signal().unwrap_or(0)),
            stdout: std::mem::take(&mut self.output),
            stderr: std::mem::take(&mut self.errors),
        };
        assert!(!contains(&output.stderr, b"panicked at"), "{output}");
        output
    }

    /// Moves bytes until `done`; false when the time is over.
    fn pump(&mut self, done: impl Fn(&Self) -> bool) -> bool {
        while !done(self) {
            let mut fds = Vec::new();
            if let Some(stdout) = &self.stdout {
                fds.push(PollFd::new(stdout, PollFlags::IN));
            }
            if let Some(stderr) = &self.stderr {
                fds.push(PollFd::new(stderr, PollFlags::IN));
            }
            if let Some(stdin) = self.stdin.as_ref().filter(|_| !self.pending.is_empty()) {
                fds.push(PollFd::new(stdin, PollFlags::OUT));
            }
            if fds.is_empty() || !wait_for(&mut fds, self.deadline) {
                return false;
            }
            drop(fds);
            if read_some(self.stdout.as_mut(), &mut self.output) {
                self.stdout = None;
            }
            if read_some(self.stderr.as_mut(), &mut self.errors) {
                self.stderr = None;
            }
            self.write_some();
        }
        true
    }

    fn write_some(&mut self) {
        if let Some(stdin) = self.stdin.as_mut().filter(|_| !self.pending.is_empty()) {
            match stdin.write(&self.pending) {
                Ok(count) => drop(self.pending.drain(..count)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                // It does not read: that is for the case to judge.
                Err(_) => self.pending.clear(),
            }
        }
        if self.pending.is_empty() && self.close_after {
            self.stdin = None;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Reads what is there; true at the end.
fn read_some(stream: Option<&mut impl std::io::Read>, into: &mut Vec<u8>) -> bool {
    let Some(stream) = stream else { return false };
    let mut buffer = [0; 16 * 1024];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return true,
            Ok(count) => into.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return true,
        }
    }
}

pub(super) fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    wanted.is_empty() || bytes.windows(wanted.len()).any(|window| window == wanted)
}

/// What a command left.
#[derive(Clone, Debug)]
pub struct Output {
    pub words: String,
    /// The exit code; negative: the signal that ended it.
    pub code: i32,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

impl Output {
    /// Standard output as text, without the last line end.
    pub fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.stdout).trim_end_matches(['\n', '\r']).to_owned()
    }

    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// The lines of standard output.
    pub fn lines(&self) -> Vec<String> {
        self.stdout().lines().map(str::to_owned).collect()
    }

    /// Asserts success; returns standard output.
    #[track_caller]
    pub fn ok(&self) -> String {
        assert!(self.code == 0, "expected success: {self}");
        self.stdout()
    }

    /// Asserts the exit code.
    #[track_caller]
    pub fn code(self, code: i32) -> Self {
        assert!(self.code == code, "expected code {code}: {self}");
        self
    }

    /// Asserts a failure with this code and a message on standard error that has these words, whatever their case.
    #[track_caller]
    pub fn fails(self, code: i32, words: &[&str]) -> Self {
        let output = self.code(code);
        let stderr = output.stderr().to_lowercase();
        assert!(stderr.contains("error: "), "no line begins with Error: {output}");
        for word in words {
            assert!(stderr.contains(&word.to_lowercase()), "the message lacks {word:?}: {output}");
        }
        output
    }

    /// Asserts that standard output is exactly this.
    #[track_caller]
    pub fn prints(self, text: &str) -> Self {
        let stdout = self.ok();
        assert!(stdout == text, "expected {text:?}: {self}");
        self
    }
}

impl std::fmt::Display for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` → {}\n  stdout: {:?}\n  stderr: {:?}", self.words, self.code, self.stdout(), self.stderr())
    }
}
