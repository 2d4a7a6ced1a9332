//! The texts of mounts: `-v`, `--mount`, `--tmpfs`.

mod mount;
mod tmpfs;
mod volume;
mod words;

use crate::cli::error::CliError;
use crate::model::{Mount, Rootfs};
use std::path::{Path, PathBuf};

/// Reads all mounts; no two may have the same target.
///
/// # Errors
/// A text is wrong, or a target is named twice.
pub(super) fn parse_all(volumes: &[String], mounts: &[String], tmpfs: &[String], cwd: &Path) -> Result<Vec<Mount>, CliError> {
    let mut list = Vec::with_capacity(volumes.len() + mounts.len() + tmpfs.len());
    for text in volumes {
        list.push(volume::parse(text, cwd)?);
    }
    for text in mounts {
        list.extend(mount::parse(text, cwd)?);
    }
    for text in tmpfs {
        list.push(tmpfs::parse(text)?);
    }
    for (at, mount) in list.iter().enumerate() {
        if list[..at].iter().any(|other: &Mount| other.target == mount.target) {
            return Err(CliError::Usage(format!(
                "{}: duplicate mount destination (each path of the container can be mounted once)",
                mount.target
            )));
        }
    }
    Ok(list)
}

/// Reads `PATH[:O]` of `--rootfs`.
///
/// # Errors
/// There is no such folder, or another option.
pub(super) fn rootfs(text: &str, cwd: &Path) -> Result<Rootfs, CliError> {
    let bad = |why: String| CliError::Usage(format!("invalid root file system {text:?}: {why}"));
    let (path, option) = text.rsplit_once(':').unwrap_or((text, ""));
    match option {
        "" | "O" => {}
        option if option == "idmap" || option.starts_with("idmap=") => return Err(bad(words::no_idmap())),
        _ => return Err(bad(format!("the option {option:?} is not known (O)"))),
    }
    Ok(Rootfs { path: host_folder(path, cwd).map_err(bad)?, overlay: option == "O" })
}

/// A path of the container in its plain form; what cannot be a target is refused.
fn target(text: &str) -> Result<String, String> {
    if !text.starts_with('/') || text.split('/').any(|part| part == "..") {
        return Err(format!("the container's path {text:?} has to be absolute, without .."));
    }
    let names: Vec<&str> = text.split('/').filter(|name| !name.is_empty() && *name != ".").collect();
    match names[..] {
        [] => Err("the container's root cannot be replaced".to_owned()),
        ["proc"] => Err("the container's /proc cannot be replaced (mount below it, or elsewhere, as /host/proc)".to_owned()),
        _ => Ok(format!("/{}", names.join("/"))),
    }
}

/// An absolute path of the host in its plain form; something has to be there.
fn host_path(text: &str, cwd: &Path) -> Result<PathBuf, String> {
    let path: PathBuf = cwd.join(text).components().collect();
    match std::fs::symlink_metadata(&path) {
        Ok(_) => Ok(path),
        Err(error) => Err(format!("{}: {error} (make it first: a missing source is not made for you)", path.display())),
    }
}

/// A folder of the host.
fn host_folder(text: &str, cwd: &Path) -> Result<PathBuf, String> {
    let path = host_path(text, cwd)?;
    if path.is_dir() { Ok(path) } else { Err(format!("{} has to be a folder", path.display())) }
}

/// Tells whether a source is a path, not the name of a volume.
fn is_path(source: &str) -> bool {
    source.starts_with(['/', '.'])
}
