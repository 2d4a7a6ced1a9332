//! Programs beside this one that a start needs: the monitor, and another runtime where one was asked for.

use super::{ContainerError, rights};
use crate::model::{ContainerConfig, OtherRuntime};
use crate::monitor::args::MonitorArgs;
use crate::runtime::external::{self, External};
use crate::runtime::init::Plan;
use rustix::fs::{Mode, OFlags, open};
use std::os::fd::{AsRawFd as _, IntoRawFd as _, OwnedFd};
use std::path::{Path, PathBuf};

/// What another runtime needs, where the container has one.
pub(super) fn runtime(config: &ContainerConfig, plan: &Plan, run_folder: &Path) -> Result<Option<External>, ContainerError> {
    let Some(OtherRuntime { name, program, flags }) = &config.settings.runtime else { return Ok(None) };
    let refused = |what| ContainerError::NotWithRuntime { name: name.clone(), what };
    if let Some(what) = external::refusal(plan) {
        return Err(refused(what));
    }
    let seccomp = match (&plan.seccomp, rights::is_default(config)) {
        (None, _) => None,
        (Some(_), true) => Some(crate::runtime::seccomp::as_profile(config.security.rights().bounding)),
        (Some(_), false) => return Err(refused("a seccomp profile of your own")),
    };
    Ok(Some(External {
        program: program.clone(),
        flags: flags.clone(),
        seccomp,
        id: config.id.to_string(),
        run_folder: run_folder.to_owned(),
    }))
}

/// The monitor's program for a new start: where it stands, else the one that `last`, a descriptor for this process alone, is open on.
pub(super) fn monitor(last: Option<OwnedFd>) -> Result<PathBuf, ContainerError> {
    match (find_monitor(), last) {
        // The number is in use until this process becomes the monitor, which closes it.
        (Err(_), Some(last)) => Ok(PathBuf::from(format!("/proc/self/fd/{}", last.into_raw_fd()))),
        (found, _) => found,
    }
}

/// Opens this very program for the monitor to keep, where it was deleted meanwhile: the monitor will find it nowhere.
pub(super) fn keep_helper(orders: &mut MonitorArgs) -> std::io::Result<Option<OwnedFd>> {
    let Some(helper) = orders.helper.as_mut().filter(|helper| !helper.program.is_file()) else { return Ok(None) };
    let own = open("/proc/self/exe", OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
    helper.file = Some(own.as_raw_fd());
    Ok(Some(own))
}

/// Finds the monitor: beside this program, or where distributions put helpers.
pub(super) fn find_monitor() -> Result<PathBuf, ContainerError> {
    let own = crate::config::program::own();
    let beside = own.parent().unwrap_or(Path::new("/")).to_owned();
    let places = [beside.clone(), beside.join("../libexec/coracle"), PathBuf::from("/usr/libexec/coracle")];
    places
        .into_iter()
        .map(|folder| folder.join(crate::monitor::args::PROGRAM))
        .find(|path| path.is_file())
        .ok_or(ContainerError::NoMonitor { beside })
}
