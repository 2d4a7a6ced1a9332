//! Between the user's terminal or pipes and a program elsewhere: in a container behind its monitor, or in an exec session.
//!
//! # Theory of operation
//!
//! One thread, one `poll`. The near side is this process's standard streams and its signals; the far side is a [`Far`]. In each
//! direction one piece is under way at a time: while it cannot be delivered, nothing further is read. So memory stays flat, and
//! whoever is slow slows down the other end and nobody else.
//!
//! Signals are events here. They go to the far program where that is asked for; the terminal's own keys make none in raw mode but
//! travel as bytes. The raw mode ends with this function on every way out, also when a signal ends it.

use super::attach::{AttachError, RelayEnd, RelayOptions};
use super::detach::Matcher;
use crate::sys::process::send_signal;
use crate::sys::pty::{self, RawTerminal};
use crate::sys::signals::{self, Signals};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;
use rustix::stdio::{stderr, stdin, stdout};
use std::os::fd::{AsRawFd as _, BorrowedFd, OwnedFd};

/// How much is moved at a time.
pub(super) const PIECE: usize = 32 * 1024;

/// What came from the far side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Came {
    Nothing,
    /// Bytes in the room that was given: where they begin and end, and whether they are for stderr.
    Output {
        from: usize,
        to: usize,
        error: bool,
    },
    /// Nothing more will come.
    End,
}

/// The far side: the program.
pub(super) trait Far {
    /// The descriptors to wait for, each at a fixed index.
    fn inputs(&self) -> [Option<BorrowedFd<'_>>; 3];
    /// Reads from the input of this index, which is ready. The room has [`PIECE`] + 1 bytes.
    fn receive(&mut self, at: usize, room: &mut [u8]) -> Came;
    /// Where input goes; nothing when no more is taken.
    fn outlet(&self) -> Option<BorrowedFd<'_>>;
    /// Gives input, at most [`PIECE`] bytes; returns how many were taken.
    fn feed(&mut self, bytes: &[u8]) -> Result<usize, Errno>;
    /// Tells the program that no more input comes.
    fn end_input(&mut self) -> Result<(), Errno>;
    fn resize(&mut self, rows: u16, cols: u16);
    /// Whether the program has ended: then only what is there already is read.
    fn has_ended(&self) -> bool;
    /// How it ended, when all is over.
    fn end(&self) -> RelayEnd;
}

/// Relays until the far side is at its end or the user leaves.
pub(super) fn run(far: &mut dyn Far, options: RelayOptions) -> Result<RelayEnd, AttachError> {
    // Before any signal is blocked: a background process is stopped here, by SIGTTOU, until it is in the foreground.
    let raw = match options.interactive && options.tty && pty::is_terminal(stdin()) {
        true => Some(RawTerminal::enter(stdin()).map_err(AttachError::Terminal)?),
        false => None,
    };
    let proxied = options.init.as_ref().filter(|_| options.sig_proxy).is_some();
    let signals = Signals::take(|signal| takes(signal, proxied, options.tty, raw.is_some())).map_err(AttachError::Signals)?;
    let mut near = Near {
        stdout: Outlet::new(stdout())?,
        stderr: Outlet::new(stderr())?,
        room: vec![0; PIECE + 1],
        output: None,
        reads_stdin: options.interactive,
        input: Vec::new(),
        input_ends: false,
        matcher: Matcher::new(options.detach_keys.clone()),
        signals,
        raw,
        options,
    };
    near.send_size(far);
    let end = near.relay(far);
    drop(near);
    end
}

/// Tells whether a signal is to be an event. Those that say that this process itself is broken never are, nor those by which a
/// shell stops background processes; CHLD, URG and PIPE are about our own descriptors and children.
fn takes(signal: i32, proxied: bool, tty: bool, raw: bool) -> bool {
    match signal {
        libc::SIGWINCH => tty,
        libc::SIGKILL | libc::SIGSTOP | libc::SIGCHLD | libc::SIGURG | libc::SIGPIPE | libc::SIGTTIN | libc::SIGTTOU => false,
        libc::SIGSEGV | libc::SIGBUS | libc::SIGILL | libc::SIGFPE | libc::SIGABRT | libc::SIGSYS | libc::SIGTRAP => false,
        libc::SIGPROF | libc::SIGVTALRM | libc::SIGXCPU | libc::SIGXFSZ => false,
        libc::SIGHUP | libc::SIGINT | libc::SIGQUIT | libc::SIGTERM | libc::SIGTSTP | libc::SIGCONT => proxied || raw,
        _ => proxied,
    }
}

/// Output under way to the user.
#[derive(Clone, Copy, Debug)]
struct Piece {
    from: usize,
    to: usize,
    error: bool,
}

/// This process's side.
struct Near {
    stdout: Outlet,
    stderr: Outlet,
    room: Vec<u8>,
    output: Option<Piece>,
    reads_stdin: bool,
    /// Input under way to the program.
    input: Vec<u8>,
    /// Stdin has ended, and the program has not been told.
    input_ends: bool,
    matcher: Matcher,
    signals: Signals,
    raw: Option<RawTerminal>,
    options: RelayOptions,
}

/// What a descriptor in the poll set stands for.
#[derive(Clone, Copy)]
enum Who {
    Signals,
    Far(usize),
    Output,
    Stdin,
    Outlet,
}

impl Near {
    fn relay(&mut self, far: &mut dyn Far) -> Result<RelayEnd, AttachError> {
        loop {
            let ready = self.wait(far)?;
            if ready.is_empty() && far.has_ended() && self.output.is_none() {
                return Ok(far.end());
            }
            for who in ready {
                let end = match who {
                    Who::Signals => self.on_signals(far),
                    Who::Far(at) => self.on_far(far, at),
                    Who::Output => self.flush_output(),
                    Who::Stdin => self.on_stdin(far),
                    Who::Outlet => {
                        self.flush_input(far);
                        None
                    }
                };
                if let Some(end) = end {
                    return Ok(end);
                }
            }
        }
    }

    /// Waits for what can be done now.
    fn wait(&self, far: &dyn Far) -> Result<Vec<Who>, AttachError> {
        let mut who = vec![Who::Signals];
        let mut fds = vec![PollFd::new(&self.signals, PollFlags::IN)];
        match self.output {
            Some(piece) => {
                who.push(Who::Output);
                fds.push(PollFd::new(&self.outlet(piece).fd, PollFlags::OUT));
            }
            None => {
                for (at, fd) in far.inputs().into_iter().enumerate() {
                    if let Some(fd) = fd {
                        who.push(Who::Far(at));
                        fds.push(PollFd::from_borrowed_fd(fd, PollFlags::IN));
                    }
                }
            }
        }
        let outlet = far.outlet().filter(|_| !far.has_ended());
        match outlet {
            Some(fd) if !self.input.is_empty() || self.input_ends => {
                who.push(Who::Outlet);
                fds.push(PollFd::from_borrowed_fd(fd, PollFlags::OUT));
            }
            Some(_) if self.reads_stdin => {
                who.push(Who::Stdin);
                fds.push(PollFd::from_borrowed_fd(stdin(), PollFlags::IN));
            }
            _ => {}
        }
        // Of a program that has ended only what is there already is taken: somebody else may hold its pipes open.
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        let timeout = (far.has_ended() && self.output.is_none()).then_some(&at_once);
        match poll(&mut fds, timeout) {
            Ok(_) => {}
            // A signal that was not taken had a handler of somebody else's.
            Err(Errno::INTR) => return Ok(vec![Who::Signals]),
            Err(errno) => return Err(AttachError::Poll(errno.into())),
        }
        Ok(who.into_iter().zip(&fds).filter(|(_, fd)| !fd.revents().is_empty()).map(|(who, _)| who).collect())
    }

    fn outlet(&self, piece: Piece) -> &Outlet {
        if piece.error { &self.stderr } else { &self.stdout }
    }

    fn on_signals(&mut self, far: &mut dyn Far) -> Option<RelayEnd> {
        while let Some(signal) = self.signals.next() {
            match (signal, &self.raw) {
                (libc::SIGWINCH, _) => self.send_size(far),
                (libc::SIGTSTP, Some(raw)) => {
                    raw.leave();
                    signals::stop_here();
                    self.come_back(far);
                }
                (libc::SIGCONT, Some(_)) => self.come_back(far),
                (_, raw) => {
                    let Some(init) = self.options.init.as_ref().filter(|_| self.options.sig_proxy) else {
                        return Some(RelayEnd::Interrupted(signal));
                    };
                    // A program that has just ended needs no signal; its end is on the way.
                    let _ = send_signal(init, signal);
                    // A HUP that somebody sent is for the program; one of a terminal that is gone ends us, too.
                    if signal == libc::SIGHUP && raw.is_some() && rustix::termios::tcgetattr(std::io::stdin()).is_err() {
                        return Some(RelayEnd::Interrupted(signal));
                    }
                }
            }
        }
        None
    }

    /// After a stop: the shell has set its own mode, and the window may have another size.
    fn come_back(&self, far: &mut dyn Far) {
        if let Some(raw) = &self.raw {
            let _ = raw.again();
        }
        self.send_size(far);
    }

    fn send_size(&self, far: &mut dyn Far) {
        if !self.options.tty {
            return;
        }
        if let Some((rows, cols)) = pty::size(stdin()).or_else(|| pty::size(stdout())).or_else(|| pty::size(stderr())) {
            far.resize(rows, cols);
        }
    }

    fn on_far(&mut self, far: &mut dyn Far, at: usize) -> Option<RelayEnd> {
        // An earlier input of this turn may have filled the room.
        if self.output.is_some() {
            return None;
        }
        match far.receive(at, &mut self.room) {
            Came::Nothing => None,
            Came::Output { error, .. } if !self.wants(error) => None,
            Came::Output { from, to, error } => {
                self.output = Some(Piece { from, to, error });
                self.flush_output()
            }
            Came::End => Some(far.end()),
        }
    }

    fn wants(&self, error: bool) -> bool {
        let outputs = self.options.outputs;
        if error { outputs.stderr } else { outputs.stdout }
    }

    /// Writes what the user's side takes. Without a reader of stdout there is nobody to work for; without one of stderr there is.
    fn flush_output(&mut self) -> Option<RelayEnd> {
        let mut piece = self.output?;
        let outlet = if piece.error { &mut self.stderr } else { &mut self.stdout };
        let written = outlet.write(&self.room[piece.from..piece.to]);
        match written {
            Ok(count) => piece.from += count,
            Err(Errno::AGAIN | Errno::INTR) => {}
            Err(Errno::PIPE) if !piece.error => return Some(RelayEnd::Interrupted(libc::SIGPIPE)),
            // A full disk, a terminal that is gone: the container's own log has it.
            Err(_) => piece.from = piece.to,
        }
        self.output = Some(piece).filter(|piece| piece.from < piece.to);
        None
    }

    fn on_stdin(&mut self, far: &mut dyn Far) -> Option<RelayEnd> {
        let mut room = [0; PIECE / 4];
        let mut detached = false;
        match rustix::io::read(stdin(), &mut room) {
            Ok(count) if count > 0 && self.raw.is_some() => detached = self.matcher.filter(&room[..count], &mut self.input),
            Ok(count) if count > 0 => self.input.extend_from_slice(&room[..count]),
            Err(Errno::INTR | Errno::AGAIN) => {}
            // The end, a terminal that is gone, or one that is another process group's.
            _ => {
                self.reads_stdin = false;
                self.input_ends = true;
            }
        }
        self.flush_input(far);
        detached.then_some(RelayEnd::Detached)
    }

    /// Gives the program what it takes; the end of the input comes after the last byte.
    fn flush_input(&mut self, far: &mut dyn Far) {
        while !self.input.is_empty() {
            match far.feed(&self.input[..self.input.len().min(PIECE)]) {
                Ok(count) => {
                    self.input.drain(..count);
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return,
                // The program reads no more.
                Err(_) => {
                    self.reads_stdin = false;
                    self.input.clear();
                }
            }
        }
        if self.input_ends {
            self.input_ends = far.end_input() == Err(Errno::AGAIN);
        }
    }
}

/// One of our outputs. It is opened anew where that gives a description of our own, which can be made not to wait: with the
/// inherited one that would change it for the shell, too.
struct Outlet {
    fd: OwnedFd,
    /// The most that one write may take without a wait.
    most: usize,
}

impl Outlet {
    fn new(fd: BorrowedFd<'_>) -> Result<Self, AttachError> {
        let kind = rustix::fs::fstat(fd).map(|stat| FileType::from_raw_mode(stat.st_mode));
        if kind == Ok(FileType::Fifo) || pty::is_terminal(fd) {
            let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
            if let Ok(fd) = rustix::fs::open(format!("/proc/self/fd/{}", fd.as_raw_fd()), flags, Mode::empty()) {
                return Ok(Self { fd, most: usize::MAX });
            }
        }
        // A pipe that is ready takes PIPE_BUF bytes (pipe(7)).
        let most = if kind == Ok(FileType::RegularFile) { usize::MAX } else { 4096 };
        Ok(Self { fd: fd.try_clone_to_owned().map_err(AttachError::Output)?, most })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<usize, Errno> {
        rustix::io::write(&self.fd, &bytes[..bytes.len().min(self.most)])
    }
}
