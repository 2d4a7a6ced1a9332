//! What a container's processes may do: the filter that they get, the rights of an exec session.

use super::ContainerError;
use crate::model::{CapSet, ContainerConfig, Rights, Seccomp};
use crate::runtime::seccomp::{self, profile};
use std::path::{Path, PathBuf};

/// The image's label that holds a profile (`--seccomp-policy image`).
const IMAGE_PROFILE: &str = "io.containers.seccomp.profile";

/// The compiled profile, in the container's folder.
const FILTER: &str = "seccomp.bpf";

/// Compiles a profile of the user's or the image's into the container's folder, which is all that start and exec need of it.
///
/// # Errors
/// The profile cannot be read or makes no filter.
pub(super) fn keep_filter(config: &ContainerConfig, folder: &Path) -> Result<(), ContainerError> {
    let (text, path) = match &config.security.seccomp {
        Seccomp::Default | Seccomp::Unconfined => return Ok(()),
        Seccomp::Profile(path) => {
            let fail = |source| ContainerError::File { action: "read the seccomp profile", path: path.clone(), source };
            (std::fs::read(path).map_err(fail)?, path.clone())
        }
        Seccomp::Image => match config.labels.get(IMAGE_PROFILE) {
            Some(text) => (text.clone().into_bytes(), PathBuf::from(format!("the image's label {IMAGE_PROFILE}"))),
            None => return Ok(()),
        },
    };
    let kernel = rustix::system::uname();
    let kernel = kernel.release().to_string_lossy();
    let filter = profile::compile(&text, config.security.rights().bounding, &kernel)
        .map_err(|source| ContainerError::SeccompProfile { path, source })?;
    let path = folder.join(FILTER);
    std::fs::write(&path, filter).map_err(|source| ContainerError::File { action: "write", path, source })
}

/// The filter of a process whose bounding set is `bounding`; none where it is unconfined.
///
/// # Errors
/// The compiled profile is missing.
pub(super) fn filter(config: &ContainerConfig, folder: &Path, bounding: CapSet) -> Result<Option<Vec<u8>>, ContainerError> {
    let kept = || {
        let path = folder.join(FILTER);
        std::fs::read(&path).map_err(|source| ContainerError::File { action: "read", path, source })
    };
    match &config.security.seccomp {
        Seccomp::Unconfined => Ok(None),
        Seccomp::Profile(_) => kept().map(Some),
        Seccomp::Image if config.labels.contains_key(IMAGE_PROFILE) => kept().map(Some),
        // A privileged container has no filter unless it asks for a profile (Podman's rule).
        Seccomp::Default if config.security.privileged => Ok(None),
        Seccomp::Default | Seccomp::Image => Ok(Some(seccomp::compile(bounding))),
    }
}

/// Whether the filter is the built-in one.
pub(super) fn is_default(config: &ContainerConfig) -> bool {
    match &config.security.seccomp {
        Seccomp::Default => true,
        Seccomp::Image => !config.labels.contains_key(IMAGE_PROFILE),
        Seccomp::Unconfined | Seccomp::Profile(_) => false,
    }
}

/// What the container's first process begins with.
pub(super) fn effective(config: &ContainerConfig) -> CapSet {
    let rights = config.security.rights();
    if crate::runtime::spec::is_root(&config.user) { rights.bounding } else { rights.user }
}

/// The rights of an exec session as `user`, where one is named: what was added for the container's own user is not another's.
pub(super) fn of_session(config: &ContainerConfig, user: Option<&str>, privileged: bool) -> Rights {
    let own = config.security.rights();
    Rights {
        bounding: if privileged { CapSet::ALL } else { own.bounding },
        user: if user.is_none_or(|user| user == config.user) { own.user } else { CapSet::NONE },
    }
}
