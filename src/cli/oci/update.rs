//! `update`.

use super::Subject;
use crate::cli::error::CliError;
use crate::engine::EngineError;
use crate::engine::oci::{Runtime, Wanted};
use clap::Args;
use serde_json::{Value, json};
use std::io::Read as _;
use std::path::PathBuf;

/// Change the limits of a container
#[derive(Debug, Args)]
pub(super) struct UpdateArgs {
    /// Read them from a file, or from standard input (-): their form is that of config.json's linux.resources
    #[arg(short, long, value_name = "FILE")]
    resources: Option<PathBuf>,
    /// Bytes of memory; -1 is no limit
    #[arg(long, value_name = "BYTES", allow_hyphen_values = true)]
    memory: Option<i64>,
    /// Bytes of memory that are taken back last
    #[arg(long, value_name = "BYTES", allow_hyphen_values = true)]
    memory_reservation: Option<i64>,
    /// Bytes of memory and swap together
    #[arg(long, value_name = "BYTES", allow_hyphen_values = true)]
    memory_swap: Option<i64>,
    /// Microseconds of a processor period
    #[arg(long, value_name = "USEC")]
    cpu_period: Option<u64>,
    /// Microseconds of processor time in a period; -1 is no limit
    #[arg(long, value_name = "USEC", allow_hyphen_values = true)]
    cpu_quota: Option<i64>,
    /// Share of processor time; 1024 is the usual one
    #[arg(long, visible_alias = "cpu-shares", value_name = "NUMBER")]
    cpu_share: Option<u64>,
    /// Processors that it may use
    #[arg(long, value_name = "LIST")]
    cpuset_cpus: Option<String>,
    /// Memory nodes that it may use
    #[arg(long, value_name = "LIST")]
    cpuset_mems: Option<String>,
    /// Tasks; -1 is no limit
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    pids_limit: Option<i64>,
    /// Share of disk time, 10 to 1000
    #[arg(long, value_name = "NUMBER")]
    blkio_weight: Option<u16>,
    #[command(flatten)]
    subject: Subject,
}

pub(super) fn run(runtime: &Runtime, args: UpdateArgs) -> Result<i32, CliError> {
    let resources = match &args.resources {
        Some(path) if path.as_os_str() == "-" => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).map_err(|source| CliError::File { path: path.clone(), source })?;
            Some(text)
        }
        Some(path) => Some(std::fs::read_to_string(path).map_err(|source| CliError::File { path: path.clone(), source })?),
        None => None,
    };
    let given = [
        ("/memory/limit", args.memory.map(Value::from)),
        ("/memory/reservation", args.memory_reservation.map(Value::from)),
        ("/memory/swap", args.memory_swap.map(Value::from)),
        ("/cpu/period", args.cpu_period.map(Value::from)),
        ("/cpu/quota", args.cpu_quota.map(Value::from)),
        ("/cpu/shares", args.cpu_share.map(Value::from)),
        ("/cpu/cpus", args.cpuset_cpus.map(Value::from)),
        ("/cpu/mems", args.cpuset_mems.map(Value::from)),
        ("/pids/limit", args.pids_limit.map(Value::from)),
        ("/blockIO/weight", args.blkio_weight.map(|weight| json!(weight))),
    ];
    let fields = given.into_iter().filter_map(|(path, value)| Some((path, value?))).collect();
    runtime.update(&args.subject.id, Wanted { resources, fields }).map_err(EngineError::from)?;
    Ok(0)
}
