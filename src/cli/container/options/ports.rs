//! Ports.

use crate::cli::error::CliError;
use crate::engine::container::create::CreateRequest;
use crate::engine::container::ports::PortsRequest;
use crate::model::{Expose, Publish};
use clap::Args;

/// Options about the ports of a container.
#[derive(Debug, Args)]
pub(super) struct PortOptions {
    /// Let a port of the host lead into the container: [[IP:][HOSTPORT]:]PORT[/PROTOCOL]; may be given several times
    ///
    /// Both ports may be ranges of one length (8000-8009:80-89); an IPv6 address stands in brackets. Without a host port a free one is
    /// chosen, without an IP it is at all addresses of the host. The protocol is tcp, udp or both (tcp,udp).
    #[arg(short, long, value_name = "PORTS")]
    publish: Vec<String>,
    /// Let free ports of the host lead to all ports that the image or --expose names
    #[arg(short = 'P', long)]
    publish_all: bool,
    /// Name a port of the container, or a range: PORT[-PORT][/PROTOCOL]; may be given several times
    #[arg(long, value_name = "PORTS")]
    expose: Vec<String>,
}

impl PortOptions {
    /// Puts what was asked into the request.
    ///
    /// # Errors
    /// A text names no port.
    pub(super) fn apply(&self, request: &mut CreateRequest) -> Result<(), CliError> {
        let mut ports = PortsRequest { publish_all: self.publish_all, ..PortsRequest::default() };
        for text in &self.publish {
            ports.publish.extend(text.parse::<Publish>().map_err(|error| CliError::Usage(error.to_string()))?.0);
        }
        for text in &self.expose {
            ports.expose.extend(text.parse::<Expose>().map_err(|error| CliError::Usage(error.to_string()))?.0);
        }
        request.ports = ports;
        Ok(())
    }
}
