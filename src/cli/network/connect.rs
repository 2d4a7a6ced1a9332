//! `coracle network connect` and `coracle network disconnect`.

use crate::cli::container::targets::open_engine;
use crate::cli::error::CliError;
use crate::model::Attachment;
use crate::model::network::MacAddress;
use clap::Args;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Join a container to one more network
#[derive(Debug, Args)]
pub struct ConnectArgs {
    /// A name by which others of the network find the container; may be given several times
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    alias: Vec<String>,
    /// The container's IPv4 address in the network
    #[arg(long, value_name = "IP")]
    ip: Option<Ipv4Addr>,
    /// The container's IPv6 address in the network
    #[arg(long, value_name = "IP")]
    ip6: Option<Ipv6Addr>,
    /// The hardware address of the container's interface
    #[arg(long, value_name = "MAC")]
    mac_address: Option<MacAddress>,
    /// Name, or the beginning of an id
    network: String,
    /// Name or id
    container: String,
}

/// Take a container off a network
#[derive(Debug, Args)]
pub struct DisconnectArgs {
    /// A container that is not joined to the network is no error
    #[arg(short, long)]
    force: bool,
    /// Name, or the beginning of an id
    network: String,
    /// Name or id
    container: String,
}

/// Joins the container.
///
/// # Errors
/// The container or the network is not known, or cannot be had so.
pub(super) fn run(args: ConnectArgs) -> Result<i32, CliError> {
    if let Some(empty) = args.alias.iter().find(|alias| alias.is_empty()) {
        return Err(CliError::Usage(format!("invalid --alias {empty:?}: a name cannot be empty")));
    }
    let addresses = args.ip.map(Into::into).into_iter().chain(args.ip6.map(Into::into)).collect();
    let attachment = Attachment { aliases: args.alias, addresses, mac: args.mac_address, ..Attachment::to(args.network) };
    open_engine()?.connect(&args.container, attachment)?;
    Ok(0)
}

/// Takes the container off.
///
/// # Errors
/// The container is not known or not joined to the network.
pub(super) fn run_disconnect(args: &DisconnectArgs) -> Result<i32, CliError> {
    open_engine()?.disconnect(&args.container, &args.network, args.force)?;
    Ok(0)
}
