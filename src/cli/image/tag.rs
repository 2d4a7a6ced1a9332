//! `coracle tag` and `coracle untag`.

use crate::cli::container::targets::open_engine;
use crate::cli::error::CliError;
use clap::Args;

/// Give an image more names
#[derive(Debug, Args)]
pub struct TagArgs {
    /// A name or an id
    image: String,
    /// The new names; without a registry they are localhost/NAME
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
}

/// Take names away from an image
#[derive(Debug, Args)]
pub struct UntagArgs {
    /// A name or an id
    image: String,
    /// The names to take away; all where none is given
    #[arg(value_name = "NAME")]
    names: Vec<String>,
}

/// Names the image.
///
/// # Errors
/// There is no such image, or a name is none.
pub fn run(args: &TagArgs) -> Result<i32, CliError> {
    open_engine()?.tag(&args.image, &args.names)?;
    Ok(0)
}

/// Takes the names away.
///
/// # Errors
/// There is no such image, or it has no such name.
pub fn run_untag(args: &UntagArgs) -> Result<i32, CliError> {
    open_engine()?.untag(&args.image, &args.names)?;
    Ok(0)
}
