//! `NetworkSettings`.

use crate::engine::container::status::State;
use crate::engine::{Engine, EngineError};
use crate::model::{ContainerConfig, Lease, Network, NetworkMode};
use serde_json::{Map, Value, json};
use std::net::IpAddr;

impl Engine {
    /// Describes a container's networks: what it is joined to, and while it runs its addresses.
    pub(super) fn network_settings(&self, config: &ContainerConfig, state: &State) -> Result<Value, EngineError> {
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
        if let Some(run) = state.run.as_ref().filter(|run| config.network.is_own() && run.init.pid > 0) {
            settings["SandboxKey"] = format!("/proc/{}/ns/net", run.init.pid).into();
        }
        match &config.network {
            NetworkMode::Bridge(attachments) => {
                let leases = if state.run.is_some() { self.addresses_of(&config.id)? } else { Vec::new() };
                let mut networks = Map::new();
                for attachment in attachments {
                    let network = self.network_named(&attachment.network)?;
                    let lease = leases.iter().find(|lease| lease.network == attachment.network);
                    let addresses = addresses(network.as_ref(), lease);
                    // As in Docker: only what the default network gives stands at the top, too.
                    if attachments.len() == 1 && self.is_default_network(&attachment.network)? {
                        merge(&mut settings, &addresses);
                    }
                    let aliases: Vec<&str> = attachment.aliases.iter().map(String::as_str).chain([config.id.short()]).collect();
                    let mut endpoint = addresses;
                    let options = &attachment.options;
                    let more = json!({
                        "NetworkID": attachment.network,
                        "DriverOpts": if options.is_empty() { Value::Null } else { json!(options) },
                        "IPAMConfig": ipam(&attachment.addresses),
                        "Links": null,
                        "Aliases": aliases,
                    });
                    merge(&mut endpoint, &more);
                    networks.insert(attachment.network.clone(), endpoint);
                }
                settings["Networks"] = networks.into();
            }
            mode if mode.has_stack() => {}
            mode => {
                let endpoint = json!({ "NetworkID": mode.as_str(), "IPAddress": "", "MacAddress": "", "Aliases": [] });
                settings["Networks"] = json!({ mode.as_str(): endpoint });
            }
        }
        Ok(settings)
    }
}

/// What was given by a network, in Podman's fields; empty ones for a container that does not run.
fn addresses(network: Option<&Network>, lease: Option<&Lease>) -> Value {
    let mut endpoint = json!({
        "EndpointID": "",
        "Gateway": "",
        "IPAddress": "",
        "IPPrefixLen": 0,
        "IPv6Gateway": "",
        "GlobalIPv6Address": "",
        "GlobalIPv6PrefixLen": 0,
        "MacAddress": "",
    });
    let Some(lease) = lease else { return endpoint };
    endpoint["MacAddress"] = lease.mac.to_string().into();
    for (v6, gateway_field, address_field, length_field, more_field) in [
        (false, "Gateway", "IPAddress", "IPPrefixLen", "SecondaryIPAddresses"),
        (true, "IPv6Gateway", "GlobalIPv6Address", "GlobalIPv6PrefixLen", "SecondaryIPv6Addresses"),
    ] {
        let mut all = lease.addresses.iter().filter(|net| net.addr().is_ipv6() == v6);
        let Some(first) = all.next() else { continue };
        let subnet = network.filter(|network| !network.internal).and_then(|network| network.subnet_of(first.addr()));
        endpoint[address_field] = first.addr().to_string().into();
        endpoint[length_field] = first.prefix_len().into();
        endpoint[gateway_field] = subnet.map(|subnet| subnet.gateway.to_string()).unwrap_or_default().into();
        let more: Vec<Value> = all.map(|net| json!({ "Addr": net.addr(), "PrefixLength": net.prefix_len() })).collect();
        if !more.is_empty() {
            endpoint[more_field] = more.into();
        }
    }
    endpoint
}

/// The addresses that the user chose, in Docker's fields.
fn ipam(chosen: &[IpAddr]) -> Value {
    let mut object = Map::new();
    for address in chosen {
        let field = if address.is_ipv4() { "IPv4Address" } else { "IPv6Address" };
        object.entry(field).or_insert_with(|| address.to_string().into());
    }
    if object.is_empty() { Value::Null } else { object.into() }
}

fn merge(into: &mut Value, from: &Value) {
    for (field, value) in from.as_object().into_iter().flatten() {
        into[field.as_str()] = value.clone();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ContainerId;
    use crate::model::network::Subnet;

    #[test]
    fn the_first_address_of_a_family_stands_alone_and_the_others_behind() {
        let subnets = ["10.1.0.0/24", "10.2.0.0/24", "fd00::/64"].map(|net| Subnet::new(net.parse().expect("a subnet")));
        let network = Network { name: "n".into(), subnets: subnets.into(), ..Network::default() };
        let addresses = ["10.1.0.5/24", "10.2.0.6/24", "fd00::7/64"].map(|net| net.parse().expect("an address"));
        let lease = Lease {
            network: "n".into(),
            container: ContainerId::from_bytes(&[1; 32]),
            addresses: addresses.into(),
            mac: "92:d0:c6:0a:29:33".parse().expect("an address"),
        };
        let found = super::addresses(Some(&network), Some(&lease));
        assert_eq!(
            (&found["IPAddress"], &found["IPPrefixLen"], &found["Gateway"]),
            (&json!("10.1.0.5"), &json!(24), &json!("10.1.0.1"))
        );
        assert_eq!(found["SecondaryIPAddresses"], json!([{ "Addr": "10.2.0.6", "PrefixLength": 24 }]));
        assert_eq!((&found["GlobalIPv6Address"], &found["IPv6Gateway"]), (&json!("fd00::7"), &json!("fd00::1")));
        assert_eq!(found["MacAddress"], "92:d0:c6:0a:29:33");
        let internal = Network { internal: true, ..network };
        assert_eq!(super::addresses(Some(&internal), Some(&lease))["Gateway"], "");
        assert_eq!(super::addresses(None, None)["IPAddress"], "");
    }
}
