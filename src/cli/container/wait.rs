//! `coracle wait`.

use super::targets::{choose, open_engine};
use crate::cli::error::CliError;
use crate::cli::ui;
use clap::Args;

/// Wait for containers to end and print their exit codes
#[derive(Debug, Args)]
pub struct WaitArgs {
    /// A container that does not exist is no error; its code is -1
    #[arg(long)]
    ignore: bool,
    /// Names or ids
    #[arg(value_name = "CONTAINER", required = true)]
    containers: Vec<String>,
}

/// Waits for each container in turn.
///
/// # Errors
/// A container is not known.
pub fn run(args: WaitArgs) -> Result<i32, CliError> {
    let mut engine = open_engine()?;
    for name in &args.containers {
        let found = choose(&engine, std::slice::from_ref(name), false, args.ignore, |_| true)?;
        let code = match found.first() {
            Some(config) => engine.wait(config)?,
            None => -1,
        };
        ui::print_line(&code.to_string())?;
    }
    Ok(0)
}
