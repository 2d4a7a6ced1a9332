//! The log on the monitor's command line.

use super::words::{ArgsError, Given, Words};
use crate::monitor::logs::target::{FileTarget, JournalTarget, LogTarget};

pub(super) fn encode(log: &LogTarget, words: &mut Words) {
    match log {
        LogTarget::None => {}
        LogTarget::File(FileTarget { path, max_size, files }) => {
            words.put("--log-file", path.clone());
            if *max_size > 0 {
                words.number("--log-size", max_size);
                words.number("--log-files", files);
            }
        }
        LogTarget::Journal(JournalTarget { socket, fields }) => {
            words.put("--journal", socket.clone());
            fields.iter().for_each(|field| words.put("--journal-field", field.clone()));
        }
    }
}

pub(super) fn decode(given: &mut Given) -> Result<LogTarget, ArgsError> {
    if let Some(socket) = given.path("--journal") {
        return Ok(LogTarget::Journal(JournalTarget { socket, fields: given.values("--journal-field") }));
    }
    let Some(path) = given.path("--log-file") else { return Ok(LogTarget::None) };
    let max_size = given.number::<i64>("--log-size")?.map_or(0, i64::unsigned_abs);
    let files = given.number("--log-files")?.unwrap_or(1).max(1);
    Ok(LogTarget::File(FileTarget { path, max_size, files }))
}
