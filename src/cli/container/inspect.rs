//! `coracle inspect`.

use super::targets::{latest, open_engine};
use crate::cli::error::CliError;
use crate::cli::format::Format;
use crate::cli::objects;
use crate::engine::{Engine, EngineError, Kind};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

/// Show everything about containers, images, volumes and networks
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// json, or a Go template that is run for each object
    #[arg(short, long, value_name = "FORMAT")]
    format: Option<String>,
    /// What the names are names of
    #[arg(short = 't', long = "type", value_enum, default_value = "all")]
    kind: ObjectKind,
    /// The container made last
    #[arg(short, long, conflicts_with = "names")]
    latest: bool,
    /// Add up the files of containers
    #[arg(short, long)]
    size: bool,
    /// Names or ids
    #[arg(value_name = "NAME", required_unless_present = "latest")]
    names: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ObjectKind {
    /// A container, else an image, else a volume, else a network
    All,
    Container,
    Image,
    Network,
    Volume,
}

/// Prints what is found as one array, then an error for each name that is not.
///
/// # Errors
/// The template is none, or the store fails.
pub fn run(args: &InspectArgs) -> Result<i32, CliError> {
    let format = args.format.as_deref().map_or(Ok(Format::Json), Format::parse)?;
    let engine = open_engine()?;
    let mut names = args.names.clone();
    if args.latest {
        names.push(latest(&engine)?.config.id.to_string());
    }
    objects::show(names.iter().map(|name| inspect(&engine, name, args)), format)
}

fn inspect(engine: &Engine, name: &str, args: &InspectArgs) -> Result<Value, CliError> {
    let container = || -> Result<Value, EngineError> {
        let mut object = engine.inspect_container(name)?;
        if args.size {
            let size = engine.container_size(&engine.container(name)?)?;
            object["SizeRw"] = size.own.into();
            object["SizeRootFs"] = size.total.into();
        }
        Ok(object)
    };
    match args.kind {
        ObjectKind::Container => Ok(container()?),
        ObjectKind::Image => Ok(image(engine, name, args)?),
        ObjectKind::Network => Ok(network(engine, name, args)?),
        ObjectKind::Volume => Ok(volume(engine, name, args)?),
        ObjectKind::All => {
            let ways: [&dyn Fn() -> Result<Value, EngineError>; 4] =
                [&container, &|| image(engine, name, args), &|| volume(engine, name, args), &|| network(engine, name, args)];
            for way in ways {
                match way() {
                    Err(error) if error.kind() == Kind::NoSuch => {}
                    found => return Ok(found?),
                }
            }
            Err(CliError::Usage(format!("no such object: {name:?}")))
        }
    }
}

fn network(engine: &Engine, name: &str, args: &InspectArgs) -> Result<Value, EngineError> {
    let fields = args.format.as_deref().and_then(|format| Format::parse(format).ok()).is_some_and(|format| format.names_fields());
    Ok(crate::cli::network::object(&engine.inspect_network(name)?, fields))
}

fn volume(engine: &Engine, name: &str, args: &InspectArgs) -> Result<Value, EngineError> {
    let whole = args.format.as_deref().is_some_and(|format| format.trim() != "json");
    Ok(crate::cli::volume::object(&engine.inspect_volume(name)?, whole))
}

fn image(engine: &Engine, name: &str, args: &InspectArgs) -> Result<Value, EngineError> {
    let mut object = json!(engine.inspect_image(name)?);
    // An image's config leaves out what is empty; a template may still ask for it.
    if args.format.is_some()
        && let Some(config) = object.get_mut("Config").and_then(Value::as_object_mut)
    {
        for (field, empty) in [("User", json!("")), ("WorkingDir", json!("")), ("StopSignal", json!(""))] {
            config.entry(field).or_insert(empty);
        }
        for field in ["Cmd", "Entrypoint", "Env", "ExposedPorts", "Labels", "Volumes"] {
            config.entry(field).or_insert(Value::Null);
        }
    }
    Ok(object)
}
