//! The process: what it begins with, its loop, its end.

mod way_out;

use super::client::{self, LOCK, MEMBERS, READY, SOCKET};
use super::dns::Names;
use super::found::{self, Found, Record};
use super::inside::Inside;
use super::members::{Members, Stage};
use super::message::{Answer, Member, PACKET_BYTES, Refusal, Request};
use super::relay::Relay;
use super::slots::Slots;
use super::token::{self, Subject, data};
use crate::config::Paths;
use crate::model::ContainerId;
use crate::net::NetError;
use crate::net::session::{self, Session, Way};
use crate::sys::clone::CloneFlags;
use crate::sys::netlink::{Changes, Route};
use crate::sys::{inet, namespace, packet, process, socket};
use crate::userns;
use rustix::event::Timespec;
use rustix::event::epoll::{self, EventFlags};
use rustix::fs::{FlockOperation, OFlags, fcntl_setfl};
use rustix::io::Errno;
use rustix::net::{SocketFlags, accept_with};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long netd stays after its last container.
const IDLE: Duration = Duration::from_secs(5);

/// How many events are read at once.
const BATCH: usize = 64;

/// After so long without an event the memory that is not in use goes back.
const QUIET: Duration = Duration::from_millis(500);

/// How often a container is looked at that was being started when netd came back.
const UNSURE: Duration = Duration::from_millis(100);

/// What netd is told when it begins.
#[derive(Debug)]
pub struct Orders {
    pub paths: Paths,
    /// Where the command that started it waits.
    pub report: OwnedFd,
    /// The file that lists it among the members of S.
    pub session_entry: PathBuf,
    /// In place of the usual time.
    pub idle: Option<Duration>,
}

/// Why netd cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error(transparent)]
    Session(#[from] NetError),
    #[error("{action}")]
    Begin {
        action: &'static str,
        #[source]
        source: io::Error,
    },
}

fn begin(action: &'static str) -> impl Fn(io::Error) -> ServeError {
    move |source| ServeError::Begin { action, source }
}

/// Runs netd until it is no longer needed. To be called single-threaded, as root of S.
///
/// # Errors
/// It cannot begin. The command that waits has been told.
pub fn serve(orders: Orders) -> Result<(), ServeError> {
    let Orders { paths, report, session_entry: entry, idle } = orders;
    let mut report = Some(report);
    let done = run(&paths, &mut report, idle);
    // Those before us that were killed.
    userns::session::strike_the_dead(&paths);
    if let (Err(error), Some(report)) = (&done, report) {
        let mut text = error.to_string();
        let mut below = std::error::Error::source(error);
        while let Some(source) = below {
            text += &format!(": {source}");
            below = source.source();
        }
        let _ = rustix::io::write(&report, text.as_bytes());
    }
    let _ = std::fs::remove_file(entry);
    done
}

fn run(paths: &Paths, report: &mut Option<OwnedFd>, idle: Option<Duration>) -> Result<(), ServeError> {
    let folder = client::folder(paths);
    let boot = process::boot_id().map_err(begin("read the boot id"))?;
    let living = living(&folder, &boot);
    // Every monitor is a member of S, also one that is not at work yet.
    let found = match found::find(&folder, userns::session::members(paths)) {
        Some(found) => found,
        None => make(&folder)?,
    };
    let _ = super::ports::raise_limit();
    let inside = found.namespace.try_clone().and_then(Inside::start).map_err(begin("enter the session network namespace"))?;
    let route = inside.run(Route::open).ok_or_else(|| io::Error::from(io::ErrorKind::BrokenPipe));
    let route = route.and_then(|route| route).map_err(begin("open a netlink socket"))?;
    let namespace = found.namespace.try_clone().map_err(begin("start the relay of ports"))?;
    let relay = Relay::start(move || enter(&namespace)).map_err(begin("start the relay of ports"))?;
    let epoll = epoll::create(epoll::CreateFlags::CLOEXEC).map_err(|errno| begin("make an epoll")(errno.into()))?;
    let names = Names::new(&epoll, inside.clone(), "/etc/resolv.conf".into()).map_err(begin("start the name service"))?;
    let members = Members::new(folder.join(MEMBERS), names, relay, inside.clone(), route);
    let mut netd = Netd {
        paths: paths.clone(),
        folder: folder.clone(),
        found,
        inside,
        epoll,
        members,
        askers: Slots::default(),
        inits: Slots::default(),
        stack: None,
        way_out_at: None,
        way_out_made: None,
        changes: None,
        host_at: None,
        serial: 0,
        idle: idle.unwrap_or(IDLE),
        idle_since: Instant::now(),
        unsure: Vec::new(),
        boot,
        space: vec![0; PACKET_BYTES],
        is_warm: true,
    };
    for (member, init) in living {
        let id = member.id.clone();
        match init {
            Some(init) => {
                netd.members.adopt(member, Stage::Running);
                netd.watch(id, init);
            }
            None => {
                netd.members.adopt(member, Stage::Starting { asker: 0 });
                netd.unsure.push(id);
            }
        }
    }
    netd.watch_stack();
    netd.watch_host();
    match std::fs::remove_file(folder.join(SOCKET)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(begin("replace netd.sock")(error)),
        _ => {}
    }
    let control = socket::listen_in(&folder, SOCKET).map_err(begin("listen on netd.sock"))?;
    fcntl_setfl(&control, OFlags::NONBLOCK).map_err(|errno| begin("listen on netd.sock")(errno.into()))?;
    epoll::add(&netd.epoll, &control, data(Subject::Control, 0), EventFlags::IN)
        .map_err(|errno| begin("listen on netd.sock")(errno.into()))?;
    // Closed with that: the command reads to the end.
    if let Some(report) = report.take() {
        let _ = rustix::io::write(&report, READY.as_bytes());
    }
    netd.turn(&control)
}

/// The containers that netd has served and that still run, with their inits; without one those that are being started just now.
/// What is left of others is removed.
fn living(folder: &Path, boot: &str) -> Vec<(Member, Option<OwnedFd>)> {
    let mut members = Vec::new();
    for entry in std::fs::read_dir(folder.join(MEMBERS)).into_iter().flatten().flatten() {
        let member = std::fs::read(entry.path()).ok().and_then(|text| serde_json::from_slice::<Member>(&text).ok());
        let Some(member) = member else {
            let _ = std::fs::remove_file(entry.path());
            continue;
        };
        // The lock first: when it is given back, the record is there.
        let starts = found::is_being_started(&member);
        match found::living(&member, boot) {
            None if !starts => drop(std::fs::remove_file(entry.path())),
            init => members.push((member, init)),
        }
    }
    members
}

/// Makes N.
fn make(folder: &Path) -> Result<Found, ServeError> {
    let Session { namespace, route, hand, way } = session::make()?;
    drop(route);
    let record = Record::of(&namespace, &hand, way).map_err(begin("look at the session network namespace"))?;
    record.write(folder).map_err(begin("write session.json"))?;
    Ok(Found { namespace, hand, record })
}

fn own_pid() -> i32 {
    rustix::process::getpid().as_raw_nonzero().get()
}

/// Takes the relay's thread into N.
fn enter(n: &OwnedFd) -> io::Result<()> {
    namespace::join(n.as_fd(), CloneFlags::NEWNET)?;
    // Connections for clients of the host itself all come from one address, so there have to be ports enough, and those of
    // connections that are over have to be free soon. A kernel that does not let us has fewer.
    for (name, value) in [("ip_local_port_range", "1024 65535"), ("tcp_tw_reuse", "1")] {
        let _ = std::fs::write(Path::new("/proc/sys/net/ipv4").join(name), value);
    }
    Ok(())
}

/// A command that is connected.
struct Asker {
    socket: OwnedFd,
    serial: u64,
    /// What it has had taken in.
    joined: Option<ContainerId>,
}

struct Netd {
    paths: Paths,
    folder: PathBuf,
    found: Found,
    inside: Inside,
    epoll: OwnedFd,
    members: Members,
    askers: Slots<Asker>,
    inits: Slots<(ContainerId, OwnedFd)>,
    /// The way out's helper.
    stack: Option<OwnedFd>,
    /// When the way out may be made anew.
    way_out_at: Option<Instant>,
    /// When this process has made one.
    way_out_made: Option<Instant>,
    /// What the kernel says of the host's addresses and routes.
    changes: Option<Changes>,
    /// When to look what has become of them.
    host_at: Option<Instant>,
    serial: u64,
    idle: Duration,
    idle_since: Instant,
    /// Containers that were being started when netd came back.
    unsure: Vec<ContainerId>,
    boot: String,
    space: Vec<u8>,
    /// Something was done since memory was last given back.
    is_warm: bool,
}

impl Netd {
    fn turn(&mut self, control: &OwnedFd) -> Result<(), ServeError> {
        let mut events = Vec::with_capacity(BATCH);
        loop {
            events.clear();
            let patience = self.patience().map(|wait| Timespec {
                tv_sec: i64::try_from(wait.as_secs()).unwrap_or(1),
                tv_nsec: i64::from(wait.subsec_nanos()),
            });
            match epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut events), patience.as_ref()) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(errno) => return Err(begin("wait for events")(errno.into())),
            }
            if !events.is_empty() {
                self.is_warm = true;
            } else if std::mem::take(&mut self.is_warm) {
                self.space = Vec::new();
                crate::sys::rest::rest();
            }
            for event in &events {
                let Some((subject, at, _)) = token::read(event) else { continue };
                match subject {
                    Subject::Control => self.accept(control),
                    Subject::Asker => self.hear(at),
                    Subject::Member => self.ended(at),
                    Subject::Stack => self.stack_ended(),
                    Subject::Host => self.host_changed(),
                    Subject::Datagrams | Subject::Listener | Subject::Client | Subject::Upstream => {
                        self.members.names().event(subject, at);
                    }
                }
            }
            self.members.names().tick();
            self.members.sweep();
            if self.host_at.is_some_and(|at| at <= Instant::now()) {
                self.follow_host();
            }
            self.make_way_out();
            self.make_sure();
            self.askers.recycle();
            self.inits.recycle();
            if self.is_idle() && self.idle_since.elapsed() >= self.idle && self.close(control) {
                return Ok(());
            }
        }
    }

    fn patience(&mut self) -> Option<Duration> {
        let now = Instant::now();
        let idle = self.is_idle().then(|| (self.idle_since + self.idle).saturating_duration_since(now));
        let way_out = self.way_out_at.map(|at| at.saturating_duration_since(now));
        let unsure = (!self.unsure.is_empty()).then_some(UNSURE);
        let host = self.host_at.map(|at| at.saturating_duration_since(now));
        let warm = self.is_warm.then_some(QUIET);
        [self.members.names().patience(), self.members.sweep(), idle, way_out, unsure, host, warm].into_iter().flatten().min()
    }

    /// Looks again at containers whose start was under way.
    fn make_sure(&mut self) {
        for id in std::mem::take(&mut self.unsure) {
            let Some(member) = self.members.member(&id) else { continue };
            if self.members.stage(&id) == Some(Stage::Running) {
                continue;
            }
            let starts = found::is_being_started(member);
            match found::living(member, &self.boot) {
                Some(init) => {
                    self.members.set_running(&id);
                    self.watch(id, init);
                }
                None if starts => self.unsure.push(id),
                None => self.members.remove(&id),
            }
        }
    }

    fn is_idle(&self) -> bool {
        self.members.is_empty() && self.askers.len() == 0
    }

    /// Closes for good, unless somebody has come at the last moment. Under the lock nobody starts another.
    fn close(&mut self, control: &OwnedFd) -> bool {
        let lock = File::open(self.folder.join(LOCK)).ok();
        let lock = lock.filter(|lock| rustix::fs::flock(lock, FlockOperation::NonBlockingLockExclusive).is_ok());
        self.accept(control);
        let Some(lock) = lock.filter(|_| self.is_idle()) else {
            self.idle_since = Instant::now();
            return false;
        };
        let _ = std::fs::remove_file(self.folder.join(SOCKET));
        // A container that has left all its networks may join again: its monitor keeps this N and no other.
        let others = userns::session::members(&self.paths).into_iter().filter(|member| member.pid != own_pid());
        if found::find(&self.folder, others).is_none() {
            let _ = std::fs::remove_file(self.folder.join("session.json"));
        }
        // It is given back by the end of the process.
        std::mem::forget(lock);
        true
    }

    fn accept(&mut self, control: &OwnedFd) {
        while let Ok(socket) = accept_with(control, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK) {
            // The folder lets nobody else in; an open descriptor of it might.
            let own = rustix::process::geteuid().as_raw();
            if inet::peer_user(&socket).ok() != Some(own) {
                continue;
            }
            let at = self.askers.next();
            if epoll::add(&self.epoll, &socket, data(Subject::Asker, at), EventFlags::IN).is_ok() {
                self.serial += 1;
                self.askers.insert(Asker { socket, serial: self.serial, joined: None });
            }
        }
    }

    fn hear(&mut self, at: u32) {
        let Some(asker) = self.askers.get_mut(at) else { return };
        self.space.resize(PACKET_BYTES, 0);
        match packet::receive(asker.socket.as_fd(), &mut self.space) {
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
            Err(_) | Ok(([], _)) => self.hang_up(at),
            Ok((text, fds)) => {
                let request = serde_json::from_slice(text);
                let answered = match request {
                    Ok(request) => self.answer(at, request, fds),
                    Err(error) => self.say(at, &Answer::Refused(Refusal::Misunderstood { reason: error.to_string() }), &[]),
                };
                if answered.is_err() {
                    self.hang_up(at);
                }
            }
        }
    }

    /// A command is gone: what it had taken in and did not start goes with it.
    fn hang_up(&mut self, at: u32) {
        let Some(asker) = self.askers.remove(at) else { return };
        if let Some(id) = asker.joined
            && self.members.stage(&id) == Some(Stage::Starting { asker: asker.serial })
        {
            self.members.remove(&id);
        }
        self.idle_since = Instant::now();
    }

    fn answer(&mut self, at: u32, request: Request, fds: Vec<OwnedFd>) -> io::Result<()> {
        match request {
            Request::Join(member) => self.join(at, member),
            Request::Running => {
                let answer = self.running(at, fds);
                self.say(at, &answer, &[])
            }
            Request::Withdraw(id) => {
                for watched in self.inits.those(|(watched, _)| *watched == id) {
                    self.inits.remove(watched);
                }
                self.members.remove(&id);
                self.say(at, &Answer::Done, &[])
            }
            Request::Ports => {
                let (bound, lost) = self.members.ports();
                self.say(at, &Answer::Ports { bound, lost }, &[])
            }
            Request::Ping => self.say(at, &Answer::Done, &[]),
        }
    }

    fn join(&mut self, at: u32, member: Member) -> io::Result<()> {
        let Some(asker) = self.askers.get_mut(at) else { return Ok(()) };
        let id = member.id.clone();
        asker.joined = Some(id);
        let serial = asker.serial;
        if self.members.stage(&member.id).is_none() && !found::may_join(&member, &self.boot, &self.found.namespace) {
            return self.say(at, &Answer::Refused(Refusal::Homeless { container: member.name }), &[]);
        }
        if let Err(refusal) = self.members.join(member, serial) {
            return self.say(at, &Answer::Refused(refusal), &[]);
        }
        // The host may have got a network since, or a helper.
        self.follow_host();
        let route = self.inside.run(Route::open).ok_or(io::ErrorKind::BrokenPipe)??;
        let (namespace, hand) = (self.found.namespace.try_clone()?, self.found.hand.try_clone()?);
        let no_way_out = match &self.found.record.way {
            Way::Missing { reason } => Some(reason.clone()),
            _ => None,
        };
        self.say(at, &Answer::Joined { no_way_out }, &[namespace, route.into(), hand])
    }

    fn running(&mut self, at: u32, fds: Vec<OwnedFd>) -> Answer {
        let id = self.askers.get_mut(at).and_then(|asker| asker.joined.clone());
        let known = id.filter(|id| self.members.stage(id).is_some());
        let Some(id) = known else {
            return Answer::Refused(Refusal::Misunderstood { reason: "no container was taken in by this connection".to_owned() });
        };
        let Some(init) = fds.into_iter().next() else {
            return Answer::Refused(Refusal::Misunderstood { reason: "a pidfd was to come along".to_owned() });
        };
        self.members.set_running(&id);
        for watched in self.inits.those(|(watched, _)| *watched == id) {
            self.inits.remove(watched);
        }
        match self.watch(id, init) {
            true => Answer::Done,
            false => Answer::Refused(Refusal::Ended),
        }
    }

    /// Waits for the end of an init; false where that cannot be.
    fn watch(&mut self, id: ContainerId, init: OwnedFd) -> bool {
        let at = self.inits.next();
        if epoll::add(&self.epoll, &init, data(Subject::Member, at), EventFlags::IN).is_err() {
            self.members.remove(&id);
            return false;
        }
        self.inits.insert((id, init));
        true
    }

    fn ended(&mut self, at: u32) {
        if let Some((id, _)) = self.inits.remove(at) {
            self.members.remove(&id);
            self.idle_since = Instant::now();
        }
    }

    fn say(&mut self, at: u32, answer: &Answer, fds: &[OwnedFd]) -> io::Result<()> {
        let Some(asker) = self.askers.get_mut(at) else { return Ok(()) };
        let fds: Vec<_> = fds.iter().map(OwnedFd::as_fd).collect();
        packet::send(asker.socket.as_fd(), &serde_json::to_vec(answer)?, &fds)
    }
}
