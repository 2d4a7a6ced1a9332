//! The session user namespace S: one per user, in which every container and every work on the store happens.
//!
//! # Theory of operation
//!
//! S is owned by no process: it lives as long as somebody is in it, and every monitor is. Who is in it is listed in the
//! runtime folder, one empty file `<pid>.<start time>` each. A command that needs S takes `session/lock` (flock), looks for a
//! listed process that still lives, opens S by it (the process may be in a namespace below), and forks a child that joins S. If none
//! lives, the child is made in a new user namespace, and the two id helpers write its maps. Either way the child lists itself
//! *before* it gives the lock back (it holds the same open file as its parent), so of twenty commands that start at once the
//! first makes S and the others find it. If the parent is killed meanwhile, the child sees the end of a pipe and goes away,
//! and the lock with it.
//!
//! A command that is in S already, in a `coracle unshare` session, finds a member whose user namespace is its own, and its child is born
//! where it has to be.
//!
//! The parent stays in the host's namespaces: it is single-threaded and the helpers have to be called from there.

use super::map::{self, HelperError, Ids, WhySingle};
use crate::config::Paths;
use crate::model::PidRef;
use crate::sys::clone::{self, Child, CloneFlags};
use crate::sys::{fd, namespace, process};
use rustix::fs::FlockOperation;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Why there is no session namespace.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    #[error("use the session lock {}", path.display())]
    Lock {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error(
        "make a user namespace: this machine allows none (set user.max_user_namespaces to 15000 or so in /etc/sysctl.d/99-userns.conf, then run sysctl --system)"
    )]
    NoneAllowed,
    #[error(
        "make a user namespace: this machine keeps them from ordinary users (write kernel.unprivileged_userns_clone=1 to /etc/sysctl.d/99-userns.conf, then run sysctl --system)"
    )]
    UnprivilegedCloneOff,
    #[error(
        "make a user namespace: not permitted (inside another container, allow it there: --security-opt seccomp=unconfined, or run on the host)"
    )]
    NotPermitted,
    #[error(
        "use the user namespace: AppArmor takes every right away in it; as root, write a profile to /etc/apparmor.d/coracle:\n{profile}\nand run: apparmor_parser -r /etc/apparmor.d/coracle"
    )]
    AppArmor { profile: String },
    #[error("make a user namespace")]
    Clone(#[source] io::Error),
    #[error("run {helper} to map your subordinate ids")]
    Helper {
        helper: &'static str,
        #[source]
        source: io::Error,
    },
    #[error("map your own id in the user namespace")]
    MapSelf(#[source] io::Error),
    #[error("map your subordinate ids: {helper} refused: {message} (compare /etc/subuid and /etc/subgid with what is yours)")]
    HelperRefused { helper: &'static str, message: String },
    #[error("start a process in the session namespace")]
    Start(#[source] io::Error),
}

/// A child in S, and what was found out on the way.
#[derive(Debug)]
pub struct Member {
    pub child: Child,
    /// Set when a session was made by this call and it has but one id; to be told to the user once.
    pub why_single: Option<WhySingle>,
    entry: PathBuf,
}

impl Member {
    /// Takes the child off the list; for a child that has ended.
    pub fn forget(&self) {
        let _ = std::fs::remove_file(&self.entry);
    }
}

/// Takes a member that has ended off the list, where it could not do so itself.
pub fn strike(paths: &Paths, member: PidRef) {
    if !process::is_alive(member) {
        let _ = std::fs::remove_file(entry_path(&paths.session(), member));
    }
}

/// Takes all that have ended off the list: those that were killed could not do so themselves.
pub fn strike_the_dead(paths: &Paths) {
    for entry in std::fs::read_dir(paths.session()).into_iter().flatten().flatten() {
        if listed(&entry).is_some_and(|member| !process::is_alive(member)) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Messages from the child while the session is joined or made: one byte.
const JOINED: u8 = b'j';
const GONE: u8 = b'g';
const DENIED: u8 = b'd';
const UNMAPPED: u8 = b'u';

/// Forks a child that is in S as its root, with every capability there, and runs `body` in it.
///
/// The child is in the host's other namespaces. It is listed as a member; `body` gets the path of that entry, which whoever ends
/// last removes. The caller has to be single-threaded.
///
/// # Errors
/// The machine does not let this user have a user namespace; each variant names the mend.
pub fn spawn(paths: &Paths, body: impl FnOnce(&Path) -> i32) -> Result<Member, SessionError> {
    let folder = paths.session();
    let lock_path = folder.join("lock");
    let lock = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&lock_path);
    let fail = |source| SessionError::Lock { path: lock_path.clone(), source };
    let lock = lock.map_err(fail)?;
    rustix::io::retry_on_intr(|| rustix::fs::flock(&lock, FlockOperation::LockExclusive)).map_err(|errno| fail(errno.into()))?;
    let mut body = Some(body);
    if is_inside(paths)
        && let Some(joined) = join(&folder, &lock, None, &mut body)?
    {
        return Ok(joined);
    }
    while let Some((member, session)) = find(&folder) {
        if let Some(joined) = join(&folder, &lock, Some(&session), &mut body)? {
            return Ok(joined);
        }
        let _ = std::fs::remove_file(entry_path(&folder, member));
    }
    make(&folder, &lock, &mut body)
}

fn entry_path(folder: &Path, member: PidRef) -> PathBuf {
    folder.join(format!("{}.{}", member.pid, member.start))
}

/// Tells whether this process is root of S itself.
#[must_use]
pub fn is_inside(paths: &Paths) -> bool {
    rustix::process::geteuid().is_root() && members(paths).into_iter().any(|member| namespace::shares_user_namespace(member.pid))
}

/// The living members.
#[must_use]
pub fn members(paths: &Paths) -> Vec<PidRef> {
    let entries = std::fs::read_dir(paths.session()).into_iter().flatten().flatten();
    entries.filter_map(|entry| listed(&entry)).filter(|member| process::is_alive(*member)).collect()
}

fn listed(entry: &std::fs::DirEntry) -> Option<PidRef> {
    let name = entry.file_name();
    let (pid, start) = name.to_str()?.split_once('.')?;
    Some(PidRef { pid: pid.parse().ok()?, start: start.parse().ok()? })
}

/// Finds a living member and takes dead ones off the list; only under the lock.
fn find(folder: &Path) -> Option<(PidRef, OwnedFd)> {
    for entry in std::fs::read_dir(folder).ok()?.flatten() {
        let Some(member) = listed(&entry) else { continue };
        if !process::is_alive(member) {
            let _ = std::fs::remove_file(entry.path());
            continue;
        }
        // A member may have gone on into a namespace below S, which is not for others. One that lets nobody look at it is passed over.
        let Ok(session) = namespace::user_namespace_below(member.pid) else { continue };
        if process::is_alive(member) {
            return Some((member, session));
        }
    }
    None
}

/// Forks a child that joins the namespace `session`, or stays in the caller's own one; nothing when that cannot be.
fn join<F: FnOnce(&Path) -> i32>(
    folder: &Path,
    lock: &File,
    session: Option<&OwnedFd>,
    body: &mut Option<F>,
) -> Result<Option<Member>, SessionError> {
    let (status, report) = fd::pipe().map_err(SessionError::Start)?;
    let child = clone::spawn(CloneFlags::empty(), None, || {
        let mut report = File::from(report);
        if session.is_some_and(|session| namespace::join(session.as_fd(), CloneFlags::NEWUSER).is_err()) {
            let _ = report.write_all(&[GONE]);
            return 125;
        }
        enlist(folder, lock, report, body)
    })
    .map_err(SessionError::Start)?;
    match outcome(status) {
        Some(JOINED) => Ok(Some(member(folder, child, None)?)),
        _ => {
            let _ = child.wait();
            Ok(None)
        }
    }
}

/// Makes S: a child in a new user namespace, its maps written from outside.
fn make<F: FnOnce(&Path) -> i32>(folder: &Path, lock: &File, body: &mut Option<F>) -> Result<Member, SessionError> {
    let ids = map::available();
    let why = match &ids {
        Ids::Single(why) => Some(why.clone()),
        Ids::Ranges { .. } => None,
    };
    if let Ids::Ranges { uids, gids } = &ids {
        let mut refused = None;
        // Twice: the helpers were seen to refuse once in a great while on a busy machine.
        for _ in 0..2 {
            match make_with(folder, lock, body, |pid| map::write_with_helpers(pid, uids, gids)) {
                Ok(member) => return Ok(member),
                Err(MakeError::Session(error)) => return Err(error),
                Err(MakeError::Helper(HelperError::Broken { helper, source })) => {
                    return Err(SessionError::Helper { helper, source });
                }
                Err(MakeError::Helper(HelperError::Refused(why))) => refused = Some(why),
            }
        }
        return match refused {
            // Where setuid programs have no effect, one id is better than none, and the note says so. Else it is an error: images
            // pulled with one id lose their owners, which is not for a passing trouble.
            Some(why) if rustix::thread::no_new_privs().unwrap_or(false) => make_single(folder, lock, body, Some(why)),
            Some(WhySingle::Refused { helper, message }) => Err(SessionError::HelperRefused { helper, message }),
            why => make_single(folder, lock, body, why),
        };
    }
    make_single(folder, lock, body, why)
}

enum MakeError {
    Session(SessionError),
    Helper(HelperError),
}

fn make_with<F: FnOnce(&Path) -> i32>(
    folder: &Path,
    lock: &File,
    body: &mut Option<F>,
    write_maps: impl FnOnce(i32) -> Result<(), HelperError>,
) -> Result<Member, MakeError> {
    let start = |source| MakeError::Session(SessionError::Start(source));
    let (status, report) = fd::pipe().map_err(start)?;
    let (go, mapped) = fd::pipe().map_err(start)?;
    let mut mapped = Some(mapped);
    let child = clone::spawn(CloneFlags::NEWUSER, None, || {
        drop(mapped.take());
        let mut byte = [0];
        // The end of the pipe without a byte: the parent gave up or was killed.
        if File::from(go).read_exact(&mut byte).is_err() {
            return 125;
        }
        probe_and_enlist(folder, lock, report, body)
    })
    .map_err(|error| MakeError::Session(explain(error)))?;
    if let Err(refused) = write_maps(child.pid) {
        drop(mapped);
        let _ = child.wait();
        return Err(MakeError::Helper(refused));
    }
    if let Some(pipe) = mapped.take() {
        File::from(pipe).write_all(b"m").map_err(start)?;
    }
    settle(folder, child, status, None).map_err(MakeError::Session)
}

fn make_single<F: FnOnce(&Path) -> i32>(
    folder: &Path,
    lock: &File,
    body: &mut Option<F>,
    why: Option<WhySingle>,
) -> Result<Member, SessionError> {
    let (uid, gid) = (rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw());
    let (status, report) = fd::pipe().map_err(SessionError::Start)?;
    let child = clone::spawn(CloneFlags::NEWUSER, None, || {
        if map::write_single(uid, gid).is_err() {
            let _ = File::from(report).write_all(&[UNMAPPED]);
            return 125;
        }
        probe_and_enlist(folder, lock, report, body)
    })
    .map_err(explain)?;
    settle(folder, child, status, why)
}

/// In the child: tries a right that the first namespace of its own always has, so that a refusal is named for what it is and not
/// met at some later mount.
fn probe_and_enlist<F: FnOnce(&Path) -> i32>(folder: &Path, lock: &File, report: OwnedFd, body: &mut Option<F>) -> i32 {
    let mut report = File::from(report);
    // Without effect, but for who has CAP_SYS_CHROOT only.
    if rustix::process::chroot("/").is_err() {
        let _ = report.write_all(&[DENIED]);
        return 125;
    }
    enlist(folder, lock, report, body)
}

/// In the child: lists itself, gives the lock back, goes on.
fn enlist<F: FnOnce(&Path) -> i32>(folder: &Path, lock: &File, mut report: File, body: &mut Option<F>) -> i32 {
    let entry = process::pid_ref(rustix::process::getpid().as_raw_nonzero().get()).map(|own| entry_path(folder, own));
    let Ok(entry) = entry.and_then(|path| File::create(&path).map(|_| path)) else {
        let _ = report.write_all(&[UNMAPPED]);
        return 125;
    };
    let _ = rustix::fs::flock(lock, FlockOperation::Unlock);
    let _ = report.write_all(&[JOINED]);
    drop(report);
    body.take().map_or(125, |body| body(&entry))
}

fn outcome(status: OwnedFd) -> Option<u8> {
    let mut byte = [0];
    File::from(status).read_exact(&mut byte).ok().map(|()| byte[0])
}

fn settle(folder: &Path, child: Child, status: OwnedFd, why_single: Option<WhySingle>) -> Result<Member, SessionError> {
    let failed = match outcome(status) {
        Some(JOINED) => return member(folder, child, why_single),
        Some(DENIED) => denied(),
        Some(UNMAPPED) if apparmor_restricts() => denied(),
        _ => SessionError::MapSelf(io::Error::from(io::ErrorKind::PermissionDenied)),
    };
    let _ = child.wait();
    Err(failed)
}

fn member(folder: &Path, child: Child, why_single: Option<WhySingle>) -> Result<Member, SessionError> {
    let own = process::pid_ref(child.pid).map_err(SessionError::Start)?;
    Ok(Member { child, why_single, entry: entry_path(folder, own) })
}

fn apparmor_restricts() -> bool {
    sysctl("kernel/apparmor_restrict_unprivileged_userns") == Some(1)
}

fn sysctl(name: &str) -> Option<u64> {
    std::fs::read_to_string(Path::new("/proc/sys").join(name)).ok()?.trim().parse().ok()
}

/// A user namespace that gives no rights: Ubuntu's AppArmor does this to every program whose path has no profile.
fn denied() -> SessionError {
    if !apparmor_restricts() {
        return SessionError::NotPermitted;
    }
    let own = crate::config::program::own();
    let profile = format!(
        "abi <abi/4.0>,\ninclude <tunables/global>\nprofile coracle {} flags=(unconfined) {{\n  userns,\n  include if exists <local/coracle>\n}}",
        own.display()
    );
    SessionError::AppArmor { profile }
}

/// What a refused clone means: the limits are looked at only now, to name the mend.
fn explain(error: io::Error) -> SessionError {
    if sysctl("user/max_user_namespaces") == Some(0) {
        return SessionError::NoneAllowed;
    }
    match error.raw_os_error() {
        Some(libc::ENOSPC | libc::EUSERS) => SessionError::NoneAllowed,
        Some(libc::EPERM) if sysctl("kernel/unprivileged_userns_clone") == Some(0) => SessionError::UnprivilegedCloneOff,
        Some(libc::EPERM | libc::EACCES) if apparmor_restricts() => denied(),
        Some(libc::EPERM) => SessionError::NotPermitted,
        _ => SessionError::Clone(error),
    }
}
