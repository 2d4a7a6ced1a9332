//! One TCP connection from a client to a container.
//!
//! Two directions, each with a pipe while many bytes are on their way; few are copied, which is cheaper than two `splice`s. Events are
//! edge-triggered: what a socket is known to have is remembered until the kernel says that there is no more. The end of one direction is
//! passed on when its bytes are (`shutdown(2)`), the other one goes on. A reset is passed on as a reset.
//!
//! Most connections are a question and its answer, so what a connection costs before its first byte counts: both ends are taken for
//! able to do all until the kernel says otherwise. On a bridge of N a connection is there when `connect(2)` returns, so the
//! client's question goes out at once; room for bytes is waited for only where there was none; and options that only a longer
//! connection needs come later.

use super::pipes::{Pipe, Pipes};
use super::source::Path;
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, Shutdown, recv, send, shutdown, sockopt};
use rustix::pipe::{SpliceFlags, splice};
use std::os::fd::OwnedFd;
use std::time::Duration;

/// How many pieces one connection moves before others have their turn.
const TURNS: usize = 16;

/// A first piece of so many bytes is one packet on any link, and nothing is on its way that it could wait for.
const SMALL: usize = 1024;

/// A connection without a byte is looked after by the kernel: a peer that is gone is found in some minutes.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// Which of the two sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Client,
    Container,
}

/// What is to be done with a connection after an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Wait for events.
    Wait,
    /// There is more to do now; others first.
    Again,
    /// Nobody listens there: try this way.
    Instead(Path),
    /// It is over, well or not.
    Over,
}

#[derive(Debug)]
pub(super) struct Connection {
    client: OwnedFd,
    container: OwnedFd,
    /// The listener it came by.
    pub(super) service: u32,
    /// The way to try when the container refuses, until it has not: so long nothing is moved.
    instead: Option<Path>,
    inward: Direction,
    outward: Direction,
    /// A peer that is gone is found.
    kept_alive: bool,
}

/// From one socket to the other.
#[derive(Debug)]
struct Direction {
    pipe: Option<Pipe>,
    in_pipe: usize,
    readable: bool,
    writable: bool,
    /// The kernel has been asked to tell when there is room.
    room_is_told: bool,
    /// The kernel has said that the sender has sent all: it says so once.
    hung_up: bool,
    /// A byte was sent out of order: a read stops there, so a short one does not mean that there is no more, and `splice` never goes
    /// past it.
    is_urgent: bool,
    /// A small piece would wait for the answer to the one before.
    delays: bool,
    /// Something was passed on.
    has_begun: bool,
    /// The last piece was too much to be copied.
    is_bulk: bool,
    /// The sender has ended.
    ended: bool,
    /// And the receiver knows.
    passed_on: bool,
}

/// What the kernel says of a socket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Happened {
    pub(super) readable: bool,
    pub(super) writable: bool,
    pub(super) hung_up: bool,
    pub(super) failed: bool,
    pub(super) urgent: bool,
}

/// The peer has reset the connection, or it cannot be had.
struct Reset;

/// Has small pieces sent at once, and a peer that is gone found. What a listener has so, the sockets have that come by it.
pub(super) fn prepare(listener: &OwnedFd) {
    // Where it cannot be had the connection lives all the same.
    let _ = sockopt::set_tcp_nodelay(listener, true);
    keep_alive(listener);
}

fn keep_alive(socket: &OwnedFd) {
    let _ = sockopt::set_socket_keepalive(socket, true);
    let _ = sockopt::set_tcp_keepidle(socket, KEEPALIVE);
}

impl Connection {
    /// `container` may still be connecting; `instead` is a way to try where it is refused.
    pub(super) fn new(client: OwnedFd, container: OwnedFd, service: u32, instead: Option<Path>) -> Self {
        // A client usually speaks first, and its socket has its options from the listener.
        let (inward, outward) = (Direction::new(true, true), Direction::new(false, false));
        Self { client, container, service, instead, inward, outward, kept_alive: false }
    }

    /// Whether it matters when the container's socket is connected.
    pub(super) fn may_be_refused(&self) -> bool {
        self.instead.is_some()
    }

    /// Another socket towards the container, in the place of one that was refused; it may still be connecting.
    pub(super) fn take_instead(&mut self, container: OwnedFd) {
        self.container = container;
        self.kept_alive = false;
    }

    /// The connection lasts longer than a question and its answer.
    pub(super) fn lasts(&mut self) {
        if !std::mem::replace(&mut self.kept_alive, true) {
            keep_alive(&self.container);
        }
    }

    pub(super) fn client(&self) -> &OwnedFd {
        &self.client
    }

    pub(super) fn container(&self) -> &OwnedFd {
        &self.container
    }

    /// Takes note of what the kernel says of one socket, and moves what can be moved.
    pub(super) fn event(&mut self, end: End, happened: Happened, pipes: &mut Pipes) -> Next {
        let Happened { readable, writable, hung_up, failed, urgent } = happened;
        let (from, to, socket) = match end {
            End::Client => (&mut self.inward, &mut self.outward, &self.client),
            End::Container => (&mut self.outward, &mut self.inward, &self.container),
        };
        from.readable |= readable;
        from.hung_up |= hung_up;
        from.is_urgent |= urgent;
        to.writable |= writable;
        if failed {
            match (sockopt::socket_error(socket), self.instead) {
                (Ok(Ok(())), _) => {}
                (Ok(Err(Errno::CONNREFUSED | Errno::HOSTUNREACH | Errno::NETUNREACH)), Some(path)) if end == End::Container => {
                    self.instead = None;
                    self.outward = Direction::new(false, false);
                    return Next::Instead(path);
                }
                _ => return self.reset(),
            }
        }
        if end == End::Container && writable {
            self.instead = None;
        }
        self.go_on(pipes)
    }

    /// Moves what can be moved.
    pub(super) fn go_on(&mut self, pipes: &mut Pipes) -> Next {
        if self.instead.is_some() {
            return Next::Wait;
        }
        let inward = self.inward.pump(&self.client, &self.container, pipes, self.outward.passed_on);
        let both = inward.and_then(|inward| {
            let outward = self.outward.pump(&self.container, &self.client, pipes, self.inward.passed_on)?;
            Ok((inward, outward))
        });
        match both {
            Err(Reset) => self.reset(),
            Ok(_) if self.inward.passed_on && self.outward.passed_on => Next::Over,
            Ok((true, _) | (_, true)) => Next::Again,
            Ok(_) => Next::Wait,
        }
    }

    /// The socket in which room for bytes is lacking and from now on told.
    pub(super) fn lacks_room(&mut self) -> Option<End> {
        let of = |direction: &mut Direction| !direction.writable && !std::mem::replace(&mut direction.room_is_told, true);
        if of(&mut self.inward) { Some(End::Container) } else { of(&mut self.outward).then_some(End::Client) }
    }

    /// Ends both sides at once with a reset.
    pub(super) fn reset(&mut self) -> Next {
        for socket in [&self.client, &self.container] {
            let _ = sockopt::set_socket_linger(socket, Some(Duration::ZERO));
        }
        Next::Over
    }

    /// Gives empty pipes back; those with something in them are closed.
    pub(super) fn end(self, pipes: &mut Pipes) {
        for direction in [self.inward, self.outward] {
            if let Some(pipe) = direction.pipe.filter(|_| direction.in_pipe == 0) {
                pipes.give_back(pipe);
            }
        }
    }
}

/// How far copying went.
enum Copied {
    /// Nothing is left, or what is left is in a pipe.
    All,
    /// There is so much that a pipe is better.
    MoreToCome,
}

impl Direction {
    fn new(readable: bool, delays: bool) -> Self {
        Self {
            pipe: None,
            in_pipe: 0,
            readable,
            writable: true,
            room_is_told: false,
            hung_up: false,
            is_urgent: false,
            delays,
            has_begun: false,
            is_bulk: false,
            ended: false,
            passed_on: false,
        }
    }

    /// A piece is about to be sent: only a small first one is sent at once by itself.
    fn begin(&mut self, to: &OwnedFd, count: usize) {
        if self.delays && (self.has_begun || count > SMALL) {
            self.delays = false;
            let _ = sockopt::set_tcp_nodelay(to, true);
        }
        self.has_begun = true;
    }

    /// Moves until one side has enough; true when only the turns are used up. The end of the `last` direction is passed on by the end of
    /// the connection.
    fn pump(&mut self, from: &OwnedFd, to: &OwnedFd, pipes: &mut Pipes, last: bool) -> Result<bool, Reset> {
        let flags = SpliceFlags::NONBLOCK | SpliceFlags::MOVE;
        for _ in 0..TURNS {
            if self.passed_on {
                return Ok(false);
            }
            if self.in_pipe == 0 {
                if self.ended {
                    if !last {
                        let _ = shutdown(to, Shutdown::Write);
                    }
                    self.passed_on = true;
                    self.release(pipes);
                    return Ok(false);
                }
                if !self.readable {
                    self.release(pipes);
                    return Ok(false);
                }
                if self.is_urgent {
                    self.release(pipes);
                    if !self.writable {
                        return Ok(false);
                    }
                }
                if self.pipe.is_none() && (!self.is_bulk || self.is_urgent) {
                    match self.copy(from, to, pipes)? {
                        Copied::All => continue,
                        Copied::MoreToCome => {}
                    }
                }
                let pipe = match self.pipe.take() {
                    Some(pipe) => pipe,
                    None => pipes.take().map_err(|_| Reset)?,
                };
                let pipe = self.pipe.insert(pipe);
                match splice(from, None, &pipe.writer, None, Pipes::BYTES, flags) {
                    // The end, or an urgent byte before it.
                    Ok(0) => match recv(from, &mut [0; 1], RecvFlags::DONTWAIT | RecvFlags::PEEK) {
                        Ok((0, _)) => self.ended = true,
                        Ok(_) => self.is_urgent = true,
                        Err(Errno::AGAIN) => self.readable = false,
                        Err(Errno::INTR) => {}
                        Err(_) => return Err(Reset),
                    },
                    Ok(count) => {
                        self.in_pipe = count;
                        self.is_bulk = count > Pipes::COPIED;
                    }
                    Err(Errno::AGAIN) => self.readable = false,
                    Err(Errno::INTR) => {}
                    Err(_) => return Err(Reset),
                }
                continue;
            }
            if !self.writable {
                return Ok(false);
            }
            self.begin(to, self.in_pipe);
            let Some(pipe) = &self.pipe else { return Err(Reset) };
            match splice(&pipe.reader, None, to, None, self.in_pipe, flags) {
                Ok(count) => self.in_pipe = self.in_pipe.saturating_sub(count),
                Err(Errno::AGAIN) => self.writable = false,
                Err(Errno::INTR) => {}
                Err(_) => return Err(Reset),
            }
        }
        Ok(true)
    }

    /// Moves what a direction without a pipe has: by copying where it is little, as a question and its answer are.
    fn copy(&mut self, from: &OwnedFd, to: &OwnedFd, pipes: &mut Pipes) -> Result<Copied, Reset> {
        // A first piece that may have no room at once would have to be kept: the pipe keeps it.
        if !self.writable {
            return Ok(Copied::MoreToCome);
        }
        let space = pipes.space();
        let count = match recv(from, &mut space[..], RecvFlags::DONTWAIT) {
            Ok((0, _)) => {
                self.ended = true;
                return Ok(Copied::All);
            }
            Ok((count, _)) => count,
            Err(Errno::AGAIN) => {
                self.readable = false;
                return Ok(Copied::All);
            }
            Err(Errno::INTR) => return Ok(Copied::All),
            Err(_) => return Err(Reset),
        };
        // epoll(7): less than was asked for is all that there is; the next byte is told.
        let is_all = count < space.len();
        self.begin(to, count);
        let sent = match send(to, &space[..count], SendFlags::DONTWAIT | SendFlags::NOSIGNAL) {
            Ok(sent) => sent,
            Err(Errno::AGAIN) => {
                self.writable = false;
                0
            }
            Err(Errno::INTR) => 0,
            Err(_) => return Err(Reset),
        };
        if sent < count {
            let rest = space[sent..count].to_vec();
            let pipe = pipes.take().map_err(|_| Reset)?;
            // An empty pipe has room for this.
            if rustix::io::write(&pipe.writer, &rest) != Ok(rest.len()) {
                return Err(Reset);
            }
            (self.in_pipe, self.pipe) = (rest.len(), Some(pipe));
            return Ok(Copied::All);
        }
        if self.is_urgent {
            return Ok(Copied::All);
        }
        if is_all {
            // What came before the end is all there when the end is told.
            self.ended = self.hung_up;
            self.readable = false;
            return Ok(Copied::All);
        }
        Ok(Copied::MoreToCome)
    }

    fn release(&mut self, pipes: &mut Pipes) {
        if let Some(pipe) = self.pipe.take() {
            pipes.give_back(pipe);
        }
    }
}
