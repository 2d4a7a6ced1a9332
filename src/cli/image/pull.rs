//! `coracle pull`.

use super::platform::PlatformArgs;
use super::registry::{RegistryArgs, places};
use super::{in_session, progress, told_by_session};
use crate::cli::error::CliError;
use crate::cli::ui;
use crate::config::policy::Policy;
use crate::engine::EngineError;
use crate::engine::image::{ImageError, LoadRequest, Local, Plan, Platform, PullPolicy, PullRequest};
use clap::{Args, ValueEnum};

/// Pull images from a registry
///
/// A name without a registry is looked up in registries.conf; without such a file it is one of docker.io. A registry on this
/// machine's loopback may speak plain HTTP; for others use --tls-verify=false.
#[derive(Debug, Args)]
pub struct PullArgs {
    /// References, or docker-archive:FILE[:REFERENCE], oci-archive:FILE[:REFERENCE], oci:FOLDER[:REFERENCE], dir:FOLDER
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
    policy: When,
    #[command(flatten)]
    registry: RegistryArgs,
    /// Taken for the sake of scripts: signatures of Docker's content trust are never asked for
    #[arg(long, hide = true)]
    disable_content_trust: bool,
    #[arg(long, hide = true, value_name = "KEY")]
    decryption_key: Vec<String>,
}

/// When a registry is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum When {
    Always,
    Missing,
    #[value(alias = "ifnewer")]
    Newer,
    Never,
}

impl From<When> for PullPolicy {
    fn from(when: When) -> Self {
        match when {
            When::Always => Self::Always,
            When::Missing => Self::Missing,
            When::Newer => Self::Newer,
            When::Never => Self::Never,
        }
    }
}

/// What an argument names.
enum Wanted {
    Archive(Box<LoadRequest>),
    Image(Box<Plan>),
}

/// Pulls the images and prints the id of each.
///
/// # Errors
/// An image cannot be pulled; those before it stay.
pub fn run(args: PullArgs) -> Result<i32, CliError> {
    if !args.decryption_key.is_empty() {
        return Err(CliError::Usage("--decryption-key is not offered: encrypted images cannot be read".to_owned()));
    }
    let platform = args.platform.chosen()?;
    let (mut wanted, mut planner) = (Vec::new(), args.registry.planner());
    for name in &args.images {
        wanted.push(match local(name)? {
            Some(local) if args.all_tags => {
                return Err(CliError::Usage(format!("--all-tags is for registries; {local} has no tags")));
            }
            // Out here, as the files of configuration are the user's.
            Some(local) => Wanted::Archive(Box::new(LoadRequest::of(local, platform.clone(), policy()?))),
            None if args.all_tags && has_tag(name) => {
                return Err(CliError::Usage(format!("{name:?} names one image: leave out the tag with --all-tags")));
            }
            None => Wanted::Image(Box::new(planner.plan(name)?)),
        });
    }
    in_session(|engine| {
        for wanted in wanted {
            let mut shown = progress::shown(args.quiet);
            let plan = match wanted {
                Wanted::Image(plan) => *plan,
                Wanted::Archive(request) => {
                    let report = engine.load(&request, &mut *shown)?;
                    drop(shown);
                    for (id, _) in report.images {
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
    pub policy: When,
    pub quiet: bool,
    pub registry: RegistryArgs,
    pub platform: Platform,
}

/// Makes sure that an image is in the store, before a container is made from it. Returns the full names that it may have there, or
/// its id.
///
/// # Errors
/// `CliError::Code` when it cannot be had; what went wrong was printed.
pub fn ensure(name: &str, pull: &Pull) -> Result<Vec<String>, CliError> {
    if let Some(local) = local(name)? {
        let request = LoadRequest { one: true, ..LoadRequest::of(local, pull.platform.clone(), policy()?) };
        let id = told_by_session(|engine| {
            let report = engine.load(&request, &mut *progress::shown(pull.quiet))?;
            Ok(report.images.first().map(|(id, _)| id.hex().to_owned()).unwrap_or_default())
        });
        return Ok(vec![id?]);
    }
    let plan = pull.registry.plan(name)?;
    let names = plan.names();
    let code = in_session(|engine| {
        // The platform was not the right one, where the store has an image of this name and none was to be pulled.
        let is_other = pull.policy == When::Missing && engine.image(name).is_ok();
        let policy = if is_other { PullPolicy::Always } else { pull.policy.into() };
        let request = PullRequest { plan, policy, platform: pull.platform.clone() };
        engine.pull(&request, &mut *progress::shown(pull.quiet))?;
        Ok(0)
    })?;
    if code == 0 { Ok(names) } else { Err(CliError::Code(code)) }
}

/// Reads a name with a transport of the disk.
///
/// # Errors
/// The transport is one that is not served.
pub(in crate::cli) fn local(name: &str) -> Result<Option<Local>, CliError> {
    Ok(Local::parse(name).map_err(|error| EngineError::from(ImageError::from(error)))?)
}

/// What policy.json says of images on disk.
pub(super) fn policy() -> Result<Policy, CliError> {
    Ok(Policy::load(&places()?).map_err(|error| EngineError::from(ImageError::from(error)))?)
}

fn has_tag(name: &str) -> bool {
    name.contains('@') || name.rsplit_once(':').is_some_and(|(_, tag)| !tag.contains('/'))
}
