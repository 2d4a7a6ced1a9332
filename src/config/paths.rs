//! Where our files are.
//!
//! ```text
//! $XDG_DATA_HOME/coracle  (~/.local/share/coracle), mode 0700; `config::storage` may name another place
//!   state.db                    SQLite
//!   blobs/sha256/<hex>          manifests and image configs
//!   layers/<diffID>/diff/       an unpacked layer
//!   containers/<id>/            upper/ work/ ctr.log run.json exit.json
//!   volumes/<name>/_data/       the files of a volume
//!   events/                     the journal of events
//!   secrets/<name>/             data secret.json
//!   tmp/                        everything half done
//! $XDG_RUNTIME_DIR/coracle  (else /run/user/UID, else /tmp/coracle-UID), mode 0700
//!   session/lock                flock: who finds or makes the session user namespace
//!   session/<pid>.<start>       one empty file per living monitor
//!   containers/<id>/            attach (the monitor's socket) hosts resolv.conf hostname containerenv
//! ```

use super::storage::{StorageConf, Wanted};
use super::{accounts, env};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

/// The data folder and the runtime folder of the calling user.
#[derive(Clone, Debug)]
pub struct Paths {
    data: PathBuf,
    run: PathBuf,
    wanted: Wanted,
}

/// Why the folders cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PathsError {
    #[error("find the home folder of uid {uid}: HOME is not set and /etc/passwd has no entry (set HOME or XDG_DATA_HOME)")]
    NoHome { uid: u32 },
    #[error(transparent)]
    Storage(Box<super::storage::StorageConfError>),
    #[error("make folder {}", path.display())]
    MakeDir {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("use folder {}: it belongs to uid {owner}, not to you (remove it, or set XDG_RUNTIME_DIR)", path.display())]
    ForeignDir { path: PathBuf, owner: u32 },
}

impl Paths {
    /// Works out the folders from the environment; touches nothing but to look.
    ///
    /// `XDG_RUNTIME_DIR` counts only where it is a folder of ours: `su` and `sudo` keep that of somebody else. storage.conf and the
    /// command line may name other places.
    ///
    /// # Errors
    /// No home folder can be found, or storage.conf is wrong.
    pub fn from_env() -> Result<Self, PathsError> {
        let uid = rustix::process::getuid().as_raw();
        let conf = StorageConf::load(&super::Places::from_env()?)?;
        let data = match (conf.data, env::absolute_path("XDG_DATA_HOME")) {
            (Some(path), _) => path,
            (None, Some(path)) => path.join("coracle"),
            (None, None) => home(uid)?.join(".local/share/coracle"),
        };
        let ours = |path: &PathBuf| std::fs::metadata(path).is_ok_and(|meta| meta.is_dir() && meta.uid() == uid);
        let run = env::absolute_path("XDG_RUNTIME_DIR")
            .filter(ours)
            .or_else(|| Some(PathBuf::from(format!("/run/user/{uid}"))).filter(ours))
            .map_or_else(|| PathBuf::from(format!("/tmp/coracle-{uid}")), |path| path.join("coracle"));
        Ok(Self { data, run: conf.run.unwrap_or(run), wanted: conf.wanted })
    }

    /// Names the folders as another of our processes has found them.
    #[must_use]
    pub fn at(data: PathBuf, run: PathBuf) -> Self {
        Self { data, run, wanted: Wanted::default() }
    }

    /// Makes the folders that are missing, mode 0700, and refuses a runtime folder of somebody else.
    ///
    /// # Errors
    /// A folder cannot be made, or belongs to another user.
    pub fn prepare(&self) -> Result<(), PathsError> {
        for path in [&self.data, &self.containers(), &self.layers(), &self.blobs(), &self.tmp()] {
            make_dir(path)?;
        }
        for path in [&self.run, &self.session(), &self.run.join("containers")] {
            make_dir(path)?;
        }
        let uid = rustix::process::getuid().as_raw();
        match std::fs::symlink_metadata(&self.run) {
            Ok(meta) if meta.uid() == uid && meta.is_dir() => Ok(()),
            Ok(meta) => Err(PathsError::ForeignDir { path: self.run.clone(), owner: meta.uid() }),
            Err(source) => Err(PathsError::MakeDir { path: self.run.clone(), source }),
        }
    }

    /// How layers shall be stacked, as far as somebody says.
    #[must_use]
    pub fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    /// The data folder.
    #[must_use]
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// The runtime folder.
    #[must_use]
    pub fn run(&self) -> &Path {
        &self.run
    }

    /// The database file.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.data.join("state.db")
    }

    /// `blobs/sha256`.
    #[must_use]
    pub fn blobs(&self) -> PathBuf {
        self.data.join("blobs/sha256")
    }

    /// `layers`.
    #[must_use]
    pub fn layers(&self) -> PathBuf {
        self.data.join("layers")
    }

    /// `tmp`: everything half done.
    #[must_use]
    pub fn tmp(&self) -> PathBuf {
        self.data.join("tmp")
    }

    /// `events`: the journal.
    #[must_use]
    pub fn events(&self) -> PathBuf {
        self.data.join("events")
    }

    /// `secrets`; made with the first secret.
    #[must_use]
    pub fn secrets(&self) -> PathBuf {
        self.data.join("secrets")
    }

    /// `containers`.
    #[must_use]
    pub fn containers(&self) -> PathBuf {
        self.data.join("containers")
    }

    /// `volumes`; made with the first one.
    #[must_use]
    pub fn volumes(&self) -> PathBuf {
        self.data.join("volumes")
    }

    /// The folder of one container.
    #[must_use]
    pub fn container(&self, id: &crate::model::ContainerId) -> PathBuf {
        self.containers().join(id.as_str())
    }

    /// The runtime folder of one container: the monitor's socket.
    #[must_use]
    pub fn container_run(&self, id: &crate::model::ContainerId) -> PathBuf {
        self.run.join("containers").join(id.as_str())
    }

    /// The folder in which living monitors are listed.
    #[must_use]
    pub fn session(&self) -> PathBuf {
        self.run.join("session")
    }
}

fn make_dir(path: &Path) -> Result<(), PathsError> {
    if std::fs::symlink_metadata(path).is_ok_and(|meta| meta.is_dir()) {
        return Ok(());
    }
    // A strange umask must not take our own rights away.
    let before = rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    rustix::process::umask(before);
    made.map_err(|source| PathsError::MakeDir { path: path.to_owned(), source })
}

/// The home folder: `HOME`, else the entry of `/etc/passwd`.
pub(super) fn home(uid: u32) -> Result<PathBuf, PathsError> {
    if let Some(path) = env::absolute_path("HOME") {
        return Ok(path);
    }
    accounts::entries(&accounts::passwd())
        .find(|entry| entry.uid == uid && entry.home.starts_with('/'))
        .map(|entry| PathBuf::from(entry.home))
        .ok_or(PathsError::NoHome { uid })
}
