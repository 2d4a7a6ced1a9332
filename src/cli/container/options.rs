//! The options that `run` and `create` share.

use super::mounts;
use crate::cli::error::CliError;
use crate::cli::image::pull::Policy;
use crate::config::env;
use crate::engine::container::create::CreateRequest;
use crate::model::{LogDriver, NetworkMode, signal};
use clap::Args;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Options of a new container.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// Give the container a name
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Set an environment variable: NAME=value, NAME to pass it on from here, PREFIX* to pass several on
    #[arg(short, long, value_name = "ENV")]
    env: Vec<String>,
    /// Begin in this folder of the container
    #[arg(short, long, value_name = "DIR")]
    workdir: Option<String>,
    /// Run as this user of the container: name or number, with :group or without
    #[arg(short, long, value_name = "USER[:GROUP]")]
    user: Option<String>,
    /// Mount a folder or file of the host: HOST-PATH:CONTAINER-PATH[:OPTIONS]
    ///
    /// Options: ro, rw; rbind (default), bind; rprivate (default), private, rslave, slave, rshared, shared; noexec, nosuid, nodev.
    #[arg(short, long, value_name = "VOLUME")]
    volume: Vec<String>,
    /// Replace the image's entrypoint: a program, or a JSON array of program and arguments; "" for none
    #[arg(long, value_name = "COMMAND")]
    entrypoint: Option<String>,
    /// Choose the network: private (an own one, joined to the host's by a user-mode stack), none, host
    #[arg(long, visible_alias = "net", value_name = "MODE")]
    network: Option<String>,
    /// Set the host name
    #[arg(short = 'h', long, value_name = "NAME")]
    hostname: Option<String>,
    /// Write the container's id to this file, which must not exist
    #[arg(long, value_name = "FILE")]
    pub cidfile: Option<PathBuf>,
    /// Add a label: NAME=value
    #[arg(short, long, value_name = "LABEL")]
    label: Vec<String>,
    /// Keep the container's standard input open
    #[arg(short, long)]
    pub interactive: bool,
    /// Give the container a terminal
    #[arg(short, long)]
    pub tty: bool,
    /// Remove the container when it has ended
    #[arg(long)]
    pub rm: bool,
    /// The signal that `stop` sends
    #[arg(long, value_name = "SIGNAL")]
    stop_signal: Option<String>,
    /// How many seconds `stop` waits before it kills
    #[arg(long, value_name = "SECONDS")]
    stop_timeout: Option<u32>,
    /// Where the container's output is kept: k8s-file or none
    #[arg(long, value_name = "DRIVER")]
    log_driver: Option<String>,
    /// When to pull the image: missing (default), always, newer, never
    #[arg(long, value_name = "POLICY", value_enum, default_value = "missing")]
    pub pull: Policy,
    /// Print no progress while an image is pulled
    #[arg(short, long)]
    pub quiet: bool,
    /// Check certificates of the registry; false also allows plain HTTP
    #[arg(long, value_name = "BOOL", default_value_t = true, default_missing_value = "true", num_args = 0..=1, require_equals = true, action = clap::ArgAction::Set)]
    pub tls_verify: bool,
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
        Ok(CreateRequest {
            image_name: self.image.clone(),
            name: self.name.clone().filter(|name| !name.is_empty()),
            command: self.command.clone(),
            entrypoint: self.entrypoint.as_deref().map(entrypoint).transpose()?,
            env: environment(&self.env, &env::all())?,
            workdir: self.workdir.clone(),
            user: self.user.clone(),
            hostname: self.hostname.clone(),
            tty: self.tty,
            stdin_open: self.interactive,
            labels: labels(&self.label),
            mounts: mounts::parse_all(&self.volume, &cwd)?,
            network: self.network.as_deref().map(network).transpose()?,
            auto_remove: self.rm,
            stop_signal: self.stop_signal.as_deref().map(parse_signal).transpose()?,
            stop_timeout: self.stop_timeout,
            log_driver: self.log_driver.as_deref().map(log_driver).transpose()?,
            term: env::var("TERM"),
            create_command: std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect(),
        })
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

/// `-e`: `NAME=value` as it is; `NAME` and `PREFIX*` from the caller's environment, nothing where it has none.
pub(super) fn environment(given: &[String], host: &[(String, String)]) -> Result<Vec<String>, CliError> {
    let mut list = Vec::new();
    for text in given {
        let name = text.split('=').next().unwrap_or_default();
        if name.is_empty() {
            return Err(CliError::Usage(format!("invalid environment variable {text:?}: it has no name")));
        }
        if text.contains('=') {
            list.push(text.clone());
        } else if let Some(prefix) = text.strip_suffix('*') {
            list.extend(host.iter().filter(|(name, _)| name.starts_with(prefix)).map(|(name, value)| format!("{name}={value}")));
        } else {
            list.extend(host.iter().filter(|(name, _)| name == text).map(|(name, value)| format!("{name}={value}")));
        }
    }
    Ok(list)
}

fn labels(given: &[String]) -> BTreeMap<String, String> {
    given
        .iter()
        .map(|text| {
            text.split_once('=').map_or((text.clone(), String::new()), |(name, value)| (name.to_owned(), value.to_owned()))
        })
        .collect()
}

fn network(text: &str) -> Result<NetworkMode, CliError> {
    match text {
        "none" => Ok(NetworkMode::None),
        "host" => Ok(NetworkMode::Host),
        "private" | "pasta" | "slirp4netns" => Ok(NetworkMode::Private),
        other => Err(CliError::Usage(format!("network {other:?} is not known: choose private, none or host"))),
    }
}

fn log_driver(text: &str) -> Result<LogDriver, CliError> {
    match text {
        "k8s-file" => Ok(LogDriver::K8sFile),
        "none" => Ok(LogDriver::None),
        other => Err(CliError::Usage(format!("log driver {other:?} is not known: choose k8s-file or none"))),
    }
}

/// Reads a signal's name or number.
///
/// # Errors
/// It is none.
pub(super) fn parse_signal(text: &str) -> Result<i32, CliError> {
    signal::parse(text)
        .ok_or_else(|| CliError::Usage(format!("invalid signal {text:?}: use a name like TERM or a number from 1 to 64")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_come_from_the_command_line_or_from_here() {
        let host = [("A".to_owned(), "1".to_owned()), ("LC_X".to_owned(), "2".to_owned()), ("LC_Y".to_owned(), "3".to_owned())];
        let given: Vec<String> = ["B=b=b", "A", "NONE", "LC_*", "E="].map(str::to_owned).to_vec();
        assert_eq!(environment(&given, &host).expect("good"), ["B=b=b", "A=1", "LC_X=2", "LC_Y=3", "E="]);
        assert!(environment(&["=x".to_owned()], &host).is_err());
    }

    #[test]
    fn an_entrypoint_is_a_word_or_an_array() {
        assert_eq!(entrypoint("a b").expect("word"), ["a b"]);
        assert_eq!(entrypoint(r#"["a","b"]"#).expect("array"), ["a", "b"]);
        assert!(entrypoint("[a").is_err());
    }
}
