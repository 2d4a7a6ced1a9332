//! Published ports: from listeners of the host to containers, in a thread that stands in N.
//!
//! The listeners are made by another thread, in the host's namespace; a socket stays in the namespace that it was made in. Here
//! connections are accepted, the second socket is made in N and bound to the client's own address (`IP_TRANSPARENT`), and bytes
//! are moved by `splice`. The container's answers to that address come back to N, where a rule of the firewall marks what belongs to a
//! transparent socket and a routing rule for the mark keeps it here.
//!
//! Bounds: descriptors (no more connections are accepted than there are descriptors for; they wait in the kernel's queue), flows of
//! datagrams for each client, and what is on its way in a pipe.

mod pipes;
mod source;
mod tcp;
mod udp;

pub(crate) use source::{Side, Target};

use super::slots::Slots;
use crate::sys::inet::{self, Kind};
use pipes::Pipes;
use rustix::event::{EventfdFlags, Timespec, epoll, eventfd};
use rustix::io::Errno;
use rustix::net::{SocketFlags, acceptfrom_with};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tcp::{Connection, End, Happened, Next};
use udp::{Flow, Flows, Key, Space};

/// How many events are read at once.
const BATCH: usize = 256;

/// How many connections one listener accepts before others have their turn.
const ACCEPTS: usize = 64;

/// How often flows are looked through, and how long a listener pauses when there are no descriptors.
const TICK: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(100);

/// Descriptors that one connection needs: two sockets, two pipes.
const PER_CONNECTION: u64 = 6;

/// Descriptors that are left for everything else.
const RESERVE: u64 = 256;

/// What the relay is told.
#[derive(Debug)]
enum Order {
    Serve {
        number: u64,
        socket: OwnedFd,
        kind: Kind,
        port: u16,
        target: Target,
    },
    /// The container's addresses are others now; what is connected stays.
    Retarget {
        number: u64,
        target: Target,
    },
    /// Answered when the socket is closed.
    Close {
        numbers: Vec<u64>,
        done: Sender<()>,
    },
}

/// The relay as the other threads see it.
#[derive(Clone, Debug)]
pub(crate) struct Relay {
    orders: Arc<Mutex<Vec<Order>>>,
    wake: Arc<OwnedFd>,
}

impl Relay {
    /// Starts the thread. `enter` takes it into N.
    ///
    /// # Errors
    /// No descriptors are left, or no thread.
    pub(crate) fn start(enter: impl FnOnce() -> io::Result<()> + Send + 'static) -> io::Result<Self> {
        let wake = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?);
        let orders = Arc::new(Mutex::new(Vec::new()));
        let (ready, is_ready) = channel();
        let mut state = Worker::new(Arc::clone(&orders), Arc::clone(&wake))?;
        std::thread::Builder::new().name("ports".to_owned()).spawn(move || {
            let entered = enter();
            let may_go_on = entered.is_ok();
            // Where the other end is gone nobody needs the thread.
            if ready.send(entered).is_ok() && may_go_on {
                state.run();
            }
        })?;
        is_ready.recv().map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))??;
        Ok(Self { orders, wake })
    }

    /// Takes a listener (a socket with a queue, or one for datagrams) into service, as `number`.
    pub(crate) fn serve(&self, number: u64, socket: OwnedFd, kind: Kind, port: u16, target: Target) {
        self.order(Order::Serve { number, socket, kind, port, target });
    }

    pub(crate) fn retarget(&self, number: u64, target: Target) {
        self.order(Order::Retarget { number, target });
    }

    /// Closes listeners and all that came by them; returns when they are closed, so that others can have the ports.
    pub(crate) fn close(&self, numbers: Vec<u64>) {
        if numbers.is_empty() {
            return;
        }
        let (done, is_done) = channel();
        self.order(Order::Close { numbers, done });
        let _ = is_done.recv();
    }

    fn order(&self, order: Order) {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner).push(order);
        let _ = rustix::io::write(&*self.wake, &1u64.to_ne_bytes());
    }
}

/// A listener in service.
#[derive(Debug)]
struct Service {
    number: u64,
    socket: OwnedFd,
    kind: Kind,
    /// The container's port.
    port: u16,
    target: Target,
    flows: Flows,
}

/// What an event is about; the upper half of epoll's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subject {
    Wake,
    Service,
    Client,
    Container,
    Flow,
}

struct Worker {
    orders: Arc<Mutex<Vec<Order>>>,
    wake: Arc<OwnedFd>,
    epoll: OwnedFd,
    services: Slots<Service>,
    connections: Slots<Connection>,
    flows: Slots<Flow>,
    pipes: Pipes,
    /// Connections that have more to do.
    again: Vec<u32>,
    /// Sockets for datagrams that have more.
    more: Vec<(Subject, u32)>,
    /// Listeners that wait for descriptors.
    paused: Vec<u32>,
    most_connections: usize,
    space: Option<Space>,
    next_tick: Instant,
}

const EDGE: epoll::EventFlags =
    epoll::EventFlags::IN.union(epoll::EventFlags::OUT).union(epoll::EventFlags::RDHUP).union(epoll::EventFlags::ET);

impl Worker {
    fn new(orders: Arc<Mutex<Vec<Order>>>, wake: Arc<OwnedFd>) -> io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        epoll::add(&epoll, &*wake, data(Subject::Wake, 0), epoll::EventFlags::IN)?;
        let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current.unwrap_or(1 << 20);
        let most = limit.saturating_sub(RESERVE) / PER_CONNECTION;
        Ok(Self {
            orders,
            wake,
            epoll,
            services: Slots::default(),
            connections: Slots::default(),
            flows: Slots::default(),
            pipes: Pipes::default(),
            again: Vec::new(),
            more: Vec::new(),
            paused: Vec::new(),
            most_connections: usize::try_from(most).unwrap_or(usize::MAX).clamp(8, 100_000),
            space: None,
            next_tick: Instant::now() + TICK,
        })
    }

    fn run(&mut self) {
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
            if !self.paused.is_empty() && self.has_room() {
                std::mem::take(&mut self.paused).into_iter().for_each(|at| self.go_on(at));
            }
            let now = Instant::now();
            if now >= self.next_tick {
                self.next_tick = now + TICK;
                self.tick(now);
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
        } else if !self.paused.is_empty() {
            PAUSE
        } else if self.flows.len() > 0 {
            self.next_tick.saturating_duration_since(Instant::now())
        } else {
            if self.connections.len() == 0 {
                self.pipes.rest();
                self.space = None;
            }
            return None;
        };
        Some(Timespec { tv_sec: i64::try_from(wait.as_secs()).unwrap_or(1), tv_nsec: i64::from(wait.subsec_nanos()) })
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
            readable: flags.intersects(E::IN | E::RDHUP | E::HUP | E::ERR),
            writable: flags.intersects(E::OUT | E::HUP | E::ERR),
            hung_up: flags.intersects(E::RDHUP | E::HUP | E::ERR),
            failed: flags.contains(E::ERR),
        };
        let next = self.connections.get_mut(at).map(|it| it.event(end, happened, &mut self.pipes));
        self.then(at, next);
    }

    fn then(&mut self, at: u32, next: Option<Next>) {
        match next {
            Some(Next::Over) => {
                if let Some(connection) = self.connections.remove(at) {
                    connection.end(&mut self.pipes);
                }
            }
            Some(Next::Again) => self.again.push(at),
            Some(Next::Wait) | None => {}
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
                    self.services.insert(Service { number, socket, kind, port, target, flows: Flows::default() });
                }
            }
            Order::Retarget { number, target } => {
                for at in self.services.those(|service| service.number == number) {
                    if let Some(service) = self.services.get_mut(at) {
                        service.target = target;
                    }
                }
            }
            Order::Close { numbers, done } => {
                for at in self.services.those(|service| numbers.contains(&service.number)) {
                    self.close(at);
                }
                let _ = done.send(());
            }
        }
    }

    fn close(&mut self, service: u32) {
        self.services.remove(service);
        for at in self.connections.those(|connection| connection.service == service) {
            let next = self.connections.get_mut(at).map(Connection::reset);
            self.then(at, next);
        }
        for at in self.flows.those(|flow| flow.service == service) {
            self.flows.remove(at);
        }
    }

    fn has_room(&self) -> bool {
        self.connections.len() < self.most_connections
    }

    /// Takes the connections that wait at a listener.
    fn accept(&mut self, at: u32) {
        for _ in 0..ACCEPTS {
            if !self.has_room() {
                return self.pause(at);
            }
            let Some(service) = self.services.get_mut(at) else { return };
            let (client, address) = match acceptfrom_with(&service.socket, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK) {
                Ok((client, address)) => (client, address.and_then(|address| SocketAddr::try_from(address).ok())),
                Err(Errno::AGAIN) => return,
                Err(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM) => return self.pause(at),
                // accept(2): what ended before it was accepted.
                Err(_) => continue,
            };
            let made = address.and_then(|address| connect(&service.target, address, service.port).ok());
            let Some((container, connecting)) = made else {
                let _ = rustix::net::sockopt::set_socket_linger(&client, Some(Duration::ZERO));
                continue;
            };
            let place = self.connections.next();
            let connection = Connection::new(client, container, at, connecting);
            let added = epoll::add(&self.epoll, connection.client(), data(Subject::Client, place), EDGE)
                .and_then(|()| epoll::add(&self.epoll, connection.container(), data(Subject::Container, place), EDGE));
            if added.is_ok() {
                self.connections.insert(connection);
            }
        }
    }

    /// Leaves the waiting connections in the kernel's queue until there is room.
    fn pause(&mut self, at: u32) {
        let Some(service) = self.services.get_mut(at) else { return };
        let _ = epoll::modify(&self.epoll, &service.socket, data(Subject::Service, at), epoll::EventFlags::empty());
        if !self.paused.contains(&at) {
            self.paused.push(at);
        }
    }

    fn go_on(&mut self, at: u32) {
        let Some(service) = self.services.get_mut(at) else { return };
        let _ = epoll::modify(&self.epoll, &service.socket, data(Subject::Service, at), epoll::EventFlags::IN);
    }

    fn tick(&mut self, now: Instant) {
        for at in self.flows.those(|flow| flow.is_over(now)) {
            self.end_flow(at);
        }
    }

    fn end_flow(&mut self, at: u32) {
        if let Some(flow) = self.flows.remove(at)
            && let Some(service) = self.services.get_mut(flow.service)
        {
            service.flows.remove(&flow.key);
        }
    }

    /// Moves datagrams from a listener to its flows, or from a flow back.
    fn datagrams(&mut self, subject: Subject, at: u32) {
        let mut space = self.space.take().unwrap_or_default();
        let more = match subject {
            Subject::Flow => self.send_back(at, &mut space),
            _ => self.send_in(at, &mut space),
        };
        self.space = Some(space);
        // Listeners are level-triggered, flows are not.
        if more && subject == Subject::Flow {
            self.more.push((subject, at));
        }
    }

    fn send_in(&mut self, at: u32, space: &mut Space) -> bool {
        let now = Instant::now();
        for _ in 0..udp::TURNS {
            let Some(service) = self.services.get_mut(at) else { return false };
            let datagram = match inet::receive_datagram(&service.socket, &mut space.bytes, &mut space.beside) {
                Ok(datagram) => datagram,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
                Err(_) => continue,
            };
            let own = datagram.to.filter(|own| !own.is_multicast() && *own != IpAddr::from([255; 4]));
            let key = Key { client: datagram.from, own };
            let known = service.flows.get(&key);
            let Some(flow) = known.or_else(|| self.new_flow(at, key, now)) else { continue };
            if let Some(flow) = self.flows.get_mut(flow) {
                flow.used = now;
                // As on any link: what finds no room is lost.
                let _ = rustix::net::send(&flow.socket, &space.bytes[..datagram.length], rustix::net::SendFlags::DONTWAIT);
            }
        }
        true
    }

    fn new_flow(&mut self, service_at: u32, key: Key, now: Instant) -> Option<u32> {
        let client = key.client.ip();
        let service = self.services.get_mut(service_at)?;
        if service.flows.is_full(client) {
            let of_client: Vec<u32> = service.flows.of(client).collect();
            let used = |at: &u32| self.flows.get_mut(*at).map(|flow| flow.used);
            let oldest = of_client.into_iter().filter_map({
                let mut used = used;
                move |at| Some((used(&at)?, at))
            });
            let oldest = oldest.min()?.1;
            self.end_flow(oldest);
        } else if self.flows.len() >= self.most_connections {
            return None;
        }
        let service = self.services.get_mut(service_at)?;
        let socket = udp::connect(&service.target, key.client, service.port).ok()?;
        let at = self.flows.next();
        let edge = epoll::EventFlags::IN | epoll::EventFlags::ET;
        epoll::add(&self.epoll, &socket, data(Subject::Flow, at), edge).ok()?;
        service.flows.insert(key, at);
        Some(self.flows.insert(Flow { socket, key, service: service_at, used: now, answered: false }))
    }

    fn send_back(&mut self, at: u32, space: &mut Space) -> bool {
        let now = Instant::now();
        for _ in 0..udp::TURNS {
            let Some(flow) = self.flows.get_mut(at) else { return false };
            let length = match rustix::net::recv(&flow.socket, &mut space.bytes[..], rustix::net::RecvFlags::DONTWAIT) {
                Ok((length, _)) => length,
                Err(Errno::AGAIN) => return false,
                // The container has nobody at the port (yet): the kernel told it by ICMP.
                Err(_) => continue,
            };
            (flow.used, flow.answered) = (now, true);
            let Some(service) = self.services.get_mut(flow.service) else { return false };
            let _ = inet::send_datagram(&service.socket, &space.bytes[..length], flow.key.client, flow.key.own);
        }
        true
    }
}

/// Begins a connection to the container; true while it is not there yet.
fn connect(target: &Target, client: SocketAddr, port: u16) -> io::Result<(OwnedFd, bool)> {
    let path = target.path(client, port).ok_or(io::ErrorKind::AddrNotAvailable)?;
    let once = |path: &source::Path| {
        let socket = inet::socket_for(path.to.ip(), Kind::Stream)?;
        udp::bind(&socket, path)?;
        match rustix::net::connect(&socket, &path.to) {
            Ok(()) => Ok((socket, false)),
            Err(Errno::INPROGRESS) => Ok((socket, true)),
            Err(errno) => Err(io::Error::from(errno)),
        }
    };
    match once(&path) {
        // A connection of the same client port that has just ended still has the pair of addresses.
        Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable || error.kind() == io::ErrorKind::AddrInUse => {
            once(&source::Path { from: SocketAddr::new(path.from.ip(), 0), ..path })
        }
        done => done,
    }
}

fn data(subject: Subject, at: u32) -> epoll::EventData {
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
