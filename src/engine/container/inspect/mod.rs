//! `inspect` of containers, with Podman's names and shapes.

mod config;
mod host_config;
mod limits;
mod mounts;
mod network;
mod ports;
mod state;

use super::rights;
use crate::engine::{Engine, EngineError};
use crate::storage::driver;
use serde_json::{Value, json};
use std::path::Path;

/// What Podman prints for a time that has not come.
const NEVER: &str = "0001-01-01T00:00:00Z";

impl Engine {
    /// Describes a container.
    ///
    /// # Errors
    /// It is not known, or the store fails.
    pub fn inspect_container(&self, name: &str) -> Result<Value, EngineError> {
        let config = self.container(name)?;
        let state = self.status(&config);
        let image = self.db.images_by_id_prefix(config.image.hex())?.pop();
        let folder = self.paths.container(&config.id);
        let file = |name: &str| folder.join(name).to_string_lossy().into_owned();
        let run_folder = self.paths.container_run(&config.id);
        let run_file = |name: &str| run_folder.join(name).to_string_lossy().into_owned();
        let layers = image.as_ref().map(|image| image.layers.as_slice()).unwrap_or_default();
        let lower: Vec<String> = layers
            .iter()
            .rev()
            .map(|layer| self.paths.layers().join(layer.hex()).join("diff").to_string_lossy().into_owned())
            .collect();
        let stacking = driver::remembered(&self.paths)?.unwrap_or_default();
        let mut driver = json!({ "UpperDir": file("upper"), "WorkDir": file("work") });
        if !lower.is_empty() {
            driver["LowerDir"] = lower.join(":").into();
        }
        let program = config.argv.first().map(String::as_str).unwrap_or_default();
        Ok(json!({
            "Id": config.id,
            "Created": time(config.created_at),
            "Path": program,
            "Args": config.argv.get(1..).unwrap_or_default(),
            "State": state::state_of(&state, self.health(&config, &state).as_ref()),
            "Image": if config.filesystem.rootfs.is_some() { "" } else { config.image.hex() },
            "ImageDigest": image.as_ref().map(|image| image.manifest.to_string()).unwrap_or_default(),
            "ImageName": config.image_name,
            "Rootfs": config.filesystem.rootfs.as_ref().map(|rootfs| rootfs.path.to_string_lossy().into_owned()).unwrap_or_default(),
            "Pod": "",
            "ResolvConfPath": run_file("resolv.conf"),
            "HostnamePath": run_file("hostname"),
            "HostsPath": run_file("hosts"),
            "PidFile": config.supervision.pidfile.as_deref().unwrap_or(Path::new("")),
            "ConmonPidFile": config.supervision.conmon_pidfile.as_deref().unwrap_or(Path::new("")),
            "StaticDir": folder.to_string_lossy(),
            "OCIRuntime": config.settings.runtime.as_ref().map_or("coracle", |runtime| runtime.name.as_str()),
            "Name": config.name,
            "RestartCount": state.restarts(),
            "Driver": "overlay",
            "MountLabel": "",
            "ProcessLabel": "",
            "AppArmorProfile": "",
            "EffectiveCaps": rights::effective(&config).names(),
            "BoundingCaps": config.security.rights().bounding.names(),
            "ExecIDs": self.sessions(&config),
            "GraphDriver": { "Name": stacking.name(), "Data": driver },
            "Mounts": mounts::mounts(&config, &self.paths),
            "Dependencies": config.relations.requires,
            "NetworkSettings": self.network_settings(&config, &state)?,
            "Namespace": "",
            "IsInfra": false,
            "IsService": false,
            "Config": config::config_of(&config),
            "HostConfig": host_config::host_config(&config, &state, &file("ctr.log")),
        }))
    }
}

/// Writes nanoseconds since the epoch in RFC 3339.
fn time(nanoseconds: i64) -> String {
    match jiff::Timestamp::from_nanosecond(i128::from(nanoseconds)) {
        Ok(moment) if nanoseconds != 0 => moment.to_string(),
        _ => NEVER.to_owned(),
    }
}
