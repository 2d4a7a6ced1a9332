//! `coracle port`.

use super::targets::{one, open_engine};
use crate::cli::error::CliError;
use clap::Args;

/// Show which ports of the host lead into a container
///
/// No container publishes ports yet, so there are none to be shown.
#[derive(Debug, Args)]
pub struct PortArgs {
    /// Every running container
    #[arg(short, long, conflicts_with_all = ["container", "latest"])]
    all: bool,
    /// The container made last
    #[arg(short, long)]
    latest: bool,
    /// Name or id
    container: Option<String>,
    /// One port of the container: PORT or PORT/PROTOCOL
    port: Option<String>,
}

/// Prints the ports; nothing for a container that publishes none.
///
/// # Errors
/// The container is not known, or the port is none.
pub fn run(args: &PortArgs) -> Result<i32, CliError> {
    // With --latest the first word is the port.
    let (name, port) = if args.latest { (None, &args.container) } else { (args.container.as_deref(), &args.port) };
    if let Some(port) = port {
        check(port)?;
    }
    let engine = open_engine()?;
    if !args.all {
        one(&engine, name, args.latest)?;
    }
    Ok(0)
}

/// Reads `PORT[/PROTOCOL]`.
fn check(text: &str) -> Result<(), CliError> {
    let (number, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    if number.parse::<u16>().is_ok_and(|port| port > 0) && matches!(protocol, "tcp" | "udp" | "sctp") {
        return Ok(());
    }
    Err(CliError::Usage(format!("invalid port {text:?}: write a number from 1 to 65535, then perhaps /tcp, /udp or /sctp")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_numbers_with_a_protocol() {
        for good in ["80", "53/udp", "65535/tcp"] {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in ["", "0", "65536", "http", "80/icmp", "/tcp"] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
