//! `network create` and `network update`.

use super::{NetworkError, choose, network_conf, options};
use crate::engine::container::create::fill_random;
use crate::engine::{Engine, EngineError};
use crate::events::{Status, Subject};
use crate::model::Network;
use crate::model::id::hex;
use crate::model::network::{IpNet, LeaseRange, Route, Subnet, overlap};
use crate::sys::{netlink, stamp};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// What the user asks for.
#[derive(Clone, Debug, Default)]
pub struct NetworkRequest {
    /// Nothing: the name of its bridge.
    pub name: Option<String>,
    pub driver: Option<String>,
    pub ipam_driver: Option<String>,
    /// None: one is chosen.
    pub subnets: Vec<SubnetRequest>,
    /// At least one subnet of IPv6, and one of IPv4.
    pub ipv6: bool,
    pub internal: bool,
    pub disable_dns: bool,
    pub dns_servers: Vec<IpAddr>,
    pub routes: Vec<Route>,
    pub labels: BTreeMap<String, String>,
    pub options: BTreeMap<String, String>,
    /// The name of the bridge.
    pub interface: Option<String>,
    /// A network that is there already is no error.
    pub ignore: bool,
}

/// A subnet that the user chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubnetRequest {
    pub net: IpNet,
    pub gateway: Option<IpAddr>,
    pub range: Option<LeaseRange>,
}

/// Name servers that a network gets and loses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetworkUpdate {
    pub dns_add: Vec<IpAddr>,
    pub dns_drop: Vec<IpAddr>,
}

impl Engine {
    /// Makes a network and returns its name.
    ///
    /// # Errors
    /// The name or a subnet is taken, something asked for is not possible, or no subnet is free.
    pub fn create_network(&mut self, request: &NetworkRequest) -> Result<String, EngineError> {
        options::check(request)?;
        if let Some(name) = &request.name
            && self.network_named(name)?.is_some()
        {
            return if request.ignore { Ok(name.clone()) } else { Err(NetworkError::Exists { name: name.clone() }.into()) };
        }
        let conf = network_conf()?;
        let default = self.network_named(&conf.default_network)?;
        // Before the write lock: the kernel may have many routes.
        let host = if has_both(request) { Vec::new() } else { host_routes()? };
        let network = self.db.insert_network(|others| -> Result<Network, EngineError> {
            let mut others = others.to_vec();
            others.extend(default.filter(|default| others.iter().all(|other| other.name != default.name)));
            Ok(design(request, &others, &host, &conf.pools)?)
        })?;
        self.tell_of(&Subject::network(&network.name, &network.id, None), Status::Create);
        Ok(network.name)
    }

    /// Changes the name servers of a network; containers that run follow at once.
    ///
    /// # Errors
    /// There is no such network, it has no name service, or the database or netd fails.
    pub fn update_network(&mut self, name: &str, update: &NetworkUpdate) -> Result<Network, EngineError> {
        let mut network = self.network(name)?;
        if !network.dns && !update.dns_add.is_empty() {
            return Err(NetworkError::NoNameService { name: network.name }.into());
        }
        for gone in &update.dns_drop {
            let Some(at) = network.dns_servers.iter().position(|server| server == gone) else {
                return Err(NetworkError::NoSuchServer { name: network.name, server: *gone }.into());
            };
            network.dns_servers.remove(at);
        }
        for new in &update.dns_add {
            if !network.dns_servers.contains(new) {
                network.dns_servers.push(*new);
            }
        }
        self.db.replace_network(&network)?;
        self.tell_of(&Subject::network(&network.name, &network.id, None), Status::Update);
        let mut done = Ok(());
        for config in self.users_of(&network.name)? {
            match self.reload_network(&config) {
                // Not running, or just ended: it has what is new from its next start.
                Err(
                    EngineError::Network(NetworkError::Ended { .. } | NetworkError::Reload { .. })
                    | EngineError::NoSuchContainer { .. },
                ) => {}
                reloaded => done = done.and(reloaded),
            }
        }
        done.map(|()| network)
    }
}

/// Whether every subnet that the network is to have was named.
fn has_both(request: &NetworkRequest) -> bool {
    let has = |v6: bool| request.subnets.iter().any(|subnet| subnet.net.addr().is_ipv6() == v6);
    if request.ipv6 { has(true) && has(false) } else { !request.subnets.is_empty() }
}

/// Where the host's routes lead, other than to itself.
fn host_routes() -> Result<Vec<IpNet>, NetworkError> {
    let routes = netlink::Route::open().and_then(|route| route.destinations());
    let routes = routes.map_err(|source| NetworkError::HostRoutes { source })?;
    let foreign = |(address, prefix): (IpAddr, u8)| {
        let of_links = matches!(address, IpAddr::V6(v6) if v6.is_unicast_link_local());
        IpNet::new(address, prefix).ok().filter(|_| !of_links && !address.is_loopback() && !address.is_multicast())
    };
    Ok(routes.into_iter().filter_map(foreign).collect())
}

/// Works a network out, knowing all others.
fn design(
    request: &NetworkRequest,
    others: &[Network],
    host: &[IpNet],
    pools: &[crate::config::containers::Pool],
) -> Result<Network, NetworkError> {
    let (kept, docker_name) = options::options(&request.options)?;
    let interface = match request.interface.clone().filter(|name| !name.is_empty()).or(docker_name) {
        Some(name) => {
            options::interface(&name)?;
            if let Some(holder) = others.iter().find(|other| other.interface == name) {
                return Err(NetworkError::InterfaceInUse { name, holder: holder.name.clone() });
            }
            name
        }
        None => choose::interface(others),
    };
    let name = request.name.clone().unwrap_or_else(|| interface.clone());
    if others.iter().any(|other| other.name == name) {
        return Err(NetworkError::Exists { name });
    }
    let mut subnets: Vec<Subnet> = Vec::new();
    for wanted in &request.subnets {
        let subnet = options::subnet(wanted)?;
        let same = |other: &Subnet| overlap(&subnet.net, &other.net);
        if let Some(holder) = others.iter().find(|other| other.subnets.iter().any(same)) {
            return Err(NetworkError::SubnetInUse { subnet: subnet.net, holder: holder.name.clone() });
        }
        if subnets.iter().any(same) {
            return Err(NetworkError::Subnet { subnet: subnet.net, why: "two subnets of the network overlap" });
        }
        subnets.push(subnet);
    }
    let has = |subnets: &[Subnet], v6: bool| subnets.iter().any(|subnet| subnet.net.addr().is_ipv6() == v6);
    for v6 in [false, true] {
        let wanted = if request.ipv6 { true } else { !v6 && request.subnets.is_empty() };
        if wanted && !has(&subnets, v6) {
            let others = others.iter().flat_map(|other| &other.subnets).chain(&subnets).map(|subnet| subnet.net);
            let taken: Vec<IpNet> = others.chain(host.iter().copied()).collect();
            subnets.push(Subnet::new(choose::subnet(pools, v6, &taken, random)?));
        }
    }
    options::routes(&request.routes, &subnets)?;
    if request.disable_dns && !request.dns_servers.is_empty() {
        return Err(NetworkError::NoNameService { name });
    }
    Ok(Network {
        name,
        id: hex(&random::<32>()),
        interface,
        created_at: stamp::now(),
        ipv6: request.ipv6 || has(&subnets, true),
        subnets,
        routes: request.routes.clone(),
        internal: request.internal,
        dns: !request.disable_dns,
        dns_servers: request.dns_servers.clone(),
        labels: request.labels.clone(),
        options: kept,
    })
}

fn random<const LENGTH: usize>() -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    fill_random(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::containers::NetworkConf;

    fn others() -> Vec<Network> {
        let subnets = vec![Subnet::new("10.88.0.0/16".parse().expect("a subnet"))];
        vec![Network { name: "podman".into(), interface: "podman0".into(), subnets, ..Network::default() }]
    }

    fn made(request: &NetworkRequest, host: &[&str]) -> Result<Network, NetworkError> {
        let host: Vec<IpNet> = host.iter().map(|text| text.parse().expect("a subnet")).collect();
        design(request, &others(), &host, &NetworkConf::default().pools)
    }

    fn subnets(texts: &[&str], ipv6: bool) -> NetworkRequest {
        let ask = |text: &&str| SubnetRequest { net: text.parse().expect("a subnet"), gateway: None, range: None };
        NetworkRequest { subnets: texts.iter().map(ask).collect(), ipv6, ..NetworkRequest::default() }
    }

    #[test]
    fn what_is_not_said_is_chosen() {
        let network = made(&NetworkRequest::default(), &["10.89.0.0/20"]).expect("good");
        assert_eq!((network.name.as_str(), network.interface.as_str(), network.dns), ("podman1", "podman1", true));
        assert_eq!(network.subnets, [Subnet::new("10.89.16.0/24".parse().expect("a subnet"))]);
        assert_eq!(network.id.len(), 64);
    }

    #[test]
    fn families_are_added_where_ipv6_asks_for_both() {
        for (given, ipv6, families) in [
            (&[][..], true, "46"),
            (&["10.1.0.0/24"], true, "46"),
            (&["fd00::/64"], true, "64"),
            (&["fd00::/64"], false, "6"),
            (&["10.1.0.0/24"], false, "4"),
        ] {
            let network = made(&subnets(given, ipv6), &[]).expect("good");
            let found: String =
                network.subnets.iter().map(|subnet| if subnet.net.addr().is_ipv4() { '4' } else { '6' }).collect();
            assert_eq!((found.as_str(), network.ipv6), (families, families.contains('6')), "{given:?} {ipv6}");
        }
    }

    #[test]
    fn an_explicit_subnet_may_overlap_the_host_but_no_network() {
        assert!(made(&subnets(&["10.1.0.0/24"], false), &["10.1.0.0/16"]).is_ok());
        assert!(matches!(made(&subnets(&["10.88.7.0/24"], false), &[]), Err(NetworkError::SubnetInUse { .. })));
        assert!(made(&subnets(&["10.1.0.0/24", "10.1.0.128/25"], false), &[]).is_err());
        let taken = NetworkRequest { interface: Some("podman0".into()), ..NetworkRequest::default() };
        assert!(matches!(made(&taken, &[]), Err(NetworkError::InterfaceInUse { .. })));
    }
}
