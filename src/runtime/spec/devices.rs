//! Device nodes of the host as mounts: in a user namespace nobody can make them, but what the user may open can be shown.

use crate::model::{ContainerConfig, Device};
use oci_spec::OciSpecError;
use oci_spec::runtime::{Mount, MountBuilder};
use rustix::fs::{Access, FileType};
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

/// Folders below `/dev` go no deeper than this (`/dev/bus/usb/001/002`).
const MAX_DEPTH: usize = 6;

/// What every container has of its own in `/dev`.
const OWN: [&str; 16] = [
    "console", "core", "fd", "full", "mqueue", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin", "stdout", "tty",
    "urandom", "zero",
];

/// Lists the mounts of the devices that were asked for, and for a privileged container of all that the user may open.
///
/// # Errors
/// A part that the specification requires is missing.
pub fn mounts(config: &ContainerConfig) -> Result<Vec<Mount>, OciSpecError> {
    let mut nodes: Vec<(PathBuf, PathBuf)> = Vec::new();
    if config.security.privileged {
        let mut found = Vec::new();
        collect(Path::new("/dev"), MAX_DEPTH, &mut found);
        found.retain(|path| is_foreign(path) && may_open(path));
        nodes.extend(found.into_iter().map(|path| (path.clone(), path)));
    }
    for Device { source, target, .. } in &config.security.devices {
        let target = Path::new(target);
        if !source.is_dir() {
            nodes.push((source.clone(), target.to_owned()));
            continue;
        }
        let mut found = Vec::new();
        collect(source, MAX_DEPTH, &mut found);
        nodes.extend(found.into_iter().filter(|path| may_open(path)).map(|path| {
            let below = path.strip_prefix(source).unwrap_or(&path).to_owned();
            (path, target.join(below))
        }));
    }
    let mut mounts = Vec::with_capacity(nodes.len());
    for (at, (source, target)) in nodes.iter().enumerate() {
        // The later one of two on the same place counts.
        if !nodes[at + 1..].iter().any(|(_, other)| other == target) {
            mounts.push(mount(source, target)?);
        }
    }
    Ok(mounts)
}

fn mount(source: &Path, target: &Path) -> Result<Mount, OciSpecError> {
    let options = ["bind", "rprivate", "nosuid", "noexec"].map(str::to_owned).to_vec();
    MountBuilder::default().destination(target).typ("bind").source(source).options(options).build()
}

/// Finds the device nodes below a folder. Links are not followed, what cannot be listed is not shown.
fn collect(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    if depth == 0 {
        return;
    }
    let mut entries: Vec<_> = std::fs::read_dir(folder).into_iter().flatten().flatten().collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        match entry.file_type() {
            Ok(kind) if kind.is_char_device() || kind.is_block_device() => found.push(entry.path()),
            Ok(kind) if kind.is_dir() => collect(&entry.path(), depth - 1, found),
            _ => {}
        }
    }
}

fn is_foreign(path: &Path) -> bool {
    let first = path.strip_prefix("/dev").ok().and_then(|rest| rest.components().next());
    first.is_some_and(|first| !OWN.iter().any(|own| first.as_os_str() == *own))
}

/// Tells whether the user may read or write a node.
pub(in crate::runtime) fn may_open(path: &Path) -> bool {
    may(path, Access::READ_OK) || may(path, Access::WRITE_OK)
}

fn may(path: &Path, access: Access) -> bool {
    rustix::fs::access(path, access).is_ok()
}

/// What is wrong with a device that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    Missing,
    NoDevice,
    /// A folder with no device in it that the user may open.
    Empty,
    /// Owner, group and mode, as `stat` has them.
    Closed {
        uid: u32,
        gid: u32,
        mode: u32,
    },
    /// The user may read and write it, and only the one is wanted: that cannot be kept from the container.
    TooMuch,
}

/// Tells whether a device can be handed on as asked.
///
/// # Errors
/// It cannot.
pub fn check(device: &Device) -> Result<(), Refused> {
    let stat = rustix::fs::stat(&device.source).map_err(|_| Refused::Missing)?;
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory => {
            let mut found = Vec::new();
            collect(&device.source, MAX_DEPTH, &mut found);
            return if found.iter().any(|path| may_open(path)) { Ok(()) } else { Err(Refused::Empty) };
        }
        FileType::CharacterDevice | FileType::BlockDevice => {}
        _ => return Err(Refused::NoDevice),
    }
    for (letter, access) in [('r', Access::READ_OK), ('w', Access::WRITE_OK)] {
        match (device.access.contains(letter), may(&device.source, access)) {
            (true, false) => return Err(Refused::Closed { uid: stat.st_uid, gid: stat.st_gid, mode: stat.st_mode & 0o7777 }),
            (false, true) => return Err(Refused::TooMuch),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_handed_on_as_it_is_or_not_at_all() {
        let device =
            |source: &str, access: &str| Device { source: source.into(), target: source.to_owned(), access: access.to_owned() };
        assert_eq!(check(&device("/dev/null", "rw")), Ok(()));
        assert_eq!(check(&device("/dev/null", "rwm")), Ok(()));
        assert_eq!(check(&device("/dev/null", "r")), Err(Refused::TooMuch));
        assert_eq!(check(&device("/dev/no-such", "rw")), Err(Refused::Missing));
        assert_eq!(check(&device("/etc/passwd", "r")), Err(Refused::NoDevice));
        assert_eq!(check(&device("/dev", "rw")), Ok(()));
    }

    #[test]
    fn what_a_container_has_of_its_own_stays() {
        for (path, foreign) in [("/dev/null", false), ("/dev/pts/0", false), ("/dev/fuse", true), ("/dev/net/tun", true)] {
            assert_eq!(is_foreign(Path::new(path)), foreign, "{path}");
        }
    }
}
