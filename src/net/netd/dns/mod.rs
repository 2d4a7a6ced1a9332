//! Names: a server on the gateway's address of each network, port 53, UDP and TCP, in the main thread.
//!
//! A question for a container's name is answered out of [`table`] at once. Others go to the host's name servers
//! ([`resolvers`]) or those that the network or the container has; the sockets for these are made in the host's namespace, so a
//! server that listens on the host's loopback only is reached, too. The sockets towards containers are bound to the network's bridge: nobody
//! asks a network in which he is not.
//!
//! Bounds, so that one client cannot keep the others from their answers: the questions that wait for other servers and the TCP
//! connections are counted for each client; the oldest connection of a client makes room for its next one; a message is read up to
//! the length of a question; a silent client is closed after some seconds.

mod question;
mod resolvers;
mod stream;
mod table;
mod upstream;

#[doc(hidden)]
pub use question::answers;

pub(crate) use table::DOMAIN;

use super::inside::Inside;
use super::message::Member;
use super::slots::Slots;
use super::token::{Subject, data};
use crate::sys::inet::{self, Kind};
use hickory_proto::op::ResponseCode;
use question::{Incoming, Question};
use resolvers::Resolvers;
use rustix::event::epoll::{self, EventFlags};
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};
use stream::Client;
use table::{Outcome, Table};
use upstream::{Back, Pending, Progress};

const PORT: u16 = 53;

/// How many datagrams of one network, or questions of one connection, are answered before others have their turn.
const TURNS: usize = 64;

/// How many questions wait for other servers: in all, and of one client.
const MOST_PENDING: usize = 1024;
const MOST_PENDING_OF_CLIENT: usize = 128;

/// How many TCP connections there are: in all, and of one client.
const MOST_CLIENTS: usize = 512;
const MOST_OF_CLIENT: usize = 16;

/// What is waited for of a TCP connection.
const CLIENT_EVENTS: EventFlags = EventFlags::IN.union(EventFlags::OUT).union(EventFlags::RDHUP).union(EventFlags::ET);

/// At which address of which network names are answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) network: String,
    pub(super) interface: String,
    pub(super) gateway: IpAddr,
}

struct Service {
    place: Place,
    network: Rc<str>,
    socket: Socket,
}

enum Socket {
    Datagrams(Rc<UdpSocket>),
    Listener(TcpListener),
}

pub(super) struct Names {
    epoll: OwnedFd,
    inside: Inside,
    table: Table,
    resolvers: Resolvers,
    services: Slots<Service>,
    clients: Slots<Client>,
    pending: Slots<Pending>,
    pending_of: HashMap<IpAddr, usize>,
    /// The server that answered last, among those of this list.
    good: Option<(Arc<[SocketAddr]>, usize)>,
    serial: u64,
    /// No time limit runs out before this; none where there are none.
    limit: Option<Instant>,
    space: Box<[u8]>,
}

impl Names {
    pub(super) fn new(epoll: &OwnedFd, inside: Inside, resolv_conf: PathBuf) -> io::Result<Self> {
        Ok(Self {
            epoll: epoll.try_clone()?,
            inside,
            table: Table::default(),
            resolvers: Resolvers::new(resolv_conf),
            services: Slots::default(),
            clients: Slots::default(),
            pending: Slots::default(),
            pending_of: HashMap::new(),
            good: None,
            serial: 0,
            limit: None,
            space: vec![0; 65_537].into(),
        })
    }

    /// From now on these are the names.
    pub(super) fn set_members<'a>(&mut self, members: impl Iterator<Item = &'a Member>) {
        self.table = Table::of(members);
    }

    /// Listens at these places and no others.
    pub(super) fn set_places(&mut self, places: &[Place]) -> Result<(), (String, io::Error)> {
        for at in self.services.those(|service| !places.contains(&service.place)) {
            self.services.remove(at);
        }
        for place in places {
            if self.services.those(|service| service.place == *place).is_empty() {
                self.open(place).map_err(|error| (place.network.clone(), error))?;
            }
        }
        Ok(())
    }

    fn open(&mut self, place: &Place) -> io::Result<()> {
        let address = SocketAddr::new(place.gateway, PORT);
        let interface = place.interface.clone();
        let made = self.inside.run(move || {
            let datagrams = inet::server_on(address, Kind::Datagram, &interface)?;
            Ok::<_, io::Error>((datagrams, inet::server_on(address, Kind::Stream, &interface)?))
        });
        let (datagrams, listener) = made.ok_or(io::ErrorKind::BrokenPipe)??;
        let network: Rc<str> = place.network.as_str().into();
        for (subject, fd) in [(Subject::Datagrams, datagrams), (Subject::Listener, listener)] {
            epoll::add(&self.epoll, &fd, data(subject, self.services.next()), EventFlags::IN)?;
            let socket = match subject {
                Subject::Datagrams => Socket::Datagrams(Rc::new(fd.into())),
                _ => Socket::Listener(fd.into()),
            };
            self.services.insert(Service { place: place.clone(), network: Rc::clone(&network), socket });
        }
        Ok(())
    }

    /// When to look at time limits next; nothing where there are none.
    pub(super) fn patience(&self) -> Option<Duration> {
        self.limit.map(|limit| limit.saturating_duration_since(Instant::now()))
    }

    /// Ends what has taken too long.
    pub(super) fn tick(&mut self) {
        let now = Instant::now();
        if self.limit.is_some_and(|limit| limit <= now) {
            for at in self.clients.those(|client| client.limit().is_some_and(|limit| limit <= now)) {
                self.clients.remove(at);
            }
            for at in self.pending.those(|pending| pending.deadline <= now) {
                let progress = self.pending.get_mut(at).map(Pending::next);
                self.go_on(at, progress);
            }
            // What has moved since, or is over, was only passed over until now.
            self.limit = self.clients.iter().filter_map(Client::limit).chain(self.pending.iter().map(|it| it.deadline)).min();
        }
        if self.clients.len() + self.pending.len() == 0 {
            self.limit = None;
        }
        self.recycle();
    }

    /// Takes note of a time limit.
    fn note(&mut self, limit: Option<Instant>) {
        self.limit = self.limit.into_iter().chain(limit).min();
    }

    pub(super) fn recycle(&mut self) {
        self.services.recycle();
        self.clients.recycle();
        self.pending.recycle();
    }

    pub(super) fn event(&mut self, subject: Subject, at: u32) {
        match subject {
            Subject::Datagrams => self.datagrams(at),
            Subject::Listener => self.accept(at),
            Subject::Client => self.client(at),
            Subject::Upstream => {
                let space = &mut self.space;
                let progress = self.pending.get_mut(at).map(|pending| pending.event(space));
                self.go_on(at, progress);
            }
            _ => {}
        }
    }

    fn datagrams(&mut self, at: u32) {
        let Some(Service { socket: Socket::Datagrams(socket), network, .. }) = self.services.get_mut(at) else { return };
        let (socket, network) = (Rc::clone(socket), Rc::clone(network));
        for _ in 0..TURNS {
            let (length, client) = match socket.recv_from(&mut self.space) {
                Ok(received) => received,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => continue,
            };
            match question::read(&self.space[..length]) {
                Incoming::Nothing => {}
                Incoming::Refused(answer) => drop(socket.send_to(&answer, client)),
                Incoming::Question(question) => {
                    let most = question.datagram_bytes();
                    let back = || Back::Datagram { socket: Rc::clone(&socket), client };
                    let packet = self.space[..length].to_vec();
                    if let Some(answer) = self.ask(&network, question, &packet, most, back) {
                        // As on any link: what finds no room is lost, and asked for again.
                        let _ = socket.send_to(&answer, client);
                    }
                }
            }
        }
    }

    /// Answers a question out of the table, or hands it on.
    fn ask(
        &mut self,
        network: &str,
        question: Box<Question>,
        packet: &[u8],
        most: usize,
        back: impl FnOnce() -> Back,
    ) -> Option<Vec<u8>> {
        let back = back();
        let client = back.client();
        let servers = match self.table.ask(network, client, &question.name, question.kind) {
            Outcome::Addresses(addresses) => return Some(question.with_addresses(&addresses, most)),
            Outcome::Name(name) => return Some(question.with_name(&name, most)),
            Outcome::Unknown => return Some(question.with_code(ResponseCode::NXDomain)),
            Outcome::Elsewhere(servers) => servers,
        };
        let of_client = self.pending_of.get(&client).copied().unwrap_or(0);
        if of_client >= MOST_PENDING_OF_CLIENT || self.pending.len() >= MOST_PENDING {
            return Some(question.with_code(ResponseCode::ServFail));
        }
        let list: Arc<[SocketAddr]> = match servers.as_slice() {
            [] => self.resolvers.now(),
            own => own.iter().map(|address| SocketAddr::new(*address, PORT)).collect(),
        };
        let first = self.good.as_ref().filter(|(good, _)| *good == list).map_or(0, |(_, first)| *first);
        let make = match list.iter().any(|server| self.table.is_inside(server.ip())) {
            true => self.inside.maker(),
            false => upstream::here(),
        };
        let mut pending = Pending::new(question, packet, back, list, first, make);
        let progress = pending.next();
        // Not by way of `deliver`, which goes on with the client that is being read.
        if !matches!(progress, Progress::Another) {
            return Some(pending.question.with_code(ResponseCode::ServFail));
        }
        let at = self.pending.insert(pending);
        *self.pending_of.entry(client).or_default() += 1;
        if let Some(Back::Stream { place, .. }) = self.pending.get_mut(at).map(|pending| pending.back.clone())
            && let Some(client) = self.clients.get_mut(place)
        {
            client.waiting += 1;
        }
        self.go_on(at, Some(progress));
        None
    }

    fn go_on(&mut self, at: u32, progress: Option<Progress>) {
        match progress {
            Some(Progress::Another) => {
                let Some(pending) = self.pending.get_mut(at) else { return };
                let limit = pending.deadline;
                let Some(fd) = pending.watched() else { return };
                let flags = EventFlags::IN | EventFlags::OUT | EventFlags::ET;
                // Where it cannot be watched, its time runs out.
                let _ = epoll::add(&self.epoll, fd, data(Subject::Upstream, at), flags);
                self.note(Some(limit));
            }
            Some(Progress::Done(answer)) => {
                let Some(pending) = self.pending.remove(at) else { return };
                self.deliver(pending, answer);
            }
            Some(Progress::Wait) | None => {}
        }
    }

    fn deliver(&mut self, pending: Pending, answer: Option<Vec<u8>>) {
        let client = pending.back.client();
        if let Some(count) = self.pending_of.get_mut(&client) {
            *count -= 1;
            if *count == 0 {
                self.pending_of.remove(&client);
            }
        }
        if answer.is_some() {
            self.good = Some((Arc::clone(pending.servers()), pending.server()));
        }
        let answer = answer.unwrap_or_else(|| pending.question.with_code(ResponseCode::ServFail));
        match pending.back {
            Back::Datagram { socket, client } => {
                let most = pending.question.datagram_bytes();
                let _ = socket.send_to(&pending.question.fitted(answer, most), client);
            }
            Back::Stream { place, serial, .. } => {
                let Some(client) = self.clients.get_mut(place).filter(|client| client.serial == serial) else { return };
                client.waiting = client.waiting.saturating_sub(1);
                if client.answer(&answer).is_err() {
                    self.clients.remove(place);
                } else {
                    let limit = client.limit();
                    self.note(limit);
                    // What it has sent meanwhile may still lie in the kernel.
                    self.client(place);
                }
            }
        }
    }

    fn accept(&mut self, at: u32) {
        for _ in 0..TURNS {
            let Some(Service { socket: Socket::Listener(listener), network, .. }) = self.services.get_mut(at) else { return };
            let Ok((stream, peer)) = listener.accept() else { return };
            let network = Rc::clone(network);
            if stream.set_nonblocking(true).is_err() {
                continue;
            }
            let peer = peer.ip();
            let own = self.clients.those(|client| client.peer == peer);
            if own.len() >= MOST_OF_CLIENT {
                self.make_room(own);
            } else if self.clients.len() >= MOST_CLIENTS {
                let all = self.clients.those(|_| true);
                self.make_room(all);
            }
            self.serial += 1;
            let place = self.clients.next();
            if epoll::add(&self.epoll, stream.as_fd(), data(Subject::Client, place), CLIENT_EVENTS).is_ok() {
                let client = Client::new(stream, peer, network, self.serial);
                self.note(client.limit());
                self.clients.insert(client);
            }
        }
    }

    /// Closes the oldest of these connections.
    fn make_room(&mut self, crowd: Vec<u32>) {
        let clients = &mut self.clients;
        let oldest = crowd.into_iter().filter_map(|at| Some((clients.get_mut(at)?.serial, at))).min();
        if let Some((_, at)) = oldest {
            self.clients.remove(at);
        }
    }

    fn client(&mut self, at: u32) {
        for _ in 0..TURNS {
            let space = &mut self.space;
            let Some(client) = self.clients.get_mut(at) else { return };
            let packet = client.write().and_then(|()| client.read(space));
            let (network, serial, peer) = (Rc::clone(&client.network), client.serial, client.peer);
            let packet = match packet {
                Ok(Some(packet)) => packet,
                Ok(None) => return,
                Err(_) => return drop(self.clients.remove(at)),
            };
            let answer = match question::read(&packet) {
                Incoming::Nothing => return drop(self.clients.remove(at)),
                Incoming::Refused(answer) => Some(answer),
                Incoming::Question(question) => {
                    let back = || Back::Stream { place: at, serial, client: peer };
                    self.ask(&network, question, &packet, usize::from(u16::MAX), back)
                }
            };
            let Some(client) = self.clients.get_mut(at).filter(|client| client.serial == serial) else { return };
            if answer.is_some_and(|answer| client.answer(&answer).is_err()) {
                return drop(self.clients.remove(at));
            }
        }
        // Others have their turn; the kernel tells of it once more, since it can be written to.
        if let Some(client) = self.clients.get_mut(at) {
            let _ = epoll::modify(&self.epoll, client.as_fd(), data(Subject::Client, at), CLIENT_EVENTS);
        }
    }
}
