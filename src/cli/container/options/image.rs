//! Where a new container's image comes from.

use super::given;
use crate::cli::error::CliError;
use crate::cli::image::platform;
use crate::cli::image::pull::{Policy, Pull};
use clap::{ArgAction, Args};
use std::time::Duration;

/// Options about the image.
#[derive(Debug, Args)]
pub(in crate::cli::container) struct ImageOptions {
    /// When to pull the image: missing (default), always, newer, never
    #[arg(long, value_name = "POLICY", value_enum, default_value = "missing")]
    pub pull: Policy,
    /// Print no progress while an image is pulled
    #[arg(short, long)]
    quiet: bool,
    /// Check certificates of the registry; false also allows plain HTTP
    #[arg(long, value_name = "BOOL", default_value_t = true, default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    tls_verify: bool,
    /// OS/ARCH[/VARIANT] of the image; this machine's where not given
    #[arg(long, conflicts_with_all = ["os", "arch", "variant"])]
    platform: Option<String>,
    /// The operating system of the image
    #[arg(long)]
    os: Option<String>,
    /// The architecture of the image
    #[arg(long)]
    arch: Option<String>,
    /// The variant of the architecture
    #[arg(long)]
    variant: Option<String>,
    /// How often to try again when the registry cannot be reached
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    retry: u32,
    /// How long to wait before that: a number with s, m or h; twice as long each time where not given
    #[arg(long, value_name = "TIME")]
    retry_delay: Option<String>,
    /// Not needed: signatures of Docker's content trust are never asked for
    #[arg(long, value_name = "BOOL", default_value_t = true, default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set, hide = true)]
    disable_content_trust: bool,
    #[arg(long, hide = true)]
    authfile: Option<String>,
    #[arg(long, hide = true)]
    creds: Option<String>,
    #[arg(long, hide = true)]
    cert_dir: Option<String>,
    #[arg(long, hide = true)]
    decryption_key: Vec<String>,
}

impl ImageOptions {
    /// Tells whether an image for another machine than this one may be meant.
    pub(in crate::cli::container) fn names_platform(&self) -> bool {
        [&self.platform, &self.os, &self.arch, &self.variant].iter().any(|text| given(text.as_ref()).is_some())
    }

    /// How the image is pulled.
    ///
    /// # Errors
    /// An option's text cannot be read, or asks for what is not offered.
    pub(in crate::cli::container) fn request(&self) -> Result<Pull, CliError> {
        let login =
            [("--authfile", self.authfile.is_some()), ("--creds", self.creds.is_some()), ("--cert-dir", self.cert_dir.is_some())];
        if let Some((option, _)) = login.iter().find(|(_, given)| *given) {
            return Err(CliError::Usage(format!(
                "{option} is not offered: images are pulled without a login and with the system's certificates"
            )));
        }
        if !self.decryption_key.is_empty() {
            return Err(CliError::Usage("--decryption-key is not offered: encrypted images cannot be read".to_owned()));
        }
        if !self.disable_content_trust {
            return Err(CliError::Usage("--disable-content-trust=false is not offered: there is no content trust".to_owned()));
        }
        Ok(Pull {
            policy: self.pull,
            quiet: self.quiet,
            tls_verify: self.tls_verify,
            platform: {
                let [os, arch, variant] = [&self.os, &self.arch, &self.variant].map(|text| given(text.as_ref()));
                platform(given(self.platform.as_ref()), os, arch, variant)?
            },
            retry: self.retry,
            retry_delay: self.retry_delay.as_deref().map(delay).transpose()?,
        })
    }
}

/// Reads a number with a unit; seconds where it has none.
fn delay(text: &str) -> Result<Duration, CliError> {
    let bad = || CliError::Usage(format!("--retry-delay {text:?}: write a number with s, m or h"));
    let (number, unit) = match text.find(|letter: char| !letter.is_ascii_digit()) {
        Some(at) => text.split_at(at),
        None => (text, "s"),
    };
    let number: u64 = number.parse().map_err(|_| bad())?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return Err(bad()),
    };
    number.checked_mul(seconds).map(Duration::from_secs).ok_or_else(bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_have_units() {
        for (text, seconds) in [("2s", 2), ("3", 3), ("1m", 60), ("2h", 7200)] {
            assert_eq!(delay(text).expect(text), Duration::from_secs(seconds));
        }
        for text in ["", "s", "1d", "x", "1ms"] {
            assert!(delay(text).is_err(), "{text}");
        }
    }
}
