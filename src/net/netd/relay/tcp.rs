//! One TCP connection from a client to a container.
//!
//! Two directions, each with a pipe while many bytes are on their way; few are copied, which is cheaper than two `splice`s. Events are edge-triggered: what a socket is known to have is
//! remembered until the kernel says that there is no more. The end of one direction is passed on when its bytes are
//! (`shutdown(2)`), the other one goes on. A reset is passed on as a reset.

use super::pipes::{Pipe, Pipes};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, Shutdown, recv, send, shutdown, sockopt};
use rustix::pipe::{SpliceFlags, splice};
use std::os::fd::OwnedFd;
use std::time::Duration;

/// How many pieces one connection moves before others have their turn.
const TURNS: usize = 16;

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
    /// It is over, well or not.
    Over,
}

#[derive(Debug)]
pub(super) struct Connection {
    client: OwnedFd,
    container: OwnedFd,
    /// The listener it came by.
    pub(super) service: u32,
    /// The kernel still speaks with the container's side.
    connecting: bool,
    inward: Direction,
    outward: Direction,
}

/// From one socket to the other.
#[derive(Debug, Default)]
struct Direction {
    pipe: Option<Pipe>,
    in_pipe: usize,
    readable: bool,
    writable: bool,
    /// The kernel has said that the sender has sent all: it says so once.
    hung_up: bool,
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
}

/// The peer has reset the connection, or it cannot be had.
struct Reset;

/// Has small pieces sent at once, and a peer that is gone found. What a listener has so, the sockets have that come by it.
pub(super) fn prepare(socket: &OwnedFd) {
    // Where it cannot be had the connection lives all the same.
    let _ = sockopt::set_tcp_nodelay(socket, true);
    let _ = sockopt::set_socket_keepalive(socket, true);
    let _ = sockopt::set_tcp_keepidle(socket, KEEPALIVE);
}

impl Connection {
    pub(super) fn new(client: OwnedFd, container: OwnedFd, service: u32, connecting: bool) -> Self {
        // The client's socket has this from its listener.
        prepare(&container);
        Self { client, container, service, connecting, inward: Direction::default(), outward: Direction::default() }
    }

    pub(super) fn client(&self) -> &OwnedFd {
        &self.client
    }

    pub(super) fn container(&self) -> &OwnedFd {
        &self.container
    }

    /// Takes note of what the kernel says of one socket, and moves what can be moved.
    pub(super) fn event(&mut self, end: End, happened: Happened, pipes: &mut Pipes) -> Next {
        let Happened { readable, writable, hung_up, failed } = happened;
        let (from, to, socket) = match end {
            End::Client => (&mut self.inward, &mut self.outward, &self.client),
            End::Container => (&mut self.outward, &mut self.inward, &self.container),
        };
        from.readable |= readable;
        from.hung_up |= hung_up;
        to.writable |= writable;
        if failed && !matches!(sockopt::socket_error(socket), Ok(Ok(()))) {
            return self.reset();
        }
        if end == End::Container && writable {
            self.connecting = false;
        }
        self.go_on(pipes)
    }

    /// Moves what can be moved.
    pub(super) fn go_on(&mut self, pipes: &mut Pipes) -> Next {
        if self.connecting {
            return Next::Wait;
        }
        let inward = self.inward.pump(&self.client, &self.container, pipes);
        let outward = inward.and_then(|inward| Ok((inward, self.outward.pump(&self.container, &self.client, pipes)?)));
        match outward {
            Err(Reset) => self.reset(),
            Ok(_) if self.inward.passed_on && self.outward.passed_on => Next::Over,
            Ok((true, _) | (_, true)) => Next::Again,
            Ok(_) => Next::Wait,
        }
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
    /// Moves until one side has enough; true when only the turns are used up.
    fn pump(&mut self, from: &OwnedFd, to: &OwnedFd, pipes: &mut Pipes) -> Result<bool, Reset> {
        let flags = SpliceFlags::NONBLOCK | SpliceFlags::MOVE;
        for _ in 0..TURNS {
            if self.passed_on {
                return Ok(false);
            }
            if self.in_pipe == 0 {
                if self.ended {
                    let _ = shutdown(to, Shutdown::Write);
                    self.passed_on = true;
                    self.release(pipes);
                    return Ok(false);
                }
                if !self.readable {
                    self.release(pipes);
                    return Ok(false);
                }
                if self.pipe.is_none() && !self.is_bulk {
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
                    Ok(0) => self.ended = true,
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
        let sent = match send(to, &space[..count], SendFlags::DONTWAIT | SendFlags::NOSIGNAL) {
            Ok(sent) => sent,
            Err(Errno::AGAIN | Errno::INTR) => 0,
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
        if is_all {
            self.readable = self.hung_up;
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
