//! Programs: our own, and those of the distribution that we start.

use super::env;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Finds a program in `PATH` and in the folders that a user's `PATH` often lacks.
#[must_use]
pub fn find_program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/bin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/local/sbin"].map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|path| path.is_absolute() && std::fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.mode() & 0o111 != 0))
}

/// The path of this very program. Where an upgrade has replaced it since it was executed, it is the other one's; where it was deleted,
/// the path that it had.
#[must_use]
pub fn own() -> PathBuf {
    let shown = std::fs::read_link("/proc/self/exe").unwrap_or_default();
    let told = std::env::args_os().next().map(PathBuf::from).filter(|path| path.is_absolute());
    place(shown, told, Path::is_file)
}

fn place(shown: PathBuf, told: Option<PathBuf>, stands: impl Fn(&Path) -> bool) -> PathBuf {
    // A monitor has executed us by a descriptor that shows no path (sys::exec::open_unwritable, sealed_copy), and says the path instead.
    let told = |last: PathBuf| told.unwrap_or(last);
    let Some(before) = shown.as_os_str().as_bytes().strip_suffix(b" (deleted)") else {
        return if shown.file_name().is_some() { shown } else { told(PathBuf::from("/usr/bin/coracle")) };
    };
    let before = PathBuf::from(OsStr::from_bytes(before));
    match stands(&shown) {
        true => shown,
        false if stands(&before) => before,
        false => told(before),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_a_program_that_is_gone_is_where_another_stands_or_what_was_said() {
        let standing = ["/bin/coracle", "/odd (deleted)"].map(PathBuf::from);
        let table = [
            ("/bin/coracle", None, "/bin/coracle"),
            ("/moved/coracle", Some("/bin/coracle"), "/moved/coracle"),
            ("/bin/coracle (deleted)", None, "/bin/coracle"),
            ("/odd (deleted)", None, "/odd (deleted)"),
            ("/gone/coracle (deleted)", None, "/gone/coracle"),
            ("/", Some("/gone/coracle"), "/gone/coracle"),
            ("/", None, "/usr/bin/coracle"),
            ("/ (deleted)", Some("/gone/coracle"), "/gone/coracle"),
            ("/memfd:coracle (deleted)", Some("/gone/coracle"), "/gone/coracle"),
        ];
        for (shown, told, wanted) in table {
            let found = place(shown.into(), told.map(PathBuf::from), |path| standing.iter().any(|one| one == path));
            assert_eq!(found, Path::new(wanted), "{shown}");
        }
    }
}
