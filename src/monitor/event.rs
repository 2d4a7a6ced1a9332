//! The loop: one thread, one `poll`, three phases.
//!
//! 1. *Running.* Output goes to the log and the clients, input to the container.
//! 2. *Draining.* Init has ended, and with it every process of its pid namespace: what is in the pipes now is all that will
//!    come. It is read until nothing is left; a pipe that somebody outside holds open is not waited for.
//! 3. *Telling.* Every client gets the exit code; then the loop ends. Or *waiting*: the container is to be started again, by this very
//!    process; until then clients may come and go, and one may say that it shall stay as it is.
//!
//! There is one chunk of output at a time. It is in the log before the clients get it, and no further one is read before every
//! client has taken it or has gone. So output is never dropped, memory never grows, and a client that stops reading stops
//! the container at its next full pipe, as a terminal would.

use super::args::{MonitorArgs, Output};
use super::attach::{Clients, Wish};
use super::exit::{self, End};
use super::logs::{Log, Stream};
use super::notify::Notify;
use super::protocol::{MAX_PAYLOAD, MonitorMessage};
use super::stdio::{Read, Sink, Source};
use super::supervise::Supervisor;
use crate::sys::inherit::adopt;
use crate::sys::pages::Pages;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::pty::OpenptFlags;
use rustix::termios::Winsize;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd, RawFd};
use std::time::{Duration, Instant};

/// How long nothing must have happened before the buffers' memory is given back.
const REST_AFTER: Duration = Duration::from_millis(300);

/// What a descriptor in the poll set stands for.
#[derive(Clone, Copy, Debug)]
enum Who {
    Init,
    Listener,
    Source(usize),
    Sink,
    Client(usize),
    Check,
    Notify,
}

/// The monitor at work.
#[derive(Debug)]
pub(super) struct Monitor {
    init: OwnedFd,
    sources: [Option<Source>; 2],
    sink: Sink,
    terminal: Option<Terminal>,
    log: Log,
    pub(super) clients: Clients,
    pub(super) supervisor: Supervisor,
    notify: Option<Notify>,
    /// The current chunk of output, while a client owes the taking of it.
    chunk: Pages,
    chunk_of: Stream,
    chunk_len: usize,
    end: Option<End>,
    /// Buffers have been used since they were given back.
    warm: bool,
    /// Held open until init has ended, not used.
    keep: Vec<OwnedFd>,
}

/// The container's terminal.
#[derive(Debug)]
struct Terminal {
    master: OwnedFd,
    /// While somebody has the other side open, reading the master does not fail: a container may close its terminal and open it
    /// again.
    _slave: Option<OwnedFd>,
}

impl Monitor {
    /// Takes over the descriptors.
    pub(super) fn new(args: &MonitorArgs) -> io::Result<Self> {
        let init = match args.init_pidfd {
            Some(number) => adopt(number)?,
            // Init is our child, so its pid cannot have been given to another process.
            None => {
                let pid = rustix::process::Pid::from_raw(args.init_pid).ok_or(io::ErrorKind::InvalidInput)?;
                rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty())?
            }
        };
        let stdin = args.stdin.map(adopt).transpose()?;
        let (sources, sink, terminal) = match args.output {
            Output::Pipes { stdout, stderr } => {
                let stdout = Source::new(Stream::Stdout, adopt(stdout)?)?;
                let stderr = Source::new(Stream::Stderr, adopt(stderr)?)?;
                ([Some(stdout), Some(stderr)], Sink::new(stdin, false)?, None)
            }
            Output::Pty(number) => {
                let master = adopt(number)?;
                let slave = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
                let slave = rustix::pty::ioctl_tiocgptpeer(&master, slave).ok();
                let source = Source::new(Stream::Stdout, master.try_clone()?)?;
                let sink = Sink::new(Some(master.try_clone()?), true)?;
                ([Some(source), None], sink, Some(Terminal { master, _slave: slave }))
            }
            Output::Elsewhere => ([None, None], Sink::new(stdin, false)?, None),
        };
        Ok(Self {
            init,
            sources,
            sink,
            terminal,
            log: Log::new(&args.log)?,
            clients: Clients::new(args.listen.map(adopt).transpose()?, adopt_all(&args.clients)?),
            supervisor: Supervisor::new(args),
            notify: args.notify.as_ref().map(Notify::new).transpose()?,
            chunk: Pages::map(MAX_PAYLOAD)?,
            chunk_of: Stream::Stdout,
            chunk_len: 0,
            end: None,
            warm: false,
            keep: adopt_all(&args.keep)?,
        })
    }

    /// Works until init has ended, its output is delivered and every client knows. `ended` is called once, as soon as init has ended,
    /// with the wait before it is to be started again. Then this returns as soon as the output is delivered.
    pub(super) fn run(&mut self, ended: impl FnOnce(End, Option<Duration>, &Supervisor)) -> (End, Option<Duration>) {
        let mut ended = Some(ended);
        let mut again = None;
        loop {
            for (who, ready) in self.wait(None) {
                self.handle(who, ready);
            }
            self.clients.sweep();
            let Some(end) = self.end else { continue };
            if let Some(ended) = ended.take() {
                again = self.supervisor.ended(end);
                ended(end, again, &self.supervisor);
                self.keep.clear();
                self.sink.close();
                self.clients.widen();
            }
            if self.drain() && (again.is_some() || self.clients.tell(end.code)) {
                return (end, again);
            }
        }
    }

    /// Waits for the time of a new start. False where somebody says meanwhile that there shall be none.
    pub(super) fn back_off(&mut self, wait: Duration) -> bool {
        let until = Instant::now() + wait;
        while Instant::now() < until {
            for (who, ready) in self.wait(Some(until)) {
                if self.handle(who, ready) {
                    return false;
                }
            }
            self.clients.sweep();
        }
        true
    }

    /// Tells every client the code, now that it is the last one.
    pub(super) fn tell(&mut self, end: End) {
        while !self.clients.tell(end.code) {
            for (who, ready) in self.wait(None) {
                self.handle(who, ready);
            }
            self.clients.sweep();
        }
    }

    /// Lets in those who came while the end was tidied up, and tells them, too.
    pub(super) fn last_call(&mut self, end: End) {
        self.clients.accept();
        let _ = self.clients.tell(end.code);
    }

    /// Waits for events, at most until `until`; gives the buffers back before a long wait.
    fn wait(&mut self, until: Option<Instant>) -> Vec<(Who, PollFlags)> {
        loop {
            let resting = !self.warm || self.clients.owing() || self.sink.pending().is_some();
            let due = self.supervisor.deadline().into_iter().chain(until).min();
            let left = due.map(|at| at.saturating_duration_since(Instant::now()));
            let timeout = left.into_iter().chain((!resting).then_some(REST_AFTER)).min();
            let timeout = timeout.map(|timeout| Timespec::try_from(timeout).unwrap_or_default());
            let mut set = self.interest();
            // EINTR cannot be (every signal is blocked); for want of kernel memory the next turn tries again.
            let count = poll(&mut set.fds, timeout.as_ref()).unwrap_or(0);
            let ready = set.who.into_iter().zip(set.fds.iter().map(PollFd::revents));
            let ready: Vec<_> = ready.filter(|(_, ready)| !ready.is_empty()).collect();
            if count > 0 {
                self.warm = true;
            }
            if due.is_some_and(|at| at <= Instant::now()) {
                self.supervisor.on_time(&self.init);
                return ready;
            }
            if count > 0 {
                return ready;
            }
            if !resting {
                self.rest();
            }
        }
    }

    /// The descriptors to wait for now.
    fn interest(&self) -> Interest<'_> {
        let mut set = Interest { who: Vec::with_capacity(8), fds: Vec::with_capacity(8) };
        let owing = self.clients.owing();
        if self.end.is_none() {
            set.add(Who::Init, self.init.as_fd(), PollFlags::IN);
            for (at, source) in self.sources.iter().enumerate().filter(|_| !owing) {
                if let Some(fd) = source.as_ref().and_then(Source::fd) {
                    set.add(Who::Source(at), fd, PollFlags::IN);
                }
            }
            if let Some(fd) = self.supervisor.check() {
                set.add(Who::Check, fd, PollFlags::IN);
            }
            if let Some(fd) = self.notify.as_ref().and_then(Notify::proxy) {
                set.add(Who::Notify, fd, PollFlags::IN);
            }
        }
        if let Some(fd) = self.sink.pending() {
            set.add(Who::Sink, fd, PollFlags::OUT);
        }
        if let Some(fd) = self.clients.listen() {
            set.add(Who::Listener, fd, PollFlags::IN);
        }
        for (at, fd, events) in self.clients.interest(self.sink.pending().is_none()) {
            set.add(Who::Client(at), fd, events);
        }
        set
    }

    /// Does what an event asks for; says whether somebody wants that the container is not started again.
    fn handle(&mut self, who: Who, ready: PollFlags) -> bool {
        match who {
            Who::Init => self.end = exit::reap(self.init.as_fd()),
            Who::Check => {
                if self.supervisor.check_ended(&self.init)
                    && let Some(notify) = &mut self.notify
                {
                    notify.healthy();
                }
            }
            Who::Notify => {
                if let Some(notify) = &mut self.notify {
                    notify.pass_on();
                }
            }
            Who::Listener => self.clients.accept(),
            Who::Source(at) => {
                self.pump(at);
            }
            Who::Sink => self.sink.flush(),
            Who::Client(at) => {
                if ready.intersects(PollFlags::HUP | PollFlags::ERR) {
                    self.clients.hung_up(at);
                } else if ready.contains(PollFlags::OUT) {
                    self.clients.offer_again(at, &output(self.chunk_of, &self.chunk[..self.chunk_len]));
                }
                // An earlier client of this turn may have filled the sink.
                if ready.intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR) && self.sink.pending().is_none() {
                    return self.listen_to(at);
                }
            }
        }
        false
    }

    /// Receives one packet of a client and does as it says; returns as [`Monitor::handle`] does.
    fn listen_to(&mut self, at: usize) -> bool {
        match self.clients.receive(at, self.sink.room()) {
            Wish::Stdin(len) => self.sink.feed(1..1 + len),
            Wish::StdinEnd => self.sink.end(),
            Wish::Resize { rows, cols } => {
                if let Some(terminal) = &self.terminal {
                    let size = Winsize { ws_row: rows, ws_col: cols, ws_xpixel: 0, ws_ypixel: 0 };
                    let _ = rustix::termios::tcsetwinsize(&terminal.master, size);
                }
            }
            Wish::Stay => {
                self.supervisor.stay();
                return true;
            }
            Wish::Nothing => {}
        }
        false
    }

    /// Moves one chunk from an output to the log and the clients, unless a client still owes the last one.
    fn pump(&mut self, at: usize) -> Read {
        let Some(source) = self.sources[at].as_mut().filter(|_| !self.clients.owing()) else { return Read::Nothing };
        let read = source.read(&mut self.chunk);
        match read {
            Read::Bytes(len) => {
                (self.chunk_of, self.chunk_len) = (source.stream, len);
                let bytes = &self.chunk[..len];
                self.log.write(self.chunk_of, bytes);
                self.clients.offer(&output(self.chunk_of, bytes));
            }
            Read::Nothing => {}
            Read::End => self.sources[at] = None,
        }
        read
    }

    /// Moves what is left of the output of a container that has ended; true when nothing is.
    fn drain(&mut self) -> bool {
        for at in 0..self.sources.len() {
            while self.sources[at].is_some() {
                if self.clients.owing() {
                    return false;
                }
                if !matches!(self.pump(at), Read::Bytes(_)) {
                    self.sources[at] = None;
                }
            }
        }
        !self.clients.owing()
    }

    /// Gives back the memory of the buffers: nothing is in them.
    fn rest(&mut self) {
        self.chunk.forget();
        self.sink.forget();
        self.log.rest();
        self.warm = false;
    }
}

fn adopt_all(numbers: &[RawFd]) -> io::Result<Vec<OwnedFd>> {
    numbers.iter().copied().map(adopt).collect()
}

/// A poll set, with the meaning of each descriptor beside it.
struct Interest<'fd> {
    who: Vec<Who>,
    fds: Vec<PollFd<'fd>>,
}

impl<'fd> Interest<'fd> {
    fn add(&mut self, who: Who, fd: BorrowedFd<'fd>, events: PollFlags) {
        self.who.push(who);
        self.fds.push(PollFd::from_borrowed_fd(fd, events));
    }
}

fn output(stream: Stream, bytes: &[u8]) -> MonitorMessage<'_> {
    match stream {
        Stream::Stdout => MonitorMessage::Stdout(bytes),
        Stream::Stderr => MonitorMessage::Stderr(bytes),
    }
}
