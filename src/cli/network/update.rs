//! `coracle network update`.

use crate::cli::container::targets::open_engine;
use crate::cli::error::CliError;
use crate::cli::ui;
use crate::engine::network::NetworkUpdate;
use clap::Args;
use std::net::IpAddr;

/// Change the name servers of a network
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("change").required(true).multiple(true)))]
pub struct UpdateArgs {
    /// Ask this name server for names that no container has, instead of the host's
    #[arg(long, value_name = "IP", value_delimiter = ',', group = "change")]
    dns_add: Vec<IpAddr>,
    /// Do not ask this one any more
    #[arg(long, value_name = "IP", value_delimiter = ',', group = "change")]
    dns_drop: Vec<IpAddr>,
    /// Name, or the beginning of an id
    network: String,
}

/// Changes the network and prints its name.
///
/// # Errors
/// There is no such network, or no such name server.
pub(super) fn run(args: &UpdateArgs) -> Result<i32, CliError> {
    let update = NetworkUpdate { dns_add: args.dns_add.clone(), dns_drop: args.dns_drop.clone() };
    let network = open_engine()?.update_network(&args.network, &update)?;
    ui::print_line(&network.name)?;
    Ok(0)
}
