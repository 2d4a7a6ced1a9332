//! `create`: from a request and an image to a row and a folder.

use super::environment::{self, EnvironmentChanges};
use super::isolation::ShareWith;
use super::ports::{self, PortsRequest};
use super::{ContainerError, devices, limits, mounts, names, rights, supervision};
use crate::engine::{Engine, EngineError};
use crate::events::Status;
use crate::image::config::{ImageConfig, Runtime};
use crate::model::id::is_valid_name;
use crate::model::{
    ContainerConfig, ContainerId, Filesystem, HealthRequest, ImageRecord, Isolation, Limits, LogDriver, Mount, NetworkMode,
    Relations, Security, Settings, Sharing, Supervision,
};
use crate::state::StateError;
use rustix::fs::FlockOperation;
use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::Path;

pub use crate::runtime::cdi::is_name as is_cdi_name;

/// What the user asks for.
#[derive(Clone, Debug, Default)]
pub struct CreateRequest {
    /// The reference as the user gave it, made full.
    pub image_name: String,
    pub name: Option<String>,
    /// The command after the image; empty: the image's.
    pub command: Vec<String>,
    /// `--entrypoint`: given and empty means none.
    pub entrypoint: Option<Vec<String>>,
    /// `NAME=value`, in order; a later one wins.
    pub env: Vec<String>,
    pub environment: EnvironmentChanges,
    pub workdir: Option<String>,
    pub user: Option<String>,
    pub hostname: Option<String>,
    pub tty: bool,
    pub stdin_open: bool,
    pub labels: BTreeMap<String, String>,
    pub mounts: Vec<Mount>,
    pub network: Option<NetworkMode>,
    pub ports: PortsRequest,
    pub auto_remove: bool,
    pub stop_signal: Option<i32>,
    pub stop_timeout: Option<u32>,
    pub log_driver: Option<LogDriver>,
    pub filesystem: Filesystem,
    pub isolation: Isolation,
    /// What of `isolation` and `network` is shared with other containers.
    pub share: ShareWith,
    pub limits: Limits,
    pub security: Security,
    pub settings: Settings,
    pub supervision: Supervision,
    pub health: HealthRequest,
    pub relations: Relations,
    /// Names or ids of containers that have to be started first.
    pub requires: Vec<String>,
    /// Remove the container that has the name.
    pub replace: bool,
    /// The terminal type of the caller; for `-t`.
    pub term: Option<String>,
    pub create_command: Vec<String>,
}

/// How often a name that is taken is drawn again.
const NAME_ATTEMPTS: usize = 32;

impl Engine {
    /// Makes a container: its folder, then its row. Nothing of it runs.
    ///
    /// # Errors
    /// The name is in use, the request does not fit the image, or the store fails.
    pub fn create(&mut self, mut request: CreateRequest, image: &ImageRecord) -> Result<ContainerConfig, EngineError> {
        self.settle_relations(&mut request)?;
        self.complete_mounts(&mut request)?;
        let _chosen = self.isolate(&mut request)?;
        self.settle_network(&mut request)?;
        let mut random = [0u8; 32];
        let given_name = request.name.clone();
        for attempt in 0.. {
            fill_random(&mut random);
            let id = ContainerId::from_bytes(&random);
            let mut extra = [0u8; 2];
            fill_random(&mut extra);
            let name = given_name.clone().unwrap_or_else(|| names::from_random(extra));
            let mut config = configure(&request, image, id, name)?;
            limits::check(&config)?;
            self.resolve_secrets(&mut config)?;
            devices::check(&mut config)?;
            match self.record(&config) {
                Err(EngineError::State(StateError::NameInUse { .. })) if self.forget_leftover(&config.name)? => {}
                Err(EngineError::State(StateError::NameInUse { .. })) if given_name.is_none() && attempt < NAME_ATTEMPTS => {}
                done => {
                    done?;
                    self.tell(&config, Status::Create);
                    return Ok(config);
                }
            }
        }
        unreachable!("the loop ends by return")
    }

    /// Makes the folder and the row. The folder is locked until the row is there, so that no sweep takes it for garbage.
    pub(super) fn record(&mut self, config: &ContainerConfig) -> Result<(), EngineError> {
        let folder = self.paths.container(&config.id);
        let lock = make_folder(&folder)?;
        let kept = rights::keep_filter(config, &folder).map_err(EngineError::from);
        let kept = kept.and_then(|()| self.keep_secrets(config, &folder));
        if let Err(error) = kept.and_then(|()| self.db.insert_container(config).map_err(EngineError::from)) {
            self.discard_folder(&folder)?;
            return Err(error);
        }
        // Only now: as long as a row names a volume, nobody removes it.
        let made = self.make_volumes_of(config);
        drop(lock);
        if made.is_err() {
            self.remove(config, None)?;
        }
        made
    }

    /// Where a name is held by the row of a container that is gone, takes the row away and says so.
    pub(super) fn forget_leftover(&mut self, name: &str) -> Result<bool, EngineError> {
        let Some(holder) = self.db.container_by_name(name)? else { return Ok(true) };
        if self.paths.container(&holder.id).exists() {
            return Ok(false);
        }
        self.db.remove_container(&holder.id)?;
        if holder.auto_remove {
            self.remove_anonymous_volumes(&holder)?;
        }
        Ok(true)
    }
}

pub(in crate::engine) fn fill_random(bytes: &mut [u8]) {
    let mut rest = bytes;
    while !rest.is_empty() {
        if let Ok(count) = rustix::rand::getrandom(&mut *rest, rustix::rand::GetRandomFlags::empty()) {
            rest = &mut rest[count..];
        }
    }
}

fn make_folder(folder: &Path) -> Result<File, ContainerError> {
    let fail = |source| ContainerError::File { action: "make folder", path: folder.to_owned(), source };
    let make = |path: &Path| std::fs::DirBuilder::new().mode(0o700).create(path);
    let lock = loop {
        make(folder).map_err(fail)?;
        if let Some(lock) = locked(folder).map_err(fail)? {
            break lock;
        }
    };
    // The overlay takes owner and mode of its root from the upper folder.
    std::fs::DirBuilder::new().mode(0o755).create(folder.join("upper")).map_err(fail)?;
    rustix::fs::chmod(folder.join("upper"), rustix::fs::Mode::from_raw_mode(0o755)).map_err(|errno| fail(errno.into()))?;
    make(&folder.join("work")).map_err(fail)?;
    Ok(lock)
}

/// Locks a folder that was just made; nothing where a sweep came in between, which took it for garbage.
fn locked(folder: &Path) -> std::io::Result<Option<File>> {
    let lock = match File::open(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    rustix::io::retry_on_intr(|| rustix::fs::flock(&lock, FlockOperation::LockExclusive))?;
    let own = lock.metadata()?.ino();
    Ok(std::fs::symlink_metadata(folder).is_ok_and(|found| found.ino() == own).then_some(lock))
}

/// Works out what a container of an image is to be; touches nothing.
///
/// # Errors
/// The request does not fit the image, or one of the two is wrong.
pub fn configure(
    request: &CreateRequest,
    image: &ImageRecord,
    id: ContainerId,
    name: String,
) -> Result<ContainerConfig, ContainerError> {
    if !is_valid_name(&name) {
        let why = "names are made of letters, digits, _ . and -, and begin with a letter or digit";
        return Err(ContainerError::Invalid { what: "the name", value: name, why });
    }
    let defaults = ImageConfig::parse(image.config.as_bytes())
        .map_err(|source| ContainerError::ImageConfig { image: image.id.short().to_owned(), source: Box::new(source) })?
        .config;
    let (entrypoint, command) = command_line(request, &defaults);
    let argv: Vec<String> = entrypoint.iter().chain(&command).cloned().collect();
    if argv.first().is_none_or(String::is_empty) {
        return Err(ContainerError::NoCommand { image: request.image_name.clone() });
    }
    let hostname = match &request.hostname {
        Some(given) => valid_hostname(given)?,
        None if request.network == Some(NetworkMode::Host) || request.isolation.uts == Sharing::Host => {
            host_name().unwrap_or_else(|| id.short().to_owned())
        }
        None => id.short().to_owned(),
    };
    let workdir = request.workdir.clone().unwrap_or_else(|| defaults.working_dir.clone());
    let workdir = if workdir.is_empty() { "/".to_owned() } else { workdir };
    if !workdir.starts_with('/') {
        return Err(ContainerError::Invalid { what: "the working directory", value: workdir, why: "it has to be absolute" });
    }
    let mut labels = defaults.labels.clone();
    labels.extend(request.labels.clone());
    let stop_signal = request.stop_signal.or_else(|| crate::model::signal::parse(&defaults.stop_signal));
    let supervision = supervision::settle(request, &supervision::Subject { id: &id, name: &name, image, defaults: &defaults })?;
    let network = request.network.clone().unwrap_or(NetworkMode::None);
    let ports = ports::settle(request, &network, &defaults.exposed_ports)?;
    Ok(ContainerConfig {
        env: environment::environment(request, defaults.env, &hostname),
        id,
        name,
        image: image.id.clone(),
        image_name: request.image_name.clone(),
        created_at: crate::sys::stamp::now(),
        argv,
        entrypoint,
        command,
        workdir,
        make_workdir: request.workdir.is_none(),
        user: request.user.clone().unwrap_or(defaults.user),
        hostname,
        tty: request.tty,
        stdin_open: request.stdin_open,
        labels,
        mounts: mounts::with_defaults(request, &defaults.volumes)?,
        ports,
        network,
        auto_remove: request.auto_remove,
        stop_signal: stop_signal.unwrap_or(libc::SIGTERM),
        stop_timeout: request.stop_timeout.unwrap_or(10),
        log_driver: request.log_driver.unwrap_or(LogDriver::K8sFile),
        filesystem: request.filesystem.clone(),
        isolation: request.isolation.clone(),
        limits: request.limits.clone(),
        security: request.security.clone(),
        settings: request.settings.clone(),
        supervision,
        relations: request.relations.clone(),
        create_command: request.create_command.clone(),
    })
}

/// An entrypoint of the user's takes the image's command away with the image's entrypoint.
fn command_line(request: &CreateRequest, defaults: &Runtime) -> (Vec<String>, Vec<String>) {
    match &request.entrypoint {
        Some(given) => (given.iter().filter(|word| !word.is_empty()).cloned().collect(), request.command.clone()),
        None if request.command.is_empty() => (defaults.entrypoint.clone(), defaults.cmd.clone()),
        None => (defaults.entrypoint.clone(), request.command.clone()),
    }
}

fn valid_hostname(text: &str) -> Result<String, ContainerError> {
    let good = !text.is_empty()
        && text.len() <= 64
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'));
    if good && !text.starts_with('-') {
        return Ok(text.to_owned());
    }
    Err(ContainerError::Invalid {
        what: "the host name",
        value: text.to_owned(),
        why: "it is made of at most 64 letters, digits, - . and _",
    })
}

fn host_name() -> Option<String> {
    std::fs::read_to_string("/proc/sys/kernel/hostname").ok().map(|text| text.trim().to_owned()).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(command: &[&str], entrypoint: Option<&[&str]>) -> CreateRequest {
        let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        CreateRequest { command: words(command), entrypoint: entrypoint.map(words), ..CreateRequest::default() }
    }

    #[test]
    fn commands_merge_as_in_podman() {
        let image = Runtime { entrypoint: vec!["e".into()], cmd: vec!["c".into()], ..Runtime::default() };
        let line = |request| {
            let (entrypoint, command) = command_line(&request, &image);
            [entrypoint, command].concat().join(" ")
        };
        assert_eq!(line(request(&[], None)), "e c");
        assert_eq!(line(request(&["x", "y"], None)), "e x y");
        assert_eq!(line(request(&[], Some(&["z", "-a"]))), "z -a");
        assert_eq!(line(request(&["x"], Some(&["z"]))), "z x");
        assert_eq!(line(request(&["x"], Some(&[""]))), "x");
    }

    #[test]
    fn a_host_name_holds_no_line_break() {
        assert!(valid_hostname("web-1.example").is_ok());
        for bad in ["", "a\n1.2.3.4 b", "a b", "-a", &"a".repeat(65)] {
            assert!(valid_hostname(bad).is_err(), "{bad:?}");
        }
    }
}
