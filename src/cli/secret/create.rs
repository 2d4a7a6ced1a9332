//! `coracle secret create`.

use crate::cli::container::targets::open_engine;
use crate::cli::error::CliError;
use crate::cli::ui;
use crate::config::env;
use crate::engine::secret::{MAX_BYTES, SecretRequest};

use clap::Args;
use std::collections::BTreeMap;
use std::io::{self, Read};

/// Keep a secret, and print its id
#[derive(Debug, Args)]
pub struct CreateArgs {
    /// How it is kept: file, in a folder that only you can read
    #[arg(short, long, value_name = "DRIVER", default_value = "file")]
    driver: String,
    /// Options of the driver: NAME=value
    #[arg(long, value_name = "OPTION", value_delimiter = ',')]
    driver_opts: Vec<String>,
    /// Take the value of the environment variable of this name instead of a file
    #[arg(long)]
    env: bool,
    /// Add a label: NAME=value
    #[arg(short, long, value_name = "LABEL")]
    label: Vec<String>,
    /// Take the place of a secret of the same name
    #[arg(long)]
    replace: bool,
    /// Print the id of a secret that is there instead of an error
    #[arg(long, conflicts_with = "replace")]
    ignore: bool,
    /// Its name
    name: String,
    /// A file, - for standard input, or with --env a variable
    #[arg(value_name = "FILE")]
    source: String,
}

/// Keeps the secret.
///
/// # Errors
/// The data cannot be read or is too long, or the name is in use.
pub(super) fn run(args: CreateArgs) -> Result<i32, CliError> {
    if args.driver != "file" {
        return Err(CliError::Usage(format!("secret driver {:?} is not offered: only file is", args.driver)));
    }
    let engine = open_engine()?;
    if args.ignore
        && let Ok(known) = engine.secret(&args.name)
        && known.name == args.name
    {
        ui::print_line(&known.id)?;
        return Ok(0);
    }
    let data = data(&args)?;
    let request = SecretRequest {
        data,
        labels: pairs(&args.label, "label")?,
        driver_options: pairs(&args.driver_opts, "driver option")?,
        replace: args.replace,
        name: args.name,
    };
    ui::print_line(&engine.create_secret(request)?.id)?;
    Ok(0)
}

fn data(args: &CreateArgs) -> Result<Vec<u8>, CliError> {
    let source = &args.source;
    if args.env {
        let value = env::var_os(source);
        let value = value.ok_or_else(|| CliError::Usage(format!("there is no environment variable {source:?}")))?;
        return Ok(std::os::unix::ffi::OsStringExt::into_vec(value));
    }
    let read = if source == "-" { limited(io::stdin()) } else { std::fs::File::open(source).and_then(limited) };
    read.map_err(|error| CliError::Usage(format!("read the secret from {source}: {error}")))
}

/// Reads one byte more than a secret may have: enough to see that it is too long.
fn limited(from: impl Read) -> io::Result<Vec<u8>> {
    let mut data = Vec::new();
    from.take(MAX_BYTES as u64 + 1).read_to_end(&mut data)?;
    Ok(data)
}

fn pairs(texts: &[String], what: &str) -> Result<BTreeMap<String, String>, CliError> {
    texts
        .iter()
        .map(|text| match text.split_once('=').unwrap_or((text, "")) {
            ("", _) => Err(CliError::Usage(format!("invalid {what} {text:?}: it has no name"))),
            (name, value) => Ok((name.to_owned(), value.to_owned())),
        })
        .collect()
}
