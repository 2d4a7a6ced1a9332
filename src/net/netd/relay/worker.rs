//! The thread that moves what comes by the published ports.

use super::Order;
use super::pipes::Pipes;
use super::source::{self, Target};
use super::tcp::{self, Connection, End, Happened, Next};
use super::udp::{self, Flow, Flows, Space};
use crate::net::netd::slots::Slots;
use crate::sys::inet::{self, Kind};
use rustix::event::{Timespec, epoll};
use rustix::io::Errno;
use rustix::net::{SocketFlags, acceptfrom_with};
use std::collections::HashSet;
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How many events are read at once.
const BATCH: usize = 256;

/// How often flows and new connections are looked through, and how long a listener pauses when there are no descriptors.
const TICK: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(100);

/// Descriptors that one connection needs: two sockets, two pipes.
const PER_CONNECTION: usize = 6;

/// Descriptors that are left for everything else: most of them are questions to other name servers, and those who ask by TCP.
const RESERVE: u64 = 2048;

/// How many descriptors are used at all.
const MOST: u64 = 600_000;

/// A listener in service.
#[derive(Debug)]
pub(super) struct Service {
    number: u64,
    pub(super) socket: OwnedFd,
    kind: Kind,
    /// The container's port.
    pub(super) port: u16,
    pub(super) target: Target,
    connections: usize,
    pub(super) flows: Flows,
}

/// What an event is about; the upper half of epoll's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    Wake,
    Service,
    Client,
    Container,
    Flow,
}

pub(super) struct Worker {
    orders: Arc<Mutex<Vec<Order>>>,
    wake: Arc<OwnedFd>,
    pub(super) epoll: OwnedFd,
    pub(super) services: Slots<Service>,
    connections: Slots<Connection>,
    pub(super) flows: Slots<Flow>,
    pipes: Pipes,
    /// Connections were accepted since they were last looked through.
    has_new: bool,
    /// Connections that have more to do.
    again: Vec<u32>,
    /// Sockets for datagrams that have more.
    pub(super) more: Vec<(Subject, u32)>,
    /// Listeners that wait for room; those with a time not before that.
    paused: Vec<(u32, Option<Instant>)>,
    /// How many there are for connections, flows and listeners.
    descriptors: usize,
    /// Where flows were looked at for one that makes room.
    pub(super) looked_at: usize,
    pub(super) space: Option<Space>,
    next_tick: Instant,
}

/// What is told of a connection; room for bytes only where it was lacking.
const EDGE: epoll::EventFlags =
    epoll::EventFlags::IN.union(epoll::EventFlags::PRI).union(epoll::EventFlags::RDHUP).union(epoll::EventFlags::ET);
const EDGE_AND_ROOM: epoll::EventFlags = EDGE.union(epoll::EventFlags::OUT);

impl Worker {
    pub(super) fn new(orders: Arc<Mutex<Vec<Order>>>, wake: Arc<OwnedFd>) -> io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        epoll::add(&epoll, &*wake, data(Subject::Wake, 0), epoll::EventFlags::IN)?;
        let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current.unwrap_or(1 << 20);
        let descriptors = limit.saturating_sub(RESERVE.min(limit / 4)).min(MOST);
        Ok(Self {
            orders,
            wake,
            epoll,
            services: Slots::default(),
            connections: Slots::default(),
            flows: Slots::default(),
            pipes: Pipes::default(),
            has_new: false,
            again: Vec::new(),
            more: Vec::new(),
            paused: Vec::new(),
            descriptors: usize::try_from(descriptors).unwrap_or(usize::MAX),
            looked_at: 0,
            space: None,
            next_tick: Instant::now() + TICK,
        })
    }

    pub(super) fn run(&mut self) {
        let mut events = Vec::with_capacity(BATCH);
        loop {
            events.clear();
            let patience = self.patience();
            match epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut events), patience.as_ref()) {
                Ok(_) | Err(Errno::INTR) => {}
                // Our own descriptor is broken: the process is of no use any more, and the next command starts another.
                Err(_) => crate::sys::process::exit_now(70),
            }
            for event in &events {
                let (subject, at) = subject(event.data.u64());
                self.event(subject, at, event.flags);
            }
            for at in std::mem::take(&mut self.again) {
                let next = self.connections.get_mut(at).map(|connection| connection.go_on(&mut self.pipes));
                self.then(at, next);
            }
            for (subject, at) in std::mem::take(&mut self.more) {
                self.datagrams(subject, at);
            }
            let now = Instant::now();
            if now >= self.next_tick {
                self.next_tick = now + TICK;
                self.tick(now);
            }
            // After all that may have made room.
            for (at, until) in std::mem::take(&mut self.paused) {
                match until.filter(|until| *until > now) {
                    None if self.has_room(at) => self.go_on(at),
                    until => self.paused.push((at, until)),
                }
            }
            self.services.recycle();
            self.connections.recycle();
            self.flows.recycle();
        }
    }

    /// How long to wait for events; none for ever.
    fn patience(&mut self) -> Option<Timespec> {
        let wait = if !self.again.is_empty() || !self.more.is_empty() {
            Duration::ZERO
        } else if self.paused.iter().any(|(_, until)| until.is_some()) {
            PAUSE
        } else if self.flows.len() > 0 || self.has_new {
            self.next_tick.saturating_duration_since(Instant::now())
        } else {
            if self.connections.len() == 0 {
                self.pipes.rest();
                self.space = None;
            }
            return None;
        };
        Timespec::try_from(wait).ok()
    }

    fn event(&mut self, subject: Subject, at: u32, flags: epoll::EventFlags) {
        use epoll::EventFlags as E;
        let end = match subject {
            Subject::Wake => {
                let _ = rustix::io::read(&*self.wake, &mut [0; 8]);
                let orders = std::mem::take(&mut *self.orders.lock().unwrap_or_else(PoisonError::into_inner));
                orders.into_iter().for_each(|order| self.obey(order));
                return;
            }
            Subject::Service if self.services.get_mut(at).is_some_and(|service| service.kind == Kind::Stream) => {
                self.accept(at);
                return;
            }
            Subject::Service | Subject::Flow => {
                self.datagrams(subject, at);
                return;
            }
            Subject::Client => End::Client,
            Subject::Container => End::Container,
        };
        let happened = Happened {
            readable: flags.intersects(E::IN | E::PRI | E::RDHUP | E::HUP | E::ERR),
            writable: flags.intersects(E::OUT | E::HUP | E::ERR),
            hung_up: flags.intersects(E::RDHUP | E::HUP | E::ERR),
            failed: flags.contains(E::ERR),
            urgent: flags.contains(E::PRI),
        };
        let next = self.connections.get_mut(at).map(|it| it.event(end, happened, &mut self.pipes));
        self.then(at, next);
    }

    fn then(&mut self, at: u32, next: Option<Next>) {
        match next {
            Some(Next::Over) => {
                if let Some(connection) = self.connections.remove(at) {
                    if let Some(service) = self.services.get_mut(connection.service) {
                        service.connections -= 1;
                    }
                    connection.end(&mut self.pipes);
                }
            }
            Some(Next::Again) => self.again.push(at),
            Some(Next::Instead(path)) => self.connect_instead(at, &path),
            Some(Next::Wait) => self.wait_for_room(at),
            None => {}
        }
    }

    /// Tries another way to the container. The refused socket leaves epoll as it is closed.
    fn connect_instead(&mut self, at: u32, path: &source::Path) {
        let Some(connection) = self.connections.get_mut(at) else { return };
        let added = begin(path).and_then(|socket| {
            connection.take_instead(socket);
            Ok(epoll::add(&self.epoll, connection.container(), data(Subject::Container, at), EDGE)?)
        });
        self.has_new = true;
        let next = if added.is_ok() { connection.go_on(&mut self.pipes) } else { connection.reset() };
        self.then(at, Some(next));
    }

    /// Has the kernel tell when there is room where there was none.
    fn wait_for_room(&mut self, at: u32) {
        while let Some(connection) = self.connections.get_mut(at)
            && let Some(end) = connection.lacks_room()
        {
            let (socket, subject) = match end {
                End::Client => (connection.client(), Subject::Client),
                End::Container => (connection.container(), Subject::Container),
            };
            if epoll::modify(&self.epoll, socket, data(subject, at), EDGE_AND_ROOM).is_err() {
                let next = connection.reset();
                self.then(at, Some(next));
            }
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Serve { number, socket, kind, port, target } => {
                let at = self.services.next();
                // Level-triggered: what is not accepted now is told again.
                let added = epoll::add(&self.epoll, &socket, data(Subject::Service, at), epoll::EventFlags::IN);
                if kind == Kind::Stream {
                    tcp::prepare(&socket);
                }
                if added.is_ok() {
                    self.services.insert(Service { number, socket, kind, port, target, connections: 0, flows: Flows::default() });
                }
            }
            Order::Retarget { numbers, target } => {
                for at in self.services.those(|service| numbers.contains(&service.number) && service.target != target) {
                    if let Some(service) = self.services.get_mut(at) {
                        service.target = target;
                    }
                    // The next datagram of such a client finds the new way; connections stay what they are.
                    for flow in self.flows.those(|flow| flow.service == at) {
                        self.end_flow(flow);
                    }
                }
            }
            Order::Close { numbers, done } => {
                self.close(&numbers);
                let _ = done.send(());
            }
        }
    }

    fn close(&mut self, numbers: &HashSet<u64>) {
        let services: HashSet<u32> = self.services.those(|service| numbers.contains(&service.number)).into_iter().collect();
        for at in &services {
            self.services.remove(*at);
        }
        for at in self.connections.those(|connection| services.contains(&connection.service)) {
            let next = self.connections.get_mut(at).map(Connection::reset);
            self.then(at, next);
        }
        for at in self.flows.those(|flow| services.contains(&flow.service)) {
            self.flows.remove(at);
        }
    }

    /// Descriptors that may still be taken.
    pub(super) fn room(&self) -> usize {
        let taken = self.connections.len() * PER_CONNECTION + self.flows.len() + self.services.len();
        self.descriptors.saturating_sub(taken)
    }

    /// Tells whether the listener may have one more connection: one that everybody connects to leaves room for the others.
    fn has_room(&mut self, at: u32) -> bool {
        let room = self.room();
        let of_service = self.services.get_mut(at).map_or(0, |service| service.connections * PER_CONNECTION);
        room >= PER_CONNECTION && room >= of_service / 3
    }

    /// Takes a connection that waits at a listener. The next one is told at once: to ask for it costs as much.
    fn accept(&mut self, at: u32) {
        if !self.has_room(at) {
            return self.pause(at, None);
        }
        let Some(service) = self.services.get_mut(at) else { return };
        let (client, address) = match acceptfrom_with(&service.socket, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK) {
            Ok((client, address)) => (client, address.and_then(|address| SocketAddr::try_from(address).ok())),
            // Of the whole machine, so nothing tells when there is one again.
            Err(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM) => {
                return self.pause(at, Some(Instant::now() + PAUSE));
            }
            // accept(2): what ended before it was accepted.
            Err(_) => return,
        };
        let connected = address.and_then(|address| {
            let instead = service.target.path_by_v4(address, service.port);
            match connect(&service.target, address, service.port) {
                Ok(socket) => Some((socket, instead)),
                Err(_) => Some((begin(&instead?).ok()?, None)),
            }
        });
        let Some((container, instead)) = connected else {
            let _ = rustix::net::sockopt::set_socket_linger(&client, Some(Duration::ZERO));
            return;
        };
        let mut connection = Connection::new(client, container, at, instead);
        let next = connection.go_on(&mut self.pipes);
        if next == Next::Over {
            return connection.end(&mut self.pipes);
        }
        let place = self.connections.next();
        let wanted = if connection.may_be_refused() { EDGE_AND_ROOM } else { EDGE };
        // What has happened since is told at once.
        let added = epoll::add(&self.epoll, connection.client(), data(Subject::Client, place), EDGE)
            .and_then(|()| epoll::add(&self.epoll, connection.container(), data(Subject::Container, place), wanted));
        if added.is_ok() {
            self.connections.insert(connection);
            service.connections += 1;
            if !self.has_new && self.flows.len() == 0 {
                // Nobody has ticked since the last one.
                self.next_tick = Instant::now() + TICK;
            }
            self.has_new = true;
            self.then(place, Some(next));
        } else {
            let _ = connection.reset();
        }
    }

    /// Leaves the waiting connections in the kernel's queue until there is room, and not before `until`.
    fn pause(&mut self, at: u32, until: Option<Instant>) {
        let Some(service) = self.services.get_mut(at) else { return };
        let _ = epoll::modify(&self.epoll, &service.socket, data(Subject::Service, at), epoll::EventFlags::empty());
        if !self.paused.iter().any(|(other, _)| *other == at) {
            self.paused.push((at, until));
        }
    }

    fn go_on(&mut self, at: u32) {
        let Some(service) = self.services.get_mut(at) else { return };
        let _ = epoll::modify(&self.epoll, &service.socket, data(Subject::Service, at), epoll::EventFlags::IN);
    }

    fn tick(&mut self, now: Instant) {
        if std::mem::take(&mut self.has_new) {
            self.connections.iter_mut().for_each(Connection::lasts);
        }
        for at in self.flows.those(|flow| flow.is_over(now)) {
            self.end_flow(at);
        }
    }
}

/// Begins a connection to the container.
fn connect(target: &Target, client: SocketAddr, port: u16) -> io::Result<OwnedFd> {
    let path = target.path(client, port).ok_or(io::ErrorKind::AddrNotAvailable)?;
    match begin(&path) {
        // A connection of the same client port that has just ended still has the pair of addresses.
        Err(error) if path.kept && matches!(error.kind(), io::ErrorKind::AddrNotAvailable | io::ErrorKind::AddrInUse) => {
            begin(&source::Path { from: SocketAddr::new(path.from.ip(), 0), ..path })
        }
        done => done,
    }
}

fn begin(path: &source::Path) -> io::Result<OwnedFd> {
    let socket = inet::socket_for(path.to.ip(), Kind::Stream)?;
    udp::bind(&socket, path)?;
    match rustix::net::connect(&socket, &path.to) {
        Ok(()) | Err(Errno::INPROGRESS) => Ok(socket),
        Err(errno) => Err(io::Error::from(errno)),
    }
}

pub(super) fn data(subject: Subject, at: u32) -> epoll::EventData {
    epoll::EventData::new_u64((subject as u64) << 32 | u64::from(at))
}

fn subject(number: u64) -> (Subject, u32) {
    let subject = match number >> 32 {
        0 => Subject::Wake,
        1 => Subject::Service,
        2 => Subject::Client,
        3 => Subject::Container,
        _ => Subject::Flow,
    };
    (subject, u32::try_from(number & u64::from(u32::MAX)).unwrap_or(u32::MAX))
}
