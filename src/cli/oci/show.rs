//! `state`, `list`, `ps`, `features`, `spec`.

use super::Subject;
use crate::cli::error::CliError;
use crate::cli::{format, ui};
use crate::engine::EngineError;
use crate::engine::oci::{self, Runtime};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Print the state of a container as JSON
#[derive(Debug, Args)]
pub(super) struct StateArgs {
    #[command(flatten)]
    subject: Subject,
}

/// List the containers
#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// Form of the list
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    format: Form,
    /// Print ids only
    #[arg(short, long)]
    quiet: bool,
}

/// List the processes of a container
#[derive(Debug, Args)]
pub(super) struct PsArgs {
    /// Form of the list
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    format: Form,
    #[command(flatten)]
    subject: Subject,
}

/// Print what this runtime can do as JSON
#[derive(Debug, Args)]
pub(super) struct FeaturesArgs {}

/// Write a configuration to begin with
#[derive(Debug, Args)]
pub(super) struct SpecArgs {
    /// The folder that config.json is written to
    #[arg(short, long, value_name = "FOLDER", default_value = ".")]
    bundle: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    Table,
    Json,
}

fn print(value: &Value) -> Result<i32, CliError> {
    ui::out(format::json_text(value, 2)?)?;
    Ok(0)
}

pub(super) fn state(runtime: &Runtime, args: &StateArgs) -> Result<i32, CliError> {
    print(&runtime.container(&args.subject.id).map_err(EngineError::from)?.state())
}

pub(super) fn list(runtime: &Runtime, args: &ListArgs) -> Result<i32, CliError> {
    let all = runtime.list();
    if args.quiet {
        for one in &all {
            ui::print_line(&one.record.id)?;
        }
        return Ok(0);
    }
    if args.format == Form::Json {
        return print(&Value::Array(all.iter().map(oci::Container::state).collect()));
    }
    let row = |one: &oci::Container| {
        let status = one.status();
        let pid = if status.is_alive() { one.record.init.pid } else { 0 };
        let bundle = one.record.bundle.to_string_lossy().into_owned();
        vec![one.record.id.clone(), pid.to_string(), status.to_string(), bundle, one.created(), one.owner()]
    };
    let rows: Vec<_> = all.iter().map(row).collect();
    ui::out(ui::table(&["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"], &rows))?;
    Ok(0)
}

pub(super) fn ps(runtime: &Runtime, args: &PsArgs) -> Result<i32, CliError> {
    let pids = runtime.processes(&args.subject.id).map_err(EngineError::from)?;
    if args.format == Form::Json {
        return print(&json!(pids));
    }
    ui::print_line("PID")?;
    for pid in pids {
        ui::print_line(&pid.to_string())?;
    }
    Ok(0)
}

pub(super) fn features() -> Result<i32, CliError> {
    print(&oci::features())
}

pub(super) fn spec(args: &SpecArgs, rootless: bool) -> Result<i32, CliError> {
    let path = args.bundle.join("config.json");
    let own = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    let value = oci::template(rootless.then_some(own));
    let fail = |source| CliError::File { path: path.clone(), source };
    let text = serde_json::to_string_pretty(&value).map_err(|error| fail(error.into()))?;
    let mut file = std::fs::File::create_new(&path).map_err(fail)?;
    std::io::Write::write_all(&mut file, text.as_bytes()).map_err(fail)?;
    Ok(0)
}
