//! `--runtime`: another OCI runtime for new containers.

use crate::cli::conf::conf;
use crate::config::containers::Conf;
use crate::config::program::find_program;
use crate::model::OtherRuntime;
use std::path::PathBuf;

/// Finds the runtime that `--runtime` names; `flags` are options of it without their dashes.
///
/// # Errors
/// There is none, or containers.conf, which may know where it is, is wrong.
pub(in crate::cli) fn find(name: &str, flags: &[String]) -> Result<OtherRuntime, String> {
    let conf = conf().map_err(|error| error.text())?;
    find_in(name, flags, conf).map_err(|why| format!("--runtime {name}: {why}"))
}

/// Finds a runtime by its path, else by its name in the table `[engine.runtimes]`, else in `PATH`.
///
/// # Errors
/// There is none.
pub(super) fn find_in(name: &str, flags: &[String], conf: &Conf) -> Result<OtherRuntime, String> {
    let is_program = |path: &PathBuf| path.is_file();
    let listed = conf.engine.runtimes.as_ref().and_then(|runtimes| runtimes.get(name));
    let program = if name.contains('/') {
        std::path::absolute(PathBuf::from(name)).ok().filter(is_program)
    } else {
        listed.into_iter().flatten().map(PathBuf::from).find(is_program).or_else(|| find_program(name).filter(is_program))
    };
    let program = program.ok_or_else(|| format!("there is no program {name} (install it, or give its path)"))?;
    let flags = flags.iter().map(|flag| format!("--{}", flag.trim_start_matches('-'))).collect();
    Ok(OtherRuntime { name: name.to_owned(), program, flags })
}
