//! `coracle pull`.

use super::platform::PlatformArgs;
use super::registry::RegistryArgs;
use super::{in_session, progress};
use crate::cli::error::CliError;
use crate::cli::ui;
use crate::engine::image::{Input, LoadRequest, Plan, Platform, PullPolicy, PullRequest};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Pull images from a registry
///
/// A name without a registry is looked up in registries.conf; without such a file it is one of docker.io. A registry on this
/// machine's loopback may speak plain HTTP; for others use --tls-verify=false.
#[derive(Debug, Args)]
pub struct PullArgs {
    /// References, or docker-archive:FILE, oci-archive:FILE, oci:FOLDER
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<String>,
    /// Pull every tag of the repository
    #[arg(short, long)]
    all_tags: bool,
    /// Print no progress
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    platform: PlatformArgs,
    /// When to ask the registry
    #[arg(long, value_enum, default_value = "always")]
    policy: Policy,
    #[command(flatten)]
    registry: RegistryArgs,
}

/// When a registry is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Policy {
    Always,
    Missing,
    #[value(alias = "ifnewer")]
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

/// What an argument names.
enum Wanted {
    Archive(Input),
    Image(Box<Plan>),
}

/// Pulls the images and prints the id of each.
///
/// # Errors
/// An image cannot be pulled; those before it stay.
pub fn run(args: PullArgs) -> Result<i32, CliError> {
    let platform = args.platform.chosen()?;
    let mut wanted = Vec::new();
    for name in &args.images {
        wanted.push(match archive(name)? {
            Some(input) => Wanted::Archive(input),
            None if args.all_tags && has_tag(name) => {
                return Err(CliError::Usage(format!("{name:?} names one image: leave out the tag with --all-tags")));
            }
            None => Wanted::Image(Box::new(args.registry.plan(name)?)),
        });
    }
    in_session(|engine| {
        for wanted in wanted {
            let mut shown = progress::shown(args.quiet);
            let plan = match wanted {
                Wanted::Image(plan) => *plan,
                Wanted::Archive(input) => {
                    for (id, _) in engine.load(&LoadRequest { input, platform: platform.clone() }, &mut *shown)?.images {
                        ui::print_line(id.hex())?;
                    }
                    continue;
                }
            };
            let request = PullRequest { plan, policy: args.policy.into(), platform: platform.clone() };
            let ids = match args.all_tags {
                true => engine.pull_all_tags(&request, &mut *shown)?,
                false => vec![engine.pull(&request, &mut *shown)?.id],
            };
            drop(shown);
            for id in ids {
                ui::print_line(id.hex())?;
            }
        }
        Ok(0)
    })
}

/// How the image of a new container is pulled.
#[derive(Clone, Debug)]
pub struct Pull {
    pub policy: Policy,
    pub quiet: bool,
    pub registry: RegistryArgs,
    pub platform: Platform,
}

/// Makes sure that an image is in the store, before a container is made from it. Returns the full names that it may have there.
///
/// # Errors
/// `CliError::Code` when it cannot be had; what went wrong was printed.
pub fn ensure(name: &str, pull: &Pull) -> Result<Vec<String>, CliError> {
    let plan = pull.registry.plan(name)?;
    let names = plan.names();
    let code = in_session(|engine| {
        // The platform was not the right one, where the store has an image of this name and none was to be pulled.
        let is_other = pull.policy == Policy::Missing && engine.image(name).is_ok();
        let policy = if is_other { PullPolicy::Always } else { pull.policy.into() };
        let request = PullRequest { plan, policy, platform: pull.platform.clone() };
        engine.pull(&request, &mut *progress::shown(pull.quiet))?;
        Ok(0)
    })?;
    if code == 0 { Ok(names) } else { Err(CliError::Code(code)) }
}

fn archive(name: &str) -> Result<Option<Input>, CliError> {
    for (prefix, why) in [
        ("containers-storage:", "that is Podman's own store; save the image there and load it here"),
        ("docker-daemon:", "there is no connection to a Docker daemon; `docker save` the image and load it here"),
        ("sif:", "SIF images are not understood"),
    ] {
        if name.starts_with(prefix) {
            return Err(CliError::Usage(format!("{name:?} cannot be pulled: {why}")));
        }
    }
    let path = ["docker-archive:", "oci-archive:", "oci:"].iter().find_map(|prefix| name.strip_prefix(prefix));
    Ok(path.map(|path| Input::Path(PathBuf::from(path))))
}

fn has_tag(name: &str) -> bool {
    name.contains('@') || name.rsplit_once(':').is_some_and(|(_, tag)| !tag.contains('/'))
}
