//! `coracle port`.

use super::targets::{one, open_engine};
use crate::cli::error::CliError;
use crate::cli::ui;
use crate::engine::container::list::{ListRequest, Listed};
use crate::model::{ContainerConfig, ContainerId, PortMapping, Protocol, Status};
use clap::Args;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Show which ports of the host lead into a container
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

/// Prints the ports of containers that run.
///
/// # Errors
/// The container is not known, the port is none, or is not published.
pub fn run(args: &PortArgs) -> Result<i32, CliError> {
    // With --latest the first word is the port.
    let (name, port) = if args.latest { (None, &args.container) } else { (args.container.as_deref(), &args.port) };
    let wanted = port.as_deref().map(check).transpose()?;
    let engine = open_engine()?;
    let lost = engine.lost_ports();
    if args.all {
        for Listed { config, state, .. } in engine.list(&ListRequest::default())? {
            if state.status == Status::Running {
                for line in lines(&config, None) {
                    ui::print_line(&format!("{}\t{line}", config.id.short()))?;
                }
                note_lost(&lost, &config, None);
            }
        }
        return Ok(0);
    }
    let config = one(&engine, name, args.latest)?;
    if engine.status(&config.config).status != Status::Running {
        return Ok(0);
    }
    let lines = lines(&config.config, wanted);
    // As Podman has it: a container that publishes nothing at all has no port to be found.
    if let (Some(port), true, false) = (port, lines.is_empty(), config.config.ports.published.is_empty()) {
        return Err(CliError::Usage(format!("failed to find published port {port:?}")));
    }
    for line in lines {
        ui::print_line(&line)?;
    }
    note_lost(&lost, &config.config, wanted);
    Ok(0)
}

/// Says which of the container's ports, or of the wanted one's places, lead nowhere.
fn note_lost(all: &[(ContainerId, PortMapping)], config: &ContainerConfig, wanted: Option<(u16, Protocol)>) {
    let own = all.iter().filter(|(container, _)| *container == config.id).map(|(_, lost)| lost);
    for lost in own.filter(|lost| wanted.is_none_or(|wanted| lost.pairs().any(|(_, inside)| (inside, lost.protocol) == wanted))) {
        let place = place(lost, lost.host_port);
        ui::note(format!(
            "{place}/{} does not lead into container {} now: another program has taken it (end that, then: coracle network reload {})",
            lost.protocol, config.name, config.name
        ));
    }
}

/// Where a port of the host is.
fn place(mapping: &PortMapping, port: u16) -> SocketAddr {
    SocketAddr::new(mapping.host_ip.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)), port)
}

/// One line for each port, or for each place of the host at which the wanted one is.
fn lines(config: &ContainerConfig, wanted: Option<(u16, Protocol)>) -> Vec<String> {
    let place = |mapping: &PortMapping, port| place(mapping, port).to_string();
    let mut all: Vec<(u16, Protocol, String)> = Vec::new();
    for mapping in &config.ports.published {
        all.extend(mapping.pairs().map(|(host, inside)| (inside, mapping.protocol, place(mapping, host))));
    }
    all.sort();
    match wanted {
        Some((port, protocol)) => {
            all.into_iter().filter(|(inside, other, _)| (*inside, *other) == (port, protocol)).map(|(.., place)| place).collect()
        }
        None => all.into_iter().map(|(inside, protocol, place)| format!("{inside}/{protocol} -> {place}")).collect(),
    }
}

/// Reads `PORT[/PROTOCOL]`.
fn check(text: &str) -> Result<(u16, Protocol), CliError> {
    let (number, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let protocol = match protocol {
        "tcp" => Some(Protocol::Tcp),
        "udp" => Some(Protocol::Udp),
        _ => None,
    };
    let number = number.parse::<u16>().ok().filter(|port| *port > 0);
    number.zip(protocol).ok_or_else(|| {
        CliError::Usage(format!("invalid port {text:?}: write a number from 1 to 65535, then perhaps /tcp or /udp"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_numbers_with_a_protocol() {
        for good in ["80", "53/udp", "65535/tcp"] {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in ["", "0", "65536", "http", "80/icmp", "/tcp", "80/sctp"] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
