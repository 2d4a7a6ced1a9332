//! The options of every command that talks to a registry.

use crate::cli::conf::conf;
use crate::cli::error::CliError;
use crate::cli::prompt;
use crate::config::Places;
use crate::config::web::registry_timeout;
use crate::engine::image::{Credentials, Patience, Plan, RegistryOptions, Retry, plan};
use crate::engine::{EngineError, Kind};
use clap::{ArgAction, Args};
use std::path::PathBuf;
use std::time::Duration;

/// The longest silence that can be asked for, in seconds.
const MAX_SILENCE: u64 = 3600;

/// How a registry is asked.
#[derive(Args, Clone, Debug, Default)]
pub struct RegistryArgs {
    /// Insist on HTTPS with a certificate that is known; false also allows plain HTTP (registries.conf decides where not given)
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    tls_verify: Option<bool>,
    /// The registry's user and password; the password is asked for where it is left out
    #[arg(long, value_name = "USER[:PASSWORD]")]
    creds: Option<String>,
    /// The file of credentials, instead of all others (also $REGISTRY_AUTH_FILE)
    #[arg(long, value_name = "FILE")]
    authfile: Option<PathBuf>,
    /// A folder with ca.crt, client.cert and client.key for the registry
    #[arg(long, value_name = "DIR")]
    cert_dir: Option<PathBuf>,
    #[command(flatten)]
    retry: RetryArgs,
}

/// What is done after a failure that may pass.
#[derive(Args, Clone, Debug, Default)]
pub struct RetryArgs {
    /// How often a request is made again when the registry or the network fails (default 3)
    ///
    /// A registry that is silent for 30 seconds, or as many as $CORACLE_REGISTRY_TIMEOUT says, has failed.
    #[arg(long, value_name = "TIMES")]
    retry: Option<u32>,
    /// The pause before that: 5s, 1m30s; where not given it grows from half a second
    #[arg(long, value_name = "DURATION", value_parser = pause)]
    retry_delay: Option<Duration>,
}

impl RegistryArgs {
    /// Turns the options into what the engine takes; asks for a password that is left out.
    ///
    /// # Errors
    /// There is nobody to ask.
    pub fn options(&self) -> Result<RegistryOptions, CliError> {
        let credentials = match self.creds.as_deref() {
            Some(user) if !user.contains(':') => {
                let password = prompt::secret("Password: ", "--creds USER:PASSWORD")?;
                Some(Credentials::Password { user: user.to_owned(), password })
            }
            other => other.map(Credentials::parse),
        };
        let retry = self.retry.chosen()?;
        Ok(RegistryOptions {
            tls_verify: self.tls_verify,
            credentials,
            authfile: self.authfile.clone(),
            cert_dir: self.cert_dir.clone(),
            retry,
            patience: patience()?,
        })
    }

    /// Plans the pull of a name; a short one that may mean several images is asked about, where somebody sits at a terminal.
    ///
    /// # Errors
    /// See `engine::image::plan`.
    pub fn plan(&self, name: &str) -> Result<Plan, CliError> {
        let places = places()?;
        Ok(plan(name, &places, &self.options()?, &mut |name, names| {
            prompt::choose(&format!("Which image does {name:?} mean?"), names)
        })?)
    }
}

impl RetryArgs {
    /// What was given, else what containers.conf says.
    fn chosen(&self) -> Result<Retry, CliError> {
        let conf = conf()?;
        let times = self.retry.or(conf.engine.retry);
        let usual = || conf.engine.retry_delay.as_deref().filter(|text| !text.is_empty()).map(pause).transpose();
        let usual = usual().map_err(|why| CliError::Usage(format!("{}: {why}", conf.origin("engine", "retry_delay"))))?;
        Ok(Retry {
            times: times.unwrap_or(Retry::default().times),
            delay: self.retry_delay.or(usual),
            unreachable: times.is_some(),
        })
    }
}

/// How long a registry may be silent.
///
/// # Errors
/// What the environment says is no number of seconds.
pub fn patience() -> Result<Patience, CliError> {
    let Some(text) = registry_timeout() else { return Ok(Patience::default()) };
    match text.parse() {
        Ok(seconds @ 1..=MAX_SILENCE) => Ok(Patience { silence: Duration::from_secs(seconds) }),
        _ => Err(CliError::Usage(format!(
            "CORACLE_REGISTRY_TIMEOUT is {text:?}: it has to be a number of seconds, {MAX_SILENCE} at most"
        ))),
    }
}

/// Where the configuration files are.
///
/// # Errors
/// There is no home folder.
pub fn places() -> Result<Places, CliError> {
    Ok(Places::from_env().map_err(EngineError::from)?)
}

/// Tells whether a failure is that nobody is logged in.
#[must_use]
pub fn is_denied(error: &EngineError) -> bool {
    error.kind() == Kind::Denied
}

fn pause(text: &str) -> Result<Duration, String> {
    let bad = || format!("{text:?} is no duration: write 5s or 1m30s");
    if let Ok(seconds) = text.parse() {
        return Ok(Duration::from_secs(seconds));
    }
    let span: jiff::SignedDuration = text.parse().map_err(|_| bad())?;
    Duration::try_from(span).map_err(|_| bad())
}
