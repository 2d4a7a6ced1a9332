//! A container of a bundle: what is on record, and how it fares.

use super::error::OciError;
use crate::cgroup;
use crate::engine::oci::SPEC_VERSION;
use crate::model::PidRef;
use crate::runtime::bundle::{self, Bundle, SharedRoot};
use crate::sys::members::Members;
use crate::sys::{process, stamp};
use rustix::fs::FlockOperation;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// What `state.json` holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    pub id: String,
    /// The bundle's folder, absolute.
    pub bundle: PathBuf,
    /// The root file system's.
    pub rootfs: PathBuf,
    pub init: PidRef,
    pub boot: String,
    /// Nanoseconds since the epoch.
    pub created: i64,
    pub owner: u32,
    /// The cgroup's folder.
    pub cgroup: Option<PathBuf>,
    /// It was made for this container, and goes with it.
    #[serde(default)]
    pub cgroup_made: bool,
    /// The id of its mount namespace, where the kernel does not end its processes with init.
    #[serde(default)]
    pub members: Option<u64>,
    /// Where its root is mounted, if not in a mount namespace of its own.
    #[serde(default)]
    pub shared_root: Option<SharedRoot>,
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
}

/// How a container fares (runtime.md "State").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Created,
    Running,
    Paused,
    Stopped,
}

impl Status {
    /// The specification's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Stopped => "stopped",
        }
    }

    /// Whether it has processes that a signal can reach.
    #[must_use]
    pub fn is_alive(self) -> bool {
        self != Self::Stopped
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A container that is on record.
#[derive(Clone, Debug)]
pub struct Container {
    pub(super) folder: PathBuf,
    pub record: Record,
}

impl Container {
    /// Reads the record in `folder`; nothing where there is none.
    pub(super) fn read(folder: &Path) -> Result<Option<Self>, OciError> {
        let path = folder.join("state.json");
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => return Ok(None),
            Err(source) => return Err(OciError::File { action: "read", path, source }),
        };
        let record = serde_json::from_slice(&text).map_err(|source| OciError::Record { path, source })?;
        Ok(Some(Self { folder: folder.to_owned(), record }))
    }

    /// Looks how the container fares now.
    #[must_use]
    pub fn status(&self) -> Status {
        if process::boot_id().is_ok_and(|boot| boot != self.record.boot) || !process::is_alive(self.record.init) {
            return Status::Stopped;
        }
        let frozen = self.record.cgroup.as_deref().is_some_and(cgroup::is_frozen);
        if frozen || (self.record.own_cgroup().is_none() && process::is_stopped(self.record.init)) {
            return Status::Paused;
        }
        if bundle::is_waiting(&self.folder) { Status::Created } else { Status::Running }
    }

    /// The state as the specification has it, with what other runtimes add.
    #[must_use]
    pub fn state(&self) -> serde_json::Value {
        let status = self.status();
        let pid = if status.is_alive() { self.record.init.pid } else { 0 };
        let mut state = self.record.state_of(pid, status.as_str());
        if let Some(fields) = state.as_object_mut() {
            fields.insert("rootfs".to_owned(), json!(self.record.rootfs));
            fields.insert("created".to_owned(), json!(self.created()));
            fields.insert("owner".to_owned(), json!(self.owner()));
        }
        state
    }

    /// When it was created, by RFC 3339.
    #[must_use]
    pub fn created(&self) -> String {
        String::from_utf8_lossy(&stamp::format(self.record.created)).replace("+00:00", "Z")
    }

    /// The name of the user who created it; the number where there is none.
    #[must_use]
    pub fn owner(&self) -> String {
        let uid = self.record.owner;
        crate::userns::subid::user_name(uid).unwrap_or_else(|| uid.to_string())
    }

    /// The configuration as it was when the container was created.
    pub(super) fn bundle(&self) -> Result<Bundle, OciError> {
        Ok(Bundle::reload(self.record.bundle.clone(), &self.folder.join("config.json"))?)
    }

    /// A descriptor of init; none when it has ended.
    pub(super) fn init(&self) -> Result<Option<OwnedFd>, OciError> {
        if !self.status().is_alive() {
            return Ok(None);
        }
        let fail = |source| OciError::Signal { id: self.record.id.clone(), source };
        process::open_pidfd(self.record.init).map_err(fail)
    }

    pub(super) fn wrong(&self, what: &'static str, status: Status) -> OciError {
        OciError::WrongState { id: self.record.id.clone(), what, status }
    }

    /// Takes the lock on the container's folder.
    pub(super) fn lock(&self) -> Result<OwnedFd, OciError> {
        match lock(&self.folder, FlockOperation::LockExclusive) {
            Ok(Some(lock)) => Ok(lock),
            Ok(None) => Err(OciError::Busy { id: self.record.id.clone() }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(OciError::NoSuch { id: self.record.id.clone() }),
            Err(source) => Err(OciError::File { action: "lock", path: self.folder.clone(), source }),
        }
    }
}

/// Takes the lock on a folder; nothing where it cannot be had now, `NotFound` where the folder is not there.
pub(super) fn lock(folder: &Path, operation: FlockOperation) -> io::Result<Option<OwnedFd>> {
    loop {
        let file: OwnedFd = File::open(folder)?.into();
        match rustix::fs::flock(&file, operation) {
            Ok(()) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(rustix::io::Errno::WOULDBLOCK) => return Ok(None),
            Err(errno) => return Err(errno.into()),
        }
        // Between the two another may have removed the folder and a third have made it anew.
        let (locked, there) = (rustix::fs::fstat(&file)?, rustix::fs::stat(folder)?);
        if (locked.st_dev, locked.st_ino) == (there.st_dev, there.st_ino) {
            return Ok(Some(file));
        }
    }
}

impl Record {
    /// The cgroup that holds this container and nobody else.
    pub(super) fn own_cgroup(&self) -> Option<&Path> {
        self.cgroup.as_deref().filter(|_| self.cgroup_made)
    }

    /// Its processes where the kernel does not end them with init; nobody after another boot, when the id may be somebody else's.
    pub(super) fn members(&self) -> Option<Members> {
        let is_ours = |_: &u64| process::boot_id().is_ok_and(|boot| boot == self.boot);
        self.members.filter(is_ours).map(Members::of_id)
    }

    /// The five fields of the specification's state.
    pub(super) fn state_of(&self, pid: i32, status: &str) -> serde_json::Value {
        json!({
            "ociVersion": SPEC_VERSION,
            "id": self.id,
            "status": status,
            "pid": pid,
            "bundle": self.bundle,
            "annotations": self.annotations,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

    fn record(init: PidRef) -> Record {
        Record {
            id: "c".to_owned(),
            bundle: PathBuf::from("/b"),
            rootfs: PathBuf::from("/b/rootfs"),
            init,
            boot: process::boot_id().unwrap(),
            created: 0,
            owner: 0,
            cgroup: None,
            cgroup_made: false,
            members: Some(1),
            shared_root: None,
            annotations: BTreeMap::new(),
        }
    }

    #[test]
    fn one_that_was_stopped_by_signal_is_paused() {
        let folder = tempfile::tempdir().unwrap();
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let pid = Pid::from_raw(child.id().cast_signed()).unwrap();
        kill_process(pid, Signal::STOP).unwrap();
        waitpid(Some(pid), WaitOptions::UNTRACED).unwrap();
        let mut record = record(process::pid_ref(pid.as_raw_nonzero().get()).unwrap());
        let status = |record: &Record| Container { folder: folder.path().to_owned(), record: record.clone() }.status();
        assert_eq!(status(&record), Status::Paused);
        // One of somebody else's, which is not frozen for the container.
        record.cgroup = Some(PathBuf::from("/sys/fs/cgroup/none"));
        assert_eq!(status(&record), Status::Paused);
        record.cgroup_made = true;
        assert_eq!(status(&record), Status::Running);
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(status(&record), Status::Stopped);
    }

    #[test]
    fn members_of_another_boot_are_nobodys() {
        let mut record = record(PidRef { pid: 0, start: 0 });
        assert!(record.members().is_some());
        record.boot = "another".to_owned();
        assert!(record.members().is_none());
    }

    #[test]
    fn a_lock_is_on_the_folder_that_is_there() {
        let temp = tempfile::tempdir().unwrap();
        let folder = temp.path().join("c");
        let missing = lock(&folder, FlockOperation::LockExclusive).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
        std::fs::create_dir(&folder).unwrap();
        let held = lock(&folder, FlockOperation::LockExclusive).unwrap().unwrap();
        let (began, begun) = std::sync::mpsc::channel();
        let waiting = std::thread::spawn({
            let folder = folder.clone();
            move || {
                began.send(()).unwrap();
                lock(&folder, FlockOperation::LockExclusive)
            }
        });
        begun.recv().unwrap();
        std::fs::rename(&folder, temp.path().join("away")).unwrap();
        std::fs::create_dir(&folder).unwrap();
        drop(held);
        let got = waiting.join().unwrap();
        // It may have looked while there was none.
        if let Ok(got) = got {
            let got = rustix::fs::fstat(got.unwrap()).unwrap();
            assert_eq!(got.st_ino, rustix::fs::stat(&folder).unwrap().st_ino);
        }
    }
}
