//! What is asked for a network: checked before anything is chosen.

use super::NetworkError;
use super::create::{NetworkRequest, SubnetRequest};
use crate::model::network::{DRIVER, IpNet, LeaseRange, Route, Subnet};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Names that mean something else after `--network`.
const MODES: [&str; 9] = ["none", "host", "bridge", "private", "slirp4netns", "pasta", "container", "ns", "default"];

/// Names of interfaces that the session's network namespace has anyway.
const TAKEN_INTERFACES: [&str; 3] = ["lo", "tap0", "default"];

/// Refuses what no network can have.
pub(super) fn check(request: &NetworkRequest) -> Result<(), NetworkError> {
    if let Some(name) = &request.name {
        if !crate::model::id::is_valid_name(name) {
            return Err(NetworkError::Name { name: name.clone() });
        }
        if MODES.contains(&name.as_str()) {
            return Err(NetworkError::NameIsMode { name: name.clone() });
        }
    }
    match request.driver.as_deref() {
        None | Some("" | DRIVER) => {}
        Some(driver @ ("macvlan" | "ipvlan")) => return Err(NetworkError::HostLink { driver: driver.to_owned() }),
        Some(driver) => return Err(NetworkError::Driver { driver: driver.to_owned() }),
    }
    let unsupported = |why| Err(NetworkError::Option { option: "--ipam-driver".to_owned(), why });
    match request.ipam_driver.as_deref() {
        None | Some("" | "host-local") => Ok(()),
        Some("dhcp") => unsupported("nobody on a bridge of the session gives addresses by DHCP: use host-local"),
        Some("none") => unsupported("a network without addresses is not made: use host-local"),
        Some(_) => unsupported("only host-local is known"),
    }
}

/// Checks the driver's options and returns them with the names that we keep, and the bridge's name where one is among them.
pub(super) fn options(given: &BTreeMap<String, String>) -> Result<(BTreeMap<String, String>, Option<String>), NetworkError> {
    let (mut kept, mut interface) = (BTreeMap::new(), None);
    for (name, value) in given {
        let bad = |why| NetworkError::Option { option: format!("{name}={value}"), why };
        let truth = match value.as_str() {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Some("true"),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Some("false"),
            _ => None,
        };
        let key = match name.as_str() {
            "mtu" | "com.docker.network.driver.mtu" => {
                let fits = value.parse().is_ok_and(|mtu: u32| mtu == 0 || (68..=65535).contains(&mtu));
                fits.then_some("mtu").ok_or_else(|| bad("it is a number of bytes from 68 to 65535"))?
            }
            "metric" => value.parse::<u32>().map(|_| "metric").map_err(|_| bad("it is a number"))?,
            "no_default_route" => truth.map(|_| "no_default_route").ok_or_else(|| bad("it is true or false"))?,
            "isolate" => {
                (truth.is_some() || value == "strict").then_some("isolate").ok_or_else(|| bad("it is true, false or strict"))?
            }
            "com.docker.network.bridge.name" => {
                interface = Some(value.clone());
                continue;
            }
            "vlan" => return Err(bad("the bridge is in the session's network namespace, where no link carries tagged frames")),
            "vrf" => return Err(bad("the session's network namespace has no routing domains")),
            "mode" if value == "managed" => continue,
            "mode" => return Err(bad("the bridge is always ours: only managed is possible")),
            "parent" | "bclim" => return Err(bad("only macvlan and ipvlan have it, which take root on the host")),
            _ => return Err(NetworkError::UnknownOption { option: name.clone() }),
        };
        let is_truth = matches!(key, "no_default_route" | "isolate");
        kept.insert(key.to_owned(), truth.filter(|_| is_truth).unwrap_or(value).to_owned());
    }
    Ok((kept, interface))
}

/// A name for an interface, as the kernel takes it (`dev_valid_name`), and not one that is there anyway.
pub(super) fn interface(name: &str) -> Result<(), NetworkError> {
    let bad = |why| Err(NetworkError::Interface { name: name.to_owned(), why });
    if name.is_empty() || name.len() > 15 {
        return bad("it has 1 to 15 bytes");
    }
    if name == "."
        || name == ".."
        || name.bytes().any(|b| b == b'/' || b == b':' || b == b'%' || b.is_ascii_whitespace() || b == 0)
    {
        return bad("it may hold neither white space nor / : %");
    }
    if TAKEN_INTERFACES.contains(&name) {
        return bad("an interface of that name is there anyway");
    }
    Ok(())
}

/// A subnet that the user chose, with its gateway and range.
pub(super) fn subnet(request: &SubnetRequest) -> Result<Subnet, NetworkError> {
    let net = request.net.trunc();
    let bad = |why| NetworkError::Subnet { subnet: request.net, why };
    if net.prefix_len() == 0 || net.addr().is_multicast() || net.addr().is_loopback() || net.addr().is_unspecified() {
        return Err(bad("containers cannot have such addresses"));
    }
    if net.max_prefix_len() - net.prefix_len() < 2 {
        return Err(bad("there is no room for a gateway and containers: take a shorter prefix"));
    }
    let mut subnet = Subnet::new(net);
    let all = subnet.usable();
    let inside = |address: IpAddr| net.contains(&address) && address >= all.start && address <= all.end;
    if let Some(gateway) = request.gateway {
        if !inside(gateway) {
            return Err(NetworkError::GatewayOutside { gateway, subnet: net });
        }
        subnet.gateway = gateway;
    }
    if let Some(range) = request.range {
        let range = LeaseRange { start: range.start.max(all.start), ..range };
        for address in [range.start, range.end] {
            if !net.contains(&address) {
                return Err(NetworkError::RangeOutside { address, subnet: net });
            }
        }
        subnet.lease_range = Some(range);
    }
    Ok(subnet)
}

/// A route for the containers: its gateway has to be in one of the subnets.
pub(super) fn routes(routes: &[Route], subnets: &[Subnet]) -> Result<(), NetworkError> {
    for route in routes {
        let bad = |why| Err(NetworkError::Route { destination: route.destination, gateway: route.gateway, why });
        if route.destination.trunc() != route.destination {
            return bad("the destination is no subnet: its address has host bits");
        }
        if route.destination.addr().is_ipv4() != route.gateway.is_ipv4() {
            return bad("the destination and the gateway are not of one family");
        }
        if !subnets.iter().any(|subnet| subnet.net.contains(&route.gateway)) {
            return bad("the gateway is in none of the network's subnets");
        }
        if subnets.iter().any(|subnet| subnet.net == route.destination) {
            return bad("the destination is the network itself");
        }
    }
    Ok(())
}

/// Reads `--ip-range`: a subnet, or the first and the last address with a dash between.
///
/// # Errors
/// It is neither.
pub fn parse_range(text: &str) -> Result<LeaseRange, NetworkError> {
    let bad = || NetworkError::Range { text: text.to_owned() };
    if let Some((start, end)) = text.split_once('-') {
        let (start, end): (IpAddr, IpAddr) = (start.parse().map_err(|_| bad())?, end.parse().map_err(|_| bad())?);
        if start.is_ipv4() != end.is_ipv4() || start > end {
            return Err(bad());
        }
        return Ok(LeaseRange { start, end });
    }
    let net: IpNet = text.parse().map_err(|_| bad())?;
    let net = net.trunc();
    // As Podman: the first address of the part is never given.
    let start = crate::model::network::following(net.network()).min(net.broadcast());
    Ok(LeaseRange { start, end: net.broadcast() })
}

/// Reads `--route`: `SUBNET,GATEWAY[,METRIC]`.
///
/// # Errors
/// It is something else.
pub fn parse_route(text: &str) -> Result<Route, NetworkError> {
    let bad = || NetworkError::RouteText { text: text.to_owned() };
    let parts: Vec<&str> = text.split(',').collect();
    let (destination, gateway, metric) = match parts[..] {
        [destination, gateway] => (destination, gateway, None),
        [destination, gateway, metric] => (destination, gateway, Some(metric.parse().map_err(|_| bad())?)),
        _ => return Err(bad()),
    };
    Ok(Route { destination: destination.parse().map_err(|_| bad())?, gateway: gateway.parse().map_err(|_| bad())?, metric })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> NetworkRequest {
        NetworkRequest { name: Some(name.to_owned()), ..NetworkRequest::default() }
    }

    #[test]
    fn a_name_is_no_mode_and_a_driver_is_ours() {
        assert!(check(&named("web_1")).is_ok());
        for bad in ["host", "bridge", "default", "pasta", "a/b", ""] {
            assert!(check(&named(bad)).is_err(), "{bad}");
        }
        for (driver, fits) in [("bridge", true), ("macvlan", false), ("overlay", false)] {
            let request = NetworkRequest { driver: Some(driver.to_owned()), ..NetworkRequest::default() };
            assert_eq!(check(&request).is_ok(), fits, "{driver}");
        }
    }

    #[test]
    fn options_are_known_and_have_sound_values() {
        let read = |name: &str, value: &str| options(&[(name.to_owned(), value.to_owned())].into());
        for (name, value, kept) in [
            ("mtu", "1400", ("mtu", "1400")),
            ("com.docker.network.driver.mtu", "9000", ("mtu", "9000")),
            ("isolate", "strict", ("isolate", "strict")),
            ("isolate", "T", ("isolate", "true")),
            ("no_default_route", "1", ("no_default_route", "true")),
            ("no_default_route", "False", ("no_default_route", "false")),
            ("metric", "1", ("metric", "1")),
        ] {
            assert_eq!(read(name, value).expect(name).0, [(kept.0.to_owned(), kept.1.to_owned())].into(), "{name}={value}");
        }
        assert_eq!(read("com.docker.network.bridge.name", "br0").expect("good"), (BTreeMap::new(), Some("br0".to_owned())));
        for (name, value) in [
            ("mtu", "abc"),
            ("mtu", "60"),
            ("isolate", "maybe"),
            ("metric", "-1"),
            ("vlan", "5"),
            ("mode", "unmanaged"),
            ("color", "red"),
        ] {
            assert!(read(name, value).is_err(), "{name}={value}");
        }
    }

    #[test]
    fn gateways_and_ranges_are_in_their_subnet() {
        let ask = |net: &str, gateway: &str, range: &str| {
            subnet(&SubnetRequest {
                net: net.parse().expect("a subnet"),
                gateway: (!gateway.is_empty()).then(|| gateway.parse().expect("an address")),
                range: (!range.is_empty()).then(|| parse_range(range).expect("a range")),
            })
        };
        let usable = |net: &str, range: &str| {
            let range = ask(net, "", range).expect("good").usable();
            format!("{}-{}", range.start, range.end)
        };
        assert_eq!(usable("10.1.0.0/24", "10.1.0.128/25"), "10.1.0.129-10.1.0.254");
        assert_eq!(usable("10.1.0.0/24", "10.1.0.10-10.1.0.20"), "10.1.0.10-10.1.0.20");
        assert_eq!(usable("10.1.0.0/24", "10.1.0.7/32"), "10.1.0.7-10.1.0.7");
        assert_eq!(ask("10.1.0.5/24", "", "").expect("good").net.to_string(), "10.1.0.0/24");
        for (net, gateway, range) in [
            ("10.1.0.0/24", "10.2.0.1", ""),
            ("10.1.0.0/24", "10.1.0.0", ""),
            ("10.1.0.0/24", "10.1.0.255", ""),
            ("10.1.0.0/24", "fd00::1", ""),
            ("10.1.0.0/24", "", "10.1.0.0/23"),
            ("10.1.0.0/24", "", "10.2.0.0/25"),
            ("10.1.0.0/31", "", ""),
            ("0.0.0.0/0", "", ""),
            ("127.0.0.0/8", "", ""),
            ("224.0.0.0/8", "", ""),
        ] {
            assert!(ask(net, gateway, range).is_err(), "{net} {gateway} {range}");
        }
        for bad in ["10.1.0.9-10.1.0.1", "10.1.0.1", "10.1.0.1-fd00::1", "x-y"] {
            assert!(parse_range(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_route_leads_over_a_neighbour() {
        let subnets = [Subnet::new("10.1.0.0/24".parse().expect("a subnet"))];
        let check = |text: &str| parse_route(text).and_then(|route| routes(&[route], &subnets));
        assert!(check("10.5.0.0/16,10.1.0.9").is_ok());
        assert_eq!(parse_route("10.5.0.0/16,10.1.0.9,7").expect("good").metric, Some(7));
        for bad in [
            "10.5.0.0/16,10.2.0.9",
            "10.5.0.1/16,10.1.0.9",
            "fd00::/64,10.1.0.9",
            "10.1.0.0/24,10.1.0.9",
            "10.5.0.0/16",
            "a,b,c,d",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn interfaces_have_names_that_the_kernel_takes() {
        assert!(interface("br-0_x.y").is_ok());
        for bad in ["", "a b", "lo", "a/b", "..", "a:b", "sixteen-letters-"] {
            assert!(interface(bad).is_err(), "{bad}");
        }
    }
}
