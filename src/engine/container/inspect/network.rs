//! `NetworkSettings`.

use crate::model::{ContainerConfig, NetworkMode};
use serde_json::{Value, json};

pub(super) fn network_settings(config: &ContainerConfig) -> Value {
    let mut settings = json!({
        "EndpointID": "",
        "Gateway": "",
        "IPAddress": "",
        "IPPrefixLen": 0,
        "IPv6Gateway": "",
        "GlobalIPv6Address": "",
        "GlobalIPv6PrefixLen": 0,
        "MacAddress": "",
        "Bridge": "",
        "SandboxID": "",
        "HairpinMode": false,
        "LinkLocalIPv6Address": "",
        "LinkLocalIPv6PrefixLen": 0,
        "Ports": super::ports::all(&config.ports),
        "SandboxKey": "",
        "Networks": {},
    });
    if config.network != NetworkMode::Private {
        let endpoint = json!({ "NetworkID": config.network.as_str(), "IPAddress": "", "MacAddress": "", "Aliases": [] });
        settings["Networks"] = json!({ config.network.as_str(): endpoint });
    }
    settings
}
