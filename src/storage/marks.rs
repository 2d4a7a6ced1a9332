//! The marks of an overlay: what hides lower layers (kernel, Documentation/filesystems/overlayfs.rst "whiteouts and opaque directories").

use rustix::fd::{AsFd, BorrowedFd};
use rustix::fs::{FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use rustix::path::Arg;

/// Marks a folder: `y` hides all that lower layers have in it, `x` says that whiteouts of the xattr form are in it.
pub(super) const OPAQUE_XATTR: &str = "user.overlay.opaque";
/// Marks an empty file that is a whiteout.
pub(super) const WHITEOUT_XATTR: &str = "user.overlay.whiteout";

/// The value of a folder's opaque mark.
pub(super) fn opaque(folder: impl AsFd) -> Result<Option<u8>, Errno> {
    let mut value = [0_u8; 1];
    match rustix::fs::fgetxattr(folder, OPAQUE_XATTR, &mut value[..]) {
        Ok(1) => Ok(Some(value[0])),
        Ok(_) | Err(Errno::NODATA | Errno::NOTSUP | Errno::RANGE) => Ok(None),
        Err(errno) => Err(errno),
    }
}

pub(super) fn is_device_whiteout(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::CharacterDevice && stat.st_rdev == 0
}

/// Tells whether an entry is a whiteout of the xattr form, in a folder that says it has some.
pub(super) fn is_xattr_whiteout(folder: BorrowedFd<'_>, name: impl Arg, stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile && stat.st_size == 0 && has_whiteout_mark(folder, name)
}

pub(super) fn has_whiteout_mark(folder: BorrowedFd<'_>, name: impl Arg) -> bool {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = rustix::fs::openat(folder, name, flags, Mode::empty());
    file.is_ok_and(|file| rustix::fs::fgetxattr(&file, WHITEOUT_XATTR, &mut [0_u8; 1][..]).is_ok())
}
