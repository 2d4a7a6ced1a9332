//! `coracle volume create`.

use crate::cli::container::targets::open_engine;
use crate::cli::error::CliError;
use crate::cli::objects::pairs;
use crate::cli::ui;
use crate::engine::volume::VolumeRequest;
use clap::Args;

/// Make a volume
#[derive(Debug, Args)]
pub struct CreateArgs {
    /// Who keeps the files: local
    #[arg(short, long, value_name = "DRIVER", default_value = "local")]
    driver: String,
    /// Add a label: NAME=value
    #[arg(short, long, value_name = "LABEL")]
    label: Vec<String>,
    /// An option of the driver: type=tmpfs|bind, device=FOLDER, o=MOUNT-OPTIONS (uid=, gid=, ro, noexec; size= of a tmpfs)
    #[arg(short, long = "opt", value_name = "OPTION")]
    option: Vec<String>,
    /// The owner, as a user id of containers
    #[arg(long, value_name = "UID")]
    uid: Option<u32>,
    /// The group, as a group id of containers
    #[arg(long, value_name = "GID")]
    gid: Option<u32>,
    /// A volume of that name that is there already is no error
    #[arg(long)]
    ignore: bool,
    /// The name; without one it is 64 random digits
    name: Option<String>,
}

/// Makes the volume and prints its name.
///
/// # Errors
/// The name is taken, or an option is not supported.
pub fn run(args: CreateArgs) -> Result<i32, CliError> {
    let request = VolumeRequest {
        name: args.name,
        driver: Some(args.driver),
        labels: pairs(&args.label),
        options: pairs(&args.option),
        uid: args.uid,
        gid: args.gid,
        ignore: args.ignore,
    };
    let name = open_engine()?.create_volume(request)?;
    ui::print_line(&name)?;
    Ok(0)
}
