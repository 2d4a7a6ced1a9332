//! What containers.conf says, for commands.

use super::error::CliError;
use super::ui;
use crate::config::containers::Conf;
use crate::engine::EngineError;
use crate::engine::network::NetworkError;
use std::sync::Once;

/// The files of the calling user. What they ask for in vain is said the first time.
///
/// # Errors
/// One of them is wrong.
pub(super) fn conf() -> Result<&'static Conf, CliError> {
    static SAID: Once = Once::new();
    let conf = Conf::load().map_err(|error| EngineError::from(NetworkError::Conf(Box::new(error))))?;
    SAID.call_once(|| conf.notes.iter().for_each(|note| ui::note(format!("Warning: {note}"))));
    Ok(conf)
}
