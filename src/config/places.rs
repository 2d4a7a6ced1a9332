//! Where the files are that all tools for containers share, and those of Docker.
//!
//! ```text
//! ~/.config/containers/    containers.conf containers.conf.d/ registries.conf registries.conf.d/ policy.json auth.json certs.d/
//! /etc/containers/         containers.conf containers.conf.d/ registries.conf registries.conf.d/ policy.json certs.d/
//! /usr/share/containers/   containers.conf registries.conf policy.json
//! /etc/docker/certs.d/
//! $XDG_RUNTIME_DIR/containers/auth.json      ~/.docker/config.json      ~/.dockercfg
//! ~/.cache/containers/short-name-aliases.conf
//! ```

use super::env;
use super::paths::{PathsError, home};
use std::path::{Path, PathBuf};

const SYSTEM: &str = "/etc/containers";
const DISTRIBUTION: &str = "/usr/share/containers";

/// The folders and variables that say where such files are.
#[derive(Clone, Debug)]
pub struct Places {
    home: PathBuf,
    config: PathBuf,
    cache: PathBuf,
    run: Option<PathBuf>,
    docker: PathBuf,
    registries_conf: Option<PathBuf>,
    auth_file: Option<PathBuf>,
    /// `/etc/containers`; another one in tests.
    system: PathBuf,
    distribution: PathBuf,
}

impl Places {
    /// Reads `HOME`, `XDG_CONFIG_HOME`, `XDG_CACHE_HOME`, `XDG_RUNTIME_DIR`, `DOCKER_CONFIG`, `CONTAINERS_REGISTRIES_CONF` and
    /// `REGISTRY_AUTH_FILE`.
    ///
    /// # Errors
    /// No home folder can be found.
    pub fn from_env() -> Result<Self, PathsError> {
        let home = home(rustix::process::getuid().as_raw())?;
        let path = |name| env::var_os(name).map(PathBuf::from);
        Ok(Self {
            config: env::absolute_path("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config")).join("containers"),
            cache: env::absolute_path("XDG_CACHE_HOME").unwrap_or_else(|| home.join(".cache")).join("containers"),
            run: env::absolute_path("XDG_RUNTIME_DIR").map(|path| path.join("containers")),
            docker: path("DOCKER_CONFIG").unwrap_or_else(|| home.join(".docker")),
            registries_conf: path("CONTAINERS_REGISTRIES_CONF"),
            auth_file: path("REGISTRY_AUTH_FILE"),
            system: SYSTEM.into(),
            distribution: DISTRIBUTION.into(),
            home,
        })
    }

    /// Returns places below one folder, for tests.
    #[must_use]
    pub fn below(root: &Path) -> Self {
        Self {
            home: root.join("home"),
            config: root.join("home/.config/containers"),
            cache: root.join("home/.cache/containers"),
            run: Some(root.join("run/containers")),
            docker: root.join("home/.docker"),
            registries_conf: None,
            auth_file: None,
            system: root.join("etc/containers"),
            distribution: root.join("usr/share/containers"),
        }
    }

    /// The files of registries.conf that count, in the order in which later ones win: the main one, then drop-ins by name.
    #[must_use]
    pub fn registries_files(&self) -> Vec<PathBuf> {
        let mut files: Vec<_> = match &self.registries_conf {
            Some(path) => vec![path.clone()],
            None => self.first("registries.conf").into_iter().collect(),
        };
        for folder in [&self.system, &self.config] {
            files.extend(drop_ins(&folder.join("registries.conf.d")));
        }
        files
    }

    /// The files of containers.conf, in the order in which later ones win. Not all of them need to be there.
    #[must_use]
    pub fn containers_files(&self) -> Vec<PathBuf> {
        let mut files = vec![self.distribution.join("containers.conf")];
        for folder in [&self.system, &self.config] {
            files.push(folder.join("containers.conf"));
            files.extend(drop_ins(&folder.join("containers.conf.d")));
        }
        files
    }

    /// The module of containers.conf that a name stands for.
    #[must_use]
    pub fn module(&self, name: &str) -> Option<PathBuf> {
        let folders = [&self.config, &self.system, &self.distribution];
        // Of an absolute path `join` leaves nothing else.
        folders.into_iter().map(|folder| folder.join("containers.conf.modules").join(name)).find(|path| path.is_file())
    }

    /// The files of storage.conf of which the first that is there counts, and whether it is the user's own.
    #[must_use]
    pub fn storage_files(&self) -> Vec<(PathBuf, bool)> {
        let name = "storage.conf";
        vec![(self.config.join(name), true), (self.system.join(name), false), (self.distribution.join(name), false)]
    }

    /// The file into which the choice at a prompt for a short name is written.
    #[must_use]
    pub fn chosen_aliases(&self) -> PathBuf {
        self.cache.join("short-name-aliases.conf")
    }

    /// The policy.json that counts, if there is one.
    #[must_use]
    pub fn policy_file(&self) -> Option<PathBuf> {
        self.first("policy.json")
    }

    /// Folders that may have a folder of certificates named as the registry's host, the user's first.
    #[must_use]
    pub fn certificate_folders(&self) -> Vec<PathBuf> {
        vec![self.config.join("certs.d"), self.system.join("certs.d"), PathBuf::from("/etc/docker/certs.d")]
    }

    /// The file of credentials that `REGISTRY_AUTH_FILE` names: no other one counts then.
    #[must_use]
    pub fn auth_override(&self) -> Option<&Path> {
        self.auth_file.as_deref()
    }

    /// Where credentials are kept until the end of the login session.
    #[must_use]
    pub fn session_auth_file(&self) -> Option<PathBuf> {
        self.run.as_ref().map(|run| run.join("auth.json"))
    }

    /// Where credentials are kept for good.
    #[must_use]
    pub fn auth_file(&self) -> PathBuf {
        self.config.join("auth.json")
    }

    /// Docker's file of credentials.
    #[must_use]
    pub fn docker_auth_file(&self) -> PathBuf {
        self.docker.join("config.json")
    }

    /// The file that very old Docker had.
    #[must_use]
    pub fn old_docker_auth_file(&self) -> PathBuf {
        self.home.join(".dockercfg")
    }

    fn first(&self, name: &str) -> Option<PathBuf> {
        [&self.config, &self.system, &self.distribution].into_iter().map(|folder| folder.join(name)).find(|path| path.exists())
    }
}

/// The files `*.conf` of a folder, by name.
fn drop_ins(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut files: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "conf"))
        .collect();
    files.sort();
    files
}
