//! A container of a bundle: what is on record, and how it fares.

use super::error::OciError;
use crate::cgroup;
use crate::engine::oci::SPEC_VERSION;
use crate::model::PidRef;
use crate::runtime::bundle::{self, Bundle};
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
        if frozen || (self.record.cgroup.is_none() && process::is_stopped(self.record.init)) {
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
        lock(&self.folder, FlockOperation::LockExclusive)
            .and_then(|lock| lock.ok_or_else(|| io::ErrorKind::NotFound.into()))
            .map_err(|source| OciError::File { action: "lock", path: self.folder.clone(), source })
    }
}

/// Takes the lock on a folder; nothing where it cannot be had now.
pub(super) fn lock(folder: &Path, operation: FlockOperation) -> io::Result<Option<OwnedFd>> {
    let file: OwnedFd = File::open(folder)?.into();
    match rustix::fs::flock(&file, operation) {
        Ok(()) => Ok(Some(file)),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
        Err(errno) => Err(errno.into()),
    }
}

impl Record {
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
