//! Which containers a command is for.

use crate::cli::error::CliError;
use crate::cli::ui;
use crate::config::Paths;
use crate::engine::container::status::State;
use crate::engine::{Engine, EngineError};
use crate::model::ContainerConfig;

/// Opens the calling user's store.
///
/// # Errors
/// It cannot be used.
pub(in crate::cli) fn open_engine() -> Result<Engine, CliError> {
    let paths = Paths::from_env().map_err(EngineError::from)?;
    Ok(Engine::open(paths)?)
}

/// Finds the named containers, or all that `keep` wants. A name that is not found is an error unless `ignore`.
///
/// # Errors
/// A name is not known or ambiguous; neither names nor `all` are given.
pub(super) fn choose(
    engine: &Engine,
    names: &[String],
    all: bool,
    ignore: bool,
    keep: impl Fn(&State) -> bool,
) -> Result<Vec<ContainerConfig>, CliError> {
    match (names.is_empty(), all) {
        (true, false) => return Err(CliError::Usage("name at least one container, or use --all".to_owned())),
        (false, true) => return Err(CliError::Usage("--all and names do not go together".to_owned())),
        _ => {}
    }
    if all {
        let known = engine.containers()?;
        return Ok(known.into_iter().filter(|(_, state)| keep(state)).map(|(config, _)| config).collect());
    }
    let mut found = Vec::with_capacity(names.len());
    for name in names {
        match engine.container(name) {
            Ok(config) => found.push(config),
            Err(EngineError::NoSuchContainer { .. }) if ignore => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(found)
}

/// Does one thing for each container: prints the name as it was given on success, the error on failure, goes on, and returns the
/// code of the last failure.
///
/// # Errors
/// Standard output is closed.
pub(super) fn each(
    targets: &[ContainerConfig],
    names: &[String],
    mut act: impl FnMut(&ContainerConfig) -> Result<(), CliError>,
) -> Result<i32, CliError> {
    let mut code = 0;
    for config in targets {
        match act(config) {
            // Podman prints what the user typed.
            Ok(()) => {
                let by_name = names.iter().find(|name| **name == config.name);
                let typed = by_name.or_else(|| names.iter().find(|name| config.id.as_str().starts_with(name.as_str())));
                ui::print_line(typed.map_or(config.id.as_str(), String::as_str))?;
            }
            Err(error) => {
                ui::note(error.text());
                code = error.code();
            }
        }
    }
    Ok(code)
}
