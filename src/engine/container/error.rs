//! What can go wrong with a container.

use super::logs::LogsError;
use crate::engine::Kind;
use crate::model::Status;
use crate::runtime::message::{Failure, Stage};
use std::io;
use std::path::PathBuf;

/// A failed use case of a container.
#[derive(Debug, thiserror::Error)]
pub enum ContainerError {
    #[error("the runtime {name} cannot have {what}: only the built-in one does that")]
    NotWithRuntime { name: String, what: &'static str },
    #[error("{action}: in this store a container is a whole copy of its image and has no layer of its own ({mend})")]
    Copied { action: &'static str, mend: &'static str },
    #[error("no command or entrypoint provided, and no CMD or ENTRYPOINT from image {image}")]
    NoCommand { image: String },
    #[error("{what} {value:?} is not valid: {why}")]
    Invalid { what: &'static str, value: String, why: &'static str },
    #[error(transparent)]
    Ports(#[from] super::ports::PortsError),
    #[error("read the config of image {image}")]
    ImageConfig {
        image: String,
        #[source]
        source: Box<crate::image::ImageError>,
    },
    #[error(
        "the ulimit {name}={wanted} is above your hard limit of {limit} (raise that in /etc/security/limits.conf, or the unit's LimitNOFILE= and its like)"
    )]
    AboveHardLimit { name: String, wanted: String, limit: String },
    #[error("the device {device}: {why}")]
    Device { device: String, why: String },
    #[error(transparent)]
    Cdi(#[from] crate::runtime::cdi::CdiError),
    #[error("use the seccomp profile {}", path.display())]
    SeccompProfile {
        path: PathBuf,
        #[source]
        source: crate::runtime::seccomp::profile::ProfileError,
    },
    #[error("build the runtime spec")]
    Spec(#[source] oci_spec::OciSpecError),
    #[error("{action} {}", path.display())]
    File {
        action: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("container {name} is {status}: {cannot}")]
    WrongState { name: String, status: Status, cannot: &'static str },
    #[error("cannot remove container {id} as it is {status}")]
    RemoveAlive { id: String, name: String, status: Status },
    #[error("{0}")]
    Launch(Failure),
    #[error("executable file {program:?} not found in $PATH of the container")]
    NotFound { program: String },
    #[error("{program:?} does not exist in the container, or the interpreter or loader that it names does not")]
    NotFoundAt { program: String },
    #[error("{program:?} cannot be executed in the container: {why}")]
    NotExecutable { program: String, why: String },
    #[error("find the program coracle-monitor beside {} (install both)", beside.display())]
    NoMonitor { beside: PathBuf },
    #[error("map the container's ids")]
    Ids(#[source] Box<crate::userns::child::ChildError>),
    #[error(transparent)]
    Logs(#[from] LogsError),
    #[error("limit the container")]
    Cgroup(#[source] Box<crate::cgroup::CgroupError>),
    #[error("{source}")]
    Limits { source: crate::model::limits::LimitError },
    #[error(
        "container {name} runs without a cgroup of its own, as it was started without limits (stop it, change its limits, start it)"
    )]
    NoCgroup { name: String },
    #[error("set up the container's network")]
    Network(#[from] crate::net::NetError),
    #[error("choose the container's network")]
    NetworkConf(#[source] Box<crate::engine::network::NetworkError>),
    #[error("the container's first process vanished before its program began")]
    Vanished,
    #[error(
        "the container's first process was killed before its program began: --memory of {bytes} bytes is probably too little (some megabytes are needed)"
    )]
    TooLittleMemory { bytes: u64 },
    #[error("container {name} has no defined healthcheck (give it one with --health-cmd)")]
    NoHealthCheck { name: String },
    #[error("container {name} was stopped while it waited to be started again")]
    StoppedMeanwhile { name: String },
    #[error("container {name} could not be started again (code {code})")]
    NotStartedAgain { name: String, code: i32 },
    #[error("signal container {name}")]
    Signal {
        name: String,
        #[source]
        source: io::Error,
    },
    #[error("{name:?} is not a valid container, cannot be used as a dependency: no such container")]
    NoDependency { name: String },
    #[error("container {name} has dependent containers which must be removed before it: {others}")]
    Required { name: String, others: String },
    #[error("pause or unpause container {name}")]
    Freezer {
        name: String,
        #[source]
        source: Box<crate::cgroup::CgroupError>,
    },
    #[error("container {name} has no cgroup and shares its pid namespace, so it cannot be paused without others")]
    NoFreezer { name: String },
    #[error("wait for container {name}")]
    Wait {
        name: String,
        #[source]
        source: io::Error,
    },
    #[error(
        "container {name} did not end within 10 seconds of SIGKILL (a process in it waits for a disk or a network file system)"
    )]
    Unkillable { name: String },
    #[error("mount the root of a container or an image here")]
    NeedsUnshare,
    #[error("give a container {option} from within a `coracle unshare` session (run the command outside of it)")]
    InsideSession { option: &'static str },
    #[error(
        "use the files of {name}: a `coracle unshare` session (process {pid}) has mounted them (run `coracle unmount {name}` there, or end it)"
    )]
    MountedElsewhere { name: String, pid: i32 },
    #[error(transparent)]
    Copy(#[from] super::copy::CopyError),
}

impl ContainerError {
    /// The kind of the failure.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::NoCommand { .. } | Self::Invalid { .. } | Self::Ids(_) | Self::Ports(_) => Kind::Invalid,
            Self::WrongState { .. } => Kind::WrongState,
            Self::NoHealthCheck { .. } | Self::NotWithRuntime { .. } | Self::Copied { .. } => Kind::Unsupported,
            Self::RemoveAlive { .. } | Self::Required { .. } => Kind::InUse,
            Self::NoDependency { .. } => Kind::NoSuch,
            Self::NotFound { .. } | Self::NotFoundAt { .. } => Kind::CommandNotFound,
            Self::NoFreezer { .. } => Kind::Unsupported,
            Self::NotExecutable { .. } => Kind::NotExecutable,
            Self::NeedsUnshare => Kind::Denied,
            Self::Copy(error) => error.kind(),
            _ => Kind::Internal,
        }
    }

    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NeedsUnshare => {
                Some("only root of your user namespace can: run the command in a `coracle unshare` session".to_owned())
            }
            Self::NoCommand { .. } => Some("name a command after the image".to_owned()),
            Self::RemoveAlive { name, .. } => {
                Some(format!("stop it with `coracle stop {name}`, or remove it with `coracle rm -f {name}`"))
            }
            Self::Required { name, .. } => Some(format!("remove it with them: `coracle rm --depend {name}`")),
            Self::NoFreezer { .. } => {
                Some("run it where cgroups are delegated to you (systemd-run --user --scope -p Delegate=yes …)".to_owned())
            }
            Self::Launch(Failure { stage: Stage::Source, errno: libc::EACCES, .. }) => {
                Some("you need search permission on every folder of that path".to_owned())
            }
            _ => None,
        }
    }

    /// Sorts what a child stage reported: a program that is missing or cannot be executed is no failure of ours.
    #[must_use]
    pub fn from_failure(failure: Failure, program: &str) -> Self {
        if failure.stage != Stage::Execute {
            return Self::Launch(failure);
        }
        let program = program.to_owned();
        match failure.errno {
            libc::ENOENT if program.contains('/') => Self::NotFoundAt { program },
            libc::ENOENT => Self::NotFound { program },
            errno => {
                let text = io::Error::from_raw_os_error(errno).to_string();
                Self::NotExecutable { program, why: text.split(" (os error").next().unwrap_or_default().to_lowercase() }
            }
        }
    }
}
