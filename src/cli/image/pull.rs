//! `coracle pull`.

use super::{in_session, platform, progress};
use crate::cli::error::CliError;
use crate::cli::ui;
use crate::engine::image::Input;
use crate::engine::image::Platform;
use crate::engine::image::{LoadRequest, PullPolicy, PullRequest};
use clap::{ArgAction, Args, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

/// Pull images from a registry
///
/// A name without a registry is one of docker.io. A registry on this machine's loopback may speak plain HTTP; for others use
/// --tls-verify=false.
#[derive(Debug, Args)]
pub struct PullArgs {
    /// References, or docker-archive:FILE, oci-archive:FILE, oci:FOLDER
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<String>,
    /// Print no progress
    #[arg(short, long)]
    quiet: bool,
    /// OS/ARCH[/VARIANT]; this machine's where not given
    #[arg(long, conflicts_with_all = ["os", "arch", "variant"])]
    platform: Option<String>,
    /// The operating system
    #[arg(long)]
    os: Option<String>,
    /// The architecture
    #[arg(long)]
    arch: Option<String>,
    /// The variant of the architecture
    #[arg(long)]
    variant: Option<String>,
    /// When to ask the registry
    #[arg(long, value_enum, default_value = "always")]
    policy: Policy,
    /// Insist on HTTPS with a certificate that is known
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_value = "true", default_missing_value = "true")]
    tls_verify: bool,
}

/// When a registry is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Policy {
    Always,
    Missing,
    Newer,
    Never,
}

impl From<Policy> for PullPolicy {
    fn from(policy: Policy) -> Self {
        match policy {
            Policy::Always => Self::Always,
            Policy::Missing => Self::Missing,
            Policy::Newer => Self::Newer,
            Policy::Never => Self::Never,
        }
    }
}

/// Pulls the images and prints the id of each.
///
/// # Errors
/// An image cannot be pulled; those before it stay.
pub fn run(args: PullArgs) -> Result<i32, CliError> {
    let platform = platform(args.platform.as_deref(), args.os.as_deref(), args.arch.as_deref(), args.variant.as_deref())?;
    in_session(|engine| {
        for name in &args.images {
            let mut shown = progress::shown(args.quiet);
            if let Some(input) = archive(name) {
                for (id, _) in engine.load(&LoadRequest { input, platform: platform.clone() }, &mut *shown)?.images {
                    ui::print_line(id.hex())?;
                }
                continue;
            }
            let request = PullRequest {
                name: name.clone(),
                policy: args.policy.into(),
                platform: platform.clone(),
                tls_verify: args.tls_verify,
            };
            let report = engine.pull(&request, &mut *shown)?;
            ui::print_line(report.id.hex())?;
        }
        Ok(0)
    })
}

/// How the image of a new container is pulled.
#[derive(Clone, Debug)]
pub struct Pull {
    pub policy: Policy,
    pub quiet: bool,
    pub tls_verify: bool,
    pub platform: Platform,
    /// How often to try again where the registry cannot be reached.
    pub retry: u32,
    /// How long to wait before; twice as long each time where nothing is given.
    pub retry_delay: Option<Duration>,
}

/// Makes sure that an image is in the store, before a container is made from it.
///
/// # Errors
/// `CliError::Code` when it cannot be had; what went wrong was printed.
pub fn ensure(name: &str, pull: &Pull) -> Result<(), CliError> {
    let code = in_session(|engine| {
        let platform = pull.platform.clone();
        // The platform was not the right one, where the store has an image of this name and none was to be pulled.
        let policy = if pull.policy == Policy::Missing { PullPolicy::Always } else { pull.policy.into() };
        let request = PullRequest { name: name.to_owned(), policy, platform, tls_verify: pull.tls_verify };
        let mut attempt = 0;
        loop {
            match engine.pull(&request, &mut *progress::shown(pull.quiet)) {
                Err(error) if attempt < pull.retry && error.is_unreachable() => {
                    let delay = pull.retry_delay.unwrap_or_else(|| Duration::from_secs(1 << attempt.min(6)));
                    ui::note(format!("{}; trying again in {} s", CliError::from(error).text(), delay.as_secs()));
                    std::thread::sleep(delay);
                    attempt += 1;
                }
                done => return done.map(|_| 0).map_err(CliError::from),
            }
        }
    })?;
    if code == 0 { Ok(()) } else { Err(CliError::Code(code)) }
}

fn archive(name: &str) -> Option<Input> {
    let path = ["docker-archive:", "oci-archive:", "oci:"].iter().find_map(|prefix| name.strip_prefix(prefix))?;
    Some(Input::Path(PathBuf::from(path)))
}
