//! `--runtime`: another OCI runtime for new containers.

use crate::config::containers::Conf;
use crate::config::program::find_program;
use crate::model::OtherRuntime;
use std::path::PathBuf;

/// Finds a runtime by its name or path; `flags` are options of it without their dashes.
///
/// # Errors
/// There is none.
pub(in crate::cli) fn find(name: &str, flags: &[String]) -> Result<OtherRuntime, String> {
    let program = if name.contains('/') { std::path::absolute(PathBuf::from(name)).ok() } else { find_program(name) };
    // containers.conf may know places that PATH lacks.
    let places = || Conf::load().ok()?.engine.runtimes.as_ref()?.get(name)?.iter().map(PathBuf::from).find(|path| path.is_file());
    let program = program.filter(|program| program.is_file()).or_else(places);
    let program = program.ok_or_else(|| format!("--runtime {name}: there is no such program (install it, or give its path)"))?;
    let flags = flags.iter().map(|flag| format!("--{}", flag.trim_start_matches('-'))).collect();
    Ok(OtherRuntime { name: name.to_owned(), program, flags })
}
