//! The `coracle-monitor` command: one small process beside each container.

use std::process::ExitCode;

fn main() -> ExitCode {
    match coracle::monitor::run(std::env::args_os().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever started the monitor sees that its sync pipe stays empty; there is nobody to read a text.
        Err(_) => ExitCode::from(125),
    }
}
