//! What can go wrong with a network.

use crate::config::containers::NetworkConfError;
use crate::engine::Kind;
use crate::model::network::IpNet;
use crate::net::netd::client::ClientError;
use crate::net::netd::message::Refusal;
use std::net::IpAddr;

/// A failed use case of a network.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    #[error("unable to find network with name or ID {name}: network not found")]
    NoSuch { name: String },
    #[error("network {name}, which the container is to be joined to, is not there any more: network not found")]
    Vanished { name: String },
    #[error("the network ID prefix {prefix:?} is ambiguous: more than one network ID begins with it (give more digits)")]
    Ambiguous { prefix: String },
    #[error("network name {name} already used: network already exists")]
    Exists { name: String },
    #[error("network name {name} invalid: names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*: invalid argument")]
    Name { name: String },
    #[error("cannot create network with name {name:?} because it conflicts with a valid network mode (choose another name)")]
    NameIsMode { name: String },
    #[error(
        "the driver {driver} is not supported: it needs rights on a link of the host, which a user without root has not (use bridge)"
    )]
    HostLink { driver: String },
    #[error("unsupported driver {driver}: invalid argument (bridge is the only one)")]
    Driver { driver: String },
    #[error("unsupported bridge network option {option} (mtu, metric, isolate and no_default_route are known)")]
    UnknownOption { option: String },
    #[error("the network option {option} is not supported: {why}")]
    Option { option: String, why: &'static str },
    #[error("the interface name {name:?} is not possible: {why}")]
    Interface { name: String, why: &'static str },
    #[error("bridge name {name} already in use by network {holder} (choose another --interface-name)")]
    InterfaceInUse { name: String, holder: String },
    #[error("the subnet {subnet} is not possible: {why}")]
    Subnet { subnet: IpNet, why: &'static str },
    #[error("subnet {subnet} is already used by network {holder} (choose another --subnet, or none to get a free one)")]
    SubnetInUse { subnet: IpNet, holder: String },
    #[error("no free {family} subnet is left in the pools (give --subnet, or add to default_subnet_pools in containers.conf)")]
    NoSubnetLeft { family: &'static str },
    #[error("gateway {gateway} not in subnet {subnet}, among the addresses for hosts")]
    GatewayOutside { gateway: IpAddr, subnet: IpNet },
    #[error("the address range ends at {address}, which is not in subnet {subnet}")]
    RangeOutside { address: IpAddr, subnet: IpNet },
    #[error(
        "{text:?} is no range of addresses: write a subnet (10.1.2.128/25) or the first and the last address (10.1.2.5-10.1.2.9)"
    )]
    Range { text: String },
    #[error("{text:?} is no route: write SUBNET,GATEWAY or SUBNET,GATEWAY,METRIC")]
    RouteText { text: String },
    #[error("the route to {destination} over {gateway} is not possible: {why}")]
    Route { destination: IpNet, gateway: IpAddr, why: &'static str },
    #[error("network {name} has no name service, so it cannot have name servers (leave --disable-dns out)")]
    NoNameService { name: String },
    #[error("network {name} has no name server {server}")]
    NoSuchServer { name: String, server: IpAddr },
    #[error("list the routes of the host")]
    HostRoutes {
        #[source]
        source: std::io::Error,
    },
    #[error("read containers.conf")]
    Conf(#[source] Box<NetworkConfError>),
    #[error("read the id of this boot")]
    Boot {
        #[source]
        source: std::io::Error,
    },
    #[error(
        "{name:?} has associated containers with it ({containers}). Use -f to forcibly delete containers: network is being used"
    )]
    InUse { name: String, containers: String },
    #[error("default network {name} cannot be removed")]
    RemoveDefault { name: String },
    #[error("{text:?} is not a filter of networks: use name=, id=, driver=, label=, label!=, dangling=BOOL or until=TIME")]
    Filter { text: String },
    #[error("container {container} is already connected to network {network}: network is already connected")]
    Connected { container: String, network: String },
    #[error("container {container} is not connected to network {network}: network is not connected")]
    NotConnected { container: String, network: String },
    #[error(
        "container {container} has the network mode {mode}, which is not supported: only containers on networks can join others (make it with --network NAME)"
    )]
    Mode { container: String, mode: String },
    #[error("container {container} is {status}: only the networks of a running container can be made anew (start it)")]
    Reload { container: String, status: crate::model::Status },
    #[error("network {network} is given twice")]
    Twice { network: String },
    #[error("requested static ip {address} not in any subnet on network {network} ({subnets})")]
    AddressOutside { address: IpAddr, network: String, subnets: String },
    #[error("requested static ip {address} is not possible on network {network}: {why}")]
    Address { address: IpAddr, network: String, why: &'static str },
    #[error(transparent)]
    Helper(#[from] ClientError),
    #[error("container {container} has ended meanwhile")]
    Ended { container: String },
    #[error("change the container's network interfaces")]
    Interfaces {
        #[source]
        source: std::io::Error,
    },
    #[error("find the bridge of the network {name}")]
    Bridge {
        name: String,
        #[source]
        source: std::io::Error,
    },
}

impl NetworkError {
    /// The kind of the failure.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::NoSuch { .. } => Kind::NoSuch,
            Self::Vanished { .. } => Kind::NoSuch,
            Self::Exists { .. } => Kind::Exists,
            Self::InUse { .. } => Kind::InUse,
            Self::Connected { .. } | Self::NotConnected { .. } | Self::Reload { .. } => Kind::WrongState,
            Self::HostLink { .. } | Self::Driver { .. } | Self::Option { .. } | Self::UnknownOption { .. } => Kind::Unsupported,
            Self::Helper(ClientError::Refused(Refusal::PortTaken { .. })) => Kind::InUse,
            Self::Helper(ClientError::Refused(Refusal::PortForRoot { .. })) => Kind::Denied,
            Self::Boot { .. } | Self::Interfaces { .. } | Self::HostRoutes { .. } | Self::Helper(_) | Self::Bridge { .. } => {
                Kind::Internal
            }
            Self::Ended { .. } => Kind::WrongState,
            _ => Kind::Invalid,
        }
    }

    /// What the user can do about it, where the message does not say it itself.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoSuch { .. } => Some("list them with `coracle network ls`".to_owned()),
            Self::Exists { name } => {
                Some(format!("use it as it is, give --ignore, or remove it with `coracle network rm {name}`"))
            }
            Self::Vanished { name } => Some(format!(
                "make it again with `coracle network create {name}`, or take the container off it with `coracle network disconnect`"
            )),
            _ => None,
        }
    }
}
