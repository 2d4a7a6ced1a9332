//! What people see: stdout is data, stderr is the rest.

use super::error::CliError;
use std::io::Write as _;

/// Writes one line to stderr; a closed stderr is no error.
pub fn note(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Writes one line of data to stdout. A reader that has gone ends the command quietly, as it does `cat`.
///
/// # Errors
/// Standard output cannot be written; a broken pipe is the exit code 141 that SIGPIPE would have given.
pub fn print_line(line: &str) -> Result<(), CliError> {
    print(&format!("{line}\n"))
}

/// Writes data to stdout; see [`print_line`].
///
/// # Errors
/// See [`print_line`].
pub fn print(text: &str) -> Result<(), CliError> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Err(CliError::Code(141)),
        Err(error) => Err(CliError::Usage(format!("write to standard output: {error}"))),
    }
}
