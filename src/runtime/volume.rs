//! The first use of a volume: it gets the image's files and an owner.
//!
//! ```text
//! volumes/<name>/       flock: held by whoever fills the volume
//!   _data/              what containers see
//!   fresh               nobody has filled the volume yet
//!   unowned             nobody has given it an owner yet
//!   copying/            a copy of the image's files that is not whole (left by a killed start: made anew)
//!   copied/             one that is, on its way into _data (left by a killed start: the rest follows)
//! ```
//!
//! `_data` is filled by renames and stays the same folder, so a container that has it mounted already sees the files come.

use super::message::{Failure, Stage};
use crate::sys::{copy, tree};
use rustix::fs::{AtFlags, Dir, FlockOperation, Mode, OFlags, RenameFlags};
use rustix::io::Errno;
use std::ffi::CStr;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::Path;

const FRESH: &CStr = c"fresh";
const UNOWNED: &CStr = c"unowned";
const DATA: &CStr = c"_data";
const COPYING: &CStr = c"copying";
const COPIED: &CStr = c"copied";

/// What a fresh volume may be given.
pub(super) struct FirstUse<'a> {
    /// What the image has at the target, where that is a folder.
    pub(super) image: Option<OwnedFd>,
    /// `nocopy` is not set.
    pub(super) copy: bool,
    /// The container's user, whose the volume becomes where the image has nothing.
    pub(super) user: &'a dyn Fn() -> Result<(u32, u32), Failure>,
}

/// Tells whether somebody still has to fill the volume or to give it an owner. One look, without the lock.
pub(super) fn is_new(folder: &Path, copy: bool) -> bool {
    let there = |name: &CStr| {
        let name = name.to_str().unwrap_or_default();
        rustix::fs::access(folder.join(name), rustix::fs::Access::EXISTS).is_ok()
    };
    (copy && there(FRESH)) || there(UNOWNED)
}

/// Fills the volume and gives it an owner, unless another container's start did so while this one waited for the lock.
pub(super) fn first_use(folder: &Path, wanted: &FirstUse<'_>) -> Result<(), Failure> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let fail = |errno: Errno| Failure::at(Stage::Volume, name.clone())(errno.into());
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let folder = rustix::fs::open(folder, flags, Mode::empty()).map_err(fail)?;
    rustix::io::retry_on_intr(|| rustix::fs::flock(&folder, FlockOperation::LockExclusive)).map_err(fail)?;
    let data = rustix::fs::openat(&folder, DATA, flags, Mode::empty()).map_err(fail)?;
    let image = match &wanted.image {
        Some(image) => Some(rustix::fs::openat(image, ".", flags, Mode::empty()).map_err(fail)?),
        None => None,
    };
    if wanted.copy && exists(&folder, FRESH) {
        fill(&folder, &data, image.as_ref(), &name)?;
        rustix::fs::unlinkat(&folder, FRESH, AtFlags::empty()).map_err(fail)?;
    }
    if exists(&folder, UNOWNED) {
        match &image {
            Some(image) => {
                copy::copy_attributes(image.as_fd(), data.as_fd()).map_err(Failure::at(Stage::Volume, name.clone()))?;
            }
            None => {
                let (uid, gid) = (wanted.user)()?;
                let (uid, gid) = (rustix::fs::Uid::from_raw(uid), rustix::fs::Gid::from_raw(gid));
                rustix::fs::fchown(&data, Some(uid), Some(gid)).map_err(fail)?;
            }
        }
        rustix::fs::unlinkat(&folder, UNOWNED, AtFlags::empty()).map_err(fail)?;
    }
    Ok(())
}

fn exists(folder: &OwnedFd, name: &CStr) -> bool {
    rustix::fs::accessat(folder, name, rustix::fs::Access::EXISTS, AtFlags::empty()).is_ok()
}

/// Brings the image's files into the volume's `_data`, where that is empty.
fn fill(folder: &OwnedFd, data: &OwnedFd, image: Option<&OwnedFd>, name: &str) -> Result<(), Failure> {
    let fail = |errno: Errno| Failure::at(Stage::Volume, name.to_owned())(errno.into());
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let unfinished = exists(folder, COPIED);
    if !unfinished {
        if !is_empty(data).map_err(fail)? {
            return Ok(());
        }
        tree::remove(folder.as_fd(), COPYING).map_err(|error| fail(error.errno()))?;
        let Some(image) = image else { return Ok(()) };
        if is_empty(image).map_err(fail)? {
            return Ok(());
        }
        rustix::fs::mkdirat(folder, COPYING, Mode::RWXU).map_err(fail)?;
        let copying = rustix::fs::openat(folder, COPYING, flags, Mode::empty()).map_err(fail)?;
        copy::copy_contents(image.as_fd(), copying.as_fd()).map_err(|error| {
            let subject = format!("{name}: {}", error.path.display());
            Failure::at(Stage::Volume, subject)(error.source)
        })?;
        rustix::fs::renameat(folder, COPYING, folder, COPIED).map_err(fail)?;
    }
    let copied = rustix::fs::openat(folder, COPIED, flags, Mode::empty()).map_err(fail)?;
    move_contents(copied.as_fd(), data.as_fd()).map_err(fail)?;
    drop(copied);
    // What somebody has put there meanwhile has gone before; the image's file of that name is not wanted.
    tree::remove(folder.as_fd(), COPIED).map_err(|error| fail(error.errno()))
}

fn move_contents(from: BorrowedFd<'_>, to: BorrowedFd<'_>) -> Result<(), Errno> {
    let names: Vec<_> = entries(from)?;
    for name in names {
        match rustix::fs::renameat_with(from, &name, to, &name, RenameFlags::NOREPLACE) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

fn is_empty(folder: &OwnedFd) -> Result<bool, Errno> {
    Ok(entries(folder.as_fd())?.is_empty())
}

fn entries(folder: BorrowedFd<'_>) -> Result<Vec<std::ffi::CString>, Errno> {
    let mut names = Vec::new();
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        if entry.file_name() != c"." && entry.file_name() != c".." {
            names.push(entry.file_name().to_owned());
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(path: &Path) -> OwnedFd {
        rustix::fs::open(path, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).expect("open")
    }

    fn volume() -> (tempfile::TempDir, std::path::PathBuf) {
        let tmp = tempfile::tempdir().expect("tempdir");
        let volume = tmp.path().join("v");
        for path in ["v/_data", "image/sub"] {
            std::fs::create_dir_all(tmp.path().join(path)).expect("mkdir");
        }
        for file in ["v/fresh", "v/unowned", "image/a", "image/sub/b"] {
            std::fs::write(tmp.path().join(file), "image").expect("write");
        }
        std::fs::set_permissions(tmp.path().join("image"), std::os::unix::fs::PermissionsExt::from_mode(0o711)).expect("chmod");
        (tmp, volume)
    }

    fn start(tmp: &Path, copy: bool) {
        let user = || Err(Failure::text(Stage::User, "not asked: the image has the folder"));
        let wanted = FirstUse { image: Some(folder(&tmp.join("image"))), copy, user: &user };
        first_use(&tmp.join("v"), &wanted).expect("first use");
    }

    fn names(path: &Path) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(path)
            .expect("list")
            .map(|entry| entry.expect("entry").file_name().into_string().expect("text"))
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_fresh_volume_is_filled_once() {
        let (tmp, volume) = volume();
        assert!(is_new(&volume, true));
        start(tmp.path(), true);
        assert_eq!(names(&volume.join("_data")), ["a", "sub"]);
        assert_eq!(names(&volume), ["_data"]);
        let mode = std::os::unix::fs::MetadataExt::mode(&volume.join("_data").metadata().expect("stat"));
        assert_eq!(mode & 0o777, 0o711);
        assert!(!is_new(&volume, true));
        std::fs::remove_file(volume.join("_data/a")).expect("remove");
        start(tmp.path(), true);
        assert_eq!(names(&volume.join("_data")), ["sub"]);
    }

    #[test]
    fn what_a_killed_start_left_is_finished_by_the_next() {
        let (tmp, volume) = volume();
        // Killed while it copied.
        std::fs::create_dir(volume.join("copying")).expect("mkdir");
        std::fs::write(volume.join("copying/half"), "").expect("write");
        start(tmp.path(), true);
        assert_eq!(names(&volume.join("_data")), ["a", "sub"]);
        // Killed while it moved.
        std::fs::create_dir(volume.join("copied")).expect("mkdir");
        std::fs::write(volume.join("copied/rest"), "").expect("write");
        std::fs::write(volume.join("fresh"), "").expect("write");
        start(tmp.path(), true);
        assert_eq!(names(&volume.join("_data")), ["a", "rest", "sub"]);
        assert_eq!(names(&volume), ["_data"]);
    }

    #[test]
    fn a_volume_with_files_is_not_filled_and_nocopy_leaves_it_for_later() {
        let (tmp, volume) = volume();
        start(tmp.path(), false);
        assert_eq!(names(&volume), ["_data", "fresh"]);
        assert!(!is_new(&volume, false) && is_new(&volume, true));
        std::fs::write(volume.join("_data/own"), "").expect("write");
        start(tmp.path(), true);
        assert_eq!(names(&volume.join("_data")), ["own"]);
    }
}
