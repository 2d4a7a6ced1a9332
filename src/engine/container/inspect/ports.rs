//! Ports, as Docker's and Podman's inspect show them: `"80/tcp": [{"HostIp": …, "HostPort": …}]`.

use crate::model::{PortMapping, Ports};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What is published.
pub(super) fn bindings(ports: &Ports) -> Value {
    let mut all: BTreeMap<(u16, &str), Vec<Value>> = BTreeMap::new();
    for mapping in &ports.published {
        for (host, container) in mapping.pairs() {
            let binding = json!({ "HostIp": host_ip(mapping), "HostPort": host.to_string() });
            all.entry((container, mapping.protocol.as_str())).or_default().push(binding);
        }
    }
    named(all.into_iter().map(|(key, bindings)| (key, Value::Array(bindings))))
}

/// What is published, and null for what is only named.
pub(super) fn all(ports: &Ports) -> Value {
    let mut all = bindings(ports);
    if let Value::Object(all) = &mut all {
        for port in &ports.exposed {
            all.entry(format!("{}/{}", port.port, port.protocol)).or_insert(Value::Null);
        }
    }
    all
}

/// `ExposedPorts`: what is named and what is published; null where there is nothing.
pub(super) fn exposed(ports: &Ports) -> Value {
    let named_ports = ports.exposed.iter().map(|port| (port.port, port.protocol.as_str()));
    let published = ports.published.iter().flat_map(|one| one.pairs().map(|(_, port)| (port, one.protocol.as_str())));
    let all: BTreeMap<(u16, &str), Value> = named_ports.chain(published).map(|key| (key, json!({}))).collect();
    if all.is_empty() { Value::Null } else { named(all.into_iter()) }
}

fn named<'a>(ports: impl Iterator<Item = ((u16, &'a str), Value)>) -> Value {
    Value::Object(ports.map(|((port, protocol), value)| (format!("{port}/{protocol}"), value)).collect::<Map<_, _>>())
}

fn host_ip(mapping: &PortMapping) -> String {
    mapping.host_ip.map_or_else(|| "0.0.0.0".to_owned(), |ip| ip.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Expose, Publish};

    #[test]
    fn ports_have_podmans_shape() {
        let published =
            ["127.0.0.1:8080:80", "9000-9001:90-91/udp"].iter().flat_map(|text| text.parse::<Publish>().expect("p").0);
        let ports =
            Ports { published: published.collect(), exposed: "80-81".parse::<Expose>().expect("expose").0, publish_all: false };
        assert_eq!(
            all(&ports).to_string(),
            r#"{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"8080"}],"90/udp":[{"HostIp":"0.0.0.0","HostPort":"9000"}],"91/udp":[{"HostIp":"0.0.0.0","HostPort":"9001"}],"81/tcp":null}"#
        );
        assert_eq!(exposed(&ports).to_string(), r#"{"80/tcp":{},"81/tcp":{},"90/udp":{},"91/udp":{}}"#);
        assert_eq!(exposed(&Ports::default()), Value::Null);
    }
}
