//! Whose namespaces a new container is in, and who it is there: worked out when it is made.

use super::ContainerError;
use super::create::CreateRequest;
use crate::config::accounts;
use crate::engine::{Engine, EngineError};
use crate::model::isolation::{Account, IpcKind, MapEntry};
use crate::model::{ContainerConfig, IdMap, Isolation, NetworkMode, Sharing, UserNamespace};
use crate::userns::child::{self, Host};
use crate::userns::session;
use rustix::fs::FlockOperation;
use std::fs::File;
use std::path::{Path, PathBuf};

/// The containers whose namespaces are to be shared, by the names that the user gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShareWith {
    pub user: Option<String>,
    pub pid: Option<String>,
    pub ipc: Option<String>,
    pub uts: Option<String>,
    pub cgroup: Option<String>,
    pub network: Option<String>,
    /// `/proc/<pid>/ns/user`.
    pub user_path: Option<PathBuf>,
    /// Users of the host who are to be known in the container.
    pub host_users: Vec<String>,
}

/// Keeps two containers from choosing the same ids; to be held until the row is there.
#[derive(Debug)]
pub(super) struct Chosen(#[expect(dead_code, reason = "held for its drop")] Option<File>);

impl Engine {
    /// Finishes the request's isolation.
    pub(super) fn isolate(&self, request: &mut CreateRequest) -> Result<Chosen, EngineError> {
        if request.isolation == Isolation::default() && request.share == ShareWith::default() {
            return Ok(Chosen(None));
        }
        self.share(request)?;
        for name in std::mem::take(&mut request.share.host_users) {
            request.isolation.accounts.users.push(host_user(&name)?);
        }
        if request.isolation.userns == UserNamespace::Session {
            return Ok(Chosen(None));
        }
        if session::is_inside(&self.paths) {
            // The caller's own ids, and which are to be had, are not seen from in there.
            return Err(ContainerError::InsideSession { option: "a user namespace of its own" }.into());
        }
        self.map_ids(request)
    }

    /// Puts the ids of the other containers in the place of their names, and what is shared with a namespace.
    fn share(&self, request: &mut CreateRequest) -> Result<(), EngineError> {
        let share = request.share.clone();
        if let Some(name) = &share.pid {
            request.isolation.pid = Sharing::Container(self.container(name)?.id);
        }
        if let Some(name) = &share.ipc {
            let other = self.container(name)?;
            if other.isolation.ipc != Sharing::Private || other.isolation.ipc_kind != IpcKind::Shareable {
                let why = "its ipc namespace is not shareable (make it with --ipc=shareable)";
                return Err(ContainerError::Invalid { what: "--ipc=container:", value: name.clone(), why }.into());
            }
            request.isolation.ipc = Sharing::Container(other.id);
        }
        if let Some(name) = &share.cgroup {
            request.isolation.cgroup = Sharing::Container(self.container(name)?.id);
        }
        if let Some(name) = &share.network {
            request.network = Some(NetworkMode::Container(self.container(name)?.id));
        }
        if let Some(name) = &share.uts {
            let other = self.container(name)?;
            request.isolation.uts = Sharing::Container(other.id);
            no_own_name(request)?;
            request.hostname = Some(other.hostname);
        } else if !request.isolation.uts.is_private() {
            no_own_name(request)?;
        }
        if let Some(name) = &share.user {
            let other = self.container(name)?;
            request.isolation.id_map.clone_from(&other.isolation.id_map);
            // A container in S shares that with all others.
            request.isolation.userns = match other.isolation.id_map {
                Some(_) => UserNamespace::Container(other.id),
                None => UserNamespace::Session,
            };
        }
        Ok(())
    }

    fn map_ids(&self, request: &mut CreateRequest) -> Result<Chosen, EngineError> {
        let mut chosen = Chosen(None);
        let mode = request.isolation.userns.clone();
        if matches!(mode, UserNamespace::Container(_)) {
            return Ok(chosen);
        }
        let host = Host::of_caller();
        let mut others = Vec::new();
        if matches!(mode, UserNamespace::Auto { .. }) {
            chosen = Chosen(Some(self.lock_ids()?));
            others = self.db.containers()?.into_iter().filter_map(auto_map).collect();
        }
        let resolved = match &request.share.user_path {
            Some(path) => child::resolve(&map_of(path)?, &host, &[]),
            None => child::resolve(&mode, &host, &others),
        };
        request.isolation.id_map = resolved.map_err(|error| ContainerError::Ids(Box::new(error)))?;
        if let Some((uid, gid)) = child::kept_user(&mode, &host) {
            if request.user.is_none() {
                request.user = Some(format!("{uid}:{gid}"));
            }
            if let Some(mut account) = caller() {
                (account.uid, account.gid) = (uid, gid);
                account.home = home_inside(request, &account.home);
                request.isolation.accounts.users.insert(0, account);
            }
        }
        Ok(chosen)
    }

    fn lock_ids(&self) -> Result<File, ContainerError> {
        let path = self.paths.data().join("auto-ids.lock");
        let fail = |source| ContainerError::File { action: "lock", path: path.clone(), source };
        let file = File::create(&path).map_err(fail)?;
        rustix::io::retry_on_intr(|| rustix::fs::flock(&file, FlockOperation::LockExclusive))
            .map_err(|errno| fail(errno.into()))?;
        Ok(file)
    }
}

fn auto_map(config: ContainerConfig) -> Option<IdMap> {
    config.isolation.id_map.filter(|_| matches!(config.isolation.userns, UserNamespace::Auto { .. }))
}

fn no_own_name(request: &CreateRequest) -> Result<(), ContainerError> {
    match &request.hostname {
        Some(name) => {
            let why = "the host name belongs to the UTS namespace, which is shared (leave --hostname or --uts out)";
            Err(ContainerError::Invalid { what: "the host name", value: name.clone(), why })
        }
        None => Ok(()),
    }
}

/// The map of the user namespace `/proc/<pid>/ns/user`, whose ids have to be the caller's.
fn map_of(path: &Path) -> Result<UserNamespace, ContainerError> {
    let invalid = |why| ContainerError::Invalid { what: "--userns=ns:", value: path.display().to_string(), why };
    let process = path.to_str().and_then(|text| text.strip_suffix("/ns/user")).filter(|text| text.starts_with("/proc/"));
    let process = process.ok_or_else(|| invalid("its map can only be read of a process: write /proc/PID/ns/user"))?;
    let read = |file: &str| -> Result<Vec<MapEntry>, ContainerError> {
        let text = std::fs::read_to_string(format!("{process}/{file}")).map_err(|_| invalid("there is no such process"))?;
        let entry = |line: &str| {
            let mut numbers = line.split_ascii_whitespace().map(str::parse);
            let mut next = || numbers.next()?.ok();
            let (inside, from, count) = (next()?, next()?, next()?);
            Some(MapEntry { inside, from, count, of_host: true, extends: false, only_users: false, only_groups: false })
        };
        Ok(text.lines().filter_map(entry).collect())
    };
    Ok(UserNamespace::Map { uids: read("uid_map")?, gids: read("gid_map")? })
}

/// The user's home folder where it is mounted, else the working directory, as in Podman.
fn home_inside(request: &CreateRequest, home: &str) -> String {
    let mounted = request.mounts.iter().any(|mount| mount.target != "/" && Path::new(home).starts_with(&mount.target));
    if mounted { home.to_owned() } else { request.workdir.clone().unwrap_or_else(|| "/".to_owned()) }
}

/// The calling user's entry in the host's files.
fn caller() -> Option<Account> {
    let uid = rustix::process::getuid().as_raw();
    account(|_, found| found == uid).or_else(|| {
        let name = crate::userns::subid::user_name(uid)?;
        let gid = rustix::process::getgid().as_raw();
        Some(Account { uid, gid, group: group_name(gid), gecos: name.clone(), home: "/".into(), shell: "/bin/sh".into(), name })
    })
}

fn host_user(name: &str) -> Result<Account, ContainerError> {
    let number: Option<u32> = name.parse().ok();
    account(|found, uid| found == name || Some(uid) == number).ok_or_else(|| ContainerError::Invalid {
        what: "--hostuser",
        value: name.to_owned(),
        why: "the host's /etc/passwd has no such user",
    })
}

fn account(wanted: impl Fn(&str, u32) -> bool) -> Option<Account> {
    let passwd = accounts::passwd();
    let entry = accounts::entries(&passwd).find(|entry| wanted(entry.name, entry.uid))?;
    Some(Account {
        name: entry.name.to_owned(),
        uid: entry.uid,
        gid: entry.gid,
        group: group_name(entry.gid),
        gecos: if entry.gecos.is_empty() { entry.name.to_owned() } else { entry.gecos.to_owned() },
        home: entry.home.to_owned(),
        shell: "/bin/sh".to_owned(),
    })
}

fn group_name(gid: u32) -> String {
    accounts::name_of(&accounts::group(), gid).map_or_else(|| gid.to_string(), str::to_owned)
}
