//! `coracle update`.

use super::options::{HealthOptions, ResourceOptions, parse_restart, with_files};
use super::targets::{one, open_engine};
use crate::cli::error::CliError;
use crate::cli::ui;
use crate::config::env;
use crate::engine::container::create::CreateRequest;
use crate::engine::container::update::UpdateRequest;
use clap::Args;

/// Change limits, restart policy, health check or environment of a container, also of one that runs
///
/// Limits count at once. The rest counts from the next start, but for --restart=no, with which it is not started again.
#[derive(Debug, Args)]
pub struct UpdateArgs {
    #[command(flatten)]
    resources: ResourceOptions,
    /// When to start it again after its end: no (also never), on-failure[:TIMES], always, unless-stopped
    #[arg(long, value_name = "POLICY")]
    restart: Option<String>,
    #[command(flatten)]
    health: HealthOptions,
    /// Set an environment variable: NAME=value, or NAME to take it from here
    #[arg(short, long, value_name = "ENV")]
    env: Vec<String>,
    /// Take an environment variable away
    #[arg(long, value_name = "NAME")]
    unsetenv: Vec<String>,
    /// The container that was made last
    #[arg(short, long)]
    latest: bool,
    /// Name or id
    container: Option<String>,
}

/// Changes what is given and prints the container's id.
///
/// # Errors
/// See `Engine::update`.
pub fn run(args: &UpdateArgs) -> Result<i32, CliError> {
    let mut wishes = CreateRequest::default();
    args.health.apply(&mut wishes)?;
    let request = UpdateRequest {
        limits: args.resources.limits()?,
        restart: args.restart.as_deref().map(parse_restart).transpose()?,
        health: wishes.health,
        env: with_files(&args.env, &[], &env::all())?,
        unset_env: args.unsetenv.clone(),
    };
    let mut engine = open_engine()?;
    let config = one(&engine, args.container.as_deref(), args.latest)?.config;
    let updated = engine.update(&config, &request)?;
    if updated.later {
        ui::note("Note: the container runs: what is not a limit counts from its next start");
    }
    ui::print_line(config.id.as_str())?;
    Ok(0)
}
