//! The file that a caller reads errors from.

use super::LogFormat;
use crate::cli::error::CliError;
use crate::sys::stamp;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

/// Writes an error to the caller's file. What cannot be written there stands on standard error all the same.
pub(super) fn write(path: Option<&Path>, format: LogFormat, error: &CliError) {
    let Some(path) = path else { return };
    let text = error.text();
    let text = text.strip_prefix("Error: ").unwrap_or(&text);
    let time = String::from_utf8_lossy(&stamp::format(stamp::now())).into_owned();
    let line = match format {
        LogFormat::Json => serde_json::json!({"level": "error", "msg": text, "time": time}).to_string(),
        LogFormat::Text => format!("{time}: {text}"),
    };
    let file = OpenOptions::new().append(true).create(true).open(path);
    let _ = file.and_then(|mut file| file.write_all(format!("{line}\n").as_bytes()));
}
