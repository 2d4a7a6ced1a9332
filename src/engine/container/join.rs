//! What a start needs of others: their namespaces, and the image's layers with other owners.

use super::ContainerError;
use super::status::State;
use crate::engine::{Engine, EngineError, session};
use crate::model::{ContainerConfig, ContainerId, DiffId, IdMap, NetworkMode, PidRef, Sharing, UserNamespace};
use crate::runtime::birth::{self, Join};
use crate::runtime::message::{Failure, Stage};
use crate::runtime::spec::OwnFile;
use crate::storage::StorageError;
use crate::storage::shifted::{self, Shifted};
use crate::sys::clone::CloneFlags;
use crate::sys::process;
use std::os::fd::OwnedFd;

/// The containers whose namespaces `config` shares.
#[must_use]
pub fn shared_with(config: &ContainerConfig) -> Vec<ContainerId> {
    let isolation = &config.isolation;
    let mut ids: Vec<ContainerId> = [&isolation.pid, &isolation.ipc, &isolation.uts, &isolation.cgroup]
        .into_iter()
        .filter_map(|sharing| if let Sharing::Container(id) = sharing { Some(id.clone()) } else { None })
        .collect();
    if let NetworkMode::Container(id) = &config.network {
        ids.push(id.clone());
    }
    if let UserNamespace::Container(id) = &isolation.userns {
        ids.push(id.clone());
    }
    ids.sort_unstable_by(|a, b| a.as_str().cmp(b.as_str()));
    ids.dedup();
    ids
}

impl Engine {
    /// Starts the containers whose namespaces are shared, where they do not run.
    pub(super) fn start_shared(&mut self, config: &ContainerConfig) -> Result<(), EngineError> {
        for id in shared_with(config) {
            let other = self.container_of(&id)?;
            if !self.status(&other).status.is_alive() {
                self.start(&other, false, None)?;
            }
        }
        Ok(())
    }

    /// Opens the namespaces that the container joins.
    pub(super) fn joins(&self, config: &ContainerConfig) -> Result<Vec<Join>, EngineError> {
        let isolation = &config.isolation;
        let network = match &config.network {
            NetworkMode::Container(id) => Sharing::Container(id.clone()),
            NetworkMode::Path(path) => Sharing::Path(path.clone()),
            _ => Sharing::Private,
        };
        let user = match &isolation.userns {
            UserNamespace::Container(id) => Sharing::Container(id.clone()),
            UserNamespace::Path(path) => Sharing::Path(path.clone()),
            _ => Sharing::Private,
        };
        let all = [
            (&isolation.pid, CloneFlags::NEWPID, "pid"),
            (&isolation.ipc, CloneFlags::NEWIPC, "ipc"),
            (&isolation.uts, CloneFlags::NEWUTS, "UTS"),
            (&isolation.cgroup, CloneFlags::NEWCGROUP, "cgroup"),
            (&network, CloneFlags::NEWNET, "network"),
            (&user, CloneFlags::NEWUSER, "user"),
        ];
        let mut joins = Vec::new();
        for (sharing, kind, word) in all {
            match sharing {
                Sharing::Private | Sharing::Host => {}
                Sharing::Container(id) => {
                    let (name, from) = self.init_of(id)?;
                    joins.push(Join { kind, from, name: format!("the {word} namespace of container {name}") });
                }
                Sharing::Path(path) => {
                    let file = std::fs::File::open(path);
                    let file = file.map_err(|source| ContainerError::File { action: "open", path: path.clone(), source })?;
                    joins.push(Join { kind, from: file.into(), name: format!("the {word} namespace {}", path.display()) });
                }
            }
        }
        Ok(joins)
    }

    /// With another container's network come its `/etc/hosts` and `/etc/resolv.conf`: the same files, so that what is changed in one is
    /// changed in both.
    pub(super) fn share_files(&self, config: &ContainerConfig, files: &mut [OwnFile]) {
        let NetworkMode::Container(id) = &config.network else { return };
        let folder = self.paths.container_run(id);
        for (target, name) in [("/etc/hosts", "hosts"), ("/etc/resolv.conf", "resolv.conf")] {
            let theirs = folder.join(name);
            if let Some(file) = files.iter_mut().find(|file| file.target == target).filter(|_| theirs.exists()) {
                file.source = theirs;
            }
        }
    }

    /// The init of the container whose shared memory this one has.
    pub(super) fn shared_memory(&self, config: &ContainerConfig) -> Result<Option<OwnedFd>, EngineError> {
        match &config.isolation.ipc {
            Sharing::Container(id) => Ok(Some(self.init_of(id)?.1)),
            _ => Ok(None),
        }
    }

    /// The name and a pidfd of the init of a container that runs.
    fn init_of(&self, id: &ContainerId) -> Result<(String, OwnedFd), EngineError> {
        let other = self.container_of(id)?;
        let state: State = self.status(&other);
        let init: Option<PidRef> = state.run.as_ref().filter(|_| state.status.is_alive()).map(|run| run.init);
        let fail = |source| ContainerError::Wait { name: other.name.clone(), source };
        let pidfd = init.map(process::open_pidfd).transpose().map_err(fail)?.flatten();
        let cannot = "its namespaces can only be shared while it runs";
        let pidfd = pidfd.ok_or_else(|| ContainerError::WrongState { name: other.name.clone(), status: state.status, cannot })?;
        Ok((other.name, pidfd))
    }

    /// The image's layers with the owners that the map wants, made where this is the first container with it.
    pub(super) fn shifted(&self, layers: &[DiffId], map: &IdMap) -> Result<Shifted, EngineError> {
        if let Some(found) = shifted::find(&self.paths, layers, map) {
            return Ok(found);
        }
        let make = || shifted::make(&self.paths, layers, map).map_err(|error| ContainerError::Launch(failure(error)).into());
        session::worker(&self.paths, &[], |_| make())?.finish()?;
        let found = shifted::find(&self.paths, layers, map);
        found.ok_or_else(|| ContainerError::Launch(Failure::text(Stage::Shift, "somebody else has removed it")).into())
    }
}

fn failure(error: StorageError) -> Failure {
    match error {
        StorageError::Io { action, path, source } => Failure::at(Stage::Shift, format!("{action} {}", path.display()))(source),
        other => Failure::text(Stage::Shift, other.to_string()),
    }
}

/// The user namespace of the container, where it is not in S.
pub(super) fn user_namespace(config: &ContainerConfig) -> Option<birth::UserNamespace> {
    let map = config.isolation.id_map.as_ref()?;
    // Where nobody is root, the first id owns the container's root folder.
    let root = |ranges: &crate::model::idmap::Ranges| {
        ranges.to_session(0).or_else(|| ranges.runs().first().map(|run| run.outside)).unwrap_or(0)
    };
    let joined = matches!(config.isolation.userns, UserNamespace::Container(_) | UserNamespace::Path(_));
    Some(birth::UserNamespace { map: map.clone(), joined, root: (root(&map.uids), root(&map.gids)) })
}

/// Tells whether the layers' owners have to be shifted for a map: not where everybody is who he is in S, nor where there is but one id.
pub(super) fn needs_shift(map: &IdMap) -> bool {
    let single = |ranges: &crate::model::idmap::Ranges| ranges.runs().iter().all(|run| run.outside == 0 && run.count == 1);
    !(map.is_identity() || single(&map.uids) && single(&map.gids))
}
