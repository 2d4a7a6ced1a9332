//! `coracle secret inspect`.

use super::time;
use crate::cli::container::targets::open_engine;
use crate::cli::error::CliError;
use crate::cli::format::{self, Format};
use crate::cli::objects;
use crate::cli::ui;
use crate::engine::Engine;
use crate::engine::secret::Secret;
use clap::Args;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Show everything about secrets
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// json, or a Go template that is run for each secret
    #[arg(short, long, value_name = "FORMAT", conflicts_with = "pretty")]
    format: Option<String>,
    /// Print lines for people
    #[arg(long)]
    pretty: bool,
    /// Show the secrets themselves
    #[arg(long)]
    showsecret: bool,
    /// Names or ids
    #[arg(required = true, value_name = "SECRET")]
    secrets: Vec<String>,
}

/// Prints what is found as one array, then an error for each name that is not.
///
/// # Errors
/// The template is none, or the store fails.
pub(super) fn run(args: &InspectArgs) -> Result<i32, CliError> {
    let format = args.format.as_deref().map_or(Ok(Format::Json), Format::parse)?;
    let engine = open_engine()?;
    let found = args.secrets.iter().map(|name| Ok(object(&engine, &engine.secret(name)?, args.showsecret)?));
    objects::show_as(found, |objects| match format {
        Format::Json if args.pretty => Ok(objects.iter().map(pretty).collect()),
        Format::Json => format::json_text(objects, 4),
        other => format::render(objects, &other, &[], true),
    })
}

fn object(engine: &Engine, secret: &Secret, show: bool) -> Result<Value, crate::engine::EngineError> {
    let mut object = json!({
        "ID": secret.id,
        "CreatedAt": time(secret.created_at),
        "UpdatedAt": time(secret.updated_at),
        "Spec": {
            "Name": secret.name,
            "Driver": { "Name": "file", "Options": secret.driver_options },
            "Labels": secret.labels,
        },
    });
    if show {
        object["SecretData"] = String::from_utf8_lossy(&engine.secret_data(secret)?).into_owned().into();
    }
    Ok(object)
}

fn pretty(object: &Value) -> String {
    let text = |value: &Value| ui::escape_for_terminal(value.as_str().unwrap_or_default()).into_owned();
    let mut out = String::new();
    for (name, value) in [
        ("ID", &object["ID"]),
        ("Name", &object["Spec"]["Name"]),
        ("Driver", &object["Spec"]["Driver"]["Name"]),
        ("Created", &object["CreatedAt"]),
        ("Updated", &object["UpdatedAt"]),
    ] {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{:<13}{}", format!("{name}:"), text(value));
    }
    if let Some(data) = object.get("SecretData") {
        let _ = writeln!(out, "{:<13}{}", "Secret:", text(data));
    }
    out
}
