//! `coracle info` and `coracle version`.

use super::yaml;
use crate::cli::container::targets::open_engine;
use crate::cli::error::CliError;
use crate::cli::format::{self, Format};
use crate::cli::ui;
use crate::engine::info;
use clap::Args;
use serde_json::{Map, Value, json};

/// Show facts about the host, the store and this program
#[derive(Debug, Args)]
pub struct InfoArgs {
    /// json, or a Go template
    #[arg(short, long, value_name = "FORMAT")]
    format: Option<String>,
}

/// Show the version
#[derive(Debug, Args)]
pub struct VersionArgs {
    /// json, or a Go template
    #[arg(short, long, value_name = "FORMAT")]
    format: Option<String>,
}

/// Prints the facts: as YAML, where no format is asked for.
///
/// # Errors
/// The template is none, or the store fails.
pub fn run(args: &InfoArgs) -> Result<i32, CliError> {
    let format = args.format.as_deref().map(Format::parse).transpose()?;
    let facts = open_engine()?.info()?;
    let text = match format {
        None | Some(Format::DefaultTable) => yaml::text(&spelled(&facts)) + "\n",
        Some(Format::Json) => format::json_text(&spelled(&facts), 2)?,
        Some(template) => format::render(&[facts], &template, &[], false)?,
    };
    ui::out(text)?;
    Ok(0)
}

/// Prints the version; needs no store.
///
/// # Errors
/// The template is none.
pub fn run_version(args: &VersionArgs) -> Result<i32, CliError> {
    let format = args.format.as_deref().map(Format::parse).transpose()?;
    let client = info::version();
    let text = match format {
        None | Some(Format::DefaultTable) => {
            let field = |name: &str| client[name].as_str().unwrap_or_default().to_owned();
            let lines = [("Client", "coracle".to_owned()), ("Version", field("Version")), ("OS/Arch", field("OsArch"))];
            lines.iter().map(|(name, value)| format!("{:14}{value}\n", format!("{name}:"))).collect()
        }
        Some(Format::Json) => format::json_text(&json!({ "Client": client }), 2)?,
        // There is no server; scripts that ask for its version mean this.
        Some(template) => format::render(&[json!({ "Client": client, "Server": client })], &template, &[], false)?,
    };
    ui::out(text)?;
    Ok(0)
}

/// The names that Podman's JSON has for the fields that its templates call otherwise, where it is not simply a small first letter.
const SPELLINGS: [(&str, &str); 16] = [
    ("AppArmorEnabled", "apparmorEnabled"),
    ("CPUs", "cpus"),
    ("CgroupsVersion", "cgroupVersion"),
    ("ContainerID", "container_id"),
    ("DefaultCapabilities", "capabilities"),
    ("GIDMap", "gidmap"),
    ("HostID", "host_id"),
    ("IDMappings", "idMappings"),
    ("OCIRuntime", "ociRuntime"),
    ("OS", "os"),
    ("SECCOMPEnabled", "seccompEnabled"),
    ("SECCOMPProfilePath", "seccompProfilePath"),
    ("SELinuxEnabled", "selinuxEnabled"),
    ("Slirp4NetNS", "slirp4netns"),
    ("UIDMap", "uidmap"),
    ("ContainerIDFile", "containerIDFile"),
];

fn spelled(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(name, value)| spelled_field(name, value)).collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.iter().map(spelled).collect()),
        other => other.clone(),
    }
}

fn spelled_field(name: &str, value: &Value) -> (String, Value) {
    if name == "Version" && value.is_object() {
        // Its fields are spelled as in templates.
        return ("version".to_owned(), value.clone());
    }
    let known = SPELLINGS.iter().find(|(other, _)| *other == name).map(|(_, spelling)| (*spelling).to_owned());
    let small = || name[..1].to_lowercase() + &name[1..];
    (known.unwrap_or_else(small), spelled(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_json_is_spelled_as_podmans() {
        let facts =
            json!({ "Host": { "OCIRuntime": { "Name": "x" }, "CPUs": 2, "Arch": "amd64" }, "Version": { "OsArch": "y" } });
        let wanted =
            json!({ "host": { "ociRuntime": { "name": "x" }, "cpus": 2, "arch": "amd64" }, "version": { "OsArch": "y" } });
        assert_eq!(spelled(&facts), wanted);
    }
}
