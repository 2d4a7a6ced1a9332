//! The options that name a platform.

use crate::cli::error::CliError;
use crate::cli::given;
use crate::engine::image::Platform;
use clap::Args;

/// The platform in one word, or in parts.
#[derive(Args, Clone, Debug, Default)]
pub struct PlatformArgs {
    /// OS/ARCH[/VARIANT]; this machine's where not given
    #[arg(long, conflicts_with_all = ["os", "arch", "variant"])]
    platform: Option<String>,
    #[command(flatten)]
    parts: PlatformParts,
}

/// The parts of a platform, each with an option of its own.
#[derive(Args, Clone, Debug, Default)]
pub struct PlatformParts {
    /// The operating system
    #[arg(long)]
    os: Option<String>,
    /// The architecture
    #[arg(long)]
    arch: Option<String>,
    /// The variant of the architecture
    #[arg(long)]
    variant: Option<String>,
}

impl PlatformArgs {
    /// Tells whether one of the options was given.
    #[must_use]
    pub fn is_named(&self) -> bool {
        [&self.platform, &self.parts.os, &self.parts.arch, &self.parts.variant].iter().any(|text| given(text.as_ref()).is_some())
    }

    /// The platform that is named, else this machine's.
    ///
    /// # Errors
    /// There is no such one.
    pub fn chosen(&self) -> Result<Platform, CliError> {
        let whole = given(self.platform.as_ref()).map_or_else(|| Ok(Platform::host()), parse)?;
        self.parts.over(whole)
    }
}

impl PlatformParts {
    /// The platform that is named, else this machine's.
    ///
    /// # Errors
    /// There is no such one.
    pub fn chosen(&self) -> Result<Platform, CliError> {
        self.over(Platform::host())
    }

    fn over(&self, mut platform: Platform) -> Result<Platform, CliError> {
        if let Some(arch) = given(self.arch.as_ref()) {
            platform = Platform { os: platform.os, ..parse(arch)? };
        }
        if let Some(os) = given(self.os.as_ref()) {
            os.clone_into(&mut platform.os);
        }
        if let Some(variant) = given(self.variant.as_ref()) {
            platform.variant = Some(variant.to_owned());
        }
        Ok(platform)
    }
}

fn parse(text: &str) -> Result<Platform, CliError> {
    Platform::parse(text).map_err(|error| CliError::Usage(error.to_string()))
}
