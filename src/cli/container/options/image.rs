//! Where a new container's image comes from.

use crate::cli::conf::conf;
use crate::cli::error::CliError;
use crate::cli::image::platform::PlatformArgs;
use crate::cli::image::pull::{Pull, When};
use crate::cli::image::registry::RegistryArgs;
use clap::{ArgAction, Args};

/// Options about the image.
#[derive(Debug, Args)]
pub(in crate::cli::container) struct ImageOptions {
    /// When to pull the image: missing (default), always, newer, never
    #[arg(long, value_name = "POLICY", value_enum)]
    pull: Option<When>,
    /// Print no progress while an image is pulled
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    platform: PlatformArgs,
    #[command(flatten)]
    registry: RegistryArgs,
    /// Not needed: signatures of Docker's content trust are never asked for
    #[arg(long, value_name = "BOOL", default_value_t = true, default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set, hide = true)]
    disable_content_trust: bool,
    #[arg(long, hide = true)]
    decryption_key: Vec<String>,
}

impl ImageOptions {
    /// When the image is pulled.
    ///
    /// # Errors
    /// containers.conf names no such policy.
    pub(in crate::cli::container) fn policy(&self) -> Result<When, CliError> {
        if let Some(policy) = self.pull {
            return Ok(policy);
        }
        let conf = conf()?;
        match conf.engine.pull_policy.as_deref() {
            None | Some("") => Ok(When::Missing),
            Some(text) => <When as clap::ValueEnum>::from_str(text, true).map_err(|_| {
                let origin = conf.origin("engine", "pull_policy");
                CliError::Usage(format!("{origin}: {text:?} is no policy: choose always, missing, newer or never"))
            }),
        }
    }

    /// Tells whether an image for another machine than this one may be meant.
    pub(in crate::cli::container) fn names_platform(&self) -> bool {
        self.platform.is_named()
    }

    /// How the image is pulled.
    ///
    /// # Errors
    /// An option's text cannot be read, or asks for what is not offered.
    pub(in crate::cli::container) fn request(&self) -> Result<Pull, CliError> {
        if !self.decryption_key.is_empty() {
            return Err(CliError::Usage("--decryption-key is not offered: encrypted images cannot be read".to_owned()));
        }
        if !self.disable_content_trust {
            return Err(CliError::Usage("--disable-content-trust=false is not offered: there is no content trust".to_owned()));
        }
        Ok(Pull { policy: self.policy()?, quiet: self.quiet, registry: self.registry.clone(), platform: self.platform.chosen()? })
    }
}
