//! N of before: found again through the monitors that keep it.

use super::message::Member;
use crate::model::{PidRef, RunRecord};
use crate::net::session::Way;
use crate::sys::process;
use crate::sys::replace::replace;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FlockOperation, Mode, OFlags};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

/// `session.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    /// The inode of N.
    namespace: u64,
    /// The inode of the pipe whose writing end keeps the way out.
    hand: u64,
    pub(super) way: Way,
    /// The way out's helper, by pid and start time.
    pub(super) helper: Option<PidRef>,
    /// The netd that serves N.
    #[serde(default)]
    netd: Option<PidRef>,
}

/// What is kept of N.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) namespace: OwnedFd,
    pub(super) hand: OwnedFd,
    pub(super) record: Record,
}

impl Record {
    pub(super) fn of(namespace: impl AsFd, hand: impl AsFd, way: Way) -> io::Result<Self> {
        let helper = way.pid().and_then(|pid| process::pid_ref(pid).ok());
        let (namespace, hand) = (rustix::fs::fstat(namespace)?.st_ino, rustix::fs::fstat(hand)?.st_ino);
        Ok(Self { namespace, hand, way, helper, netd: own() })
    }

    /// Takes note that this process serves N now.
    pub(super) fn take_over(&mut self) {
        self.netd = own();
    }

    /// Takes note of another helper.
    pub(super) fn set_way(&mut self, way: Way) {
        self.helper = way.pid().and_then(|pid| process::pid_ref(pid).ok());
        self.way = way;
    }

    pub(super) fn write(&self, folder: &Path) -> io::Result<()> {
        replace(&folder.join("session.json"), &serde_json::to_vec(self)?)
    }
}

fn own() -> Option<PidRef> {
    process::pid_ref(rustix::process::getpid().as_raw_nonzero().get()).ok()
}

/// How long a netd that was killed may take to end.
const LAST_MOMENTS: Timespec = Timespec { tv_sec: 2, tv_nsec: 0 };

/// Waits for the end of the netd of before. One that was killed may be dying still, and what it has bound is free only then.
pub(super) fn wait_for_predecessor(folder: &Path) {
    let predecessor = read(folder).and_then(|record| record.netd).and_then(|netd| process::open_pidfd(netd).ok().flatten());
    if let Some(pidfd) = predecessor {
        // Longer than that nobody waits: what is bound still is told then.
        let _ = rustix::io::retry_on_intr(|| poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], Some(&LAST_MOMENTS)));
    }
}

fn read(folder: &Path) -> Option<Record> {
    serde_json::from_slice(&std::fs::read(folder.join("session.json")).ok()?).ok()
}

/// The init of a container that runs.
pub(super) fn living(member: &Member, boot: &str) -> Option<OwnedFd> {
    let run = run_record(member, boot)?;
    process::open_pidfd(run.init).ok()?.filter(|init| !process::has_ended(init))
}

/// Tells whether a container's monitor keeps N, where the container runs: one that was started with no network keeps none, and N would go
/// with netd.
pub(super) fn may_join(member: &Member, boot: &str, namespace: impl AsFd) -> bool {
    let Some(run) = run_record(member, boot).filter(|run| process::is_alive(run.init) && process::is_alive(run.monitor)) else {
        return true;
    };
    let Ok(stat) = rustix::fs::fstat(namespace) else { return true };
    held(run.monitor, &format!("net:[{}]", stat.st_ino), OFlags::RDONLY).is_some()
}

fn run_record(member: &Member, boot: &str) -> Option<RunRecord> {
    let bytes = std::fs::read(member.folder.join("run.json")).ok()?;
    serde_json::from_slice(&bytes).ok().filter(|run: &RunRecord| run.boot == boot)
}

/// Somebody is about to start the container: who does has its folder locked until the program runs.
pub(super) fn is_being_started(member: &Member) -> bool {
    let Ok(folder) = File::open(&member.folder) else { return false };
    rustix::fs::flock(&folder, FlockOperation::NonBlockingLockShared) == Err(Errno::WOULDBLOCK)
}

/// Opens what the record names through the descriptors of one of these processes.
pub(super) fn find(folder: &Path, monitors: impl IntoIterator<Item = PidRef>) -> Option<Found> {
    let record = read(folder)?;
    let mut monitors = monitors.into_iter();
    let (namespace, hand) = monitors.find_map(|monitor| {
        let namespace = held(monitor, &format!("net:[{}]", record.namespace), OFlags::RDONLY)?;
        let hand = held(monitor, &format!("pipe:[{}]", record.hand), OFlags::WRONLY)?;
        Some((namespace, hand))
    })?;
    Some(Found { namespace, hand, record })
}

/// Opens what a process holds, by its name in `/proc`.
fn held(process: PidRef, name: &str, flags: OFlags) -> Option<OwnedFd> {
    let fds = std::fs::read_dir(format!("/proc/{}/fd", process.pid)).ok()?;
    let fd = fds.flatten().find(|fd| std::fs::read_link(fd.path()).is_ok_and(|link| link.as_os_str() == name))?;
    let opened = rustix::fs::open(fd.path(), flags | OFlags::CLOEXEC | OFlags::NONBLOCK, Mode::empty()).ok()?;
    // Its pid could have become another's meanwhile.
    process::is_alive(process).then_some(opened)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_process_holds_is_opened_again_and_one_that_is_dying_is_waited_for() {
        what_a_process_holds_is_opened_again();
        // Not at the same time: the process that it makes has all descriptors for a moment.
        a_predecessor_that_is_dying_is_waited_for();
    }

    fn what_a_process_holds_is_opened_again() {
        let (reader, writer) = crate::sys::fd::pipe().expect("pipe");
        let namespace: OwnedFd = File::open("/proc/self/ns/net").expect("namespace").into();
        let folder = tempfile::tempdir().expect("folder");
        let own = process::pid_ref(i32::try_from(std::process::id()).expect("pid")).expect("start");
        assert!(find(folder.path(), [own]).is_none());
        let record = Record::of(&namespace, &writer, Way::Nothing).expect("record");
        record.write(folder.path()).expect("write");
        let found = find(folder.path(), [PidRef { pid: own.pid, start: 1 }, own]).expect("found");
        assert_eq!(found.record, record);
        drop((writer, namespace));
        assert_eq!(rustix::io::write(&found.hand, b"x"), Ok(1));
        assert_eq!(rustix::io::read(&reader, &mut [0; 4]), Ok(1));
        drop(found);
        assert_eq!(rustix::io::read(&reader, &mut [0; 4]), Ok(0));
        assert!(find(folder.path(), [own]).is_none());
    }

    fn a_predecessor_that_is_dying_is_waited_for() {
        let folder = tempfile::tempdir().expect("folder");
        wait_for_predecessor(folder.path());
        let (_, writer) = crate::sys::fd::pipe().expect("pipe");
        let namespace = File::open("/proc/self/ns/net").expect("namespace");
        let mut record = Record::of(&namespace, &writer, Way::Nothing).expect("record");
        let mut child = std::process::Command::new("sleep").arg("0.3").spawn().expect("a process");
        let dying = process::pid_ref(i32::try_from(child.id()).expect("pid")).expect("start");
        let pidfd = process::open_pidfd(dying).expect("pidfd").expect("it runs");
        record.netd = Some(dying);
        record.write(folder.path()).expect("write");
        wait_for_predecessor(folder.path());
        assert!(process::has_ended(&pidfd));
        child.wait().expect("its end");
        wait_for_predecessor(folder.path());
    }
}
