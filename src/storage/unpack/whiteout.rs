//! What hides lower layers (kernel, Documentation/filesystems/overlayfs.rst "whiteouts and opaque directories").

use super::error::failed;
use super::path::Place;
use super::tree::open_below;
use super::{Layer, UnpackError};
use crate::storage::marks::{OPAQUE_XATTR, WHITEOUT_XATTR, has_whiteout_mark};
use rustix::fd::{BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, XattrFlags};
use rustix::io::Errno;
use std::rc::Rc;

/// How a whiteout is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A character device 0:0; anybody may make it since Linux 5.8.
    Device,
    /// An empty file with an xattr, in a folder with `user.overlay.opaque=x`, Linux 6.7.
    Xattr,
}

impl Layer<'_> {
    /// Hides everything that lower layers have in `folder`.
    pub(super) fn make_opaque(&mut self, folder: &[u8]) -> Result<(), UnpackError> {
        self.parent(folder)?;
        self.mark_opaque(folder, b"y", XattrFlags::empty())
    }

    /// Hides what lower layers have at `place`. What this layer has there stays, but hides all below it.
    pub(super) fn make_whiteout(&mut self, place: &Place) -> Result<(), UnpackError> {
        let folder = self.parent(&place.folder)?;
        match rustix::fs::statat(&*folder, &place.name[..], AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::Directory => return self.make_opaque(&place.path()),
            Ok(_) => return Ok(()),
            Err(Errno::NOENT) => {}
            Err(errno) => return Err(failed("look at", &place.path())(errno)),
        }
        if self.whiteout_form == Form::Device {
            match rustix::fs::mknodat(&*folder, &place.name[..], FileType::CharacterDevice, Mode::empty(), 0) {
                Ok(()) => return Ok(()),
                Err(Errno::PERM) => self.whiteout_form = Form::Xattr,
                Err(errno) => return Err(failed("make the whiteout", &place.path())(errno)),
            }
        }
        self.make_xattr_whiteout(&folder, place)
    }

    /// Tells whether what stands at `name` is a whiteout of the xattr form.
    pub(super) fn is_xattr_whiteout(&self, folder: BorrowedFd<'_>, name: &[u8]) -> bool {
        self.whiteout_form == Form::Xattr && has_whiteout_mark(folder, name)
    }

    fn make_xattr_whiteout(&mut self, folder: &Rc<OwnedFd>, place: &Place) -> Result<(), UnpackError> {
        let fail = |errno| failed("make the whiteout", &place.path())(errno);
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(&**folder, &place.name[..], flags, Mode::empty()).map_err(fail)?;
        rustix::fs::fsetxattr(&fd, WHITEOUT_XATTR, b"y", XattrFlags::empty()).map_err(fail)?;
        self.mark_opaque(&place.folder, b"x", XattrFlags::CREATE)
    }

    fn mark_opaque(&mut self, folder: &[u8], value: &[u8], flags: XattrFlags) -> Result<(), UnpackError> {
        let open = OFlags::RDONLY | OFlags::DIRECTORY;
        let fd = open_below(self.tree.root(), folder, open).map_err(failed("open folder", folder))?;
        match rustix::fs::fsetxattr(&fd, OPAQUE_XATTR, value, flags) {
            Ok(()) | Err(Errno::EXIST) => Ok(()),
            Err(errno) => Err(failed("mark as opaque", folder)(errno)),
        }
    }

    /// Opens the folder that an entry goes into, made where no entry made it.
    pub(super) fn parent(&mut self, folder: &[u8]) -> Result<Rc<OwnedFd>, UnpackError> {
        let (fd, made) = self.tree.find_or_make(folder, self.umask)?;
        for _ in 0..made {
            self.count_entry()?;
        }
        Ok(fd)
    }
}
