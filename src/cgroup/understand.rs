//! The readers of this module by themselves, for tests/fuzz: nothing is looked at and nothing is done.

use super::{control, controllers, dbus, delegate, usage};

/// Reads a text of the kernel in each way, and a message of the bus; tells whether any made sense.
#[must_use]
pub fn understands(data: &[u8]) -> bool {
    let text = String::from_utf8_lossy(data);
    let own = delegate::own_path(&text).is_some_and(|path| !path.split('/').any(|part| part == ".."));
    let (read, written) = usage::traffic(&text);
    let number = usage::field(&text, "usage_usec").is_some() || read > 0 || written > 0;
    let frozen = control::has_line(data, "frozen 1") || controllers::in_version_one("io", &text);
    own || number || frozen || dbus::is_message(data)
}
