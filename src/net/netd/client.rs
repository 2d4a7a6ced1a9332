//! The side of the commands: finds netd, starts it where nobody answers, and asks.
//!
//! Of several commands that need it at once, one starts it: under the lock `<run>/net/lock` who comes later finds it ready. netd
//! closes under the same lock, so a request that it did not read any more is asked again of the next one.

use super::message::{Answer, Bound, Member, PACKET_BYTES, Refusal, Request};
use super::ports::{self, Listener};
use crate::config::Paths;
use crate::model::{ContainerId, Protocol};
use crate::sys::{exec, fd, packet, socket};
use crate::userns::session::{self, SessionError};
use rustix::fs::{FlockOperation, Mode, OFlags};
use std::ffi::{CString, OsStr};
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// How often a request is asked again of a netd that was there and went.
const TRIES: usize = 4;

/// Why netd does not do what it is asked.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("use {}", path.display())]
    Folder {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("start the network helper")]
    Session(#[from] SessionError),
    #[error("start the network helper")]
    Start(#[source] io::Error),
    #[error("the network helper cannot start: {text}")]
    Reported { text: String },
    #[error("ask the network helper")]
    Ask(#[source] io::Error),
    #[error("the container has too many ports and names for the network helper (write ports in a row as one range)")]
    TooMuch,
    #[error("the network helper gives no answer that makes sense")]
    Answer,
    #[error("the network helper ends again and again")]
    Gone,
}

/// What a container that starts gets.
#[derive(Debug)]
pub struct Joined {
    /// The session network namespace N. The container's monitor keeps it open.
    pub namespace: OwnedFd,
    /// A NETLINK_ROUTE socket that was made in N, and works on N from wherever it is used.
    pub route: OwnedFd,
    /// The way out of N ends when nobody holds this. The container's monitor keeps it open.
    pub hand: OwnedFd,
    /// Keeps names and ports for the container until its init is there.
    pub hold: Hold,
    /// Why there is no way out, where there is none though the host has one.
    pub no_way_out: Option<String>,
}

/// A container's names and ports, taken but not in use: dropped, they are given back.
#[derive(Debug)]
pub struct Hold(OwnedFd);

impl Hold {
    /// Says that the container's init is there. From now on its names are answered, and everything goes when it ends.
    ///
    /// Also for a process that has not forked netd nor shares its namespaces: it takes the pidfd and this connection.
    ///
    /// # Errors
    /// netd was killed since ([`ClientError::Ask`], [`ClientError::Gone`]): the whole `Join` is to be asked again.
    pub fn running(self, init: BorrowedFd<'_>) -> Result<(), ClientError> {
        let (answer, _) = exchange(&self.0, &Request::Running, &[init])?.ok_or(ClientError::Gone)?;
        expect_done(answer)
    }
}

/// Has netd take a container in, starting it where needed. The caller has to be single-threaded.
///
/// # Errors
/// A port is taken, a network cannot be set up, or netd cannot be started.
pub fn join(paths: &Paths, member: Member) -> Result<Joined, ClientError> {
    let (socket, answer, fds) = ask(paths, &Request::Join(member))?;
    match answer {
        Answer::Joined { no_way_out } => {
            let [namespace, route, hand] = <[OwnedFd; 3]>::try_from(fds).map_err(|_| ClientError::Answer)?;
            Ok(Joined { namespace, route, hand, hold: Hold(socket), no_way_out })
        }
        Answer::Refused(Refusal::PortTaken { address, protocol, owner: None }) => {
            let owner = program_at(&address, &protocol);
            Err(Refusal::PortTaken { address, protocol, owner }.into())
        }
        Answer::Refused(refusal) => Err(refusal.into()),
        _ => Err(ClientError::Answer),
    }
}

/// The user's program that has a port.
fn program_at(address: &str, protocol: &str) -> Option<String> {
    let address = address.parse().ok()?;
    let protocol = [Protocol::Tcp, Protocol::Udp].into_iter().find(|known| known.as_str() == protocol)?;
    ports::owner(&Listener { address, protocol, port: 0 })
}

/// Has netd forget a container; nothing is started for that.
///
/// # Errors
/// netd is there and does not answer.
pub fn withdraw(paths: &Paths, container: &ContainerId) -> Result<(), ClientError> {
    match socket::connect_in(&folder(paths), SOCKET) {
        Ok(socket) => match exchange(&socket, &Request::Withdraw(container.clone()), &[])? {
            Some((answer, _)) => expect_done(answer),
            None => Ok(()),
        },
        Err(_) => Ok(()),
    }
}

/// The ports of running containers that somebody else had when netd came back; nothing where it is not there.
///
/// # Errors
/// netd is there and does not answer.
pub fn lost_ports(paths: &Paths) -> Result<Vec<Bound>, ClientError> {
    let Ok(socket) = socket::connect_in(&folder(paths), SOCKET) else { return Ok(Vec::new()) };
    match exchange(&socket, &Request::Ports, &[])? {
        Some((Answer::Ports { lost }, _)) => Ok(lost),
        Some(_) => Err(ClientError::Answer),
        None => Ok(Vec::new()),
    }
}

/// Starts netd again where it was killed while containers need it. Costs one look at a folder where there are none. The
/// caller has to be single-threaded.
///
/// # Errors
/// netd is needed and cannot be started.
pub fn revive(paths: &Paths) -> Result<(), ClientError> {
    let folder = folder(paths);
    let is_needed = || std::fs::read_dir(folder.join(MEMBERS)).is_ok_and(|mut members| members.next().is_some());
    if !is_needed() || socket::connect_in(&folder, SOCKET).is_ok() {
        return Ok(());
    }
    ask(paths, &Request::Ping).map(|_| ())
}

/// `<run>/net`.
#[must_use]
pub fn folder(paths: &Paths) -> PathBuf {
    paths.run().join("net")
}

pub(super) const SOCKET: &str = "netd.sock";
pub(super) const LOCK: &str = "lock";
pub(super) const MEMBERS: &str = "members";

fn expect_done(answer: Answer) -> Result<(), ClientError> {
    match answer {
        Answer::Done => Ok(()),
        Answer::Refused(refusal) => Err(refusal.into()),
        _ => Err(ClientError::Answer),
    }
}

/// Asks until a netd answers.
fn ask(paths: &Paths, request: &Request) -> Result<(OwnedFd, Answer, Vec<OwnedFd>), ClientError> {
    for _ in 0..TRIES {
        let socket = connected(paths)?;
        if let Some((answer, fds)) = exchange(&socket, request, &[])? {
            return Ok((socket, answer, fds));
        }
    }
    Err(ClientError::Gone)
}

/// Sends one request and reads its answer; nothing where netd went away meanwhile.
fn exchange(socket: &OwnedFd, request: &Request, fds: &[BorrowedFd<'_>]) -> Result<Option<(Answer, Vec<OwnedFd>)>, ClientError> {
    let text = serde_json::to_vec(request).map_err(|error| ClientError::Ask(error.into()))?;
    if text.len() > PACKET_BYTES {
        return Err(ClientError::TooMuch);
    }
    match packet::send(socket.as_fd(), &text, fds) {
        Err(error) if is_gone(&error) => return Ok(None),
        sent => sent.map_err(ClientError::Ask)?,
    }
    let mut space = vec![0; PACKET_BYTES];
    match packet::receive(socket.as_fd(), &mut space) {
        Err(error) if is_gone(&error) => Ok(None),
        Err(error) => Err(ClientError::Ask(error)),
        Ok(([], _)) => Ok(None),
        Ok((text, fds)) => {
            let answer = serde_json::from_slice(text).map_err(|_| ClientError::Answer)?;
            Ok(Some((answer, fds)))
        }
    }
}

fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset | io::ErrorKind::NotConnected)
}

/// Connects to netd, starting it where nobody listens.
fn connected(paths: &Paths) -> Result<OwnedFd, ClientError> {
    let folder = folder(paths);
    if let Ok(socket) = socket::connect_in(&folder, SOCKET) {
        return Ok(socket);
    }
    let fail = |source| ClientError::Folder { path: folder.clone(), source };
    match std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder.join(MEMBERS)) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(fail(error)),
        _ => {}
    }
    let lock = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(folder.join(LOCK));
    let lock = lock.map_err(fail)?;
    rustix::io::retry_on_intr(|| rustix::fs::flock(&lock, FlockOperation::LockExclusive)).map_err(|errno| fail(errno.into()))?;
    // Somebody else may have started it while we waited.
    if let Ok(socket) = socket::connect_in(&folder, SOCKET) {
        return Ok(socket);
    }
    start(paths)?;
    socket::connect_in(&folder, SOCKET).map_err(ClientError::Ask)
}

/// Starts netd and returns when it listens. Under the lock.
fn start(paths: &Paths) -> Result<(), ClientError> {
    let own = crate::config::program::own();
    // It may have been deleted since, but this process is still of it.
    let program = if own.is_file() { own } else { "/proc/self/exe".into() };
    let idle = crate::config::netd::idle_milliseconds();
    let (report, report_there) = fd::pipe().map_err(ClientError::Start)?;
    let member = session::spawn(paths, |entry| {
        let error = become_netd(&program, paths, idle, report_there.as_fd(), entry);
        let _ = rustix::io::write(&report_there, format!("execute {}: {error}", program.display()).as_bytes());
        let _ = std::fs::remove_file(entry);
        125
    })?;
    drop(report_there);
    let mut text = String::new();
    File::from(report).read_to_string(&mut text).map_err(ClientError::Start)?;
    // It writes this when it listens, then closes the pipe.
    if text == READY {
        return Ok(());
    }
    let code = member.child.wait().map_err(ClientError::Start)?;
    member.forget();
    if text.is_empty() {
        text = format!("it ended with code {code}");
    }
    Err(ClientError::Reported { text })
}

/// What netd writes when it listens.
pub(super) const READY: &str = "ready";

/// Becomes netd: a session of its own, nothing of the caller's open, a fixed environment. Returns only when it cannot.
fn become_netd(program: &Path, paths: &Paths, idle: Option<u64>, report: BorrowedFd<'_>, entry: &Path) -> io::Error {
    let prepared = || -> io::Result<()> {
        fd::close_all_but(&[report])?;
        rustix::process::setsid()?;
        let null = rustix::fs::open("/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?;
        for number in 0..3 {
            fd::become_stdio(&null, number)?;
        }
        rustix::process::chdir("/")?;
        rustix::process::umask(Mode::from_raw_mode(0o077));
        crate::sys::process::default_signals();
        fd::keep_on_exec(report)
    };
    if let Err(error) = prepared() {
        return error;
    }
    let number = report.as_raw_fd().to_string();
    let idle = idle.map(|idle| idle.to_string());
    let mut words: Vec<&OsStr> = ["coracle", "internal", "netd", "--data"].map(OsStr::new).to_vec();
    words.extend([paths.data().as_os_str(), OsStr::new("--run"), paths.run().as_os_str()]);
    words.extend([OsStr::new("--report"), OsStr::new(&number), OsStr::new("--session-entry"), entry.as_os_str()]);
    if let Some(idle) = &idle {
        words.extend([OsStr::new("--idle"), OsStr::new(idle)]);
    }
    let argv: Result<Vec<CString>, _> = words.into_iter().map(|word| CString::new(word.as_bytes())).collect();
    match argv {
        Ok(argv) => exec::execve(program, &argv, &[]),
        Err(error) => error.into(),
    }
}
