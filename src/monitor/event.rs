//! The loop: one thread, one `poll`, three phases.
//!
//! 1. *Running.* Output goes to the log and the clients, input to the container.
//! 2. *Draining.* Init has ended, and with it every process of its pid namespace: what is in the pipes now is all that will
//!    come. It is read until nothing is left; a pipe that somebody outside holds open is not waited for.
//! 3. *Telling.* Every client gets the exit code; then the loop ends.
//!
//! There is one chunk of output at a time. It is in the log before the clients get it, and no further one is read before every
//! client has taken it or has gone. So output is never dropped, memory never grows, and a client that stops reading stops
//! the container at its next full pipe, as a terminal would.

use super::args::{MonitorArgs, Output};
use super::attach::{Clients, Wish};
use super::exit::{self, End};
use super::logs::Stream;
use super::logs::k8s_file::Writer;
use super::protocol::{MAX_PAYLOAD, MonitorMessage};
use super::stdio::{Read, Sink, Source};
use crate::model::LogDriver;
use crate::sys::inherit::adopt;
use crate::sys::pages::Pages;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::pty::OpenptFlags;
use rustix::termios::Winsize;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

/// How long nothing must have happened before the buffers' memory is given back.
const REST_AFTER: Timespec = Timespec { tv_sec: 0, tv_nsec: 300_000_000 };

/// What a descriptor in the poll set stands for.
#[derive(Clone, Copy, Debug)]
enum Who {
    Init,
    Listener,
    Source(usize),
    Sink,
    Client(usize),
}

/// The monitor at work.
#[derive(Debug)]
pub(super) struct Monitor {
    init: OwnedFd,
    sources: [Option<Source>; 2],
    sink: Sink,
    terminal: Option<Terminal>,
    log: Option<Writer>,
    clients: Clients,
    /// The current chunk of output, while a client owes the taking of it.
    chunk: Pages,
    chunk_of: Stream,
    chunk_len: usize,
    end: Option<End>,
    /// Buffers have been used since they were given back.
    warm: bool,
    /// Held open, not used.
    _keep: Vec<OwnedFd>,
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
        };
        Ok(Self {
            init,
            sources,
            sink,
            terminal,
            log: if args.log == LogDriver::K8sFile { Some(Writer::new()?) } else { None },
            clients: Clients::new(adopt(args.listen)?, args.client.map(adopt).transpose()?),
            chunk: Pages::map(MAX_PAYLOAD)?,
            chunk_of: Stream::Stdout,
            chunk_len: 0,
            end: None,
            warm: false,
            _keep: args.keep.iter().copied().map(adopt).collect::<Result<_, _>>()?,
        })
    }

    /// Works until init has ended, its output is delivered and every client knows. `ended` is called once, as soon as init has ended.
    pub(super) fn run(&mut self, ended: impl FnOnce(End)) -> End {
        let mut ended = Some(ended);
        loop {
            for (who, ready) in self.wait() {
                self.handle(who, ready);
            }
            self.clients.sweep();
            let Some(end) = self.end else { continue };
            if let Some(ended) = ended.take() {
                ended(end);
                self.sink.close();
                self.clients.widen();
            }
            if self.drain() && self.clients.tell(end.code) {
                return end;
            }
        }
    }

    /// Lets in those who came while the end was tidied up, and tells them, too.
    pub(super) fn last_call(&mut self, end: End) {
        self.clients.accept();
        let _ = self.clients.tell(end.code);
    }

    /// Waits for events; gives the buffers back before a long wait.
    fn wait(&mut self) -> Vec<(Who, PollFlags)> {
        loop {
            let resting = !self.warm || self.clients.owing() || self.sink.pending().is_some();
            let mut set = self.interest();
            // EINTR cannot be (every signal is blocked); for want of kernel memory the next turn tries again.
            let timeout = (!resting).then_some(&REST_AFTER);
            let count = poll(&mut set.fds, timeout).unwrap_or(0);
            if count > 0 {
                let ready = set.who.into_iter().zip(set.fds.iter().map(PollFd::revents));
                let ready = ready.filter(|(_, ready)| !ready.is_empty()).collect();
                self.warm = true;
                return ready;
            }
            drop(set);
            if timeout.is_some() {
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

    fn handle(&mut self, who: Who, ready: PollFlags) {
        match who {
            Who::Init => self.end = exit::reap(self.init.as_fd()),
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
                    self.listen_to(at);
                }
            }
        }
    }

    /// Receives one packet of a client and does as it says.
    fn listen_to(&mut self, at: usize) {
        match self.clients.receive(at, self.sink.room()) {
            Wish::Stdin(len) => self.sink.feed(1..1 + len),
            Wish::StdinEnd => self.sink.end(),
            Wish::Resize { rows, cols } => {
                if let Some(terminal) = &self.terminal {
                    let size = Winsize { ws_row: rows, ws_col: cols, ws_xpixel: 0, ws_ypixel: 0 };
                    let _ = rustix::termios::tcsetwinsize(&terminal.master, size);
                }
            }
            Wish::Nothing => {}
        }
    }

    /// Moves one chunk from an output to the log and the clients, unless a client still owes the last one.
    fn pump(&mut self, at: usize) -> Read {
        let Some(source) = self.sources[at].as_mut().filter(|_| !self.clients.owing()) else { return Read::Nothing };
        let read = source.read(&mut self.chunk);
        match read {
            Read::Bytes(len) => {
                (self.chunk_of, self.chunk_len) = (source.stream, len);
                let bytes = &self.chunk[..len];
                if let Some(log) = &mut self.log {
                    log.write(self.chunk_of, bytes);
                }
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
        if let Some(log) = &mut self.log {
            log.rest();
        }
        self.warm = false;
    }
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
