//! `coracle network create`.

use crate::cli::container::targets::open_engine;
use crate::cli::error::CliError;
use crate::cli::objects::pairs;
use crate::cli::ui;
use crate::engine::EngineError;
use crate::engine::network::{NetworkRequest, SubnetRequest, parse_range, parse_route};
use crate::model::network::IpNet;
use clap::Args;
use std::net::IpAddr;

/// Make a network
///
/// Several subnets, gateways and ranges belong together in the order in which they are given.
#[derive(Debug, Args)]
pub struct CreateArgs {
    /// Containers do not find each other by name
    #[arg(long)]
    disable_dns: bool,
    /// Ask this name server for names that no container has, instead of the host's; may be given several times
    #[arg(long, value_name = "IP", value_delimiter = ',')]
    dns: Vec<IpAddr>,
    /// The kind of network: bridge
    #[arg(short, long, value_name = "DRIVER", default_value = "bridge")]
    driver: String,
    /// The bridge's own address in the subnet (the first one where it is not given)
    #[arg(long, value_name = "IP", value_delimiter = ',')]
    gateway: Vec<IpAddr>,
    /// A network of that name that is there already is no error
    #[arg(long)]
    ignore: bool,
    /// The name of the bridge
    #[arg(long, value_name = "NAME")]
    interface_name: Option<String>,
    /// Let nothing out of the network and nothing in
    #[arg(long)]
    internal: bool,
    /// Give containers addresses of this part of the subnet: SUBNET or FIRST-LAST
    #[arg(long, value_name = "RANGE")]
    ip_range: Vec<String>,
    /// Who gives addresses: host-local
    #[arg(long, value_name = "DRIVER")]
    ipam_driver: Option<String>,
    /// Use IPv6 too: a subnet is chosen where none is given
    #[arg(long)]
    ipv6: bool,
    /// Add a label: NAME=value
    #[arg(long, value_name = "LABEL")]
    label: Vec<String>,
    /// An option of the driver: mtu=BYTES, metric=NUMBER, isolate=true|strict, no_default_route=true
    #[arg(short, long, value_name = "OPTION")]
    opt: Vec<String>,
    /// A route for the containers: SUBNET,GATEWAY[,METRIC]
    #[arg(long, value_name = "ROUTE")]
    route: Vec<String>,
    /// The addresses of the network, such as 10.1.2.0/24
    #[arg(long, value_name = "SUBNET")]
    subnet: Vec<String>,
    /// The name; without one it is that of the bridge
    name: Option<String>,
}

/// Makes the network and prints its name.
///
/// # Errors
/// The name or a subnet is taken, or an option is not supported.
pub(super) fn run(args: CreateArgs) -> Result<i32, CliError> {
    let request = request(args)?;
    let name = open_engine()?.create_network(&request)?;
    ui::print_line(&name)?;
    Ok(0)
}

pub(super) fn request(args: CreateArgs) -> Result<NetworkRequest, CliError> {
    Ok(NetworkRequest {
        subnets: subnets(&args)?,
        routes: args.route.iter().map(|text| parse_route(text)).collect::<Result<_, _>>().map_err(EngineError::from)?,
        labels: pairs(&args.label),
        options: pairs(&args.opt),
        name: args.name,
        driver: Some(args.driver),
        ipam_driver: args.ipam_driver,
        ipv6: args.ipv6,
        internal: args.internal,
        disable_dns: args.disable_dns,
        dns_servers: args.dns,
        interface: args.interface_name,
        ignore: args.ignore,
    })
}

fn subnets(args: &CreateArgs) -> Result<Vec<SubnetRequest>, CliError> {
    if args.gateway.len().max(args.ip_range.len()) > args.subnet.len() {
        let text = "cannot set gateway or range without subnet (give one --subnet for each --gateway and --ip-range)";
        return Err(CliError::Usage(text.to_owned()));
    }
    let mut subnets = Vec::with_capacity(args.subnet.len());
    for (at, text) in args.subnet.iter().enumerate() {
        let net: IpNet = text
            .parse()
            .map_err(|_| CliError::Usage(format!("invalid subnet {text:?}: write ADDRESS/PREFIX, such as 10.1.2.0/24")))?;
        let range = args.ip_range.get(at).map(|text| parse_range(text)).transpose().map_err(EngineError::from)?;
        subnets.push(SubnetRequest { net, gateway: args.gateway.get(at).copied(), range });
    }
    Ok(subnets)
}
