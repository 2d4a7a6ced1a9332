//! `coracle network inspect`.

use crate::cli::container::targets::open_engine;
use crate::cli::error::CliError;
use crate::cli::format::Format;
use crate::cli::objects;
use crate::engine::network::{Member, NetworkReport};
use crate::model::Network;
use crate::model::network::{DRIVER, Route, Subnet};
use clap::Args;
use serde_json::{Map, Value, json};

/// Show everything about networks
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// json, or a Go template that is run for each network
    #[arg(short, long, value_name = "FORMAT")]
    format: Option<String>,
    /// Names, or beginnings of ids
    #[arg(value_name = "NETWORK", required = true)]
    networks: Vec<String>,
}

/// Prints what is found as one array, then an error for each name that is not.
///
/// # Errors
/// The template is none, or the store fails.
pub(super) fn run(args: &InspectArgs) -> Result<i32, CliError> {
    let format = args.format.as_deref().map_or(Ok(Format::Json), Format::parse)?;
    let engine = open_engine()?;
    let whole = format.names_fields();
    let found = args.networks.iter().map(|name| Ok(object(&engine.inspect_network(name)?, whole)));
    objects::show(found, format)
}

/// A network with the names that Podman has: those of its JSON, or with `fields` those of its templates.
pub(in crate::cli) fn object(report: &NetworkReport, whole: bool) -> Value {
    let (mut object, key) = if whole { (fields(&report.network), "Containers") } else { (json(&report.network), "containers") };
    let members = report.members.iter().map(|one| (one.id.clone(), member(&report.network, one, whole)));
    object[key] = members.collect::<Map<_, _>>().into();
    object
}

/// The network as Podman's JSON; what is empty is left out as there.
pub(super) fn json(network: &Network) -> Value {
    let mut object = Map::new();
    for (key, value, always) in [
        ("name", json!(network.name), true),
        ("id", json!(network.id), true),
        ("driver", json!(DRIVER), true),
        ("network_interface", json!(network.interface), true),
        ("created", json!(created(network)), true),
        ("subnets", network.subnets.iter().map(|subnet| subnet_of(subnet, false)).collect(), true),
        ("routes", network.routes.iter().map(|route| route_of(route, false)).collect(), !network.routes.is_empty()),
        ("ipv6_enabled", json!(network.ipv6), true),
        ("internal", json!(network.internal), true),
        ("dns_enabled", json!(network.dns), true),
        ("network_dns_servers", json!(network.dns_servers), !network.dns_servers.is_empty()),
        ("labels", json!(network.labels), !network.labels.is_empty()),
        ("options", json!(network.options), !network.options.is_empty()),
        ("ipam_options", json!({ "driver": "host-local" }), true),
    ] {
        if always {
            object.insert(key.to_owned(), value);
        }
    }
    object.into()
}

/// The fields that a template may name.
pub(super) fn fields(network: &Network) -> Value {
    json!({
        "Name": network.name,
        "ID": network.id,
        "Driver": DRIVER,
        "NetworkInterface": network.interface,
        "Created": created(network),
        "Subnets": network.subnets.iter().map(|subnet| subnet_of(subnet, true)).collect::<Value>(),
        "Routes": network.routes.iter().map(|route| route_of(route, true)).collect::<Value>(),
        "IPv6Enabled": network.ipv6,
        "Internal": network.internal,
        "DNSEnabled": network.dns,
        "NetworkDNSServers": network.dns_servers,
        "Labels": network.labels,
        "Options": network.options,
        "IPAMOptions": { "driver": "host-local" },
    })
}

fn created(network: &Network) -> String {
    jiff::Timestamp::from_nanosecond(i128::from(network.created_at)).unwrap_or_default().to_string()
}

/// Picks the name of a field: that of templates or that of the JSON.
fn name(whole: bool, field: &str, key: &str) -> String {
    if whole { field.to_owned() } else { key.to_owned() }
}

fn subnet_of(subnet: &Subnet, whole: bool) -> Value {
    let mut object = Map::new();
    object.insert(name(whole, "Subnet", "subnet"), json!(subnet.net));
    object.insert(name(whole, "Gateway", "gateway"), json!(subnet.gateway));
    let range = subnet
        .lease_range
        .map(|range| json!({ (name(whole, "StartIP", "start_ip")): range.start, (name(whole, "EndIP", "end_ip")): range.end }));
    if whole || range.is_some() {
        object.insert(name(whole, "LeaseRange", "lease_range"), range.unwrap_or_default());
    }
    object.into()
}

fn route_of(route: &Route, whole: bool) -> Value {
    let mut object = Map::new();
    object.insert(name(whole, "Destination", "destination"), json!(route.destination));
    object.insert(name(whole, "Gateway", "gateway"), json!(route.gateway));
    if whole || route.metric.is_some() {
        object.insert(name(whole, "Metric", "metric"), json!(route.metric));
    }
    object.into()
}

fn member(network: &Network, member: &Member, whole: bool) -> Value {
    let subnets = member.lease.addresses.iter().map(|address| {
        let gateway = network.subnet_of(address.addr()).map(|subnet| subnet.gateway);
        json!({ (name(whole, "IPNet", "ipnet")): address, (name(whole, "Gateway", "gateway")): gateway })
    });
    let interface = json!({
        (name(whole, "Subnets", "subnets")): subnets.collect::<Value>(),
        (name(whole, "MacAddress", "mac_address")): member.lease.mac,
    });
    json!({
        (name(whole, "Name", "name")): member.name,
        (name(whole, "Interfaces", "interfaces")): { (member.interface.clone()): interface },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ContainerId;
    use crate::model::Lease;

    #[test]
    fn a_network_reads_as_podmans() {
        let mut subnet = Subnet::new("10.1.0.0/24".parse().expect("a subnet"));
        subnet.lease_range = Some(crate::engine::network::parse_range("10.1.0.10-10.1.0.20").expect("a range"));
        let network = Network { name: "n".into(), id: "ab".repeat(32), subnets: vec![subnet], dns: true, ..Network::default() };
        let id = ContainerId::from_bytes(&[7; 32]);
        let lease = Lease {
            network: "n".into(),
            container: id.clone(),
            addresses: vec!["10.1.0.11/24".parse().expect("an address")],
            mac: "92:d0:c6:0a:29:33".parse().expect("an address"),
        };
        let member = Member { id: id.to_string(), name: "web".into(), interface: "eth0".into(), lease };
        let report = NetworkReport { network, members: vec![member] };
        let wanted = json!({
            "name": "n", "id": "ab".repeat(32), "driver": "bridge", "network_interface": "", "created": "1970-01-01T00:00:00Z",
            "subnets": [{ "subnet": "10.1.0.0/24", "gateway": "10.1.0.1", "lease_range": { "start_ip": "10.1.0.10", "end_ip": "10.1.0.20" } }],
            "ipv6_enabled": false, "internal": false, "dns_enabled": true, "ipam_options": { "driver": "host-local" },
            "containers": { (id.to_string()): { "name": "web", "interfaces": { "eth0": {
                "subnets": [{ "ipnet": "10.1.0.11/24", "gateway": "10.1.0.1" }], "mac_address": "92:d0:c6:0a:29:33",
            } } } },
        });
        assert_eq!(object(&report, false), wanted);
        let whole = object(&report, true);
        assert_eq!(whole["Subnets"][0]["LeaseRange"]["StartIP"], "10.1.0.10");
        assert_eq!(whole["Containers"][id.as_str()]["Interfaces"]["eth0"]["Subnets"][0]["IPNet"], "10.1.0.11/24");
    }
}
