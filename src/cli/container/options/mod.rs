//! The options that `run` and `create` share, by subject.

mod defaults;
mod environment;
mod filesystem;
mod health;
mod image;
mod isolation;
mod limits;
mod mounts;
mod names;
mod network;
mod ports;
mod relations;
mod resources;
mod security;
mod settings;
mod size;
mod supervision;
mod userns;

pub(super) use environment::with_files;
pub(super) use health::HealthOptions;
pub(super) use resources::ResourceOptions;
pub(super) use supervision::{parse_restart, parse_signal};

use crate::cli::error::CliError;
use crate::config::env;
use crate::engine::container::create::CreateRequest;
use clap::Args;
use std::path::PathBuf;

/// Options of a new container.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// Of the tool's own options.
    #[arg(skip)]
    pub runtime: Option<crate::model::OtherRuntime>,
    /// Variables that the image may change.
    #[arg(skip)]
    usual_env: Vec<String>,
    #[command(flatten)]
    pub relations: relations::RelationOptions,
    #[command(flatten)]
    environment: environment::EnvironmentOptions,
    #[command(flatten)]
    filesystem: filesystem::FilesystemOptions,
    #[command(flatten)]
    isolation: isolation::IsolationOptions,
    #[command(flatten)]
    network: network::NetworkOptions,
    #[command(flatten)]
    ports: ports::PortOptions,
    #[command(flatten)]
    resources: resources::CgroupOptions,
    #[command(flatten)]
    security: security::SecurityOptions,
    #[command(flatten)]
    settings: settings::SettingOptions,
    #[command(flatten)]
    supervision: supervision::SupervisionOptions,
    #[command(flatten)]
    health: HealthOptions,
    /// Begin in this folder of the container
    #[arg(short, long, value_name = "DIR")]
    workdir: Option<String>,
    /// Replace the image's entrypoint: a program, or a JSON array of program and arguments; "" for none
    #[arg(long, value_name = "COMMAND")]
    entrypoint: Option<String>,
    /// Keep the container's standard input open
    #[arg(short, long)]
    pub interactive: bool,
    /// Give the container a terminal
    #[arg(short, long)]
    pub tty: bool,
    #[command(flatten)]
    pub origin: image::ImageOptions,
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
            term: env::var("TERM"),
            create_command: std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect(),
            ..CreateRequest::default()
        };
        self.relations.apply(&mut request, &cwd)?;
        self.environment.apply(&mut request)?;
        self.filesystem.apply(&mut request, &cwd)?;
        if self.filesystem.rootfs {
            request.filesystem.rootfs = Some(mounts::rootfs(&self.image, &cwd)?);
        }
        self.isolation.apply(&mut request)?;
        self.network.apply(&mut request)?;
        self.ports.apply(&mut request)?;
        self.resources.apply(&mut request)?;
        self.security.apply(&mut request, &cwd)?;
        self.settings.apply(&mut request, &cwd)?;
        request.settings.runtime.clone_from(&self.runtime);
        request.environment.usual.clone_from(&self.usual_env);
        self.supervision.apply(&mut request)?;
        self.health.apply(&mut request)?;
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
