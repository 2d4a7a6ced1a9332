//! Programs: our own, and those of the distribution that we start.

use super::env;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

/// Finds a program in `PATH` and in the folders that a user's `PATH` often lacks.
#[must_use]
pub fn find_program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/bin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/local/sbin"].map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|path| path.is_absolute() && std::fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.mode() & 0o111 != 0))
}

/// The path of this very program.
#[must_use]
pub fn own() -> PathBuf {
    let exe = std::fs::read_link("/proc/self/exe").unwrap_or_default();
    if exe.file_name().is_some() {
        return exe;
    }
    // A monitor has executed us by a descriptor that shows no path (sys::exec::open_unwritable), and says the path instead.
    let told = std::env::args_os().next().map(PathBuf::from).filter(|path| path.is_absolute());
    told.unwrap_or_else(|| PathBuf::from("/usr/bin/coracle"))
}
