//! The options that `run` and `create` share, by subject.

mod environment;
mod filesystem;
mod isolation;
mod limits;
mod mounts;
mod relations;
mod resources;
mod security;
mod settings;
mod supervision;

pub(super) use environment::environment;
pub(super) use resources::ResourceOptions;
pub(super) use supervision::parse_signal;

use crate::cli::error::CliError;
use crate::cli::image::pull::Policy;
use crate::config::env;
use crate::engine::container::create::CreateRequest;
use clap::Args;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Options of a new container.
#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    pub relations: relations::RelationOptions,
    #[command(flatten)]
    environment: environment::EnvironmentOptions,
    #[command(flatten)]
    filesystem: filesystem::FilesystemOptions,
    #[command(flatten)]
    isolation: isolation::IsolationOptions,
    #[command(flatten)]
    resources: resources::CgroupOptions,
    #[command(flatten)]
    security: security::SecurityOptions,
    #[command(flatten)]
    settings: settings::SettingOptions,
    #[command(flatten)]
    supervision: supervision::SupervisionOptions,
    /// Begin in this folder of the container
    #[arg(short, long, value_name = "DIR")]
    workdir: Option<String>,
    /// Replace the image's entrypoint: a program, or a JSON array of program and arguments; "" for none
    #[arg(long, value_name = "COMMAND")]
    entrypoint: Option<String>,
    /// Add a label: NAME=value
    #[arg(short, long, value_name = "LABEL")]
    label: Vec<String>,
    /// Keep the container's standard input open
    #[arg(short, long)]
    pub interactive: bool,
    /// Give the container a terminal
    #[arg(short, long)]
    pub tty: bool,
    /// When to pull the image: missing (default), always, newer, never
    #[arg(long, value_name = "POLICY", value_enum, default_value = "missing")]
    pub pull: Policy,
    /// Print no progress while an image is pulled
    #[arg(short, long)]
    pub quiet: bool,
    #[command(flatten)]
    pub registry: crate::cli::image::registry::RegistryArgs,
    /// Print help
    #[arg(long, action = clap::ArgAction::Help)]
    help: Option<bool>,
    /// The image: a reference, or the id of one in the store
    pub image: String,
    /// The command and its arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND")]
    command: Vec<String>,
}

impl Options {
    /// Turns the options into a request; the image's full name is filled in by the caller.
    ///
    /// # Errors
    /// An option's text cannot be read.
    pub(super) fn request(&self) -> Result<CreateRequest, CliError> {
        let cwd = rustix::process::getcwd(Vec::new()).ok();
        let cwd = cwd.and_then(|path| path.into_string().ok()).map_or_else(|| PathBuf::from("/"), PathBuf::from);
        let mut request = CreateRequest {
            image_name: self.image.clone(),
            command: self.command.clone(),
            entrypoint: self.entrypoint.as_deref().map(entrypoint).transpose()?,
            workdir: self.workdir.clone(),
            tty: self.tty,
            stdin_open: self.interactive,
            labels: labels(&self.label),
            term: env::var("TERM"),
            create_command: std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect(),
            ..CreateRequest::default()
        };
        self.relations.apply(&mut request, &cwd)?;
        self.environment.apply(&mut request)?;
        self.filesystem.apply(&mut request, &cwd)?;
        self.isolation.apply(&mut request)?;
        self.resources.apply(&mut request)?;
        self.security.apply(&mut request, &cwd)?;
        self.settings.apply(&mut request, &cwd)?;
        self.supervision.apply(&mut request)?;
        Ok(request)
    }
}

/// `--entrypoint`: a JSON array where it looks like one, else one word.
fn entrypoint(text: &str) -> Result<Vec<String>, CliError> {
    if !text.starts_with('[') {
        return Ok(vec![text.to_owned()]);
    }
    serde_json::from_str(text)
        .map_err(|error| CliError::Usage(format!("invalid --entrypoint {text:?}: {error} (write a word or [\"word\", …])")))
}

fn labels(given: &[String]) -> BTreeMap<String, String> {
    given
        .iter()
        .map(|text| {
            text.split_once('=').map_or((text.clone(), String::new()), |(name, value)| (name.to_owned(), value.to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entrypoint_is_a_word_or_an_array() {
        assert_eq!(entrypoint("a b").expect("word"), ["a b"]);
        assert_eq!(entrypoint(r#"["a","b"]"#).expect("array"), ["a", "b"]);
        assert!(entrypoint("[a").is_err());
    }
}
