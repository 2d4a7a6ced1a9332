//! What people see: stdout is data, stderr is the rest.

use std::io::Write as _;

/// Writes one line to stderr; a closed stderr is no error.
pub fn note(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
