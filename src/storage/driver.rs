//! How layers are stacked in this store: found by trying, when the first image comes in, and remembered in `<data>/driver`.
//!
//! ```text
//! overlay                              the kernel's, in the user namespace
//! fuse-overlayfs /usr/bin/NAME         a program, where the kernel or the file system refuses that
//! vfs                                  whole copies, where there is no such program either
//! ```
//! All of them take the same layers. A file system that cannot hold layers at all (no attributes for users, or no files of other
//! owners, as NFS) is refused before anything is put on it.

use super::StorageError;
use super::error::io_error;
use super::staging::Staging;
use crate::config::Paths;
use crate::config::program::find_program;
use crate::config::storage::Wanted;
use crate::sys::clone::{self, CloneFlags};
use crate::sys::mount::Attributes;
use crate::sys::namespace;
use crate::sys::overlay::{self, Stack};
use rustix::fs::{AtFlags, Gid, Mode, OFlags, Uid, XattrFlags};
use rustix::io::Errno;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

const FILE: &str = "driver";
const PROGRAM: &str = "fuse-overlayfs";
/// The id that a file is given to, to see whether the file system lets it be.
const SOMEBODY: u32 = 1;

/// A way to stack layers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Driver {
    #[default]
    Overlay,
    Program(PathBuf),
    Copy,
}

impl Driver {
    /// Podman's name of it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Overlay | Self::Program(_) => "overlay",
            Self::Copy => "vfs",
        }
    }

    /// The program, where it is one.
    #[must_use]
    pub fn program(&self) -> Option<&Path> {
        match self {
            Self::Program(path) => Some(path),
            _ => None,
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Overlay => "overlay\n".to_owned(),
            Self::Program(path) => format!("{PROGRAM} {}\n", path.display()),
            Self::Copy => "vfs\n".to_owned(),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        match text.trim_end().split_once(' ') {
            Some((PROGRAM, path)) => Some(Self::Program(PathBuf::from(path))),
            None if text.trim_end() == "overlay" => Some(Self::Overlay),
            None if text.trim_end() == "vfs" => Some(Self::Copy),
            _ => None,
        }
    }
}

/// Returns what was found out earlier; nothing where nothing was tried yet.
///
/// # Errors
/// The file cannot be read, or says what we do not understand.
pub fn remembered(paths: &Paths) -> Result<Option<Driver>, StorageError> {
    let place = paths.data().join(FILE);
    match std::fs::read_to_string(&place) {
        Ok(text) => Driver::parse(&text).map(Some).ok_or_else(|| io_error("understand", &place)(io::ErrorKind::InvalidData)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io_error("read file", &place)(error)),
    }
}

/// Finds out which driver this store has: the one that is wanted, the remembered one, or the first one that works. Runs as root of the
/// session. Returns a word for the user where it is not the kernel's, and that is news.
///
/// # Errors
/// The file system cannot hold layers, or what is wanted does not work there.
pub fn settle(paths: &Paths) -> Result<(Driver, Option<String>), StorageError> {
    let known = remembered(paths)?;
    let wanted = paths.wanted();
    if let Some(known) = known.filter(|known| fits(known, wanted)) {
        return Ok((known, None));
    }
    let staging = Staging::new(paths)?;
    can_hold_layers(paths, &staging)?;
    let (driver, note) = choose(wanted, &staging)?;
    let place = paths.data().join(FILE);
    // In a folder of our own: two commands may find out at once.
    let new = staging.path().join(FILE);
    let written = std::fs::write(&new, driver.text()).and_then(|()| std::fs::rename(&new, &place));
    written.map_err(io_error("write file", &place))?;
    Ok((driver, note))
}

/// Tells whether a driver is what is wanted, where something is.
fn fits(driver: &Driver, wanted: &Wanted) -> bool {
    match (wanted.driver.as_deref(), &wanted.program) {
        (Some("vfs"), _) => *driver == Driver::Copy,
        (_, Some(program)) => driver.program() == Some(program),
        (Some(name), None) => name == driver.name(),
        (None, None) => true,
    }
}

fn choose(wanted: &Wanted, staging: &Staging) -> Result<(Driver, Option<String>), StorageError> {
    if wanted.driver.as_deref() == Some("vfs") {
        return Ok((Driver::Copy, None));
    }
    let mut refusals = Vec::new();
    if wanted.program.is_none() {
        match try_out(&Driver::Overlay, staging) {
            Ok(()) => return Ok((Driver::Overlay, None)),
            Err(error) => refusals.push(format!("the kernel: {error}")),
        }
    }
    match wanted.program.clone().or_else(|| find_program(PROGRAM)) {
        Some(program) => {
            let driver = Driver::Program(program.clone());
            match try_out(&driver, staging) {
                Ok(()) => {
                    let why = refusals.pop().map(|why| format!("layers are stacked by {} ({why})", program.display()));
                    return Ok((driver, why));
                }
                Err(error) => refusals.push(format!("{}: {error}", program.display())),
            }
        }
        None => refusals.push(format!("{PROGRAM} is not installed")),
    }
    let causes = refusals.join("; ");
    if wanted.driver.is_some() || wanted.program.is_some() {
        return Err(StorageError::Driver { causes });
    }
    let note = format!("each container gets a whole copy of its image: layers cannot be stacked here ({causes})");
    Ok((Driver::Copy, Some(note)))
}

/// Stacks two folders and deletes a file of the lower one, in a child.
fn try_out(driver: &Driver, staging: &Staging) -> io::Result<()> {
    let top = staging.path().join(driver.program().map_or("kernel", |_| "program"));
    for name in ["lower", "upper", "work"] {
        std::fs::create_dir_all(top.join(name))?;
    }
    std::fs::write(top.join("lower/file"), "x")?;
    let (answer, there) = io::pipe()?;
    let mut there = Some(there);
    let child = clone::spawn(CloneFlags::empty(), None, || {
        let failed = match try_here(driver, &top) {
            Ok(()) => return 0,
            Err(error) => error,
        };
        use io::Write as _;
        let _ = there.take().map(|mut there| there.write_all(failed.to_string().as_bytes()));
        1
    })?;
    drop(there);
    let text = io::read_to_string(answer)?;
    match child.wait()? {
        0 => Ok(()),
        _ => Err(io::Error::other(text)),
    }
}

fn try_here(driver: &Driver, top: &Path) -> io::Result<()> {
    namespace::unshare(CloneFlags::NEWNS)?;
    rustix::process::chdir(top)?;
    let stack = Stack { lowers: vec!["lower"], upper: Some(("upper", "work")), ..Stack::default() };
    let mounted: OwnedFd = match driver.program() {
        Some(program) => overlay::mount_by(program, &stack, Attributes::empty())?,
        None => overlay::mount(&stack, Attributes::empty())?,
    };
    rustix::fs::unlinkat(&mounted, "file", AtFlags::empty())?;
    rustix::fs::mkdirat(&mounted, "file", Mode::RWXU)?;
    Ok(())
}

/// Tries what a layer needs: files of other owners, and marks on folders.
fn can_hold_layers(paths: &Paths, staging: &Staging) -> Result<(), StorageError> {
    let place = staging.path().join("marked");
    let unfit = |cause: &'static str| {
        move |source: Errno| StorageError::Unfit {
            place: paths.data().to_owned(),
            kind: file_system(paths.data()),
            cause,
            source: source.into(),
        }
    };
    rustix::fs::mkdir(&place, Mode::RWXU).map_err(unfit("root of your user namespace cannot make a folder there"))?;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let folder = rustix::fs::open(&place, flags, Mode::empty()).map_err(io_error("open folder", &place))?;
    match rustix::fs::fsetxattr(&folder, super::marks::OPAQUE_XATTR, b"y", XattrFlags::empty()) {
        Ok(()) => {}
        Err(Errno::NOSPC | Errno::DQUOT) => {}
        Err(errno) => return Err(unfit("it keeps no extended attributes of users")(errno)),
    }
    let has_others = super::unpack::has_owner(SOMEBODY);
    match rustix::fs::fchown(&folder, Some(Uid::from_raw(SOMEBODY)), Some(Gid::from_raw(SOMEBODY))) {
        Err(errno) if has_others => Err(unfit("files cannot be given to your subordinate ids there")(errno)),
        _ => Ok(()),
    }
}

/// What the file system of a path is called, by its magic number (statfs(2)).
#[must_use]
pub fn file_system(path: &Path) -> &'static str {
    rustix::fs::statfs(path).map_or("a file system", |found| name_of(found.f_type))
}

fn name_of(magic: rustix::fs::FsWord) -> &'static str {
    match magic {
        0x6969 => "NFS",
        0xff53_4d42 | 0xfe53_4d42 | 0x517b => "SMB",
        0x0bd0_0bd0 => "Lustre",
        0x4750_4653 => "GPFS",
        0x00c3_6400 => "Ceph",
        0x5346_414f => "AFS",
        0x0102_1997 => "9p",
        0x6573_5546 => "FUSE",
        0x0102_1994 => "tmpfs",
        0x4d44 | 0x2011_bab0 => "FAT",
        0x794c_7630 => "overlay",
        0xef53 => "ext4",
        0x9123_683e => "btrfs",
        0x5846_5342 => "XFS",
        0x2fc1_2fc1 => "ZFS",
        _ => "a file system",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drivers_are_remembered_as_text() {
        for driver in [Driver::Overlay, Driver::Copy, Driver::Program("/opt/a b/fuse".into())] {
            assert_eq!(Driver::parse(&driver.text()), Some(driver));
        }
        assert_eq!(Driver::parse("btrfs\n"), None);
    }

    #[test]
    fn a_place_that_is_unfit_is_named_with_its_file_system() {
        assert_eq!((name_of(0x6969), name_of(0xff53_4d42), name_of(1)), ("NFS", "SMB", "a file system"));
        let cause = "files cannot be given to your subordinate ids there";
        let source = io::Error::from(Errno::PERM);
        let error = StorageError::Unfit { place: "/home/me/x".into(), kind: name_of(0x6969), cause, source };
        let text = error.to_string();
        assert!(["/home/me/x", "NFS", cause].iter().all(|word| text.contains(word)), "{text}");
    }

    #[test]
    fn what_is_wanted_is_compared_with_what_is_known() {
        let wanted = |driver: Option<&str>, program: Option<&str>| Wanted {
            driver: driver.map(str::to_owned),
            program: program.map(PathBuf::from),
            file: None,
        };
        let program = Driver::Program("/p".into());
        for (driver, wanted, so) in [
            (&Driver::Overlay, wanted(None, None), true),
            (&program, wanted(None, None), true),
            (&program, wanted(Some("overlay"), None), true),
            (&Driver::Copy, wanted(Some("overlay"), None), false),
            (&Driver::Overlay, wanted(Some("overlay"), Some("/p")), false),
            (&program, wanted(None, Some("/p")), true),
            (&Driver::Copy, wanted(None, Some("/p")), false),
            (&Driver::Copy, wanted(Some("vfs"), Some("/p")), true),
        ] {
            assert_eq!(fits(driver, &wanted), so, "{driver:?} {wanted:?}");
        }
    }
}
