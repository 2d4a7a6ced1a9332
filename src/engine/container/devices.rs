//! Devices of the host for a container.

use super::ContainerError;
use crate::config::accounts;
use crate::model::{ContainerConfig, Device};
use crate::runtime::cdi::Registry;
use crate::runtime::spec::devices::{self, Refused};
use crate::runtime::spec::mounts::Sources;

/// Checks the devices of a new container; GPUs get the names that this machine's specs have for them.
///
/// # Errors
/// One is not there or may not be opened, or no spec describes it.
pub(super) fn check(config: &mut ContainerConfig) -> Result<(), ContainerError> {
    for device in &config.security.devices {
        devices::check(device).map_err(|refused| error(device, &refused))?;
    }
    let security = &mut config.security;
    if security.gpus.is_empty() && security.cdi_devices.is_empty() {
        return Ok(());
    }
    let registry = Registry::read(&security.cdi_folders)?;
    for name in std::mem::take(&mut security.gpus) {
        security.cdi_devices.push(registry.gpu(&name)?);
    }
    registry.give(&security.cdi_devices)?;
    Ok(())
}

/// Adds the mounts of a container's devices, as they are now; returns the variables that come with them.
///
/// # Errors
/// A spec is not there any more, or asks for what cannot be.
pub(super) fn give(config: &ContainerConfig, sources: &mut Sources) -> Result<Vec<String>, ContainerError> {
    sources.more.extend(devices::mounts(config).map_err(ContainerError::Spec)?);
    if config.security.cdi_devices.is_empty() {
        return Ok(Vec::new());
    }
    let given = Registry::read(&config.security.cdi_folders)?.give(&config.security.cdi_devices)?;
    sources.more.extend(given.mounts);
    Ok(given.variables)
}

fn error(device: &Device, refused: &Refused) -> ContainerError {
    let why = match refused {
        Refused::Missing => "there is no such file".to_owned(),
        Refused::NoDevice => "it is no device node, and no folder of them".to_owned(),
        Refused::Empty => "there are no devices in the folder that you may open".to_owned(),
        Refused::TooMuch => format!(
            "{:?} alone cannot be kept to: you may read and write it, and only root may filter the devices of a container (write :rw)",
            device.access
        ),
        Refused::Closed { uid, gid, mode } => {
            let owner = name(&accounts::passwd(), *uid);
            let group = name(&accounts::group(), *gid);
            let mend = if mode & 0o060 == 0 {
                "only its owner may".to_owned()
            } else {
                format!("join the group, as root: usermod -aG {group} USER; then log in anew, and add --group-add keep-groups")
            };
            format!(
                "you may not open it for {:?}: it belongs to {owner} and group {group}, mode {mode:04o} ({mend})",
                device.access
            )
        }
    };
    ContainerError::Device { device: device.source.display().to_string(), why }
}

/// The number where it has no name.
fn name(text: &str, id: u32) -> String {
    accounts::name_of(text, id).map_or_else(|| id.to_string(), str::to_owned)
}
