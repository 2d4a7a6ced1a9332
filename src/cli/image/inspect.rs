//! `coracle image inspect`.

use crate::cli::container::targets::open_engine;
use crate::cli::error::CliError;
use crate::cli::format::{self, Format};
use crate::cli::ui;
use crate::engine::EngineError;
use clap::Args;

/// Show all that is known of images, as JSON
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// Names or ids
    #[arg(required = true)]
    images: Vec<String>,
    /// json or a Go template
    #[arg(short, long, value_name = "FORMAT")]
    format: Option<String>,
}

/// Prints the images that are known; those that are not are errors afterwards.
///
/// # Errors
/// An image is not known, or the template is none.
pub fn run(args: &InspectArgs) -> Result<i32, CliError> {
    let format = args.format.as_deref().map_or(Ok(Format::Json), Format::parse)?;
    let engine = open_engine()?;
    let (mut rows, mut code) = (Vec::new(), 0);
    for name in &args.images {
        match engine.inspect_image(name) {
            Ok(details) => rows.push(serde_json::to_value(details).map_err(format::FormatError::Json)?),
            Err(error @ EngineError::NoSuchImage { .. }) => {
                ui::note(CliError::from(error).text());
                code = 125;
            }
            Err(error) => return Err(error.into()),
        }
    }
    ui::out(format::render(&rows, &format, &[], true)?)?;
    Ok(code)
}
