//! `Mounts`.

use crate::model::BindMount;
use serde_json::{Value, json};

pub(super) fn mount(mount: &BindMount) -> Value {
    json!({
        "Type": "bind",
        "Source": mount.source.to_string_lossy(),
        "Destination": mount.target,
        "Driver": "",
        "Mode": "",
        "Options": mount_options(mount),
        "RW": !mount.read_only,
        "Propagation": mount.propagation,
    })
}

/// The options beside `ro` or `rw` and the propagation, which have fields of their own.
pub(super) fn mount_options(mount: &BindMount) -> Vec<&'static str> {
    let mut options = vec![if mount.recursive { "rbind" } else { "bind" }];
    options.extend(
        [(mount.suid, "nosuid"), (mount.dev, "nodev"), (mount.exec, "noexec")]
            .iter()
            .filter_map(|(allowed, option)| if *allowed { None } else { Some(*option) }),
    );
    options
}
