//! The attach clients: who is connected, who still owes the taking of a chunk, who has been told the end.

use super::protocol::{ClientMessage, MonitorMessage};
use crate::sys::socket;
use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendAncillaryBuffer, SendFlags, SocketFlags};
use std::io::IoSlice;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

/// More clients than this wait in the socket's queue until one leaves.
const MAX_CLIENTS: usize = 64;

/// One connected client.
#[derive(Debug)]
pub(super) struct Client {
    socket: OwnedFd,
    /// Wants the exit code only.
    quiet: bool,
    /// Could not take the current chunk yet.
    owes: bool,
    /// Has been sent the exit code, or takes nothing any more.
    told: bool,
    /// Could not take the exit code yet.
    waits: bool,
    /// Has closed its end; packets that it sent before may still be there.
    hung_up: bool,
    gone: bool,
}

/// What a client wants of the monitor.
#[derive(Debug)]
pub(super) enum Wish {
    /// This many payload bytes, after the kind byte, are for the container's input.
    Stdin(usize),
    StdinEnd,
    Resize {
        rows: u16,
        cols: u16,
    },
    /// No new start after the end.
    Stay,
    Nothing,
}

/// The listening socket and everybody who came through it.
#[derive(Debug)]
pub(super) struct Clients {
    listen: Option<OwnedFd>,
    list: Vec<Client>,
    uid: u32,
}

impl Clients {
    /// Begins with the clients that are connected already.
    pub(super) fn new(listen: Option<OwnedFd>, first: Vec<OwnedFd>) -> Self {
        if let Some(listen) = &listen {
            // accept must never block: the client that woke us may be gone again.
            let _ = rustix::io::ioctl_fionbio(listen, true);
        }
        let list = first.into_iter().map(Client::new).collect();
        Self { listen, list, uid: rustix::process::geteuid().as_raw() }
    }

    /// The listening socket, while there is room for another client.
    pub(super) fn listen(&self) -> Option<BorrowedFd<'_>> {
        self.listen.as_ref().filter(|_| self.list.len() < MAX_CLIENTS).map(|fd| fd.as_fd())
    }

    /// Lets in who waits; the sockets of other users' processes are closed.
    pub(super) fn accept(&mut self) {
        let Some(listen) = &self.listen else { return };
        while self.list.len() < MAX_CLIENTS {
            let socket = match rustix::net::accept_with(listen, SocketFlags::CLOEXEC) {
                Ok(socket) => socket,
                Err(Errno::INTR | Errno::CONNABORTED) => continue,
                Err(_) => return,
            };
            // The credentials are those at connect(2), seen from our user namespace: 0 in S is the user who owns S.
            if rustix::net::sockopt::socket_peercred(&socket).is_ok_and(|peer| peer.uid.as_raw() == self.uid) {
                self.list.push(Client::new(socket));
            }
        }
    }

    /// Each client's socket with the events to wait for. With `input`, clients may speak.
    pub(super) fn interest(&self, input: bool) -> impl Iterator<Item = (usize, BorrowedFd<'_>, PollFlags)> {
        self.list.iter().enumerate().filter_map(move |(at, client)| {
            // The kernel reports a hang-up even when nothing is asked: who hung up is left out until he can be read to the end.
            if client.hung_up && !input {
                return None;
            }
            let mut events = PollFlags::empty();
            events.set(PollFlags::IN, input);
            events.set(PollFlags::OUT, client.owes || client.waits);
            Some((at, client.socket.as_fd(), events))
        })
    }

    /// Notes that a client has closed its end: it takes nothing any more.
    pub(super) fn hung_up(&mut self, at: usize) {
        let client = &mut self.list[at];
        client.hung_up = true;
        client.owes = false;
        client.waits = false;
        client.told = true;
    }

    /// Receives one packet of a client into `room`.
    pub(super) fn receive(&mut self, at: usize, room: &mut [u8]) -> Wish {
        let client = &mut self.list[at];
        let longest = room.len() - 1;
        match socket::receive(&client.socket, room, RecvFlags::DONTWAIT) {
            Err(Errno::AGAIN) => Wish::Nothing,
            Ok(len) if len > 0 && len <= longest => match ClientMessage::decode(&room[..len]) {
                Some(ClientMessage::Stdin(bytes)) => Wish::Stdin(bytes.len()),
                Some(ClientMessage::StdinEnd) => Wish::StdinEnd,
                Some(ClientMessage::Resize { rows, cols }) => Wish::Resize { rows, cols },
                Some(ClientMessage::Stay) => Wish::Stay,
                Some(ClientMessage::Quiet) => {
                    client.quiet = true;
                    client.owes = false;
                    Wish::Nothing
                }
                None => client.drop_it(),
            },
            // The end, a packet that is too long, or a broken socket.
            _ => client.drop_it(),
        }
    }

    /// Sends a chunk of output to everybody who wants output; who cannot take it now owes it.
    pub(super) fn offer(&mut self, message: &MonitorMessage<'_>) {
        for client in self.list.iter_mut().filter(|client| !client.quiet && !client.hung_up) {
            client.owes = !client.send(message);
        }
    }

    /// Sends the current chunk to a client that owes it.
    pub(super) fn offer_again(&mut self, at: usize, message: &MonitorMessage<'_>) {
        let client = &mut self.list[at];
        if client.owes {
            client.owes = !client.send(message);
        }
    }

    /// Tells whether somebody still owes the current chunk.
    pub(super) fn owing(&self) -> bool {
        self.list.iter().any(|client| client.owes)
    }

    /// Sends the exit code to those who have not been told; returns whether all have been now.
    pub(super) fn tell(&mut self, code: i32) -> bool {
        for client in self.list.iter_mut().filter(|client| !client.told && !client.gone) {
            client.told = client.send(&MonitorMessage::Exit(code));
            client.waits = !client.told;
        }
        self.list.iter().all(|client| client.told || client.gone)
    }

    /// Lets the kernel hold as much output for each client as it allows. At the end this is nearly always enough for all that
    /// is left in the container's pipes, so that a client that has been stopped does not keep the monitor alive.
    pub(super) fn widen(&mut self) {
        const MORE: usize = 4 * 1024 * 1024;
        for client in &self.list {
            let _ = rustix::net::sockopt::set_socket_send_buffer_size(&client.socket, MORE);
        }
    }

    /// The listening socket and the clients who stay: for the monitor of the next run.
    pub(super) fn passed_on(&self) -> (Option<BorrowedFd<'_>>, impl Iterator<Item = BorrowedFd<'_>>) {
        let stay = self.list.iter().filter(|client| !client.gone && !client.hung_up);
        (self.listen.as_ref().map(|fd| fd.as_fd()), stay.map(|client| client.socket.as_fd()))
    }

    /// Forgets the clients that are gone. Indexes from before are void.
    pub(super) fn sweep(&mut self) {
        self.list.retain(|client| !client.gone);
    }
}

impl Client {
    fn new(socket: OwnedFd) -> Self {
        Self { socket, quiet: false, owes: false, told: false, waits: false, hung_up: false, gone: false }
    }

    /// Sends one packet without waiting; false where the socket is full. A socket that fails counts as sent: its client is gone.
    fn send(&mut self, message: &MonitorMessage<'_>) -> bool {
        let mut small = [0; 4];
        let (kind, payload) = message.encode(&mut small);
        let kind = [kind];
        let parts = [IoSlice::new(&kind), IoSlice::new(payload)];
        let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
        loop {
            match rustix::net::sendmsg(&self.socket, &parts, &mut SendAncillaryBuffer::default(), flags) {
                Ok(_) => return true,
                Err(Errno::INTR) => {}
                // Memory that the kernel lacks now it may have later.
                Err(Errno::AGAIN | Errno::NOBUFS | Errno::NOMEM) => return false,
                Err(_) => {
                    self.hung_up = true;
                    return true;
                }
            }
        }
    }

    fn drop_it(&mut self) -> Wish {
        self.gone = true;
        self.owes = false;
        Wish::Nothing
    }
}
