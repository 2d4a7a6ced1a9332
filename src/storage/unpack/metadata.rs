//! Owner, mode, times and extended attributes.

use super::error::failed;
use super::tree::open_below;
use super::{Layer, UnpackError};
use crate::storage::tar::Entry;
use rustix::fd::BorrowedFd;
use rustix::fs::{AtFlags, Gid, Mode, OFlags, Timespec, Timestamps, Uid, XattrFlags};
use rustix::io::Errno;

/// What an entry says about its inode.
#[derive(Clone, Debug)]
pub(super) struct Metadata {
    pub(super) mode: u32,
    uid: u32,
    gid: u32,
    /// Nothing: the time of now.
    mtime: Option<(i64, u32)>,
    xattrs: Vec<(Vec<u8>, Vec<u8>)>,
}

/// The mode of a folder that no entry describes; root's, as all that we make.
pub(super) const IMPLIED: u32 = 0o755;

impl Metadata {
    pub(super) fn of(entry: &Entry, layer: &mut Layer<'_>) -> Self {
        let (uid, gid, fits) = layer.owners.choose(entry.uid, entry.gid);
        layer.done.owners_replaced += u64::from(!fits);
        let (xattrs, refused): (Vec<_>, Vec<_>) = entry.xattrs.iter().cloned().partition(|(name, _)| may_set(name));
        layer.done.xattrs_skipped += refused.len() as u64;
        Self { mode: entry.mode, uid, gid, mtime: Some(entry.mtime), xattrs }
    }

    /// About how many bytes it takes to remember this.
    pub(super) fn weight(&self) -> u64 {
        let xattrs = self.xattrs.iter().map(|(name, value)| name.len() + value.len());
        (size_of::<Self>() + xattrs.sum::<usize>()) as u64
    }

    fn times(&self) -> Option<Timestamps> {
        let (seconds, nanos) = self.mtime?;
        let time = Timespec { tv_sec: seconds, tv_nsec: nanos.into() };
        Some(Timestamps { last_access: time, last_modification: time })
    }
}

/// Attributes that mean something to the overlay below or to the host are never an image's to set.
pub(in crate::storage) fn may_set(name: &[u8]) -> bool {
    name == b"security.capability" || (name.starts_with(b"user.") && !name.starts_with(b"user.overlay."))
}

/// The umask of this thread; it cannot be asked for without being set.
pub(super) fn umask() -> u32 {
    let status = std::fs::read_to_string("/proc/thread-self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("Umask:"));
    line.and_then(|digits| u32::from_str_radix(digits.trim(), 8).ok()).unwrap_or(0o777)
}

impl Layer<'_> {
    /// Sets all of it on an open file or folder that was made with `made_mode` (umask applied by the kernel).
    pub(super) fn apply(
        &mut self,
        fd: BorrowedFd<'_>,
        metadata: &Metadata,
        made_mode: Option<u32>,
        path: &[u8],
    ) -> Result<(), UnpackError> {
        // Before the mode, as chown takes setuid bits away; and the capability, which it takes away too.
        if made_mode.is_none() || (metadata.uid, metadata.gid) != (0, 0) {
            match rustix::fs::fchown(fd, Some(Uid::from_raw(metadata.uid)), Some(Gid::from_raw(metadata.gid))) {
                Ok(()) => {}
                Err(Errno::PERM | Errno::INVAL) => self.done.owners_replaced += 1,
                Err(errno) => return Err(failed("set the owner of", path)(errno)),
            }
        }
        let fits = made_mode.is_some_and(|made| made == metadata.mode && made & (self.umask | 0o7000) == 0);
        if !fits {
            rustix::fs::fchmod(fd, Mode::from_raw_mode(metadata.mode)).map_err(failed("set the mode of", path))?;
        }
        for (name, value) in &metadata.xattrs {
            match rustix::fs::fsetxattr(fd, &name[..], value, XattrFlags::empty()) {
                Ok(()) => {}
                Err(Errno::PERM | Errno::NOTSUP | Errno::INVAL | Errno::ACCESS) => self.done.xattrs_skipped += 1,
                Err(errno) => return Err(failed("set an extended attribute of", path)(errno)),
            }
        }
        match metadata.times() {
            Some(times) => rustix::fs::futimens(fd, &times).map_err(failed("set the time of", path)),
            None => Ok(()),
        }
    }

    /// Sets owner and times, and for `set_mode` the mode, of something that cannot be opened. It was just made in `folder`.
    pub(super) fn apply_at(
        &mut self,
        folder: BorrowedFd<'_>,
        name: &[u8],
        metadata: &Metadata,
        set_mode: bool,
    ) -> Result<(), UnpackError> {
        self.done.xattrs_skipped += metadata.xattrs.len() as u64;
        if (metadata.uid, metadata.gid) != (0, 0) {
            let (uid, gid) = (Some(Uid::from_raw(metadata.uid)), Some(Gid::from_raw(metadata.gid)));
            match rustix::fs::chownat(folder, name, uid, gid, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(()) => {}
                Err(Errno::PERM | Errno::INVAL) => self.done.owners_replaced += 1,
                Err(errno) => return Err(failed("set the owner of", name)(errno)),
            }
        }
        if set_mode {
            let mode = Mode::from_raw_mode(metadata.mode);
            rustix::fs::chmodat(folder, name, mode, AtFlags::empty()).map_err(failed("set the mode of", name))?;
        }
        match metadata.times() {
            Some(times) => {
                rustix::fs::utimensat(folder, name, &times, AtFlags::SYMLINK_NOFOLLOW).map_err(failed("set the time of", name))
            }
            None => Ok(()),
        }
    }

    /// Gives the folders what their entries said, the deepest first.
    pub(super) fn finish_folders(&mut self) -> Result<(), UnpackError> {
        for (path, metadata) in std::mem::take(&mut self.folders).into_iter().rev() {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW;
            match open_below(self.tree.root(), &path, flags) {
                Ok(fd) => self.apply(rustix::fd::AsFd::as_fd(&fd), &metadata, None, &path)?,
                // A later entry put something else there.
                Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => {}
                Err(errno) => return Err(failed("open folder", &path)(errno)),
            }
        }
        Ok(())
    }
}
