//! `coracle network reload`.

use crate::cli::container::targets::open_engine;
use crate::cli::error::CliError;
use crate::cli::ui;
use clap::Args;

/// Make what belongs to the networks of running containers anew: names, ports, rules
#[derive(Debug, Args)]
pub struct ReloadArgs {
    /// Every running container on a network
    #[arg(short, long, conflicts_with_all = ["latest", "containers"])]
    all: bool,
    /// The container made last
    #[arg(short, long, conflicts_with = "containers")]
    latest: bool,
    /// Names or ids
    #[arg(value_name = "CONTAINER", required_unless_present_any = ["all", "latest"])]
    containers: Vec<String>,
}

/// Does so and prints the ids.
///
/// # Errors
/// A container is not known. What happens to single ones is printed.
pub(super) fn run(args: &ReloadArgs) -> Result<i32, CliError> {
    let mut engine = open_engine()?;
    let mut targets = Vec::new();
    if args.all || args.latest {
        let mut containers = engine.containers()?;
        if args.latest {
            containers.truncate(1);
        } else {
            containers.retain(|(config, state)| state.status.is_alive() && !config.network.attachments().is_empty());
        }
        targets.extend(containers.into_iter().map(|(config, _)| config));
    }
    for name in &args.containers {
        targets.push(engine.container(name)?);
    }
    let mut code = 0;
    for config in targets {
        match engine.reload_network(&config) {
            Ok(()) => ui::print_line(config.id.as_str())?,
            Err(error) => {
                let error = CliError::from(error);
                code = code.max(error.code());
                ui::note(error.text());
            }
        }
    }
    Ok(code)
}
