//! The process: what it begins with, its loop, its end.

mod commands;
mod way_out;

use super::client::{self, LOCK, MEMBERS, READY, SOCKET};
use super::dns::Names;
use super::found::{self, Found, Record};
use super::inside::Inside;
use super::members::{Members, Stage};
use super::message::{Member, PACKET_BYTES};
use super::relay::Relay;
use super::slots::Slots;
use super::token::{self, Subject, data};
use crate::config::Paths;
use crate::model::{ContainerId, with_causes};
use crate::net::NetError;
use crate::net::session::{self, Session};
use crate::sys::clone::CloneFlags;
use crate::sys::netlink::{Changes, Route};
use crate::sys::{namespace, process, socket};
use crate::userns;
use rustix::event::Timespec;
use rustix::event::epoll::{self, EventFlags};
use rustix::fs::{FlockOperation, OFlags, fcntl_setfl};
use rustix::io::Errno;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use way_out::Maker;

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
        let _ = rustix::io::write(&report, with_causes(error).as_bytes());
    }
    let _ = std::fs::remove_file(entry);
    done
}

fn run(paths: &Paths, report: &mut Option<OwnedFd>, idle: Option<Duration>) -> Result<(), ServeError> {
    let folder = client::folder(paths);
    let boot = process::boot_id().map_err(begin("read the boot id"))?;
    found::wait_for_predecessor(&folder);
    let living = living(&folder, &boot);
    // Every monitor is a member of S, also one that is not at work yet.
    let old = found::find(&folder, userns::session::members(paths));
    let is_old = old.is_some();
    let found = match old {
        Some(mut found) => {
            found.record.take_over();
            found.record.write(&folder).map_err(begin("write session.json"))?;
            found
        }
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
    // What an old namespace takes for the host's address is not known.
    let host = if is_old { None } else { session::host_address() };
    let members = Members::new(folder.join(MEMBERS), names, relay, inside.clone(), route, host);
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
        maker: None,
        waiting: Vec::new(),
        changes: None,
        // The host may have changed while nobody listened.
        host_at: is_old.then(Instant::now),
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
        // Another name is that of a file which a killed netd was about to rename.
        let is_one = entry.file_name().into_string().is_ok_and(|name| ContainerId::try_from(name).is_ok());
        let text = if is_one { std::fs::read(entry.path()).ok() } else { None };
        let member = text.and_then(|text| serde_json::from_slice::<Member>(&text).ok());
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
    /// Who makes one just now.
    maker: Option<Maker>,
    /// Commands, by place and serial number, whose answer says whether there is a way out: it is being made.
    waiting: Vec<(u32, u64)>,
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
            let patience = self.patience().and_then(|wait| Timespec::try_from(wait).ok());
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
                    Subject::WayOut => self.hear_maker(),
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
        let lock = File::open(self.folder.join(LOCK));
        if lock.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            // The runtime folder is gone, so nobody can come any more.
            return self.is_idle();
        }
        let lock = lock.ok().filter(|lock| rustix::fs::flock(lock, FlockOperation::NonBlockingLockExclusive).is_ok());
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
}
