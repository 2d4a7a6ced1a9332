//! `coracle image tree`.

use crate::cli::container::targets::open_engine;
use crate::cli::error::CliError;
use crate::cli::ui;
use clap::Args;
use std::fmt::Write as _;

/// Show the layers of an image, the lowest first, and whose topmost each one is
#[derive(Debug, Args)]
pub struct TreeArgs {
    /// A name or an id
    image: String,
    /// Show the images that stand on this one and not its layers
    #[arg(long)]
    whatrequires: bool,
}

/// Prints the tree.
///
/// # Errors
/// There is no such image.
pub fn run(args: &TreeArgs) -> Result<i32, CliError> {
    let tree = open_engine()?.image_tree(&args.image)?;
    let image = &tree.image;
    let mut text = format!("Image ID: {}\n", image.id.short());
    let _ = writeln!(text, "Tags:     [{}]", image.names.join(" "));
    let _ = writeln!(text, "Size:     {}", ui::human_size_compact(image.size));
    let lines: Vec<String> = if args.whatrequires {
        let name =
            |names: &[String]| if names.is_empty() { String::new() } else { format!(" Top Layer of: [{}]", names.join(" ")) };
        let line = |image: &crate::model::ImageRecord| {
            format!("ID: {} Size: {:>7}{}", image.id.short(), ui::human_size_compact(image.size), name(&image.names))
        };
        tree.required_by.iter().map(line).collect()
    } else {
        let line = |layer: &crate::engine::image::TreeLayer| {
            let top =
                if layer.top_of.is_empty() { String::new() } else { format!(" Top Layer of: [{}]", layer.top_of.join(" ")) };
            format!("ID: {} Size: {:>7}{top}", &layer.diff_id.hex()[..12], ui::human_size_compact(layer.size))
        };
        tree.layers.iter().map(line).collect()
    };
    match (lines.is_empty(), args.whatrequires) {
        (true, true) => text += "No images stand on it\n",
        (true, false) => text += "No Image Layers\n",
        (false, true) => text += "Images that stand on it\n",
        (false, false) => text += "Image Layers\n",
    }
    for (at, line) in lines.iter().enumerate() {
        let branch = if at + 1 == lines.len() { "└──" } else { "├──" };
        let _ = writeln!(text, "{branch} {line}");
    }
    ui::out(text)?;
    Ok(0)
}
